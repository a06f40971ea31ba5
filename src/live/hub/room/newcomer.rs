//! Somebody on the way into a room: between the moment from which nothing is missed and the moment of being live.
//!
//! Knows frames and offsets; the room's lock is held by whoever calls.

use std::sync::Arc;

use bytes::Bytes;

use super::{Group, Member};
use crate::limits;

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
    /// Whole frames with their offsets.
    frames: Vec<(u64, Bytes)>,
    bytes: usize,
}

impl Newcomer {
    /// Takes in a group of changes.
    pub fn hear(&mut self, group: &Group) {
        match &mut self.stage {
            Stage::Reading(kept) if kept.has_room_for(group) => kept.add(group),
            Stage::Reading(_) => self.stage = Stage::Spoiled,
            Stage::Ahead { covered } => {
                let frames = group.after(*covered);
                if !frames.is_empty() {
                    self.member.hear(&frames);
                }
            }
            Stage::Spoiled => {}
        }
    }
}

impl Kept {
    fn has_room_for(&self, group: &Group) -> bool {
        self.frames.len() + group.ends.len() <= limits::JOINING_LEN_MAX
            && self.bytes + group.bytes.len() <= limits::OUTBOUND_BYTES_MAX
    }

    fn add(&mut self, group: &Group) {
        self.bytes += group.bytes.len();
        let mut start = 0;
        for &(offset, end) in &group.ends {
            self.frames.push((offset, group.bytes.slice(start..end)));
            start = end;
        }
    }

    /// The reply and what `covered` does not cover, as one buffer. `None` if a change is missing between them.
    pub fn first_words(&self, covered: u64, reply: Bytes) -> Option<Bytes> {
        let mut expected = covered + 1;
        let mut words = Vec::new();
        for (offset, frame) in self.frames.iter().filter(|(offset, _)| *offset == 0 || *offset > covered) {
            if *offset != 0 && std::mem::replace(&mut expected, offset + 1) != *offset {
                return None;
            }
            if words.is_empty() {
                words.extend_from_slice(&reply);
            }
            words.extend_from_slice(frame);
        }
        Some(if words.is_empty() { reply } else { words.into() })
    }
}
