//! Changes of one go, as they are said to a room: written once for each manner of hearing that somebody has.
//!
//! Who hears them, and from where on, is the room's business.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::app::channels::{ClientInfo, told_bytes};
use crate::live::delta;
use crate::live::form::Form;
use crate::live::protocol::{Address, Encoding, Publication, Push};

/// How a member hears its room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    pub form: Form,
    /// The room is called by its number.
    pub by_number: bool,
    /// A publication may come as a patch of the one before.
    pub delta: bool,
}

/// What all pushes of a room begin with.
#[derive(Clone, Debug)]
pub struct Label {
    pub name: Arc<str>,
    pub number: u32,
}

pub struct Group {
    label: Label,
    said: Vec<Said>,
    /// The data of the publication that everybody in the room heard before these.
    before: Option<Bytes>,
    /// In the forms of sockets.
    written: [OnceLock<Written>; SCRIPTS],
    /// In all other forms, which few rooms need.
    written_rarely: OnceLock<Box<[OnceLock<Written>; RARE_SCRIPTS]>>,
}

/// One change.
pub struct Said {
    /// 0 for what is not kept.
    pub offset: u64,
    pub what: What,
}

pub enum What {
    Published(Publication),
    Joined(ClientInfo),
    Left(ClientInfo),
}

/// The whole group in one script: one message, one frame.
struct Written {
    frame: Bytes,
    /// Where each change stands in `frame`.
    places: Vec<Range<usize>>,
}

/// One way of writing a group.
#[derive(Clone, Copy)]
struct Script {
    form: Form,
    by_number: bool,
    patches: Patches,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Patches {
    /// Data as it is.
    Never,
    /// Data whole, as the beginning of a row of patches.
    Begun,
    /// Data as a patch of the publication before, where that is shorter.
    Followed,
}

/// Two ways of naming the room, three of writing data.
const SCRIPTS_OF_A_FORM: usize = 2 * 3;
/// Of both forms of a socket.
const SCRIPTS: usize = 2 * SCRIPTS_OF_A_FORM;
/// Of all the others.
const RARE_SCRIPTS: usize = 6 * SCRIPTS_OF_A_FORM;

impl Group {
    pub fn new(label: Label, before: Option<Bytes>, said: Vec<Said>) -> Self {
        let written = [const { OnceLock::new() }; SCRIPTS];
        Self { label, said, before, written, written_rarely: OnceLock::new() }
    }

    /// Of the room.
    pub fn number(&self) -> u32 {
        self.label.number
    }

    /// How many changes it says.
    pub fn count(&self) -> usize {
        self.said.len()
    }

    /// Bytes of all that it tells.
    pub fn bytes(&self) -> usize {
        self.said.iter().map(Said::bytes).sum()
    }

    pub fn offsets(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.said.iter().map(|said| said.offset).filter(|offset| *offset != 0)
    }

    /// 0 when nothing of it is kept.
    pub fn last_offset(&self) -> u64 {
        self.offsets().next_back().unwrap_or(0)
    }

    /// Whether the last publication up to the end of this group is heard by one whose state is at `covered`: the next may be
    /// a patch of it. `has_base`: the one before the group was.
    pub fn is_base_after(&self, covered: u64, has_base: bool) -> bool {
        let last = self.said.iter().rev().find(|said| matches!(said.what, What::Published(_)));
        last.map_or(has_base, |last| last.is_after(covered))
    }

    /// All of it, as one frame, for one who is inside and has heard the publication before.
    pub fn all(&self, manner: Manner) -> &Bytes {
        &self.written(manner, Patches::following(manner)).frame
    }

    /// The part that the state at `covered` does not cover, as one frame; empty when there is none. `has_base`: the
    /// publication before it was heard.
    pub fn after(&self, covered: u64, manner: Manner, has_base: bool) -> Bytes {
        let (mut begun, mut message) = (has_base || !manner.delta, Vec::new());
        let following = self.written(manner, Patches::following(manner));
        if begun && self.said.iter().all(|said| said.is_after(covered)) {
            return following.frame.clone();
        }
        for (index, said) in self.said.iter().enumerate() {
            let is_after = said.is_after(covered);
            let is_patch = match said.what {
                // The next would be a patch of one that was not heard.
                What::Published(_) => std::mem::replace(&mut begun, is_after || !manner.delta),
                What::Joined(_) | What::Left(_) => true,
            };
            if !is_after {
                continue;
            }
            let written = if is_patch { following } else { self.written(manner, Patches::Begun) };
            manner.form.begin_next(&mut message);
            message.extend_from_slice(&written.frame[written.places[index].clone()]);
        }
        if message.is_empty() { Bytes::new() } else { manner.form.frame(&message) }
    }

    fn written(&self, manner: Manner, patches: Patches) -> &Written {
        let script = Script { form: manner.form, by_number: manner.by_number, patches };
        let index = script.index();
        let written = match index.checked_sub(SCRIPTS) {
            None => &self.written[index],
            Some(index) => {
                &self.written_rarely.get_or_init(|| Box::new([const { OnceLock::new() }; RARE_SCRIPTS]))[index]
            }
        };
        written.get_or_init(|| self.write(script))
    }

    fn write(&self, script: Script) -> Written {
        let (mut message, mut places) = (Vec::new(), Vec::with_capacity(self.said.len()));
        let Label { name, number } = &self.label;
        let to = if script.by_number { Address::Number(*number) } else { Address::Name(name) };
        let mut before = self.before.as_ref();
        for said in &self.said {
            let patched;
            let push = match &said.what {
                What::Published(publication) if script.patches == Patches::Never => {
                    Push::Publication { to, publication }
                }
                What::Published(publication) => {
                    let base = before.replace(&publication.data);
                    let base = base.filter(|_| script.patches == Patches::Followed);
                    patched = patch(script.form, base, publication);
                    Push::Publication { to, publication: &patched }
                }
                What::Joined(info) => Push::Join { to, info },
                What::Left(info) => Push::Leave { to, info },
            };
            let start = script.form.add_push(&mut message, &push);
            places.push(start..message.len());
        }
        let frame = script.form.frame(&message);
        let head_len = script.form.head_len(&frame, &message);
        for place in &mut places {
            *place = place.start + head_len..place.end + head_len;
        }
        Written { frame, places }
    }
}

/// The publication as a subscription with patches hears it: whole when there is no base, or no gain.
pub fn patch(form: Form, base: Option<&Bytes>, publication: &Publication) -> Publication {
    let patch = base.map(|base| delta::delta(base, &publication.data));
    let patch = patch.filter(|patch| patch.len() < publication.data.len());
    let (data, delta) = patch.map_or_else(|| (publication.data.clone(), false), |patch| (patch.into(), true));
    let data = if form.encoding() == Encoding::Json { quoted(&data) } else { data };
    Publication { data, delta, ..publication.clone() }
}

/// In JSON, data beside patches is a text too.
fn quoted(data: &[u8]) -> Bytes {
    serde_json::to_vec(&String::from_utf8_lossy(data)).unwrap_or_default().into()
}

impl Said {
    pub fn data(&self) -> Option<&Bytes> {
        match &self.what {
            What::Published(publication) => Some(&publication.data),
            What::Joined(_) | What::Left(_) => None,
        }
    }

    pub fn bytes(&self) -> usize {
        match &self.what {
            What::Published(Publication { data, info, tags, .. }) => told_bytes(data, info.as_ref(), tags),
            What::Joined(info) | What::Left(info) => info.bytes(),
        }
    }

    fn is_after(&self, covered: u64) -> bool {
        self.offset == 0 || self.offset > covered
    }
}

impl Script {
    fn index(self) -> usize {
        self.form as usize * SCRIPTS_OF_A_FORM + usize::from(self.by_number) * 3 + self.patches as usize
    }
}

impl Patches {
    fn following(manner: Manner) -> Self {
        if manner.delta { Self::Followed } else { Self::Never }
    }
}
