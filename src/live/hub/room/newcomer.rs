//! Somebody on the way into a room: between the moment from which nothing is missed and the moment of being live.
//!
//! Knows frames and offsets; the room's lock is held by whoever calls.

use std::sync::Arc;

use bytes::Bytes;

use super::Member;
use crate::limits;
use crate::live::hub::group::Group;

/// Somebody on the way into a room.
pub(super) struct Newcomer {
    pub member: Arc<Member>,
    pub stage: Stage,
}

pub(super) enum Stage {
    /// Reads the state; what happens meanwhile is kept.
    Reading(Kept),
    /// Has its state, which covers more than the room has heard.
    Ahead { covered: u64 },
    /// Something happened that makes it unsafe to go on: it has to begin again.
    Spoiled,
}

#[derive(Default)]
pub(super) struct Kept {
    groups: Vec<Arc<Group>>,
    /// Changes in all groups, and bytes of what they tell.
    len: usize,
    bytes: usize,
}

impl Newcomer {
    /// Takes in a group of changes.
    pub fn hear(&mut self, group: &Arc<Group>) {
        match &mut self.stage {
            Stage::Reading(kept) if kept.has_room_for(group) => kept.add(group.clone()),
            Stage::Reading(_) => self.stage = Stage::Spoiled,
            Stage::Ahead { covered } => self.member.hear_after(group, *covered),
            Stage::Spoiled => {}
        }
    }
}

impl Kept {
    fn has_room_for(&self, group: &Group) -> bool {
        self.len + group.count() <= limits::JOINING_LEN_MAX && self.bytes + group.bytes() <= limits::OUTBOUND_BYTES_MAX
    }

    fn add(&mut self, group: Arc<Group>) {
        self.len += group.count();
        self.bytes += group.bytes();
        self.groups.push(group);
    }

    /// The reply and what `covered` does not cover, as one buffer. `None` if a change is missing between them.
    pub fn first_words(&self, covered: u64, reply: Bytes, member: &Member) -> Option<Bytes> {
        let offsets = self.groups.iter().flat_map(|group| group.offsets()).filter(|offset| *offset > covered);
        if !offsets.zip(covered + 1..).all(|(offset, expected)| offset == expected) {
            return None;
        }
        let rest: Vec<Bytes> = self.groups.iter().map(|group| member.frames_after(group, covered)).collect();
        if rest.iter().all(Bytes::is_empty) {
            return Some(reply);
        }
        Some([&[reply], &rest[..]].concat().concat().into())
    }
}
