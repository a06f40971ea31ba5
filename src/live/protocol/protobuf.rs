//! The Protobuf form: each message has its length before it, several of them in one binary frame.
//!
//! Field numbers are those of the public schema, `client.proto` of version 2. `data` is carried as it stands.

mod reading;

use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

pub(super) use reading::{connect_request, next_command, posted};

use super::members::{Member, Members};

/// Writes one message behind `out`, its length before it.
pub(super) fn write(out: &mut Vec<u8>, members: impl FnOnce(&mut Message)) {
    Message { out }.measured(members);
}

/// A message being written.
pub(super) struct Message<'a> {
    out: &'a mut Vec<u8>,
}

impl Message<'_> {
    /// A message inside, its length before it.
    fn measured(&mut self, members: impl FnOnce(&mut Self)) {
        // Nearly all are short: the place for one byte of length is there from the beginning.
        let start = self.out.len();
        self.out.push(0);
        members(self);
        let length = self.out.len() - start - 1;
        let mut prefix = [0; 10];
        let prefix_len = encoded_len_varint(length as u64);
        encode_varint(length as u64, &mut &mut prefix[..]);
        self.out[start] = prefix[0];
        if prefix_len > 1 {
            self.out.splice(start + 1..start + 1, prefix[1..prefix_len].iter().copied());
        }
    }

    fn bytes(&mut self, (_, number): Member, value: &[u8]) {
        encode_key(number, WireType::LengthDelimited, self.out);
        encode_varint(value.len() as u64, self.out);
        self.out.extend_from_slice(value);
    }
}

/// The members of a map's entry.
const KEY: Member = ("key", 1);
const VALUE: Member = ("value", 2);

impl Members for Message<'_> {
    fn number(&mut self, (_, number): Member, value: u64) {
        if value != 0 {
            encode_key(number, WireType::Varint, self.out);
            encode_varint(value, self.out);
        }
    }

    fn flag(&mut self, member: Member, value: bool) {
        self.number(member, value.into());
    }

    fn text(&mut self, member: Member, value: &str) {
        if !value.is_empty() {
            self.bytes(member, value.as_bytes());
        }
    }

    fn data(&mut self, member: Member, value: &[u8]) {
        self.bytes(member, value);
    }

    fn object(&mut self, (_, number): Member, members: impl FnOnce(&mut Self)) {
        encode_key(number, WireType::LengthDelimited, self.out);
        self.measured(members);
    }

    fn list<T>(&mut self, member: Member, items: &[T], members: impl Fn(&mut Self, &T)) {
        for item in items {
            self.object(member, |message| members(message, item));
        }
    }

    fn map<T>(&mut self, member: Member, items: &[(String, T)], members: impl Fn(&mut Self, &T)) {
        for (name, item) in items {
            self.object(member, |entry| {
                entry.text(KEY, name);
                entry.object(VALUE, |message| members(message, item));
            });
        }
    }

    fn texts(&mut self, member: Member, items: &[(String, String)]) {
        for (name, text) in items {
            self.object(member, |entry| {
                entry.text(KEY, name);
                entry.text(VALUE, text);
            });
        }
    }
}

#[cfg(test)]
mod tests;
