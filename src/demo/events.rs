//! What the demo's runners run in: an event that is under way, one that is to come and one that has passed.
//!
//! Made through the public doors, as a club would make them. The demo's store is thrown away at its end, so each demo has these
//! three and no others.

use chrono_tz::Europe::Helsinki;
use serde_json::{Value, json};

use crate::domain::event::local;
use crate::domain::geo::Place;
use crate::domain::time::Timestamp;
use crate::simulate::SimulateError;
use crate::simulate::plan::Plan;
use crate::simulate::rest::Rest;
use crate::tracks::recorded;

/// How many run in the event that is under way; the others are out by themselves.
const RUNNING_LEN: usize = 8;
/// How many of them were at the one that has passed, and how many have said that they will come to the next.
const PASSED_LEN: usize = 5;
const COMING_LEN: usize = 3;

const MINUTE_S: i64 = 60;
const DAY_S: i64 = 24 * 60 * MINUTE_S;
/// The one that is under way has been for so long: longer than anybody has run.
const UNDER_WAY_S: i64 = 30 * MINUTE_S;
/// And goes on for longer than anybody looks at a demo; after that they run on by themselves.
const LASTS_S: i64 = DAY_S;

/// Signs up those who run in the first event, of the first `plans`, and holds the events → their tokens. The plans then say which
/// event they are run in. `now`: by the server's clock.
pub async fn hold(server: &str, plans: &mut [Plan], now: Timestamp) -> Result<Vec<String>, SimulateError> {
    let rest = Rest::new(server)?;
    let running = plans.len().min(RUNNING_LEN);
    let (running, _) = plans.split_at_mut(running);
    let mut tokens = Vec::with_capacity(running.len());
    for plan in running.iter() {
        tokens.push(rest.sign_up(&plan.name).await?);
    }
    let [creator, others @ ..] = tokens.as_slice() else { return Ok(tokens) };

    let description = "Laps round the centre, at everybody's own pace. Come when you like, leave when you like.";
    let current = document("Harbour laps", description, round(now, -UNDER_WAY_S), LASTS_S);
    let current = held(&rest, creator, others, &current).await?;
    for plan in running {
        plan.event = Some(current);
    }

    let some = |len: usize| &others[..len.min(others.len())];
    let description = "Three easy laps, and coffee at the market square.";
    let passed = document("Warm-up laps", description, round(now, -90 * MINUTE_S), DAY_S);
    let passed = held(&rest, creator, some(PASSED_LEN - 1), &passed).await?;
    // Whoever was there joined before it was over.
    rest.end_event(creator, passed).await?;

    let description = "An easy hour along the shore. Beginners are welcome; nobody is left behind.";
    let coming = document("Shore run", description, round(now, DAY_S), 90 * MINUTE_S);
    held(&rest, creator, some(COMING_LEN - 1), &coming).await?;
    Ok(tokens)
}

/// Made by one and joined by others → its number.
async fn held(rest: &Rest, creator: &str, others: &[String], plan: &Value) -> Result<u64, SimulateError> {
    let event = rest.new_event(creator, plan).await?;
    for token in others {
        rest.join_event(token, event).await?;
    }
    Ok(event)
}

/// A public event where the course begins.
fn document(name: &str, description: &str, starts_at: Timestamp, duration_s: i64) -> Value {
    let (date, time) = local(starts_at, Helsinki);
    let start = recorded::helsinki_course().first().copied();
    json!({
        "name": name,
        "description": description,
        "private": false,
        "date": date.to_string(),
        "time": time.to_string(),
        "time_zone": Helsinki.name(),
        "duration_s": duration_s,
        "start": start.map(|Place { latitude, longitude }| {
            json!({"latitude": latitude.degrees(), "longitude": longitude.degrees()})
        }),
    })
}

/// So many seconds from now, at a quarter of an hour: whoever invites others names a round time.
fn round(now: Timestamp, by_s: i64) -> Timestamp {
    let from_s = now.as_millis() / 1_000 + by_s;
    Timestamp::from_millis((from_s - from_s.rem_euclid(15 * MINUTE_S)) * 1_000)
}
