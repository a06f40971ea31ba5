//! One service of the Compose file as a plain process: started, asked to end, killed, and started again.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::process;
use crate::support::{DEADLINE, within};

pub struct Service {
    pub words: Vec<String>,
    pub environment: BTreeMap<String, String>,
    folder: PathBuf,
    log: PathBuf,
    child: Mutex<Option<Child>>,
}

impl Service {
    /// `words`: the program and what it is told. It runs in `folder`, and what it says goes to a file there.
    pub fn new(name: &str, words: Vec<String>, environment: BTreeMap<String, String>, folder: &Path) -> Self {
        let log = folder.join(format!("{name}.log"));
        Self { words, environment, folder: folder.to_owned(), log, child: Mutex::default() }
    }

    pub fn start(&self) {
        let child = process::spawn(self.command(&self.words)).expect("it starts");
        *self.child.lock() = Some(child);
    }

    /// Runs something else in its place, such as its health check, and says whether that went well.
    pub async fn run(&self, words: &[String]) -> bool {
        let child = process::spawn(self.command(words)).expect("it starts");
        waited(child).await.success()
    }

    pub fn signal(&self, signal: Signal) {
        let child = self.child.lock();
        let process = Pid::from_child(child.as_ref().expect("it was started"));
        kill_process(process, signal).expect("a signal");
    }

    /// Waits until it has ended.
    pub async fn ended(&self) -> ExitStatus {
        let child = self.child.lock().take().expect("it was started");
        waited(child).await
    }

    pub async fn kill(&self) {
        self.signal(Signal::KILL);
        assert_eq!(self.ended().await.signal(), Some(9));
    }

    /// Asks it to end, as Docker does, and waits until it has, in order.
    pub async fn stop(&self, signal: Signal) {
        self.signal(signal);
        let status = self.ended().await;
        assert!(status.success(), "{status}: {}", self.said());
    }

    /// Everything that it has printed so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it says this once more than it did before.
    pub async fn says_again(&self, what: &str, before: usize) {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        let said = async {
            while self.times_said(what) <= before {
                looks.tick().await;
            }
        };
        let said = tokio::time::timeout(DEADLINE, said).await;
        said.unwrap_or_else(|_| panic!("it does not say {what:?} once more: {}", self.said()));
    }

    pub fn times_said(&self, what: &str) -> usize {
        self.said().matches(what).count()
    }

    fn command(&self, words: &[String]) -> std::process::Command {
        let log = || fs::File::options().create(true).append(true).open(&self.log).expect("a log");
        let mut command = process::command(&words[0]);
        command.args(&words[1..]).current_dir(&self.folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).envs(&self.environment);
        command.stdin(Stdio::null()).stdout(log()).stderr(log());
        command
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.lock().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

async fn waited(mut child: Child) -> ExitStatus {
    within(tokio::task::spawn_blocking(move || child.wait())).await.expect("waited").expect("ended")
}
