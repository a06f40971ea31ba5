//! How what is said on one connection looks on the wire: the protocol's messages in their encoding, in WebSocket frames.
//!
//! What is said to many is written once for each form. What the messages mean is not known here.

use bytes::Bytes;

use crate::live::disconnect::Disconnect;
use crate::live::frame::{self, Kind};
use crate::live::protocol::{Encoding, Push, Reply};

/// The form of one connection, settled before its first command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// JSON in text frames.
    Json,
    /// Protobuf in binary frames.
    Protobuf,
}

impl Form {
    pub const ALL: [Self; 2] = [Self::Json, Self::Protobuf];

    pub fn encoding(self) -> Encoding {
        match self {
            Self::Json => Encoding::Json,
            Self::Protobuf => Encoding::Protobuf,
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Json => Kind::Text,
            Self::Protobuf => Kind::Binary,
        }
    }

    pub fn reply(self, id: u32, reply: &Reply) -> Bytes {
        let mut message = Vec::with_capacity(128);
        self.encoding().reply(&mut message, id, reply);
        self.frame(&message)
    }

    pub fn push(self, push: &Push) -> Bytes {
        let mut message = Vec::with_capacity(128);
        self.encoding().push(&mut message, push);
        self.frame(&message)
    }

    /// Puts a push behind the others of one message; answers where it begins.
    pub fn add_push(self, message: &mut Vec<u8>, push: &Push) -> usize {
        let start = self.begin_next(message);
        self.encoding().push(message, push);
        start
    }

    /// Makes room behind what a message holds already; answers where the next begins.
    pub fn begin_next(self, message: &mut Vec<u8>) -> usize {
        if self == Self::Json && !message.is_empty() {
            message.push(b'\n');
        }
        message.len()
    }

    /// A message with all that was put into it.
    pub fn frame(self, message: &[u8]) -> Bytes {
        frame::alone(self.kind(), message)
    }

    /// The ping of the protocol: a message, since browsers cannot answer a WebSocket's own.
    pub fn ping(self) -> Bytes {
        match self {
            Self::Json => Bytes::from_static(&[Kind::Text as u8, 2, b'{', b'}']),
            Self::Protobuf => Bytes::from_static(&[Kind::Binary as u8, 1, 0]),
        }
    }

    /// The last words, and the close frame behind them.
    pub fn close(self, why: Disconnect) -> (Option<Bytes>, Bytes) {
        let words = (!why.is_transport()).then(|| self.push(&Push::Disconnect(why)));
        (words, frame::close(why))
    }
}
