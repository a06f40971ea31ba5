//! The worker of a room that shows where many are: it hears who moves, and once a tick writes one frame for all inside.
//!
//! What may have been missed is read from the store, and so is everything now and then: whoever was not told that a run has gone
//! (the instance that knew it died) does not show it for long. A reader who does not keep up is given the whole picture in
//! place of the frames that still wait for it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::time::Instant;

use crate::app::feeds::Word;
use crate::backend::{Heard, Subscription};
use crate::limits;
use crate::live::disconnect;
use crate::live::hub::Hub;
use crate::live::hub::group::{Group, Said, What};
use crate::live::hub::rights::{self, RightsEars};
use crate::live::hub::room::{Room, Show};
use crate::live::hub::worker::fan_out;
use crate::live::protocol::Publication;

pub(super) struct Ticker {
    hub: Arc<Hub>,
    room: Arc<Room>,
    show: Arc<Show>,
    /// When the next frame may be said.
    next_tick: Instant,
    next_read: Instant,
}

impl Ticker {
    pub fn new(hub: Arc<Hub>, room: Arc<Room>, show: Arc<Show>) -> Self {
        let now = Instant::now();
        let (next_tick, next_read) = (now + hub.rules.tick, now + limits::SEEN_READ_EVERY);
        Self { hub, room, show, next_tick, next_read }
    }

    /// Until the room or the store ends.
    pub async fn run(mut self, feed: Subscription, rights: RightsEars) {
        let ended = self.room.ended().clone();
        tokio::select! {
            biased;
            () = ended.cancelled() => {}
            () = self.work(feed, rights) => {
                // The store has closed.
                self.room.end();
                for member in self.room.clear() {
                    member.send_out(&self.room.entrance.name, disconnect::INSUFFICIENT_STATE);
                }
            }
        }
    }

    async fn work(&mut self, mut feed: Subscription, mut rights: RightsEars) {
        loop {
            let has_changed = self.show.with(|picture| picture.has_changed());
            tokio::select! {
                heard = feed.next() => match heard {
                    Some(heard) => self.hear(&heard),
                    None => return,
                },
                concerned = rights.next(self.hub.rules.concerned) => match concerned {
                    Some(concerned) => rights::ask_again(&self.hub, &self.room, &concerned).await,
                    None => return,
                },
                () = tokio::time::sleep_until(self.next_tick), if has_changed => self.tick().await,
                () = tokio::time::sleep_until(self.next_read) => self.read().await,
            }
        }
    }

    fn hear(&mut self, heard: &Heard) {
        match heard {
            Heard::Change { payload, .. } => match Word::read_all(payload) {
                Ok(words) => self.show.with(|picture| picture.hear(&words)),
                // What cannot be read was reported where it was read.
                Err(_) => self.next_read = Instant::now(),
            },
            Heard::Gap => self.next_read = Instant::now(),
        }
    }

    /// Compares the picture with the store.
    async fn read(&mut self) {
        let (heard, known) = self.show.with(|picture| (picture.heard(), picture.known()));
        let pause = match (self.hub.rules.list)(self.show.of, known).await {
            Ok(listing) => {
                self.show.with(|picture| picture.correct(&listing, heard));
                limits::SEEN_READ_EVERY
            }
            Err(error) => {
                tracing::debug!(%error, "it could not be read who is where; it is tried again");
                limits::GAP_PAUSE
            }
        };
        self.next_read = Instant::now() + pause;
    }

    async fn tick(&mut self) {
        // Ticks stay where they are, unless one was missed: markers move evenly.
        let (now, tick) = (Instant::now(), self.hub.rules.tick);
        self.next_tick += tick;
        if self.next_tick <= now {
            self.next_tick = now + tick;
        }
        let Ok(Some((number, data))) = self.show.frame((self.hub.rules.now)()) else { return };
        let group = Arc::new(self.group(number, data));
        let live = self.room.distribute(&group);
        self.hub.counts.frames_sent.inc_by(live.len() as u64);
        // Written for the first who needs it.
        let written: OnceLock<Option<Group>> = OnceLock::new();
        let write = || {
            let (number, data) = self.show.whole((self.hub.rules.now)()).ok()?;
            Some(self.group(number, data))
        };
        let whole = || written.get_or_init(write).as_ref();
        fan_out(&live, |member| member.hear_newest(&group, whole)).await;
    }

    fn group(&self, number: u64, data: Bytes) -> Group {
        let what = What::Published(Publication { data, ..Publication::default() });
        Group::new(self.room.label.clone(), None, vec![Said { offset: number, what }])
    }
}
