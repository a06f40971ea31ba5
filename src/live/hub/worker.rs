//! The worker of one room: hears changes, encodes each once, and writes them to everybody inside; at once, or in one message
//! what came within a moment.
//!
//! It holds to the order of offsets. A stretch that was missed is read again; when it cannot be had, nobody is left in the
//! belief that nothing happened: all are sent out with a code that makes them come back and start from the state.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::app::channels::Published;
use crate::app::presence::PresenceChange;
use crate::app::sight::Concerned;
use crate::backend::{BackendError, Change, Cursor, Heard, Replay, Since, Subscription};
use crate::limits;
use crate::live::disconnect::{self, Unsubscribe};
use crate::live::hub::Hub;
use crate::live::hub::group::{Group, Said, What};
use crate::live::hub::rights::{self, RightsEars};
use crate::live::hub::room::{Member, Room};
use crate::live::protocol::Publication;

/// How many sockets are written to between two looks at the time.
const LOOK_EVERY: usize = 16;

pub(super) struct Worker {
    hub: Arc<Hub>,
    room: Arc<Room>,
    /// Up to where the room has heard.
    cursor: Cursor,
    /// What the next group will say.
    said: Vec<Said>,
    /// Bytes of what `said` tells.
    bytes: usize,
    /// Until when the next group is gathered, where that is done and something is in it.
    gathers_until: Option<tokio::time::Instant>,
    /// When the last fan-out ended, and how long it took.
    fanned_out: Option<(Instant, Duration)>,
    changes_rights: bool,
    /// The data of the publication before those, where patches are made of it.
    before: Option<Bytes>,
}

/// All that a room listens to.
pub(super) struct Ears {
    pub changes: Subscription,
    /// Who comes and goes.
    pub presence: Option<Subscription>,
    /// What is said and not kept.
    pub passing: Option<Subscription>,
    /// That somebody may have lost the right to be here.
    pub rights: RightsEars,
}

/// What a change that was heard means.
enum Step {
    /// The next one.
    Next,
    /// Known already.
    Known,
    /// Some before it were missed.
    Gap,
    /// The topic has begun a new life.
    NewEpoch,
}

impl Worker {
    pub fn new(hub: Arc<Hub>, room: Arc<Room>, cursor: Cursor) -> Self {
        room.begin_after(cursor.offset);
        let (said, gathers_until, fanned_out) = (Vec::new(), None, None);
        Self { hub, room, cursor, said, bytes: 0, gathers_until, fanned_out, changes_rights: false, before: None }
    }

    /// Until the room or the store ends.
    pub async fn run(mut self, ears: Ears) {
        let Ears { mut changes, mut presence, mut passing, mut rights } = ears;
        let ended = self.room.ended().clone();
        let work = async {
            loop {
                tokio::select! {
                    heard = changes.next() => match heard {
                        Some(heard) => self.take(heard).await,
                        None => break,
                    },
                    heard = next_of(&mut presence) => match heard {
                        Some(heard) => self.take_presence(&heard).await,
                        None => break,
                    },
                    heard = next_of(&mut passing) => match heard {
                        Some(heard) => self.take_passing(heard).await,
                        None => break,
                    },
                    concerned = rights.next(self.hub.rules.concerned) => match concerned {
                        Some(concerned) => self.rights_changed(&concerned).await,
                        None => break,
                    },
                    () = end_of(self.gathers_until) => {}
                }
                // Everybody who is ready to publish does so first: their changes go out with this one.
                tokio::task::yield_now().await;
                // The rest of what arrived together goes into the same group.
                while let Some(heard) = changes.try_next() {
                    self.take(heard).await;
                }
                while let Some(heard) = presence.as_mut().and_then(Subscription::try_next) {
                    self.take_presence(&heard).await;
                }
                while let Some(heard) = passing.as_mut().and_then(Subscription::try_next) {
                    self.take_passing(heard).await;
                }
                if self.gathers_until.is_none_or(|end| end <= tokio::time::Instant::now()) {
                    self.send().await;
                }
            }
            // What was heard up to here is said before a newcomer opens the room anew.
            self.send().await;
            // The store has closed.
            self.room.end();
            self.everybody_out(disconnect::INSUFFICIENT_STATE).await;
        };
        tokio::select! {
            biased;
            () = ended.cancelled() => {}
            () = work => {}
        }
    }

    async fn take(&mut self, heard: Heard) {
        match heard {
            Heard::Change { cursor, payload } => match self.step(&cursor) {
                Step::Next => self.add(cursor.offset, payload).await,
                Step::Known => {}
                Step::Gap => self.fill().await,
                Step::NewEpoch => self.lost(cursor).await,
            },
            Heard::Gap => self.fill().await,
        }
    }

    /// Who comes and goes is told to those who listen now: what was missed of it stays so.
    async fn take_presence(&mut self, heard: &Heard) {
        let Heard::Change { payload, .. } = heard else { return };
        // What cannot be read was reported where it was read.
        let Ok(change) = PresenceChange::read(payload) else { return };
        let what = match change {
            PresenceChange::Joined(info) => What::Joined(info),
            PresenceChange::Left(info) => What::Left(info),
        };
        self.say(Said { offset: 0, what }).await;
    }

    /// What was missed of this cannot be read again: those who come back know that something was.
    async fn take_passing(&mut self, heard: Heard) {
        match heard {
            Heard::Change { payload, .. } => self.add(0, payload).await,
            Heard::Gap => self.everybody_out(disconnect::INSUFFICIENT_STATE).await,
        }
    }

    fn step(&self, cursor: &Cursor) -> Step {
        if cursor.offset == 0 {
            return Step::Next;
        }
        if cursor.epoch != self.cursor.epoch {
            return Step::NewEpoch;
        }
        match cursor.offset.checked_sub(self.cursor.offset) {
            Some(1) => Step::Next,
            Some(0) | None => Step::Known,
            Some(_) => Step::Gap,
        }
    }

    /// Takes a change into the group, and sends the group when it is full or when rights change: those who lose the
    /// right must not hear what comes next.
    async fn add(&mut self, offset: u64, payload: Bytes) {
        if offset != 0 {
            self.cursor.offset = offset;
        }
        let channel = &self.room.entrance.channel;
        let changes_rights = (self.hub.rules.changes_rights)(channel, &payload);
        let Ok(published) = Published::read(channel, &Change { offset, payload }) else {
            // What cannot be read by us cannot be told: whoever comes back hears of the fault.
            return self.everybody_out(disconnect::INSUFFICIENT_STATE).await;
        };
        self.changes_rights = changes_rights;
        self.say(Said { offset, what: What::Published(Publication::of(published)) }).await;
    }

    async fn say(&mut self, said: Said) {
        let gather = self.room.entrance.features.gather.max(self.breath());
        if self.said.is_empty() && !gather.is_zero() {
            self.gathers_until = Some(tokio::time::Instant::now() + gather);
        }
        self.bytes += said.bytes();
        self.said.push(said);
        let is_full = self.said.len() >= limits::GROUP_LEN_MAX || self.bytes >= limits::GROUP_BYTES_MAX;
        if is_full || self.changes_rights {
            self.send().await;
        }
    }

    async fn send(&mut self) {
        self.gathers_until = None;
        if self.said.is_empty() {
            return;
        }
        let (said, changes_rights) = (std::mem::take(&mut self.said), std::mem::take(&mut self.changes_rights));
        self.bytes = 0;
        let last = said.iter().rev().find_map(Said::data).filter(|_| self.room.entrance.features.delta);
        let before = if let Some(last) = last.cloned() { self.before.replace(last) } else { self.before.clone() };
        let group = Arc::new(Group::new(self.room.label.clone(), before, said));
        let live = self.room.distribute(&group);
        self.hub.counts.frames_sent.inc_by((live.len() * group.count()) as u64);
        let began = Instant::now();
        fan_out(&live, |member| member.hear(&group)).await;
        self.fanned_out = Some((Instant::now(), began.elapsed()));
        if changes_rights {
            rights::ask_again(&self.hub, &self.room, &Concerned::Everybody).await;
        }
    }

    /// Those who lose the right must not hear what comes next, and hear what came before.
    async fn rights_changed(&mut self, concerned: &Concerned) {
        self.send().await;
        rights::ask_again(&self.hub, &self.room, concerned).await;
    }

    /// In a large room that is busy, those who publish one after another get a moment to be heard together: it is short beside
    /// the time in which everybody is written to, and whoever else comes during that waits for the next go.
    fn breath(&self) -> Duration {
        self.fanned_out.map_or(Duration::ZERO, |(ended, took)| breath(took, ended.elapsed()))
    }

    /// Reads again what was missed.
    async fn fill(&mut self) {
        // That may take a while.
        self.send().await;
        if !self.room.entrance.is_kept() {
            return self.everybody_out(disconnect::INSUFFICIENT_STATE).await;
        }
        let mut attempts = 0;
        loop {
            match self.replay().await {
                Ok(Replay::Changes { changes, top }) => {
                    let is_all = changes.len() < limits::REPLAY_LEN;
                    for Change { offset, payload } in changes {
                        self.add(offset, payload).await;
                    }
                    if is_all || self.cursor.offset >= top.offset {
                        return self.send().await;
                    }
                }
                Ok(Replay::Lost { top }) => return self.lost(top).await,
                Err(error) => {
                    self.send().await;
                    attempts += 1;
                    tracing::warn!(%error, attempts, "a gap in a topic could not be filled yet");
                    if attempts >= limits::GAP_ATTEMPTS_MAX {
                        return self.everybody_out(disconnect::INSUFFICIENT_STATE).await;
                    }
                    tokio::time::sleep(limits::GAP_PAUSE).await;
                }
            }
        }
    }

    async fn replay(&self) -> Result<Replay, BackendError> {
        let since = Since::Cursor(self.cursor.clone());
        self.hub.backend.replay(&self.room.entrance.topic, &since, limits::REPLAY_LEN).await
    }

    /// What lies between what was heard and `top` is gone, or never was.
    async fn lost(&mut self, top: Cursor) {
        self.everybody_out(disconnect::INSUFFICIENT_STATE).await;
        (self.cursor, self.before) = (top, None);
        self.room.begin_after(self.cursor.offset);
        // A change of rights may be among what was missed.
        self.room.rights_changed(self.hub.next_rights());
    }

    /// What was heard before is said before: nobody else will say what is not kept.
    async fn everybody_out(&mut self, why: Unsubscribe) {
        self.send().await;
        for member in self.room.clear() {
            member.send_out(&self.room.entrance.name, why);
        }
    }
}

/// How long to wait for more after a fan-out that took this long, so long ago.
fn breath(took: Duration, ago: Duration) -> Duration {
    if took >= limits::FAN_OUT_LONG && ago < took { limits::BREATH } else { Duration::ZERO }
}

async fn next_of(subscription: &mut Option<Subscription>) -> Option<Heard> {
    match subscription {
        Some(subscription) => subscription.next().await,
        None => std::future::pending().await,
    }
}

/// One timer for all who are in the room.
async fn end_of(time: Option<tokio::time::Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Writes to everybody, and gives the thread away every half millisecond: other connections wait no longer than that.
pub(super) async fn fan_out(live: &[Arc<Member>], write: impl Fn(&Member)) {
    let mut began = Instant::now();
    for members in live.chunks(LOOK_EVERY) {
        for member in members {
            write(member);
        }
        if began.elapsed() >= limits::FAN_OUT_TURN {
            tokio::task::yield_now().await;
            began = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_large_room_that_is_busy_waits_for_more() {
        let long = limits::FAN_OUT_LONG;
        assert_eq!(breath(long, Duration::ZERO), limits::BREATH);
        assert_eq!(breath(long, long), Duration::ZERO, "it is quiet");
        assert_eq!(breath(long / 2, Duration::ZERO), Duration::ZERO, "it is small");
    }
}
