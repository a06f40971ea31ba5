//! One instance of a test's own: inside this process, or as the operator starts it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _};
use std::process::{Child, Stdio};
use std::sync::Arc;

use runnity::app::{App, Settings};
use runnity::backend::RedisStore;
use runnity::clock::Clock;
use runnity::instance::{Instance, Options};

use super::proxy::Proxy;
use crate::support::process;

/// Inside this process, with a line of its own to Redis.
pub struct Node {
    pub app: Arc<App>,
    pub host: String,
    pub proxy: Proxy,
    _instance: Instance,
}

/// A process of the product. Killed with its value.
pub struct Process {
    pub host: String,
    child: Child,
    said: File,
}

impl Node {
    pub async fn start(redis_port: u16) -> Self {
        Self::start_by(Clock::system(), redis_port).await
    }

    /// Which goes by this clock.
    pub async fn start_by(clock: Clock, redis_port: u16) -> Self {
        let proxy = Proxy::to(redis_port).await;
        let url = proxy.url().parse().expect("a URL");
        let store = Arc::new(RedisStore::open(&url).await.expect("a store"));
        let app = App::new(store, clock, Settings { open_channels: true, ..Settings::default() });
        let listener = runnity::instance::listen("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
        let instance = Instance::start(app.clone(), listener, Options::default()).await.expect("an instance");
        Self { app, host: instance.address().to_string(), proxy, _instance: instance }
    }
}

impl Process {
    pub fn start(redis_url: &str) -> Self {
        let mut said = tempfile::tempfile().expect("a file");
        let mut command = process::command(env!("CARGO_BIN_EXE_runnity"));
        command.args(["--listen", "127.0.0.1:0", "--redis", redis_url]);
        command.stdout(Stdio::piped()).stderr(said.try_clone().expect("a file"));
        let mut child = process::spawn(command).expect("the server starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = lines.map_while(Result::ok).find(|line| line.contains("http://"));
        let line = line.unwrap_or_else(|| panic!("it does not say where it is, but {}", read(&mut said)));
        let host = line.split("http://").nth(1).expect("a URL").to_owned();
        Self { host, child, said }
    }

    /// As when its machine's power goes (SIGKILL).
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// What it has told the operator before it was killed.
    pub fn killed_said(mut self) -> String {
        self.kill();
        read(&mut self.said)
    }
}

fn read(file: &mut File) -> String {
    let mut text = String::new();
    file.rewind().expect("rewound");
    file.read_to_string(&mut text).expect("text");
    text
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
