//! How many files this process may have open at once. Each connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::limits;

/// Asks the system to allow so many connections → how many it does allow.
pub fn make_room(connections: usize) -> usize {
    let beside = limits::REQUESTS_LEN_MAX + limits::FILES_LEN_MAX;
    let needed = (connections + beside) as u64;
    let limit = getrlimit(Resource::Nofile);
    let now = limit.current.unwrap_or(u64::MAX);
    let most = limit.maximum.unwrap_or(u64::MAX).min(needed);
    let raised = Rlimit { current: Some(most), maximum: limit.maximum };
    let allowed = if now < most && setrlimit(Resource::Nofile, raised).is_ok() { most } else { now };
    let room = fitting(connections, beside, usize::try_from(allowed).unwrap_or(usize::MAX));
    if room < connections {
        tracing::warn!(
            "there may be {room} connections and not {connections}: the system allows this process {allowed} open files \
             where {needed} are needed (ulimit -n, LimitNOFILE)"
        );
    }
    room
}

/// How many connections go with so many files. What is kept for everything else is no more than half of them.
fn fitting(connections: usize, beside: usize, files: usize) -> usize {
    connections.min(files - beside.min(files / 2)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_are_few_files_there_are_few_connections() {
        assert_eq!(fitting(16_384, 2_560, usize::MAX), 16_384);
        assert_eq!(fitting(16_384, 2_560, 18_944), 16_384);
        assert_eq!(fitting(16_384, 2_560, 18_000), 15_440);
        assert_eq!(fitting(16_384, 2_560, 1_024), 512);
        assert_eq!(fitting(100, 2_560, 1_024), 100);
        assert_eq!(fitting(16_384, 2_560, 0), 1);
    }

    #[test]
    fn defaults_fit_where_20_000_files_are_allowed() {
        assert_eq!(fitting(limits::CONNECTIONS_LEN, limits::REQUESTS_LEN_MAX + limits::FILES_LEN_MAX, 20_000), 16_384);
    }
}
