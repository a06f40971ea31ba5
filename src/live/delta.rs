//! Fossil deltas: what turns one payload into the next, in the form that the SDKs apply
//! (<https://www.fossil-scm.org/home/doc/trunk/www/delta_format.wiki>).
//!
//! Any bytes go in. The patch of a text is a text, because in the JSON form a patch travels as a string: a part that is
//! quoted from the new payload begins and ends between two characters. Who gets patches, and against which payload, is not
//! known here.

/// Bytes that must be the same in both payloads before a copy is looked at. Fossil's own 16 suit files; payloads here are small.
const BLOCK_BYTES: usize = 8;
/// Places in the old payload that are tried for one place in the new one, so that repetitive payloads cost no more than others.
const TRIES_MAX: usize = 16;
/// No block.
const NONE: u32 = u32::MAX;

/// The digits of the format's numbers, which are base 64, most significant first.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";

/// The patch that makes `new` out of `old`. It may be longer than `new`: then `new` itself is the better message.
/// The numbers of the format have 32 bits, so neither payload may reach 4 GiB.
pub fn delta(old: &[u8], new: &[u8]) -> Vec<u8> {
    let blocks = Blocks::of(old);
    let new = Target { bytes: new, is_text: std::str::from_utf8(new).is_ok() };
    let mut patch = Patch { out: Vec::with_capacity(64), new: new.bytes };
    number(&mut patch.out, new.bytes.len());
    patch.out.push(b'\n');
    // What lies before `done` is in the patch; `at` is looked at.
    let (mut done, mut at) = (0, 0);
    while at + BLOCK_BYTES <= new.bytes.len() {
        if let Some(copy) = blocks.best_copy(&new, done, at) {
            patch.insert(done, copy.to);
            patch.copy(&copy);
            done = copy.to + copy.len;
            at = done;
        } else {
            at += 1;
        }
    }
    patch.insert(done, new.bytes.len());
    patch.finish()
}

/// `len` bytes that lie at `from` in the old payload and at `to` in the new one.
struct Copy {
    from: usize,
    to: usize,
    len: usize,
}

/// The payload that a patch is to give.
struct Target<'a> {
    bytes: &'a [u8],
    is_text: bool,
}

impl Target<'_> {
    /// Whether a quotation may begin or end here.
    fn may_part(&self, at: usize) -> bool {
        const CONTINUES: u8 = 0b1000_0000;
        !self.is_text || self.bytes.get(at).is_none_or(|byte| byte & 0b1100_0000 != CONTINUES)
    }
}

/// The old payload in blocks, which are found by what they hold.
struct Blocks<'a> {
    old: &'a [u8],
    /// The first block of each hash: from there the most lies ahead.
    heads: Vec<u32>,
    /// For each block, the one behind it that has the same hash.
    others: Vec<u32>,
}

impl<'a> Blocks<'a> {
    fn of(old: &'a [u8]) -> Self {
        let len = old.len() / BLOCK_BYTES;
        let mut blocks = Self { old, heads: vec![NONE; len.next_power_of_two()], others: vec![NONE; len] };
        for (index, block) in old.chunks_exact(BLOCK_BYTES).enumerate().rev() {
            let hash = blocks.hash(block);
            let head = std::mem::replace(&mut blocks.heads[hash], u32::try_from(index).unwrap_or(NONE));
            blocks.others[index] = head;
        }
        blocks
    }

    fn hash(&self, block: &[u8]) -> usize {
        // 2^64 divided by the golden ratio: it spreads what differs in any byte over the upper half.
        const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
        let value = block.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        (value.wrapping_mul(SPREAD) >> 32) as usize & (self.heads.len() - 1)
    }

    /// The longest copy that holds the block at `at`, lies behind `done`, and is shorter to say than to quote.
    fn best_copy(&self, new: &Target, done: usize, at: usize) -> Option<Copy> {
        let block = &new.bytes[at..at + BLOCK_BYTES];
        let mut index = self.heads[self.hash(block)];
        let mut best: Option<Copy> = None;
        for _ in 0..TRIES_MAX {
            if index == NONE {
                break;
            }
            let from = index as usize * BLOCK_BYTES;
            if &self.old[from..from + BLOCK_BYTES] == block {
                let copy = self.widest(new, done, from, at);
                let head_len = digits_len(copy.to - done) + digits_len(copy.len) + digits_len(copy.from) + 3;
                if copy.len > head_len && best.as_ref().is_none_or(|best| best.len < copy.len) {
                    best = Some(copy);
                }
            }
            index = self.others[index as usize];
        }
        best
    }

    /// What is the same around `from` and `to`, but not before `done`, cut where a text may be parted.
    fn widest(&self, new: &Target, done: usize, from: usize, to: usize) -> Copy {
        let is_same = |(a, b): &(&u8, &u8)| a == b;
        let before = self.old[..from].iter().rev().zip(new.bytes[done..to].iter().rev()).take_while(is_same).count();
        let behind = self.old[from..].iter().zip(&new.bytes[to..]).take_while(is_same).count();
        let mut copy = Copy { from: from - before, to: to - before, len: before + behind };
        while copy.len > 0 && !new.may_part(copy.to) {
            copy = Copy { from: copy.from + 1, to: copy.to + 1, len: copy.len - 1 };
        }
        while copy.len > 0 && !new.may_part(copy.to + copy.len) {
            copy.len -= 1;
        }
        copy
    }
}

/// A patch in the making.
struct Patch<'a> {
    out: Vec<u8>,
    new: &'a [u8],
}

impl Patch<'_> {
    fn copy(&mut self, copy: &Copy) {
        number(&mut self.out, copy.len);
        self.out.push(b'@');
        number(&mut self.out, copy.from);
        self.out.push(b',');
    }

    /// Quotes the new payload.
    fn insert(&mut self, start: usize, end: usize) {
        if start < end {
            number(&mut self.out, end - start);
            self.out.push(b':');
            self.out.extend_from_slice(&self.new[start..end]);
        }
    }

    fn finish(mut self) -> Vec<u8> {
        number(&mut self.out, checksum(self.new) as usize);
        self.out.push(b';');
        self.out
    }
}

fn number(out: &mut Vec<u8>, value: usize) {
    for place in (0..digits_len(value)).rev() {
        out.push(DIGITS[value >> (6 * place) & 63]);
    }
}

fn digits_len(value: usize) -> usize {
    value.max(1).ilog2() as usize / 6 + 1
}

/// The sum of all groups of four bytes, the last one filled up with zeros.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.chunks(4).fold(0_u32, |sum, group| {
        let mut word = [0; 4];
        word[..group.len()].copy_from_slice(group);
        sum.wrapping_add(u32::from_be_bytes(word))
    })
}

#[cfg(test)]
mod tests;
