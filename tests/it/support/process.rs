//! Processes that a test starts beside itself, which end with it however it ends.

use std::io;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::{LazyLock, mpsc};

/// A command for this program, whose process is killed when the test's own is.
pub fn command(program: &str) -> Command {
    if Path::new("/usr/bin/setpriv").exists() {
        let mut command = Command::new("/usr/bin/setpriv");
        command.args(["--pdeathsig", "KILL", program]);
        command
    } else {
        Command::new(program)
    }
}

/// Starts a process whose parent is a thread that lives as long as ours does: the signal that it gets at its parent's death
/// comes when that *thread* ends.
pub fn spawn(command: Command) -> io::Result<Child> {
    type Order = (Command, mpsc::Sender<io::Result<Child>>);
    static NURSERY: LazyLock<mpsc::Sender<Order>> = LazyLock::new(|| {
        let (orders, ordered) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, reply) in ordered {
                let _ = reply.send(command.spawn());
            }
        });
        orders
    });
    let (reply, answer) = mpsc::channel();
    NURSERY.send((command, reply)).expect("a nursery");
    answer.recv().expect("an answer")
}

/// Below the ports that the system gives to clients, so that it is still free when the server is started again.
pub fn free_port() -> u16 {
    loop {
        let port = rand::random_range(10_000..32_768);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
