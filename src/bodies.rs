//! Bodies of requests, read to a bound and held in a room of a bounded size: they are taken before anybody is known.
//!
//! What a body is for, and what is said of one that cannot be had, is not known here.

use std::pin::pin;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures::{Stream, StreamExt as _};
use http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits;

/// The room for bodies in memory.
#[derive(Clone)]
pub struct Bodies {
    room: Arc<Semaphore>,
    each_bytes_max: u64,
}

/// Why there is no body to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// More than one body may have.
    TooLarge,
    /// So many bodies are in memory already that there is no room for this one.
    NoRoom,
    /// It did not come to its end in [`limits::BODY_WAIT_MAX`].
    TooSlow,
    /// It broke off, or its chunks are garbled.
    Broken,
}

/// A body, or what has come of it, and the room that it takes until nobody needs it any more.
#[derive(Default)]
struct Held {
    bytes: BytesMut,
    room: Option<OwnedSemaphorePermit>,
}

impl Bodies {
    /// Room for so many bytes of all bodies, and of each.
    pub fn new(bytes_max: usize, each_bytes_max: u64) -> Self {
        Self { room: Arc::new(Semaphore::new(bytes_max)), each_bytes_max }
    }

    /// `headers`: of its request.
    pub async fn read<S, B, E>(&self, headers: &HeaderMap, body: S) -> Result<Bytes, BodyError>
    where
        S: Stream<Item = Result<B, E>>,
        B: Buf,
    {
        // So says HTTP/1.1, the one that is spoken here; most requests are such, and need no clock.
        if !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING) {
            return Ok(Bytes::new());
        }
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let read = tokio::time::timeout(limits::BODY_WAIT_MAX, self.read_all(body, length));
        read.await.unwrap_or(Err(BodyError::TooSlow))
    }

    /// A body that is not much too long, or for which there is no room, is read to its end and thrown away, because a client
    /// that finds the connection closed while it is sending never reads why.
    async fn read_all<S, B, E>(&self, body: S, length: Option<u64>) -> Result<Bytes, BodyError>
    where
        S: Stream<Item = Result<B, E>>,
        B: Buf,
    {
        let ignored_max = self.each_bytes_max + limits::BODY_IGNORED_BYTES_MAX;
        if length.is_some_and(|length| length > ignored_max) {
            return Err(BodyError::TooLarge);
        }
        let mut body = pin!(body);
        let mut held = Ok(Held::default());
        let mut bytes_len = 0;
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| BodyError::Broken)?;
            bytes_len += chunk.remaining() as u64;
            if bytes_len > ignored_max {
                return Err(BodyError::TooLarge);
            }
            held = match held {
                Ok(_) if bytes_len > self.each_bytes_max => Err(BodyError::TooLarge),
                Ok(mut held) => held.put(&self.room, chunk).map(|()| held),
                fault => fault,
            };
        }
        Ok(Bytes::from_owner(held?))
    }
}

impl Held {
    fn put(&mut self, room: &Arc<Semaphore>, chunk: impl Buf) -> Result<(), BodyError> {
        let len = u32::try_from(chunk.remaining()).map_err(|_| BodyError::TooLarge)?;
        let more = room.clone().try_acquire_many_owned(len).map_err(|_| BodyError::NoRoom)?;
        match &mut self.room {
            Some(room) => room.merge(more),
            none => *none = Some(more),
        }
        self.bytes.put(chunk);
        Ok(())
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn chunks(lens: &[u64]) -> impl Stream<Item = Result<Bytes, Infallible>> {
        let chunks: Vec<_> = lens.iter().map(|&len| Ok(Bytes::from(vec![b'x'; len as usize]))).collect();
        futures::stream::iter(chunks)
    }

    #[tokio::test]
    async fn body_is_read_to_its_bound_whatever_it_says_of_its_length() {
        let max = 1_000;
        let bodies = Bodies::new(10_000, max);
        let over = max + limits::BODY_IGNORED_BYTES_MAX;
        assert_eq!(bodies.read_all(chunks(&[]), None).await.unwrap().len(), 0);
        assert_eq!(bodies.read_all(chunks(&[max - 1, 1]), None).await.unwrap().len() as u64, max);
        assert_eq!(bodies.read_all(chunks(&[max, 1]), None).await, Err(BodyError::TooLarge));
        assert_eq!(bodies.read_all(chunks(&[over, 1]), None).await, Err(BodyError::TooLarge));
        assert_eq!(
            bodies.read_all(futures::stream::pending::<Result<Bytes, ()>>(), Some(over + 1)).await,
            Err(BodyError::TooLarge)
        );
        assert_eq!(bodies.read_all(futures::stream::iter([Err::<Bytes, _>(())]), None).await, Err(BodyError::Broken));
    }

    #[tokio::test]
    async fn bodies_share_a_room() {
        let bodies = Bodies::new(10, 10);
        let first = bodies.read_all(chunks(&[3, 3]), None).await.unwrap();
        assert_eq!(bodies.read_all(chunks(&[3, 3]), None).await, Err(BodyError::NoRoom));
        let second = bodies.read_all(chunks(&[4]), None).await.unwrap();
        assert_eq!(bodies.read_all(chunks(&[]), None).await.unwrap(), Bytes::new());
        let part = first.slice(..1);
        drop((first, second));
        assert_eq!(bodies.read_all(chunks(&[5]), None).await, Err(BodyError::NoRoom), "a part of it is still needed");
        drop(part);
        assert_eq!(bodies.read_all(chunks(&[5, 5]), None).await.unwrap().len(), 10);
    }
}
