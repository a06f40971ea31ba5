//! All who are in a channel by way of this instance, and what of that has yet to be told and written.
//!
//! Everything here happens in memory, under one lock that is held for moments. Who tells and writes takes its work from
//! here: comings and goings as soon as it can, what is stored at the pace of its kind.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::PresenceChange;
use super::here::{Here, PresenceRecord, Stay};
use crate::app::channels::{Channel, ClientInfo, Presence};
use crate::clock::Clock;
use crate::limits;

pub struct Presences {
    clock: Clock,
    stays: AtomicU64,
    state: Mutex<State>,
    /// Wakes who tells and writes.
    pub(super) wake: Notify,
}

#[derive(Default)]
struct State {
    rooms: HashMap<Channel, Room>,
    /// Rooms with changes that nobody has been told of.
    untold: Vec<Channel>,
    /// Rooms to be written, each at most once.
    due: BinaryHeap<Due>,
    /// Rooms that somebody has just left who still counts.
    lingering: HashSet<Channel>,
    /// The instance ends: whoever comes or goes now is not written down any more.
    is_over: bool,
}

struct Room {
    here: Here,
    changes: Vec<PresenceChange>,
    stored: Stored,
    is_due: bool,
    written_at: Option<Instant>,
}

/// What stands in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Stored {
    #[default]
    Nothing,
    /// Under this instance's name.
    Record(Arc<str>, PresenceRecord),
    /// Something, perhaps: a write has failed.
    Unknown(Arc<str>),
}

/// What to do so that the store is right.
pub(super) struct Writing {
    pub before: Stored,
    /// `None`: nobody is here.
    pub record: Option<PresenceRecord>,
}

struct Due {
    at: Instant,
    channel: Channel,
}

impl Presences {
    pub fn new(clock: Clock) -> Arc<Self> {
        Arc::new(Self { clock, stays: AtomicU64::new(0), state: Mutex::default(), wake: Notify::new() })
    }

    pub(super) fn enter(&self, channel: &Channel, info: ClientInfo) -> Stay {
        let stay = self.stays.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut state = self.state.lock();
        if state.is_over {
            return stay;
        }
        if !state.rooms.contains_key(channel) {
            state.rooms.insert(channel.clone(), Room::new(channel));
        }
        state.tell(channel, || PresenceChange::Joined(info.clone()));
        if let Some(room) = state.rooms.get_mut(channel) {
            room.here.enter(stay, info);
        }
        state.make_due(channel, Instant::now());
        self.wake.notify_one();
        stay
    }

    pub(super) fn leave(&self, channel: &Channel, stay: Stay, user: &str) {
        let mut state = self.state.lock();
        let is_over = state.is_over;
        let Some(room) = state.rooms.get_mut(channel).filter(|_| !is_over) else { return };
        if let Some(info) = room.here.leave(stay, user, self.clock.now()) {
            state.tell(channel, || PresenceChange::Left(info));
            state.make_due(channel, Instant::now());
        } else {
            state.lingering.insert(channel.clone());
        }
        self.wake.notify_one();
    }

    /// How many are here now, in each channel.
    pub(super) fn clients(&self) -> Vec<(Channel, u64)> {
        let state = self.state.lock();
        state.rooms.iter().map(|(channel, room)| (channel.clone(), room.here.clients_len())).collect()
    }

    /// Those who are here now.
    pub(super) fn record(&self, channel: &Channel) -> PresenceRecord {
        let mut state = self.state.lock();
        state.forget(channel, self.clock.now());
        state.rooms.get(channel).map(|room| room.here.record()).unwrap_or_default()
    }

    /// Those who left a while ago do not count any more.
    pub(super) fn forget(&self) {
        let mut state = self.state.lock();
        let lingering: Vec<Channel> = state.lingering.iter().cloned().collect();
        for channel in lingering {
            state.forget(&channel, self.clock.now());
        }
        if !state.due.is_empty() {
            self.wake.notify_one();
        }
    }

    /// What stands in the store under another name than this instance's is to be written under its own. Whoever was taken for
    /// dead with that name was said to have left: it is back.
    pub fn write_all_anew(&self) {
        let mut state = self.state.lock();
        let channels: Vec<Channel> = state.rooms.keys().cloned().collect();
        for channel in channels {
            let named = state.rooms.get(&channel).map(|room| room.here.by_name()).unwrap_or_default();
            for info in named {
                state.tell(&channel, || PresenceChange::Joined(info));
            }
            state.make_due(&channel, Instant::now());
        }
        self.wake.notify_one();
    }

    /// The instance ends: nobody is here any more, whatever their guards say.
    pub(super) fn everybody_out(&self, name: &Arc<str>) {
        let mut state = self.state.lock();
        state.due.clear();
        state.is_over = true;
        let channels: Vec<Channel> = state.rooms.keys().cloned().collect();
        for channel in channels {
            let Some(room) = state.rooms.get_mut(&channel) else { continue };
            let here = std::mem::replace(&mut room.here, Here::new(&channel));
            // A write may be under way that nobody waits for any more.
            (room.stored, room.is_due) = (Stored::Unknown(name.clone()), true);
            state.due.push(Due { at: Instant::now(), channel: channel.clone() });
            for info in here.by_name() {
                state.tell(&channel, || PresenceChange::Left(info));
            }
        }
    }

    /// When something is to be written next.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.state.lock().due.peek().map(|due| due.at)
    }

    /// Everything that nobody has been told of, in order.
    pub(super) fn take_untold(&self) -> Vec<(Channel, Vec<PresenceChange>)> {
        let mut state = self.state.lock();
        let untold = std::mem::take(&mut state.untold);
        let changes = untold.into_iter().filter_map(|channel| {
            let changes = std::mem::take(&mut state.rooms.get_mut(&channel)?.changes);
            (!changes.is_empty()).then_some((channel, changes))
        });
        changes.collect()
    }

    /// The rooms that are to be written by now.
    pub(super) fn take_due(&self, now: Instant) -> Vec<Channel> {
        let mut state = self.state.lock();
        let mut channels = Vec::new();
        while state.due.peek().is_some_and(|due| due.at <= now) {
            let Some(Due { channel, .. }) = state.due.pop() else { break };
            if let Some(room) = state.rooms.get_mut(&channel) {
                (room.is_due, room.written_at) = (false, Some(Instant::now()));
                channels.push(channel);
            }
        }
        channels
    }

    /// What is to be written of a room; `None`: all is as it should be.
    pub(super) fn writing(&self, channel: &Channel, name: &Arc<str>) -> Option<Writing> {
        let mut state = self.state.lock();
        let room = state.rooms.get(channel)?;
        let record = (!room.here.is_empty()).then(|| room.here.record());
        let wanted = record.clone().map_or(Stored::Nothing, |record| Stored::Record(name.clone(), record));
        if room.stored == wanted {
            state.strike_if_empty(channel);
            return None;
        }
        Some(Writing { before: room.stored.clone(), record })
    }

    pub(super) fn written(&self, channel: &Channel, stored: Stored) {
        let mut state = self.state.lock();
        if let Some(room) = state.rooms.get_mut(channel) {
            room.stored = stored;
        }
        state.strike_if_empty(channel);
    }

    /// A write has failed: it is tried again.
    pub(super) fn not_written(&self, channel: &Channel, name: &Arc<str>) {
        let mut state = self.state.lock();
        if let Some(room) = state.rooms.get_mut(channel) {
            room.stored = Stored::Unknown(name.clone());
        }
        state.make_due(channel, Instant::now() + limits::PRESENCE_COUNTED_EVERY);
    }

    /// How many rooms are in memory.
    pub(super) fn rooms_len(&self) -> usize {
        self.state.lock().rooms.len()
    }
}

impl State {
    /// Notes a change for those who listen, in channels that tell.
    fn tell(&mut self, channel: &Channel, change: impl FnOnce() -> PresenceChange) {
        let Some(room) = self.rooms.get_mut(channel).filter(|_| channel.features().join_leave) else { return };
        if room.changes.len() >= limits::PRESENCE_UNTOLD_LEN_MAX {
            // The store is away: presence itself will be right when it is back.
            room.changes.clear();
            tracing::warn!("too many comings and goings to be told: some are left out");
        }
        if room.changes.is_empty() {
            self.untold.push(channel.clone());
        }
        room.changes.push(change());
    }

    fn make_due(&mut self, channel: &Channel, now: Instant) {
        let Some(room) = self.rooms.get_mut(channel).filter(|room| !room.is_due) else { return };
        room.is_due = true;
        let at = match room.here {
            // At once, if it has been quiet.
            Here::Named(_) => room.written_at.map_or(now, |at| now.max(at + limits::PRESENCE_NAMED_EVERY)),
            Here::Counted(_) => now + limits::PRESENCE_COUNTED_EVERY,
        };
        self.due.push(Due { at, channel: channel.clone() });
    }

    fn forget(&mut self, channel: &Channel, now: crate::domain::time::Timestamp) {
        let Some(room) = self.rooms.get_mut(channel) else { return };
        let is_changed = room.here.forget(now);
        if !room.here.is_lingering() {
            self.lingering.remove(channel);
        }
        if is_changed {
            self.make_due(channel, Instant::now());
        }
    }

    fn strike_if_empty(&mut self, channel: &Channel) {
        let is_done = |room: &Room| {
            room.here.is_empty() && room.changes.is_empty() && !room.is_due && room.stored == Stored::Nothing
        };
        if self.rooms.get(channel).is_some_and(is_done) {
            self.rooms.remove(channel);
        }
    }
}

impl Room {
    fn new(channel: &Channel) -> Self {
        let here = Here::new(channel);
        Self { here, changes: Vec::new(), stored: Stored::Nothing, is_due: false, written_at: None }
    }
}

impl Here {
    fn new(channel: &Channel) -> Self {
        match channel.features().presence {
            Presence::Named => Self::named(),
            Presence::Counted | Presence::None => Self::counted(),
        }
    }
}

/// The heap's greatest is the one that is due first.
impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.cmp(&self.at)
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}
