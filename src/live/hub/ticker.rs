//! The worker of a room that shows where many are: it hears who moves, and once a tick writes one frame for all inside.
//!
//! What may have been missed is read from the store, and so is everything now and then: whoever was not told that a run has gone
//! (the instance that knew it died) does not show it for long. A reader who does not keep up is given the whole picture in
//! place of the frames that still wait for it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::time::Instant;

use crate::app::feeds::{Listing, Word};
use crate::backend::{Heard, Subscription};
use crate::limits;
use crate::live::disconnect;
use crate::live::hub::Hub;
use crate::live::hub::group::{Group, Said, What};
use crate::live::hub::reads::{Read, Reads};
use crate::live::hub::region::RegionSeat;
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
    /// When the last frame was said.
    said: Instant,
}

/// Where a room hears who moves.
pub(super) enum Feed {
    /// In a feed that it alone hears.
    Own(Subscription),
    /// From the ear that it shares with other rooms; what is heard is in its picture already.
    Shared(RegionSeat),
}

impl Feed {
    /// `None`: the store has closed.
    async fn next(&mut self) -> Option<Option<Heard>> {
        match self {
            Self::Own(feed) => feed.next().await.map(Some),
            Self::Shared(seat) => seat.next().await.map(|()| None),
        }
    }
}

impl Ticker {
    pub fn new(hub: Arc<Hub>, room: Arc<Room>, show: Arc<Show>) -> Self {
        let now = Instant::now();
        let next_tick = now + hub.rules.tick;
        Self { hub, room, show, next_tick, said: now }
    }

    /// Until the room or the store ends.
    pub async fn run(mut self, feed: Feed, rights: RightsEars) {
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

    async fn work(&mut self, mut feed: Feed, mut rights: RightsEars) {
        // Where an ear is shared, that is done there.
        let mut reads = matches!(feed, Feed::Own(_)).then(|| Reads::after(limits::SEEN_READ_EVERY));
        let (hub, show) = (self.hub.clone(), self.show.clone());
        let begin = || {
            let (heard, known) = show.with(|picture| (picture.heard(), picture.known()));
            (heard, (hub.rules.list)(show.of, known))
        };
        loop {
            let (has_changed, is_urgent) = self.show.has_changed();
            let says_at = if is_urgent { self.next_tick.min(self.said + limits::TICK_MIN) } else { self.next_tick };
            tokio::select! {
                heard = feed.next() => match heard {
                    Some(Some(heard)) => self.hear(&heard, reads.as_mut()),
                    Some(None) => {}
                    None => return,
                },
                concerned = rights.next(self.hub.rules.concerned) => match concerned {
                    Some(concerned) => rights::ask_again(&self.hub, &self.room, &concerned).await,
                    None => return,
                },
                () = tokio::time::sleep_until(says_at), if has_changed => self.tick().await,
                (heard, listing) = next_of(&mut reads, begin) => {
                    self.show.with(|picture| picture.correct(&listing, heard));
                }
            }
        }
    }

    fn hear(&self, heard: &Heard, reads: Option<&mut Reads>) {
        if let Heard::Change { payload, .. } = heard
            && let Ok(words) = Word::read_all(payload)
        {
            return self.show.hear(&words);
        }
        // A gap; or what cannot be read, which was reported where it was read.
        reads.into_iter().for_each(Reads::soon);
    }

    async fn tick(&mut self) {
        // Ticks stay where they are, unless one was missed: markers move evenly.
        let (now, tick) = (Instant::now(), self.hub.rules.tick);
        self.said = now;
        // One that could not wait is said between two ticks.
        if self.next_tick <= now {
            self.next_tick += tick;
            if self.next_tick <= now {
                self.next_tick = now + tick;
            }
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

async fn next_of(reads: &mut Option<Reads>, begin: impl Fn() -> Read) -> (u64, Listing) {
    match reads {
        Some(reads) => reads.next(begin).await,
        None => std::future::pending().await,
    }
}
