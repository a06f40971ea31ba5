//! The time of the world. The clocks of the machines that share a Redis may be minutes apart, and what gets its time from an
//! instance must not be out of order because it went through another: so all of them go by Redis's.

use std::time::Duration;

use redis::{RedisError, RedisResult};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::link::Link;
use super::{RedisStore, failure};
use crate::backend::BackendError;
use crate::clock::Clock;
use crate::domain::time::Timestamp;
use crate::limits;

impl RedisStore {
    /// Sets `clock` by Redis's, now and again and again until the store is closed.
    pub async fn keep_time(&self, clock: Clock) -> Result<(), BackendError> {
        let link = self.link_soon().await?;
        let apart_ms = set(&clock, &link).await.map_err(|error| failure::of(&error))?;
        if apart_ms.abs() > limits::CLOCKS_APART_MS {
            tracing::warn!(apart_ms, "the clocks of Redis and of this machine are far apart; Redis's is gone by");
        }
        let (links, closing) = (self.link.clone(), self.closing.clone());
        self.workers.spawn(async move {
            let mut looks = interval(limits::REDIS_TIME_EVERY);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    biased;
                    () = closing.cancelled() => return,
                    _ = looks.tick() => {}
                }
                let link = links.borrow().clone();
                // Without a link nobody is served, and the clock goes on by itself.
                if let Some(link) = link
                    && let Err(error) = set(&clock, &link).await
                {
                    tracing::debug!(error = %failure::of(&error), "Redis was not asked for the time");
                }
            }
        });
        Ok(())
    }
}

/// → how far ahead Redis's clock was, in milliseconds.
async fn set(clock: &Clock, link: &Link) -> RedisResult<i64> {
    let asked = Instant::now();
    let answer = link.ask(&redis::cmd("TIME")).await?;
    let on_the_way = asked.elapsed();
    let (seconds, micros): (i64, i64) = redis::from_redis_value(answer).map_err(RedisError::from)?;
    let half_ms = i64::try_from(on_the_way.as_millis() / 2).unwrap_or(i64::MAX);
    let theirs = Timestamp::from_millis(seconds.saturating_mul(1_000) + micros / 1_000).plus_millis(half_ms);
    let apart_ms = theirs.as_millis() - clock.now().as_millis();
    if is_worth_it(apart_ms, on_the_way) {
        clock.set(theirs);
    }
    Ok(apart_ms)
}

/// Whether the clocks are further apart than what is not known because of the way.
fn is_worth_it(apart_ms: i64, on_the_way: Duration) -> bool {
    u128::from(apart_ms.unsigned_abs()) > (on_the_way / 2 + limits::REDIS_TIME_APART).as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_is_set_when_it_is_certainly_wrong() {
        let millis = Duration::from_millis;
        for (apart_ms, on_the_way, set) in [
            (60_000, millis(1), true),
            (-60_000, millis(1), true),
            (5, millis(1), false),
            (400, millis(1_000), false),
            (-400, millis(1_000), false),
            (60_000, millis(4_000), true),
        ] {
            assert_eq!(is_worth_it(apart_ms, on_the_way), set, "{apart_ms} {on_the_way:?}");
        }
    }
}
