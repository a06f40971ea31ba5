//! The JSON form: one object for each command and reply, several of them in one text frame, a line each.
//!
//! Members that are zero or empty are left out. `data` is carried as it stands and never parsed here.

mod reading;

use std::io::Write as _;

pub(super) use reading::{connect_request, next_command, posted};

use super::members::{Member, Members};

/// Writes one object behind `out`, member by member.
pub(super) fn write(out: &mut Vec<u8>, members: impl FnOnce(&mut Object)) {
    Object { out, is_empty: true }.braces(members);
}

/// An object being written.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    /// No member is written yet.
    is_empty: bool,
}

impl Object<'_> {
    fn braces(&mut self, members: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        self.is_empty = true;
        members(self);
        self.is_empty = false;
        self.out.push(b'}');
    }

    fn name(&mut self, name: &str) {
        if !std::mem::replace(&mut self.is_empty, false) {
            self.out.push(b',');
        }
        string(self.out, name);
        self.out.push(b':');
    }
}

impl Members for Object<'_> {
    fn number(&mut self, (name, _): Member, value: u64) {
        if value != 0 {
            self.name(name);
            // Writing to a vector cannot fail.
            let _ = write!(self.out, "{value}");
        }
    }

    fn flag(&mut self, (name, _): Member, value: bool) {
        if value {
            self.name(name);
            self.out.extend_from_slice(b"true");
        }
    }

    fn text(&mut self, (name, _): Member, value: &str) {
        if !value.is_empty() {
            self.name(name);
            string(self.out, value);
        }
    }

    /// JSON as it stands, but on one line: a line is where the next reply begins.
    fn data(&mut self, (name, _): Member, value: &[u8]) {
        self.name(name);
        let start = self.out.len();
        self.out.extend_from_slice(value);
        for byte in &mut self.out[start..] {
            if matches!(*byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }

    fn object(&mut self, (name, _): Member, members: impl FnOnce(&mut Self)) {
        self.name(name);
        self.braces(members);
    }

    fn list<T>(&mut self, (name, _): Member, items: &[T], members: impl Fn(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.name(name);
        self.out.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.braces(|object| members(object, item));
        }
        self.out.push(b']');
    }

    fn map<T>(&mut self, member: Member, items: &[(String, T)], members: impl Fn(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.object(member, |object| {
            for (name, item) in items {
                object.name(name);
                object.braces(|object| members(object, item));
            }
        });
    }

    fn texts(&mut self, member: Member, items: &[(String, String)]) {
        if items.is_empty() {
            return;
        }
        self.object(member, |object| {
            for (name, text) in items {
                object.name(name);
                string(object.out, text);
            }
        });
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    // A string into a vector: neither can fail.
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests;
