//! A Redis server of a test's own: a free port, a directory of its own, and whatever fate the test has in store for it.
//!
//! Knows nothing of Runnity. `REDIS_SERVER` names another program than `redis-server`, to try another version or Valkey.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use super::process;

/// Nothing here takes so long.
const DEADLINE: Duration = Duration::from_secs(30);

/// How it is started. What is not said is as an operator is told to have it: everything on disk before it is acknowledged.
#[derive(Clone, Debug)]
pub struct Options {
    /// `always`, `everysec` or `no`; `None`: nothing is kept on disk.
    pub appendfsync: Option<&'static str>,
    pub requirepass: Option<&'static str>,
    /// The bound (such as `4mb`) and what happens there (such as `noeviction`).
    pub maxmemory: Option<(&'static str, &'static str)>,
    /// The port of the server that this one follows.
    pub replicaof: Option<u16>,
    /// More words of its command line.
    pub args: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { appendfsync: Some("always"), requirepass: None, maxmemory: None, replicaof: None, args: Vec::new() }
    }
}

/// Ends with its value, and with the test's process, however that ends.
pub struct RedisServer {
    options: Options,
    port: u16,
    folder: TempDir,
    process: Mutex<Option<Child>>,
}

impl RedisServer {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        loop {
            let folder = folder().expect("a directory");
            let server =
                Self { options: options.clone(), port: process::free_port(), folder, process: Mutex::default() };
            match server.run().await {
                Ok(()) => return server,
                Err(log) if log.contains("Failed listening on port") => {} // somebody was faster
                Err(log) => panic!("Redis does not start: {log}"),
            }
        }
    }

    /// `redis://127.0.0.1:<port>`, with the password if it has one.
    pub fn url(&self) -> String {
        let password = self.options.requirepass.map(|password| format!(":{password}@")).unwrap_or_default();
        format!("redis://{password}127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// It listens here too.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    pub async fn stop(&self) {
        self.end(Signal::TERM).await;
    }

    /// As when the power goes (SIGKILL).
    pub async fn kill(&self) {
        self.end(Signal::KILL).await;
    }

    /// How long its log of writes is, once all that was acknowledged is in it.
    pub async fn log_len(&self) -> u64 {
        let all_is_in = async { while !self.ask(&["INFO", "persistence"]).await.contains("aof_buffer_length:0\r") {} };
        tokio::time::timeout(DEADLINE, all_is_in).await.expect("in time");
        std::fs::metadata(self.log_of_writes()).expect("a log of writes").len()
    }

    /// As when the power goes before its disk has more than so much of the log.
    pub async fn kill_with_log(&self, len: u64) {
        self.kill().await;
        let log = std::fs::File::options().write(true).open(self.log_of_writes()).expect("a log of writes");
        log.set_len(len).expect("shorter");
    }

    /// Since Redis 7 in a directory, with a base that nothing is added to.
    fn log_of_writes(&self) -> PathBuf {
        let files = std::fs::read_dir(self.data().join("appendonlydir")).into_iter().flatten();
        let mut names = files.map(|file| file.expect("a file").path());
        let is_log = |path: &PathBuf| path.to_string_lossy().ends_with(".incr.aof");
        names.find(is_log).unwrap_or_else(|| self.data().join("appendonly.aof"))
    }

    /// Starts it again with the port and the data that it had. Ends it first if it runs.
    pub async fn restart(&self) {
        self.stop().await;
        self.run().await.unwrap_or_else(|log| panic!("Redis does not start again: {log}"));
    }

    /// As [`RedisServer::restart`], without its data.
    pub async fn restart_empty(&self) {
        self.stop().await;
        std::fs::remove_dir_all(self.data()).expect("removed");
        self.restart().await;
    }

    /// It stands still (SIGSTOP): connections stay open, and nobody answers.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Lets its keys age: what expires does so this much earlier.
    pub async fn age(&self, by: Duration) {
        let script = "for database = 0, 15 do
                redis.call('SELECT', database)
                for _, key in ipairs(redis.call('KEYS', '*')) do
                    local left = redis.call('PTTL', key)
                    if left >= 0 then redis.call('PEXPIRE', key, math.max(left - ARGV[1], 0)) end
                end
            end";
        let answer = self.ask(&["EVAL", script, "0", &by.as_millis().to_string()]).await;
        assert!(!answer.starts_with('-'), "{answer}");
    }

    /// What it answers to a command: strings and numbers plain, an error with its `-`, a list's items in lines.
    pub async fn ask(&self, words: &[&str]) -> String {
        tokio::time::timeout(DEADLINE, self.try_ask(words)).await.expect("in time").expect("an answer")
    }

    async fn try_ask(&self, words: &[&str]) -> io::Result<String> {
        let mut stream = BufReader::new(UnixStream::connect(self.socket()).await?);
        if let Some(password) = self.options.requirepass {
            stream.write_all(&command(&["AUTH", password])).await?;
            answer(&mut stream).await?;
        }
        stream.write_all(&command(words)).await?;
        answer(&mut stream).await
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts it and waits until it answers. `Err`: it has ended; what it said.
    async fn run(&self) -> Result<(), String> {
        std::fs::create_dir_all(self.data()).expect("a directory");
        let log = self.folder.path().join("log");
        let _ = std::fs::remove_file(&log);
        let process = process::spawn(self.command(&log)).unwrap_or_else(|error| panic!("no Redis here: {error}"));
        *self.process.lock() = Some(process);
        // Its own socket, since its port could be another server's.
        let ready = async {
            let mut pause = tokio::time::interval(Duration::from_millis(5));
            while !self.try_ask(&["PING"]).await.is_ok_and(|answer| answer == "PONG") {
                if self.process.lock().as_mut().and_then(|it| it.try_wait().ok()).flatten().is_some() {
                    return Err(std::fs::read_to_string(&log).unwrap_or_default());
                }
                pause.tick().await;
            }
            Ok(())
        };
        tokio::time::timeout(DEADLINE, ready).await.expect("Redis is ready in time")
    }

    fn command(&self, log: &Path) -> Command {
        let mut command = process::command(&program());
        command.args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", ""]);
        command.arg("--dir").arg(self.data()).arg("--logfile").arg(log).arg("--unixsocket").arg(self.socket());
        match self.options.appendfsync {
            Some(when) => command.args(["--appendonly", "yes", "--appendfsync", when]),
            None => command.args(["--appendonly", "no"]),
        };
        if let Some(password) = self.options.requirepass {
            command.args(["--requirepass", password]);
        }
        if let Some((bound, policy)) = self.options.maxmemory {
            command.args(["--maxmemory", bound, "--maxmemory-policy", policy]);
        }
        if let Some(port) = self.options.replicaof {
            command.args(["--replicaof", "127.0.0.1", &port.to_string()]);
        }
        command.args(&self.options.args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn signal(&self, signal: Signal) {
        if let Some(process) = &*self.process.lock() {
            // It may have ended by itself, which is for the test to find out.
            let _ = kill_process(Pid::from_child(process), signal);
        }
    }

    async fn end(&self, signal: Signal) {
        self.signal(signal);
        self.signal(Signal::CONT);
        let process = self.process.lock().take();
        if let Some(mut process) = process {
            let ended = tokio::task::spawn_blocking(move || process.wait());
            tokio::time::timeout(DEADLINE, ended).await.expect("Redis ends in time").expect("waited").expect("ended");
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.lock().take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The server's program, a sentinel's too.
pub fn program() -> String {
    std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned())
}

/// In memory if there is room: a busy disk holds an fsync up for seconds, and Redis with it. Being killed loses as little.
fn folder() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let has_room = rustix::fs::statvfs(memory).is_ok_and(|its| its.f_bavail * its.f_frsize > 512 << 20);
    if has_room { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}

fn command(words: &[&str]) -> Vec<u8> {
    let texts: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    format!("*{}\r\n{texts}", words.len()).into_bytes()
}

async fn answer(stream: &mut BufReader<UnixStream>) -> io::Result<String> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let line = line.trim_end();
    let len = || line[1..].parse().unwrap_or(0);
    match line.chars().next() {
        Some('+' | ':') => Ok(line[1..].to_owned()),
        Some('-') => Ok(line.to_owned()),
        Some('$') if line == "$-1" => Ok(String::new()),
        Some('$') => {
            let mut bytes = vec![0; len() + 2];
            stream.read_exact(&mut bytes).await?;
            bytes.truncate(len());
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        Some('*') => {
            let mut items = Vec::new();
            for _ in 0..len() {
                items.push(Box::pin(answer(stream)).await?);
            }
            Ok(items.join("\n"))
        }
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
