//! What a client says and hears on one connection, as bytes: WebSocket frames, the hand-shake, HTTP answers.
//!
//! Knows no socket and no scenario. Cheap on purpose: the server under test is to be the bottleneck, not its generator. Our mask is
//! zero, which the protocol allows: the server unmasks as ever, and we save the work.

use std::net::SocketAddr;

/// One thing that stands complete at the front of what was read.
#[derive(Debug, PartialEq)]
pub enum Piece<'a> {
    /// The payload of a text message; its lines are commands or replies.
    Message(&'a [u8]),
    /// The payload of a binary message: commands or replies of Protobuf, each behind its length.
    Binary(&'a [u8]),
    Pong,
    Close(u16),
    /// A ping, or what this generator does not need.
    Other,
    Response {
        status: u16,
        body: &'a [u8],
    },
}

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// A whole text message.
pub fn text(payload: &[u8]) -> Vec<u8> {
    frame(TEXT, payload)
}

/// A whole binary message.
pub fn binary(payload: &[u8]) -> Vec<u8> {
    frame(BINARY, payload)
}

/// A ping as a control frame of the WebSocket.
pub fn ping(payload: &[u8]) -> Vec<u8> {
    frame(PING, payload)
}

fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 14);
    bytes.push(0x80 | opcode);
    match payload.len() {
        len @ 0..=125 => bytes.push(0x80 | len as u8),
        len @ 126..=0xFFFF => {
            bytes.push(0x80 | 126);
            bytes.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            bytes.push(0x80 | 127);
            bytes.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

/// The frame at the front and its whole length; `None` while it is incomplete.
pub fn read_frame(bytes: &[u8]) -> Option<(Piece<'_>, usize)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (payload_len, head_len) = match second & 0x7F {
        126 => (u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?) as usize, 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
        len => (len as usize, 2),
    };
    let payload = bytes.get(head_len..head_len + payload_len)?;
    let piece = match first & 0x0F {
        CLOSE => Piece::Close(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))),
        PING => Piece::Other,
        PONG => Piece::Pong,
        BINARY => Piece::Binary(payload),
        _ => Piece::Message(payload),
    };
    Some((piece, head_len + payload_len))
}

/// The Protobuf message at the front of a binary payload, and its length with that of its length; `None` if it is cut off.
pub fn read_delimited(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (mut len, mut at) = (0_usize, 0);
    loop {
        let byte = *bytes.get(at)?;
        len |= usize::from(byte & 0x7F).checked_shl(7 * u32::try_from(at).ok()?)?;
        at += 1;
        if byte < 0x80 {
            break;
        }
    }
    Some((bytes.get(at..at.checked_add(len)?)?, at + len))
}

/// The HTTP answer at the front and its whole length; `None` while it is incomplete. Knows bodies with a Content-Length only.
pub fn read_response(bytes: &[u8]) -> Option<(Piece<'_>, usize)> {
    let head_len = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..head_len]).ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let whole_len = head_len + length.unwrap_or(0);
    let body = bytes.get(head_len..whole_len)?;
    Some((Piece::Response { status, body }, whole_len))
}

/// What Redis says: a message of a channel, or an answer. `None` while it is incomplete.
pub fn read_resp(bytes: &[u8]) -> Option<(Piece<'_>, usize)> {
    let line = |from: usize| {
        let len = memchr::memchr(b'\n', bytes.get(from..)?)?;
        Some((bytes.get(from..from + len - 1)?, from + len + 1))
    };
    let number = |digits: &[u8]| std::str::from_utf8(digits).ok()?.parse::<usize>().ok();
    let (head, mut at) = line(0)?;
    if head.first() != Some(&b'*') {
        let status = if head.first() == Some(&b'-') { 500 } else { 200 };
        return Some((Piece::Response { status, body: head }, at));
    }
    let (mut kind, mut last) = (&[][..], &[][..]);
    for index in 0..number(&head[1..])? {
        let (head, next) = line(at)?;
        at = next;
        if head.first() == Some(&b'$') {
            let len = number(&head[1..])?;
            last = bytes.get(at..at + len)?;
            bytes.get(at + len + 1)?;
            at += len + 2;
        }
        if index == 0 {
            kind = last;
        }
    }
    let piece = if kind == b"message" { Piece::Message(last) } else { Piece::Response { status: 200, body: kind } };
    Some((piece, at))
}

/// The request that turns a connection into a WebSocket.
pub fn hand_shake(server: SocketAddr) -> Vec<u8> {
    hand_shake_at(server, "/connection/websocket")
}

pub fn hand_shake_at(server: SocketAddr, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}

/// A POST of a JSON body on a connection that is kept.
pub fn post(server: SocketAddr, path: &str, token: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub fn get(server: SocketAddr, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {server}\r\n\r\n").into_bytes()
}
