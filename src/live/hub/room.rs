//! One room: who listens to a topic here, and how one comes in without missing or repeating a change.
//!
//! 1. [`Joining::begin`]: the newcomer is registered; changes are kept for it from now on.
//! 2. It reads the state (or what it missed), which covers everything up to a cursor.
//! 3. [`Joining::finish`]: under the room's lock the reply and the kept changes that the state does not cover are written,
//!    and the newcomer joins those who are live. The state may also be ahead of the room, which has not heard yet of the
//!    last changes in it: then the newcomer stays aside until the room has passed that cursor.
//!
//! The worker takes the same lock for a moment to hand each group of changes to those who are joining and to take the list
//! of those who are live; it writes to them outside the lock. A group is written to everybody before the next is taken, so
//! order holds for each.

mod newcomer;
mod show;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{OnceCell, OwnedSemaphorePermit};
use tokio_util::sync::CancellationToken;

use crate::app::AppError;
use crate::live::connection::Connection;
use crate::live::disconnect::{self, Unsubscribe};
use crate::live::hub::group::{Group, Label, Manner};
use crate::live::hub::room::newcomer::{Kept, Newcomer, Stage};
use crate::live::hub::{Entrance, Seat};
use crate::live::protocol::Push;

pub(super) use show::Show;

pub struct Room {
    pub entrance: Entrance,
    pub(super) label: Label,
    opened: OnceCell<()>,
    ended: CancellationToken,
    seats: AtomicUsize,
    rights_seen: AtomicU64,
    state: Mutex<State>,
    /// Of a room that shows where many are.
    show: Option<Arc<Show>>,
    /// Of one that shows a cell of the map: its place among those that there may be.
    _permit: Option<OwnedSemaphorePermit>,
}

#[derive(Default)]
struct State {
    /// Shared with the fan-out under way: a change of the list makes a copy then, and only then.
    live: Arc<Vec<Arc<Member>>>,
    joining: Vec<Newcomer>,
    /// The offset of the last change that was handed out here.
    heard: u64,
}

/// One connection's place in a room.
pub struct Member {
    pub connection: Arc<Connection>,
    pub(super) terms: Terms,
    /// Has heard the last publication here. Kept where publications may be patches.
    has_base: AtomicBool,
    /// Set under the connection's outbound lock: nothing of the room is written after it.
    cancelled: AtomicBool,
    /// Index in the list of those who are live.
    place: AtomicUsize,
}

/// The terms on which a connection is in a room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// Subscribed by the server, not by the client's command.
    pub by_server: bool,
    /// Pushes call the room by its number.
    pub by_number: bool,
    /// Publications come as patches of the one before. The room's entrance must allow it.
    pub delta: bool,
}

/// On the way in. Dropping it is turning back.
pub struct Joining {
    seat: Seat,
    member: Arc<Member>,
    is_finished: bool,
}

/// Inside. Dropping it is leaving.
pub struct Membership {
    seat: Seat,
    member: Arc<Member>,
}

/// Joining did not work this time: too much happened meanwhile, or rights or the topic's life changed. Try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoiled;

impl Room {
    pub(super) fn new(
        entrance: Entrance,
        label: Label,
        rights_seen: u64,
        ended: CancellationToken,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self {
        let show = entrance.shows.as_ref().map(|(of, _)| Arc::new(Show::new(*of)));
        Self {
            entrance,
            label,
            opened: OnceCell::new(),
            ended,
            seats: AtomicUsize::new(0),
            rights_seen: AtomicU64::new(rights_seen),
            state: Mutex::default(),
            show,
            _permit: permit,
        }
    }

    pub(super) fn show(&self) -> Option<&Arc<Show>> {
        self.show.as_ref()
    }

    pub(super) fn opened(&self) -> &OnceCell<()> {
        &self.opened
    }

    pub(super) fn is_open(&self) -> bool {
        self.opened.initialized() && !self.has_ended()
    }

    pub(super) fn ended(&self) -> &CancellationToken {
        &self.ended
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_cancelled()
    }

    pub(super) fn end(&self) {
        self.ended.cancel();
    }

    pub(super) fn seats(&self) -> usize {
        self.seats.load(Ordering::SeqCst)
    }

    pub(super) fn take_seat(&self) {
        self.seats.fetch_add(1, Ordering::SeqCst);
    }

    /// Answers how many seats are still taken.
    pub(super) fn leave_seat(&self) -> usize {
        self.seats.fetch_sub(1, Ordering::SeqCst) - 1
    }

    pub(super) fn rights_seen(&self) -> u64 {
        self.rights_seen.load(Ordering::SeqCst)
    }

    /// The room has heard up to here, and begins or goes on after it.
    pub(super) fn begin_after(&self, offset: u64) {
        self.state.lock().heard = offset;
    }

    /// Everybody who has been let in.
    pub(super) fn members(&self) -> Vec<Arc<Member>> {
        self.state.lock().members()
    }

    /// Hands a group to those who are joining; answers to whom it must be written.
    pub(super) fn distribute(&self, group: &Arc<Group>) -> Arc<Vec<Arc<Member>>> {
        let mut state = self.state.lock();
        // Before those who come aboard below: they have been handed what they need of this group.
        let live = state.live.clone();
        let heard = group.last_offset().max(state.heard);
        state.heard = heard;
        let mut index = 0;
        while let Some(newcomer) = state.joining.get_mut(index) {
            newcomer.hear(group);
            match newcomer.stage {
                Stage::Ahead { covered } if covered <= heard => {
                    let member = state.joining.swap_remove(index).member;
                    state.go_live(member);
                }
                _ => index += 1,
            }
        }
        live
    }

    /// Rights have changed: whoever was allowed in before must ask again.
    pub(super) fn rights_changed(&self, number: u64) {
        let mut state = self.state.lock();
        self.rights_seen.store(number, Ordering::SeqCst);
        state.spoil();
    }

    /// Everybody out: answers who was in; those who are still reading have to begin again.
    pub(super) fn clear(&self) -> Vec<Arc<Member>> {
        let mut state = self.state.lock();
        state.spoil();
        let members = state.members();
        for member in &members {
            member.place.store(NOWHERE, Ordering::Relaxed);
        }
        state.live = Arc::default();
        state.joining.retain(|newcomer| matches!(newcomer.stage, Stage::Spoiled));
        members
    }

    /// Takes one out of the list of those who are live.
    pub(super) fn remove(&self, member: &Member) {
        let mut state = self.state.lock();
        let place = member.place.swap(NOWHERE, Ordering::Relaxed);
        if place != NOWHERE {
            let live = Arc::make_mut(&mut state.live);
            live.swap_remove(place);
            if let Some(moved) = live.get(place) {
                moved.place.store(place, Ordering::Relaxed);
            }
        } else {
            state.take(member);
        }
    }
}

/// The `place` of a member that is not live.
const NOWHERE: usize = usize::MAX;

impl Member {
    /// Writes a group's frames, unless the member has left.
    pub(super) fn hear(&self, group: &Group) {
        if self.terms.delta && !self.has_base.load(Ordering::Relaxed) {
            self.hear_after(group, 0);
        } else {
            self.connection.outbound.push_unless(&self.cancelled, group.all(self.manner()));
        }
    }

    /// Writes a group that says where many are, unless the member has left. What is still to be written of the ones before is
    /// replaced by the `whole`, which says all that they say.
    pub(super) fn hear_newest<'a>(&self, group: &Group, whole: impl Fn() -> Option<&'a Group>) {
        let (manner, outbound) = (self.manner(), &self.connection.outbound);
        let instead = || whole().map(|whole| whole.all(manner).clone());
        outbound.push_newest(&self.cancelled, group.number(), group.all(manner), instead);
    }

    fn manner(&self) -> Manner {
        Manner { form: self.connection.form, by_number: self.terms.by_number, delta: self.terms.delta }
    }

    /// Writes what of a group's frames the state at `covered` does not cover.
    fn hear_after(&self, group: &Group, covered: u64) {
        let frames = self.frames_after(group, covered);
        if !frames.is_empty() {
            self.connection.outbound.push_unless(&self.cancelled, &frames);
        }
    }

    fn frames_after(&self, group: &Group, covered: u64) -> Bytes {
        let has_base = self.has_base.load(Ordering::Relaxed);
        self.has_base.store(group.is_base_after(covered, has_base), Ordering::Relaxed);
        group.after(covered, self.manner(), has_base)
    }

    /// Says why the subscription has ended, and nothing more. Where the client is to come back but cannot subscribe to the
    /// channel itself, its connection ends: it comes back whole.
    pub(super) fn send_out(&self, channel: &str, why: Unsubscribe) {
        if self.terms.by_server && why.comes_back {
            self.connection.close(disconnect::STATE_LOST);
        } else if self.cancel(&self.connection.form.push(&Push::Unsubscribe { channel, why })) {
            self.connection.call();
        }
    }

    /// Says `last` and nothing more. False when the member had left already.
    fn cancel(&self, last: &Bytes) -> bool {
        self.connection.outbound.cancel(&self.cancelled, last)
    }
}

impl Joining {
    pub(super) fn begin(seat: Seat, connection: Arc<Connection>, terms: Terms) -> Self {
        let (has_base, cancelled) = (AtomicBool::new(false), AtomicBool::new(false));
        let place = AtomicUsize::new(NOWHERE);
        let member = Arc::new(Member { connection, terms, has_base, cancelled, place });
        let mut state = seat.room.state.lock();
        // Under the lock: the room ends before all are sent out, so either this is seen here or the newcomer is seen there.
        let stage = if seat.room.has_ended() { Stage::Spoiled } else { Stage::Reading(Kept::default()) };
        state.joining.push(Newcomer { member: member.clone(), stage });
        drop(state);
        Self { seat, member, is_finished: false }
    }

    /// See [`Hub::rights_seen`](super::Hub::rights_seen).
    pub fn rights_seen(&self) -> u64 {
        self.seat.room.rights_seen()
    }

    pub fn terms(&self) -> Terms {
        self.member.terms
    }

    /// The picture that the room shows, if it shows one, and what it covers: the beginning of what is heard.
    ///
    /// # Errors
    /// It cannot be written down.
    pub fn picture(&self) -> Result<Option<(u64, Bytes)>, AppError> {
        let Some(show) = self.seat.room.show() else { return Ok(None) };
        show.whole((self.seat.hub.rules.now)()).map(Some)
    }

    /// What pushes will say instead of the room's name, if the terms say so; else 0.
    pub fn number(&self) -> u32 {
        if self.member.terms.by_number { self.seat.room.label.number } else { 0 }
    }

    /// Writes `reply`, a whole frame whose state covers the topic up to the offset `covered`, and joins.
    ///
    /// # Errors
    /// [`Spoiled`]: nothing was written.
    pub fn finish(mut self, covered: u64, reply: Bytes) -> Result<Membership, Spoiled> {
        let mut state = self.seat.room.state.lock();
        let Some(Newcomer { stage: Stage::Reading(kept), member }) = state.take(&self.member) else {
            return Err(Spoiled);
        };
        let words = kept.first_words(covered, reply, &member).ok_or(Spoiled)?;
        // Still under the room's lock: the next group finds the newcomer in its place and its first words written.
        member.connection.outbound.push(&words);
        if covered <= state.heard {
            state.go_live(member);
        } else {
            state.joining.push(Newcomer { member, stage: Stage::Ahead { covered } });
        }
        drop(state);
        self.is_finished = true;
        self.seat.hub.counts.subscriptions.inc();
        let (seat, member) = (self.seat.clone(), self.member.clone());
        Ok(Membership { seat, member })
    }
}

impl State {
    fn go_live(&mut self, member: Arc<Member>) {
        member.place.store(self.live.len(), Ordering::Relaxed);
        Arc::make_mut(&mut self.live).push(member);
    }

    fn take(&mut self, member: &Member) -> Option<Newcomer> {
        let index = self.joining.iter().position(|newcomer| std::ptr::eq(&*newcomer.member, member))?;
        Some(self.joining.swap_remove(index))
    }

    fn members(&self) -> Vec<Arc<Member>> {
        let ahead = self.joining.iter().filter(|newcomer| matches!(newcomer.stage, Stage::Ahead { .. }));
        self.live.iter().chain(ahead.map(|newcomer| &newcomer.member)).cloned().collect()
    }

    /// Those who are still reading have to begin again.
    fn spoil(&mut self) {
        for newcomer in &mut self.joining {
            if let Stage::Reading(_) = newcomer.stage {
                newcomer.stage = Stage::Spoiled;
            }
        }
    }
}

impl Drop for Joining {
    fn drop(&mut self) {
        if !self.is_finished {
            self.seat.room.state.lock().take(&self.member);
        }
    }
}

impl Membership {
    pub fn entrance(&self) -> &Entrance {
        &self.seat.room.entrance
    }

    pub fn terms(&self) -> Terms {
        self.member.terms
    }

    /// The hub has ended this membership.
    pub fn has_ended(&self) -> bool {
        self.member.cancelled.load(Ordering::Relaxed)
    }

    /// Leaves with `last` as the room's last word on this connection.
    pub fn leave(self, last: &Bytes) {
        if !self.member.cancel(last) {
            self.member.connection.outbound.push(last);
        }
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.seat.room.remove(&self.member);
        self.seat.hub.counts.subscriptions.dec();
    }
}
