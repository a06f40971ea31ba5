//! One phone, one spectator, nothing else: how long from the phone's publish until the spectator has read it, and until the phone
//! is told that it is stored; beside what the disk alone needs for a small durable write.

use std::io::{Seek, SeekFrom, Write};
use std::time::{Duration, Instant};

use crate::crowd::{Crowd, PATIENCE, What, anonymous, expect_success};
use crate::fleet::Fleet;
use crate::process::{self, Cores, Kind};
use crate::report::{self, Line, Report};
use crate::{Latency, Outcome, runners};

const PHONE: usize = 0;
const SPECTATOR: usize = 1;
const BETWEEN: Duration = Duration::from_millis(10);
const WARM_UP_FIXES: usize = 20;
/// What a disk writes at once.
const BLOCK_BYTES: usize = 4_096;

pub fn scenario(arguments: &Latency, report: &mut Report) -> Outcome<()> {
    let kind = arguments.on.kind();
    let disk = fsyncs(arguments.fixes / 2)?;
    measure(kind, arguments.fixes, report)?;
    let disk_after = fsyncs(arguments.fixes / 2)?;
    let line = |what: &str| Line::new(format!("latency, {what}"), kind.name());
    report.add(line("4 KiB and fdatasync, before").with_latency(&disk));
    report.add(line("4 KiB and fdatasync, after").with_latency(&disk_after));
    Ok(())
}

/// The phone on the first instance, the spectator on the last.
pub fn measure(kind: Kind, fixes: usize, report: &mut Report) -> Outcome<()> {
    let (fleet, tokens) = Fleet::start_with_accounts(kind, Cores::Shared, 1)?;
    let mut runner = runners::start_runs(fleet.first(), tokens)?.remove(0);
    let mut crowd = Crowd::new()?;
    crowd.open(fleet.first(), 1, |_| format!(r#"{{"id":1,"connect":{{"token":"{}"}}}}"#, runner.token))?;
    crowd.open(fleet.last(), 1, anonymous)?;
    crowd.ask(SPECTATOR..SPECTATOR + 1, |_| format!(r#"{{"id":2,"subscribe":{{"channel":"run:{}"}}}}"#, runner.run))?;

    let (mut seen, mut acknowledged) = (report::Latency::new()?, report::Latency::new()?);
    let mut before = fleet.meter()?;
    for index in 0..WARM_UP_FIXES + fixes {
        if index == WARM_UP_FIXES {
            before = fleet.meter()?;
        }
        let bytes = runner.publish(runner.made + 2);
        let sent = Instant::now();
        crowd.send(PHONE, &bytes)?;
        let (mut seen_at, mut acknowledged_at) = (None, None);
        crowd.until(sent + PATIENCE, |_, heard| {
            match heard.what {
                What::Line(line) if heard.socket == SPECTATOR => {
                    expect_success(line)?;
                    seen_at = Some(heard.at);
                }
                What::Line(line) if !line.starts_with(br#"{"push""#) => {
                    expect_success(line)?;
                    acknowledged_at = Some(heard.at);
                }
                What::Closed(code) => return Err(format!("the server closed a connection with {code}").into()),
                _ => {}
            }
            Ok(seen_at.is_some() && acknowledged_at.is_some())
        })?;
        if let (Some(seen_at), Some(acknowledged_at), true) = (seen_at, acknowledged_at, index >= WARM_UP_FIXES) {
            seen.add(seen_at - sent);
            acknowledged.add(acknowledged_at - sent);
        }
        std::thread::sleep(BETWEEN);
    }
    let spent = fleet.meter()?.spent_since(&before);
    runners::expect_all_counted(fleet.first(), &[runner])?;

    let line = |what: &str| Line::new(format!("latency, {what}"), kind.name());
    report.add(line("publish to spectator").with_latency(&seen));
    report.add(line("publish to acknowledgement").with_latency(&acknowledged).with_redis(&spent, fixes as f64));
    Ok(())
}

/// Durable writes of one block into a file that has its length already.
fn fsyncs(count: usize) -> Outcome<report::Latency> {
    let mut file = tempfile::tempfile_in(process::data_folder()?.path())?;
    let mut latency = report::Latency::new()?;
    file.write_all(&vec![0; BLOCK_BYTES * 64])?;
    file.sync_all()?;
    for index in 0..count {
        let from = Instant::now();
        file.seek(SeekFrom::Start((index % 64 * BLOCK_BYTES) as u64))?;
        file.write_all(&[index as u8; BLOCK_BYTES])?;
        file.sync_data()?;
        latency.add(from.elapsed());
        std::thread::sleep(BETWEEN);
    }
    Ok(latency)
}
