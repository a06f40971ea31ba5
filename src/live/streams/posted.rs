//! Bodies of requests, read to a bound: they are taken before anybody is known.

use std::pin::{Pin, pin};

use bytes::{Buf, Bytes};
use futures::{Stream, StreamExt as _};
use http::StatusCode;
use http::header::{CONTENT_LENGTH, HeaderMap};
use tokio::sync::OwnedSemaphorePermit;
use warp::reply::Response;

use crate::limits;
use crate::live::Live;
use crate::live::upgrade::{refusal, unavailable};

/// Why there is no body to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    TooLarge,
    TooSlow,
    Broken,
    /// Too many are in memory already.
    NoRoom,
}

/// A body, and the room that it takes until nobody needs it any more.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Live {
    pub(super) async fn read_posted<S, B, E>(&self, headers: &HeaderMap, body: S) -> Result<Bytes, Fault>
    where
        S: Stream<Item = Result<B, E>>,
        B: Buf,
    {
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let is_too_long = length.is_some_and(|length| length > limits::POSTED_MESSAGE_BYTES_MAX);
        let read = async {
            let mut body = pin!(body);
            let read = if is_too_long { Err(Fault::TooLarge) } else { self.read_all(body.as_mut()).await };
            if read == Err(Fault::TooLarge) {
                ignore(body).await;
            }
            read
        };
        tokio::time::timeout(limits::BODY_WAIT_MAX, read).await.unwrap_or(Err(Fault::TooSlow))
    }

    async fn read_all<S, B, E>(&self, mut body: Pin<&mut S>) -> Result<Bytes, Fault>
    where
        S: Stream<Item = Result<B, E>>,
        B: Buf,
    {
        let mut held = Held::default();
        while let Some(chunk) = body.next().await {
            let mut chunk = chunk.map_err(|_| Fault::Broken)?;
            let len = chunk.remaining();
            if held.bytes.len() + len > limits::POSTED_MESSAGE_BYTES_MAX {
                return Err(Fault::TooLarge);
            }
            let permits = u32::try_from(len).map_err(|_| Fault::TooLarge)?;
            let more = self.bodies.clone().try_acquire_many_owned(permits).map_err(|_| Fault::NoRoom)?;
            match &mut held.room {
                Some(room) => room.merge(more),
                none => *none = Some(more),
            }
            held.bytes.extend_from_slice(&chunk.copy_to_bytes(len));
        }
        Ok(Bytes::from_owner(held))
    }
}

/// Reads what nobody wants, to a bound: a client that is still sending would not see its answer.
async fn ignore<S, B, E>(mut body: Pin<&mut S>)
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let mut left = limits::BODY_IGNORED_BYTES_MAX;
    while let Some(Ok(chunk)) = body.next().await {
        left = left.saturating_sub(chunk.remaining() as u64);
        if left == 0 {
            break;
        }
    }
}

impl Fault {
    pub fn into_response(self) -> Response {
        match self {
            Self::TooLarge => refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long"),
            Self::TooSlow => refusal(StatusCode::REQUEST_TIMEOUT, "the body took too long"),
            Self::Broken => refusal(StatusCode::BAD_REQUEST, "the body broke off"),
            Self::NoRoom => unavailable(),
        }
    }
}
