//! WebSocket frames as a server writes them (RFC 6455, section 5): whole messages, unmasked, encoded once and shared.
//!
//! Reading frames is tungstenite's business.

use bytes::Bytes;

use crate::limits;
use crate::live::disconnect::Disconnect;

const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// Bytes that a header can have before the payload of a server's frame.
pub const HEAD_BYTES_MAX: usize = 10;

/// What a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Text = 0x81,
    Binary = 0x82,
}

/// Appends one message.
#[allow(clippy::cast_possible_truncation)] // each length is checked right before
pub fn add(out: &mut Vec<u8>, kind: Kind, payload: &[u8]) {
    out.push(kind as u8);
    match payload.len() {
        len @ 0..=125 => out.push(len as u8),
        len @ 126..=0xFFFF => {
            out.push(126);
            out.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            out.push(127);
            out.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// One message by itself.
pub fn alone(kind: Kind, payload: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(HEAD_BYTES_MAX + payload.len());
    add(&mut out, kind, payload);
    out.into()
}

/// The same messages in fewer frames: neighbours of one kind become one, as long as that stays small. In text they are lines
/// then; in binary each has its length before it.
pub fn join(frames: impl IntoIterator<Item = Bytes>) -> Vec<Bytes> {
    let mut joined = Vec::new();
    let mut last: Option<(Kind, Vec<u8>)> = None;
    for mut frames in frames {
        while let Some((kind, frame, head_len)) = split_first(&mut frames) {
            let is_small = |len: usize| len <= limits::JOINED_FRAME_BYTES_MAX;
            match (&mut last, kind) {
                (Some((of, message)), Some(kind)) if *of == kind && is_small(message.len() + frame.len()) => {
                    message.extend_from_slice(if kind == Kind::Text { b"\n" } else { b"" });
                    message.extend_from_slice(&frame[head_len..]);
                }
                (_, Some(kind)) if is_small(frame.len()) => {
                    let before = last.replace((kind, frame[head_len..].to_vec()));
                    joined.extend(before.map(|(kind, message)| alone(kind, &message)));
                }
                _ => {
                    joined.extend(last.take().map(|(kind, message)| alone(kind, &message)));
                    joined.push(frame);
                }
            }
        }
    }
    joined.extend(last.map(|(kind, message)| alone(kind, &message)));
    joined
}

/// Takes the first of these whole frames → its kind, when it is a message; the frame; how long its head is.
fn split_first(frames: &mut Bytes) -> Option<(Option<Kind>, Bytes, usize)> {
    let kind = [Kind::Text, Kind::Binary].into_iter().find(|kind| Some(&(*kind as u8)) == frames.first());
    let (head_len, len) = match *frames.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes(frames.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(frames.get(2..10)?.try_into().ok()?)).ok()?),
        len => (2, usize::from(len)),
    };
    (head_len + len <= frames.len()).then(|| (kind, frames.split_to(head_len + len), head_len))
}

/// The WebSocket's own ping.
pub fn ping() -> Bytes {
    Bytes::from_static(&[PING, 0])
}

/// The close frame.
pub fn close(why: Disconnect) -> Bytes {
    close_saying(why.code, why.reason)
}

/// A close frame with a reason of at most [`limits::CLOSE_REASON_BYTES_MAX`]; a longer one is left out.
pub fn close_saying(code: u16, reason: &str) -> Bytes {
    let reason = if reason.len() > limits::CLOSE_REASON_BYTES_MAX { "" } else { reason };
    #[allow(clippy::cast_possible_truncation)] // bounded right before
    let mut out = vec![CLOSE, 2 + reason.len() as u8];
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(reason.as_bytes());
    out.into()
}

/// Whether these bytes, the beginning of a frame, begin a close frame.
pub fn is_close(frame: &[u8]) -> bool {
    frame.first() == Some(&CLOSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::disconnect;

    #[test]
    fn headers_have_the_three_lengths() {
        for (len, head) in [
            (125, vec![0x81, 125]),
            (126, vec![0x81, 126, 0, 126]),
            (65_535, vec![0x81, 126, 255, 255]),
            (65_536, vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = alone(Kind::Text, &vec![b'x'; len]);
            assert_eq!(frame[..head.len()], head);
            assert_eq!(frame.len(), head.len() + len);
        }
    }

    #[test]
    fn neighbours_of_one_kind_are_joined_while_they_are_small() {
        let text = |text: &str| alone(Kind::Text, text.as_bytes());
        let (long, most) = ("x".repeat(300), "y".repeat(limits::JOINED_FRAME_BYTES_MAX));
        let two = Bytes::from([text("a"), text(&long)].concat());
        assert_eq!(join([two, text("b")]), [text(&format!("a\n{long}\nb"))]);
        assert_eq!(join([text("a"), text(&most), text("b"), text("c")]), [text("a"), text(&most), text("b\nc")]);
        let binary = |bytes: &[u8]| alone(Kind::Binary, bytes);
        let mixed = [binary(&[1, 7]), binary(&[0]), ping(), binary(&[0]), text("a"), close(disconnect::SLOW)];
        let expected = [binary(&[1, 7, 0]), ping(), binary(&[0]), text("a"), close(disconnect::SLOW)];
        assert_eq!(join(mixed), expected);
        assert_eq!(join([text(""), text("")]), [text("\n")]);
        assert!(join([]).is_empty());
    }

    #[test]
    fn a_close_frame_holds_code_and_reason() {
        let frame = close(disconnect::SLOW);
        assert!(is_close(&frame));
        assert_eq!(frame[..], [&[CLOSE, 6][..], &3008_u16.to_be_bytes(), b"slow"].concat());
    }
}
