//! While many sockets are fanned out to, another client sends pings: how soon are they answered?
//!
//! The client that pings is a thread of its own with a blocking socket, so that the generator's own work on thousands of
//! sockets does not stand in its way.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::client::{self, Piece};
use crate::crowd::PATIENCE;
use crate::fanout::Load;
use crate::fleet::Fleet;
use crate::process::Cores;
use crate::report::{Latency, Line, Report};
use crate::{Other, Outcome, Pings, servers};

const BETWEEN: Duration = Duration::from_millis(5);
/// Pings on a server that has nothing else to do, for comparison.
const QUIET: Duration = Duration::from_secs(2);

pub fn scenario(arguments: &Pings, report: &mut Report) -> Outcome<()> {
    let cores = arguments.cores.take();
    let placing = if cores == Cores::Apart { "apart" } else { "shared" };
    for kind in servers(arguments.only, &[Other::Stock], None) {
        let fleet = Fleet::start(kind, cores)?;
        let mut load = Load::open(&fleet, arguments.connections, 2, Some(arguments.pace))?;
        let name = format!("pings, {} connections, {placing}", arguments.connections);

        let rest = || {
            std::thread::sleep(QUIET);
            Ok(())
        };
        let ((), quiet) = during(fleet.first(), rest)?;
        report.add(Line::new(format!("{name}, quiet"), kind.name()).with_latency(&quiet));

        let window = Duration::from_secs_f64(arguments.seconds);
        let (measured, latency) = during(fleet.first(), || load.run(&fleet, window))?;
        let name = format!("{name}, paced {}/s", arguments.pace);
        let line = Line::new(format!("{name}, the pings"), kind.name()).with("pings", latency.len() as f64);
        report.add(line.with_latency(&latency));
        report.add(measured.line(format!("{name}, the fan-out"), kind));
    }
    Ok(())
}

/// Pings as long as `work` lasts.
fn during<T>(server: SocketAddr, work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, Latency)> {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let pinger = std::thread::spawn(move || ping(server, &stopped).map_err(|error| error.to_string()));
    let done = work();
    stop.store(true, Ordering::Relaxed);
    let latency = pinger.join().map_err(|_| "the pinging thread panicked")??;
    Ok((done?, latency))
}

fn ping(server: SocketAddr, stop: &AtomicBool) -> Outcome<Latency> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(&client::hand_shake(server))?;
    let mut inbound = Vec::new();
    while client::read_response(&inbound).is_none() {
        read(&mut stream, &mut inbound)?;
    }
    inbound.clear();
    stream.write_all(&client::text(br#"{"id":1,"connect":{}}"#))?;
    let mut latency = Latency::new()?;
    while !stop.load(Ordering::Relaxed) {
        let sent = Instant::now();
        stream.write_all(&client::ping(b"ping"))?;
        while !pong_came(&mut stream, &mut inbound)? {
            read(&mut stream, &mut inbound)?;
        }
        latency.add(sent.elapsed());
        std::thread::sleep(BETWEEN);
    }
    Ok(latency)
}

/// Takes what has come; the protocol's own ping is answered.
fn pong_came(stream: &mut TcpStream, inbound: &mut Vec<u8>) -> Outcome<bool> {
    let mut came = false;
    while let Some((piece, len)) = client::read_frame(inbound) {
        match piece {
            Piece::Pong => came = true,
            Piece::Message(b"{}") => stream.write_all(&client::text(b"{}"))?,
            Piece::Close(code) => return Err(format!("the server closed the pinging client with {code}").into()),
            _ => {}
        }
        inbound.drain(..len);
    }
    Ok(came)
}

fn read(stream: &mut TcpStream, inbound: &mut Vec<u8>) -> Outcome<()> {
    let mut chunk = [0; 1_024];
    let len = stream.read(&mut chunk)?;
    if len == 0 {
        return Err("the server hung up on the pinging client".into());
    }
    inbound.extend_from_slice(&chunk[..len]);
    Ok(())
}
