//! How what is said on one connection looks on the wire: the protocol's messages in their encoding, in frames of a
//! WebSocket or in the body of an answer that does not end.
//!
//! What is said to many is written once for each form. What the messages mean is not known here.

use bytes::Bytes;

use crate::live::disconnect::Disconnect;
use crate::live::frame::{self, Kind};
use crate::live::protocol::{Command, Encoding, Garbage, Push, Reply, Request};

/// The form of one connection, settled before its first command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// JSON in text frames.
    Json,
    /// Protobuf in binary frames.
    Protobuf,
    /// JSON in a body, a line each.
    JsonLines,
    /// Protobuf in a body, each message behind its length.
    ProtobufRow,
    /// JSON in a body of server-sent events.
    Events,
    /// Pushes alone, in text frames.
    BareJson,
    /// Pushes alone, in a body, a line each.
    BareJsonLines,
    /// Pushes alone, in a body of server-sent events.
    BareEvents,
}

/// What stands around each message.
enum Wrapping {
    Frame(Kind),
    /// It is told from the next by itself.
    Nothing,
    Line,
    Event,
}

/// How a server-sent event begins.
const EVENT: &[u8] = b"data: ";

impl Form {
    pub fn encoding(self) -> Encoding {
        match self {
            Self::Protobuf | Self::ProtobufRow => Encoding::Protobuf,
            Self::Json | Self::JsonLines | Self::Events | Self::BareJson | Self::BareJsonLines | Self::BareEvents => {
                Encoding::Json
            }
        }
    }

    /// Whether the client only listens: it is told pushes alone, and answers nothing.
    pub fn is_bare(self) -> bool {
        matches!(self, Self::BareJson | Self::BareJsonLines | Self::BareEvents)
    }

    fn wrapping(self) -> Wrapping {
        match self {
            Self::Json | Self::BareJson => Wrapping::Frame(Kind::Text),
            Self::Protobuf => Wrapping::Frame(Kind::Binary),
            Self::JsonLines | Self::BareJsonLines => Wrapping::Line,
            Self::ProtobufRow => Wrapping::Nothing,
            Self::Events | Self::BareEvents => Wrapping::Event,
        }
    }

    /// Takes the next command off the front of what a client has sent in one go. `None`: there are no more.
    pub fn next_command(self, message: &mut Bytes) -> Option<Result<Command, Garbage>> {
        if self.is_bare() {
            let connect = self.encoding().connect_request(&std::mem::take(message));
            return Some(connect.map(|connect| Command { id: 1, request: Request::Connect(connect) }));
        }
        self.encoding().next_command(message)
    }

    /// The answer to a command; to somebody who only listens, nothing but that the connection stands.
    pub fn reply(self, id: u32, reply: &Reply) -> Bytes {
        match reply {
            Reply::Connect(result) if self.is_bare() => self.push(&Push::Connect(result)),
            _ if self.is_bare() => Bytes::new(),
            _ => self.alone(|message| self.encoding().reply(message, id, reply)),
        }
    }

    pub fn push(self, push: &Push) -> Bytes {
        self.alone(|message| self.write(message, push))
    }

    /// Puts a push behind the others of one message; answers where it begins.
    pub fn add_push(self, message: &mut Vec<u8>, push: &Push) -> usize {
        let start = self.begin_next(message);
        self.write(message, push);
        start
    }

    /// Makes room behind what a message holds already; answers where the next begins.
    pub fn begin_next(self, message: &mut Vec<u8>) -> usize {
        if !message.is_empty() {
            message.extend_from_slice(match self.wrapping() {
                Wrapping::Frame(Kind::Text) | Wrapping::Line => b"\n",
                Wrapping::Frame(Kind::Binary) | Wrapping::Nothing => b"",
                Wrapping::Event => b"\n\ndata: ",
            });
        }
        message.len()
    }

    /// A message with all that was put into it, ready to go.
    pub fn frame(self, message: &[u8]) -> Bytes {
        match self.wrapping() {
            Wrapping::Frame(kind) => frame::alone(kind, message),
            Wrapping::Nothing => Bytes::copy_from_slice(message),
            Wrapping::Line => [message, b"\n"].concat().into(),
            Wrapping::Event => [EVENT, message, b"\n\n"].concat().into(),
        }
    }

    /// How much of a frame stands before the message in it.
    pub fn head_len(self, frame: &[u8], message: &[u8]) -> usize {
        match self.wrapping() {
            Wrapping::Frame(_) => frame.len() - message.len(),
            Wrapping::Nothing | Wrapping::Line => 0,
            Wrapping::Event => EVENT.len(),
        }
    }

    /// The ping of the protocol: a message, since browsers cannot answer a WebSocket's own.
    pub fn ping(self) -> Bytes {
        Bytes::from_static(match self {
            Self::Json | Self::BareJson => &[Kind::Text as u8, 2, b'{', b'}'],
            Self::Protobuf => &[Kind::Binary as u8, 1, 0],
            Self::JsonLines | Self::BareJsonLines => b"{}\n",
            Self::ProtobufRow => &[0],
            Self::Events | Self::BareEvents => b"data: {}\n\n",
        })
    }

    /// As [`Form::close`], with a code and a reason of the operator's own.
    pub fn close_saying(self, code: u16, reason: &str) -> (Bytes, Bytes) {
        (self.push(&Push::SentAway { code, reason }), self.close_frame(|| frame::close_saying(code, reason)))
    }

    /// The last words, and the close frame behind them, if there are such frames.
    pub fn close(self, why: Disconnect) -> (Option<Bytes>, Bytes) {
        let words = (!why.is_transport()).then(|| self.push(&Push::Disconnect(why)));
        (words, self.close_frame(|| frame::close(why)))
    }

    fn close_frame(self, frame: impl FnOnce() -> Bytes) -> Bytes {
        match self.wrapping() {
            Wrapping::Frame(_) => frame(),
            Wrapping::Nothing | Wrapping::Line | Wrapping::Event => Bytes::new(),
        }
    }

    fn write(self, out: &mut Vec<u8>, push: &Push) {
        if self.is_bare() { self.encoding().bare_push(out, push) } else { self.encoding().push(out, push) }
    }

    fn alone(self, write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
        let mut message = Vec::with_capacity(128);
        write(&mut message);
        self.frame(&message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::disconnect;
    use crate::live::protocol::{Address, Publication};

    #[test]
    fn one_push_in_each_form() {
        let publication = Publication { data: Bytes::from_static(b"{\"a\":\n1}"), ..Publication::default() };
        let push = Push::Publication { to: Address::Name("b"), publication: &publication };
        let bare = br#"{"channel":"b","pub":{"data":{"a": 1}}}"#;
        let whole = [b"{\"push\":", &bare[..], b"}"].concat();
        let framed = |text: &[u8]| frame::alone(Kind::Text, text).to_vec();
        let event = |text: &[u8]| [b"data: ", text, b"\n\n"].concat();
        for (form, expected) in [
            (Form::Json, framed(&whole)),
            (Form::JsonLines, [&whole[..], b"\n"].concat()),
            (Form::Events, event(&whole)),
            (Form::BareJson, framed(bare)),
            (Form::BareJsonLines, [&bare[..], b"\n"].concat()),
            (Form::BareEvents, event(bare)),
        ] {
            assert_eq!(form.push(&push), expected, "{form:?}");
        }
        // Inside of the frame is what the row holds.
        assert_eq!(Form::Protobuf.push(&push)[2..], Form::ProtobufRow.push(&push)[..]);
    }

    #[test]
    fn only_sockets_have_close_frames() {
        let (words, close) = Form::BareEvents.close(disconnect::SHUTDOWN);
        assert_eq!(words.unwrap(), "data: {\"disconnect\":{\"code\":3001,\"reason\":\"shutdown\"}}\n\n");
        assert!(close.is_empty());
        assert!(frame::is_close(&Form::BareJson.close(disconnect::SHUTDOWN).1));
    }

    #[test]
    fn who_only_listens_sends_one_request() {
        let mut message = Bytes::from_static(b"{\"token\":\"t\",\n\"subs\":{\"a\":{\"recover\":true}}}");
        let Some(Ok(Command { id: 1, request: Request::Connect(connect) })) = Form::BareJson.next_command(&mut message)
        else {
            panic!("a connect request")
        };
        assert_eq!((&*connect.token, &*connect.subs[0].channel, connect.subs[0].recover), ("t", "a", true));
        assert!(message.is_empty());
        assert!(matches!(Form::BareEvents.next_command(&mut Bytes::from_static(b"[")), Some(Err(Garbage))));
    }
}
