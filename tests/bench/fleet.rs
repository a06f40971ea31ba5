//! What a scenario loads: one server, or several that share a Redis; and what they have spent.

use std::net::SocketAddr;
use std::time::Instant;

use crate::Outcome;
use crate::process::{self, Cores, Kind, Server};
use crate::redis::{Done, Redis};

/// Dropping it ends all of its processes, the servers first.
pub struct Fleet {
    servers: Vec<Server>,
    pub redis: Option<Redis>,
}

/// Clocks read at one moment.
pub struct Meter {
    at: Instant,
    server_cpu_s: f64,
    own_cpu_s: f64,
    redis: Option<Done>,
}

/// What a window of time has cost. When the generator has used up its core, it is what was measured, not the server.
pub struct Spent {
    pub elapsed_s: f64,
    /// Of all servers together.
    pub server_cpu_s: f64,
    pub own_cpu_s: f64,
    pub redis: Option<Done>,
}

impl Fleet {
    pub fn start(kind: Kind, cores: Cores) -> Outcome<Self> {
        Ok(Self::start_with_accounts(kind, cores, 0)?.0)
    }

    /// Starts on an empty store in which so many accounts were made → their tokens too.
    pub fn start_with_accounts(kind: Kind, cores: Cores, accounts: usize) -> Outcome<(Self, Vec<String>)> {
        Self::start_with(kind, cores, accounts, None)
    }

    /// As [`Fleet::start_with_accounts`], with a catalogue of achievements, as its file has it.
    pub fn start_with_catalogue(
        kind: Kind,
        cores: Cores,
        accounts: usize,
        catalogue: &str,
    ) -> Outcome<(Self, Vec<String>)> {
        Self::start_with(kind, cores, accounts, Some(catalogue))
    }

    fn start_with(kind: Kind, cores: Cores, accounts: usize, catalogue: Option<&str>) -> Outcome<(Self, Vec<String>)> {
        let (redis, instances) = match kind {
            Kind::Redis { fsync, instances } => (Some(Redis::start(fsync, cores)?), instances),
            _ => (None, 1),
        };
        let url = redis.as_ref().map(Redis::url);
        let (mut servers, mut tokens) = (Vec::new(), Vec::new());
        for instance in 0..instances {
            let data = process::data_folder()?;
            if instance == 0 && accounts > 0 {
                tokens = process::accounts(&data, url.as_deref(), accounts)?;
            }
            if let Some(catalogue) = catalogue {
                std::fs::write(process::catalogue_of(&data), catalogue)?;
            }
            servers.push(Server::start(kind, cores, data, url.as_deref())?);
        }
        Ok((Self { servers, redis }, tokens))
    }

    /// Kills the first server. Alone, it is started again on its store.
    pub fn lose_first(&mut self, kind: Kind) -> Outcome<()> {
        if self.servers.len() > 1 {
            self.servers.remove(0);
            return Ok(());
        }
        let url = self.redis.as_ref().map(Redis::url);
        self.servers[0].kill_and_start_again(kind, url.as_deref())
    }

    pub fn first(&self) -> SocketAddr {
        self.servers[0].address
    }

    /// The other one, if there are two.
    pub fn last(&self) -> SocketAddr {
        self.servers[self.servers.len() - 1].address
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(|server| server.address).collect()
    }

    /// What has been spent so far.
    pub fn meter(&self) -> Outcome<Meter> {
        let mut server_cpu_s = 0.0;
        for server in &self.servers {
            server_cpu_s += server.cpu_s()?;
        }
        let redis = self.redis.as_ref().map(Redis::done).transpose()?;
        Ok(Meter { at: Instant::now(), server_cpu_s, own_cpu_s: process::cpu_s(std::process::id())?, redis })
    }

    /// Resident memory of all servers, in KiB.
    pub fn rss_kib(&self) -> Outcome<f64> {
        self.servers.iter().map(Server::rss_kib).sum()
    }
}

impl Meter {
    pub fn spent_since(&self, earlier: &Self) -> Spent {
        let redis = self.redis.as_ref().zip(earlier.redis.as_ref());
        Spent {
            elapsed_s: self.at.duration_since(earlier.at).as_secs_f64(),
            server_cpu_s: self.server_cpu_s - earlier.server_cpu_s,
            own_cpu_s: self.own_cpu_s - earlier.own_cpu_s,
            redis: redis.map(|(now, earlier)| now.since(earlier)),
        }
    }
}
