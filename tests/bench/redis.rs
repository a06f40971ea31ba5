//! A Redis of the scenario's own: started on a free port, asked what it has done, ended when dropped.
//!
//! Knows nothing of Runnity.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use tempfile::TempDir;

use crate::Outcome;
use crate::process::{self, Cores};

/// When Redis has what it is told on its disk.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fsync {
    Always,
    Everysec,
    No,
}

/// Ends with its value. Its folder goes with it.
pub struct Redis {
    address: SocketAddr,
    child: Child,
    folder: TempDir,
}

/// What a Redis has done since it was started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Done {
    pub cpu_s: f64,
    /// Calls of scripts that it knew by their hash.
    pub scripts: f64,
    /// All commands, those inside scripts too.
    pub commands: f64,
    pub read_bytes: f64,
    /// How often it read from a connection: commands that were sent together are read together.
    pub reads: f64,
}

impl Fsync {
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Everysec => "everysec",
            Self::No => "no",
        }
    }
}

impl Redis {
    /// With an append-only file. When server and generator are on a core each, it shares the generator's: it is another machine.
    pub fn start(fsync: Fsync, cores: Cores) -> Outcome<Self> {
        let folder = process::data_folder()?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut command = process::on_core(cores, "1", "redis-server".as_ref());
        command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string(), "--save", ""]);
        command.args(["--appendonly", "yes", "--appendfsync", fsync.name(), "--maxmemory-policy", "noeviction"]);
        let log = std::fs::File::create(folder.path().join("log"))?;
        let child = command.current_dir(folder.path()).stdin(Stdio::null()).stdout(log).spawn();
        let child = child.map_err(|error| format!("redis-server cannot be started: {error}"))?;
        let redis = Self { address, child, folder };
        let deadline = Instant::now() + Duration::from_secs(15);
        while redis.done().is_err() {
            if Instant::now() > deadline {
                let log = std::fs::read_to_string(redis.folder.path().join("log"))?;
                return Err(format!("Redis did not come up: {log}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(redis)
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// What it has done so far.
    pub fn done(&self) -> Outcome<Done> {
        let info = self.info()?;
        let number = |prefix: &str| {
            let found = info.lines().find_map(|line| line.strip_prefix(prefix));
            found.and_then(|rest| rest.split([',', '\r']).next()?.parse().ok()).unwrap_or(0.0)
        };
        Ok(Done {
            cpu_s: process::cpu_s(self.child.id())?,
            scripts: number("cmdstat_evalsha:calls="),
            commands: number("total_commands_processed:"),
            read_bytes: number("total_net_input_bytes:"),
            reads: number("total_reads_processed:"),
        })
    }

    fn info(&self) -> Outcome<String> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"INFO all\r\n")?;
        let mut stream = BufReader::new(stream);
        let mut len = String::new();
        stream.read_line(&mut len)?;
        let mut info = vec![0; len.trim().trim_start_matches('$').parse()?];
        stream.read_exact(&mut info)?;
        Ok(String::from_utf8(info)?)
    }

    /// The plainest write of a value of so many bytes, by Redis' own generator and pipelined → its CPU for each, and how many a second.
    pub fn bare_sets(&self, bytes: usize, count: usize) -> Outcome<(f64, f64)> {
        let (before, from) = (self.done()?, Instant::now());
        let status = Command::new("redis-benchmark")
            .args(["-p", &self.address.port().to_string(), "-t", "set", "-r", "1000", "-P", "16", "-c", "50", "-q"])
            .args(["-d", &bytes.to_string(), "-n", &count.to_string()])
            .stdout(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(format!("redis-benchmark ended with {status}").into());
        }
        let took_s = from.elapsed().as_secs_f64();
        let cpu_s = self.done()?.cpu_s - before.cpu_s;
        Ok((cpu_s * 1e6 / count as f64, count as f64 / took_s))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Done {
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            cpu_s: self.cpu_s - earlier.cpu_s,
            scripts: self.scripts - earlier.scripts,
            commands: self.commands - earlier.commands,
            read_bytes: self.read_bytes - earlier.read_bytes,
            reads: self.reads - earlier.reads,
        }
    }
}
