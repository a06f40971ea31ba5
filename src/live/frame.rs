//! WebSocket frames as a server writes them (RFC 6455, section 5): whole messages, unmasked, encoded once and shared.
//!
//! Reading frames is tungstenite's business.

use bytes::Bytes;

use crate::limits;
use crate::live::disconnect::Disconnect;

const CLOSE: u8 = 0x88;

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
    fn a_close_frame_holds_code_and_reason() {
        let frame = close(disconnect::SLOW);
        assert!(is_close(&frame));
        assert_eq!(frame[..], [&[CLOSE, 6][..], &3008_u16.to_be_bytes(), b"slow"].concat());
    }
}
