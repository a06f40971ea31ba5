//! The server under test as a process of its own: started on a free port, measured from `/proc`, ended when dropped.
//!
//! Knows how servers are started and what they cost, not what is asked of them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::redis::Fsync;
use crate::{Outcome, client, others};

static RUNNITY: OnceLock<PathBuf> = OnceLock::new();
static CATALOGUE: OnceLock<&'static str> = OnceLock::new();
/// On the disk of the build, since a temporary folder may lie in memory, where an fsync costs nothing.
const DATA: &str = env!("CARGO_TARGET_TMPDIR");
/// What the kernel counts a process's time in, on every Linux of today.
const TICKS_PER_S: f64 = 100.0;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Runnity,
    /// So many instances of ours that share a Redis.
    Redis {
        fsync: Fsync,
        instances: usize,
    },
    /// `warp::ws` with one unbounded queue and one `send` for each connection.
    Stock,
    /// The same with `TCP_NODELAY`, which `warp::serve` does not set.
    StockNoDelay,
    /// nginx with Nchan, one worker.
    Nchan,
    /// Redis' own channels over plain TCP, without a WebSocket or a protocol of ours.
    RedisPubSub,
}

impl Kind {
    pub fn name(self) -> String {
        match self {
            Self::Runnity => "runnity".to_owned(),
            Self::Redis { fsync, instances: 1 } => format!("redis {}", fsync.name()),
            Self::Redis { fsync, instances } => format!("redis {}, {instances} instances", fsync.name()),
            Self::Stock => "stock".to_owned(),
            Self::StockNoDelay => "stock, no delay".to_owned(),
            Self::Nchan => "nchan".to_owned(),
            Self::RedisPubSub => "redis pub/sub".to_owned(),
        }
    }

    /// Whether it is a build of ours.
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Runnity | Self::Redis { .. })
    }
}

/// Which of the two cores the server may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cores {
    /// The first; the generator has moved to the second.
    Apart,
    Shared,
}

/// A running server. Dropping it ends the process.
pub struct Server {
    kind: Kind,
    pub address: SocketAddr,
    child: Child,
    data: TempDir,
}

/// Measures this build of our server, and not the one that was built with the generator.
pub fn measure_build(program: PathBuf) {
    RUNNITY.get_or_init(|| program);
}

/// Our servers are started with this catalogue of achievements from now on.
pub fn write_catalogue(name: &'static str) {
    CATALOGUE.get_or_init(|| name);
}

fn runnity() -> &'static Path {
    RUNNITY.get_or_init(|| env!("CARGO_BIN_EXE_runnity").into())
}

/// A folder for a store, gone when dropped.
pub fn data_folder() -> Outcome<TempDir> {
    Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(DATA)?)
}

/// The file of achievements with which a server on this store starts, if it is there.
pub fn catalogue_of(data: &TempDir) -> PathBuf {
    data.path().join("catalogue.json")
}

/// Accounts in a store that no server has opened → their tokens.
pub fn accounts(data: &TempDir, redis: Option<&str>, count: usize) -> Outcome<Vec<String>> {
    let mut command = Command::new(runnity());
    command.args(["user", "--count", &count.to_string()]).args(store(data, redis)?).arg("bench");
    let output = command.stdin(Stdio::null()).output()?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let tokens: Vec<String> = out.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim().to_owned())).collect();
    if tokens.len() != count {
        return Err(format!("`runnity user` made {} of {count} accounts: {err}", tokens.len()).into());
    }
    Ok(tokens)
}

impl Server {
    /// Starts on a store and waits until it answers.
    pub fn start(kind: Kind, cores: Cores, data: TempDir, redis: Option<&str>) -> Outcome<Self> {
        let (address, child) = spawn(kind, cores, &data, redis)?;
        let mut server = Self { kind, address, child, data };
        server.wait_until_up()?;
        Ok(server)
    }

    /// Ends it as a crash would; on the same store it is soon back, at another address.
    pub fn kill_and_start_again(&mut self, kind: Kind, redis: Option<&str>) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        (self.address, self.child) = spawn(kind, Cores::Shared, &self.data, redis)?;
        self.wait_until_up()
    }

    fn wait_until_up(&mut self) -> Outcome<()> {
        let deadline = Instant::now() + Duration::from_secs(15);
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(self.data.path().join("log"))?;
                return Err(format!("the server ended with {status}: {log}").into());
            }
            if self.answers() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the server did not come up".into())
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address) else { return false };
        let question = match self.kind {
            Kind::RedisPubSub => others::REDIS_PING.to_vec(),
            _ => client::get(self.address, "/health"),
        };
        let asked = stream.write_all(&question);
        let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
        asked.is_ok() && stream.read(&mut [0; 256]).is_ok_and(|len| len > 0)
    }

    /// CPU seconds so far.
    pub fn cpu_s(&self) -> Outcome<f64> {
        cpu_s(self.child.id())
    }

    /// Resident memory, in KiB.
    pub fn rss_kib(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse()?)
    }
}

fn spawn(kind: Kind, cores: Cores, data: &TempDir, redis: Option<&str>) -> Outcome<(SocketAddr, Child)> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let program = match kind {
        Kind::Runnity | Kind::Redis { .. } => runnity().to_owned(),
        Kind::Stock | Kind::StockNoDelay => std::env::current_exe()?,
        Kind::Nchan => others::nginx()?,
        Kind::RedisPubSub => others::redis()?,
    };
    let mut command = on_core(cores, "0", &program);
    match kind {
        Kind::Runnity | Kind::Redis { .. } => {
            // One phone of the bench sends what thousands do.
            command.env("RUNNITY_REQUESTS_PER_TOKEN", "0").env("RUNNITY_REQUESTS_PER_ADDRESS", "0");
            if catalogue_of(data).exists() {
                command.env("RUNNITY_CATALOGUE", catalogue_of(data));
            } else if let Some(catalogue) = CATALOGUE.get() {
                command.env("RUNNITY_CATALOGUE", catalogue);
            }
            command.args(["--listen", &address.to_string(), "--open-channels"]).args(store(data, redis)?)
        }
        Kind::Stock => command.args(["stock", &address.to_string()]),
        Kind::StockNoDelay => command.args(["stock", &address.to_string(), "--no-delay"]),
        Kind::Nchan => command.args(others::nchan(address, data.path())?),
        Kind::RedisPubSub => command.args(others::pub_sub(address)).current_dir(data.path()),
    };
    let log = std::fs::File::create(data.path().join("log"))?;
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn()?;
    Ok((address, child))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU seconds of a process so far, in user and kernel.
pub fn cpu_s(process: u32) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is the program's name in brackets, and may hold spaces.
    let fields = stat.rsplit_once(')').ok_or("an unknown form of /proc/pid/stat")?.1;
    let ticks = |index: usize| fields.split_whitespace().nth(index).and_then(|it| it.parse::<f64>().ok());
    let (user, kernel) = (ticks(11).ok_or("no utime")?, ticks(12).ok_or("no stime")?);
    Ok((user + kernel) / TICKS_PER_S)
}

/// A program, on the core of this number where server and generator are apart.
pub fn on_core(cores: Cores, core: &str, program: &Path) -> Command {
    match cores {
        Cores::Apart => {
            let mut command = Command::new("taskset");
            command.args(["-c", core]).arg(program);
            command
        }
        Cores::Shared => Command::new(program),
    }
}

/// Moves this process, and the threads that it starts from now on, to the second core; where that is not possible both share all.
pub fn move_apart() -> Cores {
    let mine = std::process::id().to_string();
    let two = std::thread::available_parallelism().is_ok_and(|cores| cores.get() >= 2);
    let moved = two
        && Command::new("taskset")
            .args(["-cp", "1", &mine])
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if moved { Cores::Apart } else { Cores::Shared }
}

/// How our server is told where its store is.
fn store<'a>(data: &'a TempDir, redis: Option<&'a str>) -> Outcome<[&'a str; 2]> {
    match redis {
        Some(url) => Ok(["--redis", url]),
        None => Ok(["--data", data.path().to_str().ok_or("a folder's name is not UTF-8")?]),
    }
}
