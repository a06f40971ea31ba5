//! What a shared store costs: the embedded store, one instance on Redis and two instances on Redis, in turn.
//!
//! Every acknowledged fix is one commit. Its cost for Redis is told beside that of the plainest write of as many bytes.

use clap::Parser as _;

use crate::process::Kind;
use crate::report::{Line, Report};
use crate::{Ingest, Outcome, Stores, ingest, latency};

const BARE_SETS: usize = 200_000;

pub fn scenario(arguments: &Stores, report: &mut Report) -> Outcome<()> {
    let &Stores { redis: fsync, runners, seconds, fixes, rounds } = arguments;
    let ingest = Ingest { runners, seconds, ..Ingest::parse_from(["load"]) };
    let on_redis = |instances| Kind::Redis { fsync, instances };
    for _ in 0..rounds {
        for kind in [Kind::Runnity, on_redis(1), on_redis(2)] {
            latency::measure(kind, fixes, report)?;
            let (line, fleet) = ingest::measure(kind, &ingest)?;
            let costs = line.figure("redis_bytes_per_fix").zip(line.figure("redis_cpu_us_per_fix"));
            report.add(line);
            if let (Some(redis), Some((bytes, commit_us))) = (&fleet.redis, costs) {
                let (set_us, sets_per_s) = redis.bare_sets(bytes as usize, BARE_SETS)?;
                let line = Line::new("Redis' CPU for a commit, beside a bare SET of as many bytes", kind.name());
                report.add(
                    line.with("bytes", bytes)
                        .with("commit_cpu_us", commit_us)
                        .with("set_cpu_us", set_us)
                        .with("commit_per_set", commit_us / set_us)
                        .with("sets_per_s", sets_per_s),
                );
            }
        }
    }
    Ok(())
}
