//! Keeps the link to Redis: makes it anew whenever it is lost, asks Redis for what somebody wants to hear, and makes sure
//! that Redis is heard at all.

use std::sync::Arc;

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::link::{self, Link, Seen};
use super::{Hub, OpenError};
use crate::limits;

/// Somebody waits until Redis tells of this channel.
pub struct Wanted {
    pub channel: Bytes,
    pub confirmed: oneshot::Sender<()>,
}

pub struct Supervisor {
    pub hub: Arc<Hub>,
    pub workers: TaskTracker,
    pub closing: CancellationToken,
    /// The link that may be used, as long as it is not broken.
    pub link: watch::Sender<Option<Arc<Link>>>,
    pub wanted: mpsc::Receiver<Wanted>,
}

/// Waits for the first link. A Redis that is just starting is given some time; one that refuses us is not.
pub async fn first(hub: &Arc<Hub>) -> Result<(Arc<Link>, MultiplexedConnection), OpenError> {
    let given_up = Instant::now() + limits::REDIS_OPEN_WAIT;
    let mut is_told = false;
    loop {
        match make(hub, 1, None).await {
            Err(error) if error.may_pass() && Instant::now() < given_up => {
                if !std::mem::replace(&mut is_told, true) {
                    tracing::info!(%error, "waiting for Redis");
                }
                sleep(limits::REDIS_PAUSE_MAX / 4).await;
            }
            made => return made,
        }
    }
}

async fn make(
    hub: &Arc<Hub>,
    number: u64,
    seen: Option<Seen>,
) -> Result<(Arc<Link>, MultiplexedConnection), OpenError> {
    timeout(limits::REDIS_ARRIVE_WAIT, Link::make(hub, number, seen)).await.unwrap_or(Err(OpenError::TooSlow))
}

impl Supervisor {
    pub async fn run(mut self, mut link: Arc<Link>, mut hearing: MultiplexedConnection) {
        loop {
            self.link.send_replace(Some(link.clone()));
            self.workers.spawn(probe(self.hub.clone(), link.clone()));
            if link.place.is_some() {
                self.workers.spawn(watch_sentinels(self.hub.clone(), link.clone()));
            }
            self.tend(&link, &mut hearing).await;
            link.broken.cancel();
            self.link.send_replace(None);
            drop(hearing);
            let made = tokio::select! {
                biased;
                () = self.closing.cancelled() => break,
                made = self.make_again(&link) => made,
            };
            (link, hearing) = made;
            // Whatever was written meanwhile was not heard.
            self.hub.lines.tell_gap();
        }
        self.hub.lines.close();
    }

    /// Until the link is broken or the store is closed.
    async fn tend(&mut self, link: &Link, hearing: &mut MultiplexedConnection) {
        let mut sweep = interval(limits::REDIS_SWEEP_EVERY);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut wanted: Vec<Wanted> = Vec::new();
            let is_sweep = tokio::select! {
                biased;
                () = self.closing.cancelled() => return,
                () = link.broken.cancelled() => return,
                _ = sweep.tick() => true,
                _ = self.wanted.recv_many(&mut wanted, limits::REDIS_SUBSCRIBE_LEN_MAX) => false,
            };
            let asking = async {
                if is_sweep {
                    return link::unsubscribe(hearing, &self.hub.lines.sweep()).await;
                }
                let channels = wanted.iter().map(|wanted| wanted.channel.clone());
                link::subscribe(hearing, &self.hub.lines.ask(channels)).await
            };
            let done = tokio::select! {
                biased;
                // An answer that will not come is not waited for.
                () = link.broken.cancelled() => return,
                done = asking => done,
            };
            if done.is_ok() {
                for wanted in wanted {
                    // Who has stopped waiting needs no answer.
                    let _ = wanted.confirmed.send(());
                }
            }
            if let Err(error) = done {
                tracing::warn!(error = %super::failure::of(&error), "Redis was not asked what to tell");
                return;
            }
        }
    }

    async fn make_again(&self, broken: &Link) -> (Arc<Link>, MultiplexedConnection) {
        tracing::warn!("the connection to Redis is lost; it is made again as soon as that can be");
        let seen = broken.seen();
        let (mut pause, mut number) = (limits::REDIS_PAUSE_MIN, broken.number);
        let mut last_reason = String::new();
        loop {
            number += 1;
            match make(&self.hub, number, Some(seen.clone())).await {
                Ok(made) => {
                    tracing::info!("Redis is connected again");
                    self.hub.counts.reconnects.inc();
                    return made;
                }
                Err(error) => {
                    let reason = error.to_string();
                    if reason != last_reason {
                        tracing::warn!("{reason}");
                    }
                    last_reason = reason;
                }
            }
            sleep(pause).await;
            pause = (2 * pause).min(limits::REDIS_PAUSE_MAX);
        }
    }
}

/// Sends itself a message by way of Redis, again and again. When one does not come back, the link is given up: neither a
/// silent network nor a Redis that stands still says that it is gone.
async fn probe(hub: Arc<Hub>, link: Arc<Link>) {
    let mut ticks = interval(limits::REDIS_PROBE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut echoes = hub.echoes();
    for number in 1_u64.. {
        tokio::select! {
            biased;
            () = link.broken.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let message = format!("{} {number}", link.number);
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(&hub.channels.probe(&hub.instance)[..]).arg(&message);
        let sent = Instant::now();
        let there_and_back =
            async { link.ask(&publish).await.is_ok() && echoes.wait_for(|echo| *echo == message).await.is_ok() };
        let came_back = tokio::select! {
            biased;
            () = link.broken.cancelled() => return,
            came_back = timeout(limits::REDIS_PROBE_WAIT, there_and_back) => came_back.unwrap_or(false),
        };
        if !came_back {
            tracing::warn!("Redis does not answer");
            link.broken.cancel();
            return;
        }
        hub.counts.lag_seconds.observe(sent.elapsed().as_secs_f64());
    }
}

/// Gives the link up when the sentinels have made another Redis the primary, although this one still answers us.
async fn watch_sentinels(hub: Arc<Hub>, link: Arc<Link>) {
    let Some(sentinels) = hub.address.sentinels() else { return };
    let mut ticks = interval(limits::REDIS_SENTINEL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = link.broken.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Ok(place) = sentinels.primary().await
            && link.place.as_ref() != Some(&place)
        {
            tracing::warn!("the sentinels have chosen another Redis");
            link.broken.cancel();
            return;
        }
    }
}
