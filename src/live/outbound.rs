//! The way out of one connection: a bounded queue of shared bytes in front of its socket, or of the body of an answer.
//!
//! Whoever has something to say writes to the socket at once, in its own thread, as long as nothing waits. What the
//! kernel does not take is queued, and the connection's task drains it. A body's bytes are all queued: who writes the body
//! takes them as its reader does ([`Outbound::poll_next`]). Everything happens under one short lock, so that order holds,
//! nothing follows a close frame, and no wake-up is lost. The queue knows bytes, not what they mean.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::{Buf as _, Bytes};
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::net::TcpStream;

use crate::limits;
use crate::live::{disconnect, frame};

pub struct Outbound {
    way: Way,
    state: Mutex<State>,
}

enum Way {
    Socket(TcpStream),
    Body(Box<Body>),
}

struct Body {
    /// Of who writes the body.
    waker: AtomicWaker,
    /// What is said to a reader that is too slow.
    too_slow: Bytes,
}

struct State {
    queue: VecDeque<Waiting>,
    /// Bytes in `queue`.
    waiting: usize,
    /// The first of `queue` was written in part: the rest must follow, whatever else is dropped.
    head_is_cut: bool,
    phase: Phase,
    was_slow: bool,
    /// What is said waits for more of it: see [`Outbound::hold`].
    is_held: bool,
    /// Of the connection's task.
    waker: Option<Waker>,
}

/// Whole frames that wait, or what is left of them.
struct Waiting {
    frames: Bytes,
    /// Of the kind of which only the newest is needed; 0: all are.
    kind: u32,
}

/// How far a connection's life has gone. It only ever moves down this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Open,
    /// The close frame is written or queued: nothing can follow it.
    Closing,
    /// The socket is of no more use.
    Dead,
}

/// What [`Outbound::poll_drain`] has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    pub phase: Phase,
    pub is_empty: bool,
}

/// The connection was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection was given up")]
pub struct Aborted;

impl Outbound {
    pub fn to_socket(stream: TcpStream) -> Self {
        Self::by(Way::Socket(stream))
    }

    /// `too_slow`: the last words to a reader who does not keep up.
    pub fn to_body(too_slow: Bytes) -> Self {
        Self::by(Way::Body(Box::new(Body { waker: AtomicWaker::new(), too_slow })))
    }

    fn by(way: Way) -> Self {
        let state = State {
            queue: VecDeque::new(),
            waiting: 0,
            head_is_cut: false,
            phase: Phase::Open,
            was_slow: false,
            is_held: false,
            waker: None,
        };
        Self { way, state: Mutex::new(state) }
    }

    /// `None` when the bytes go into a body.
    pub fn socket(&self) -> Option<&TcpStream> {
        match &self.way {
            Way::Socket(stream) => Some(stream),
            Way::Body(_) => None,
        }
    }

    pub fn phase(&self) -> Phase {
        self.state.lock().phase
    }

    /// The reader was too slow: the connection closes, or has closed, for that.
    pub fn was_slow(&self) -> bool {
        self.state.lock().was_slow
    }

    /// Says these whole frames.
    pub fn push(&self, frames: &Bytes) {
        self.state.lock().push(&self.way, frames, 0);
    }

    /// Says these whole frames unless `cancelled`. Asked under the lock: see [`Outbound::cancel`].
    pub fn push_unless(&self, cancelled: &AtomicBool, frames: &Bytes) {
        let mut state = self.state.lock();
        if !cancelled.load(Ordering::Relaxed) {
            state.push(&self.way, frames, 0);
        }
    }

    /// As [`Outbound::push_unless`], for frames of a kind (not 0) of which each newer one is worth more: if one of this kind still
    /// waits, whole, it is taken back, and `instead` is said, which says all that both say. `None`: what waits stays, and the
    /// newer follows it.
    pub fn push_newest(
        &self,
        cancelled: &AtomicBool,
        kind: u32,
        frames: &Bytes,
        instead: impl FnOnce() -> Option<Bytes>,
    ) {
        let mut state = self.state.lock();
        if cancelled.load(Ordering::Relaxed) {
            return;
        }
        let first = usize::from(state.head_is_cut);
        let waits = state.queue.iter().skip(first).position(|waiting| waiting.kind == kind);
        match waits.and_then(|index| Some((first + index, instead()?))) {
            Some((index, whole)) => {
                let taken_back = state.queue.remove(index).map_or(0, |waiting| waiting.frames.len());
                state.waiting -= taken_back;
                state.push(&self.way, &whole, kind);
            }
            None => state.push(&self.way, frames, kind),
        }
    }

    /// Sets `cancelled` and says `last`: nothing that heeds the flag comes after it. False when it was set already;
    /// `last` is then not said.
    pub fn cancel(&self, cancelled: &AtomicBool, last: &Bytes) -> bool {
        let mut state = self.state.lock();
        let is_first = !cancelled.swap(true, Ordering::Relaxed);
        if is_first {
            state.push(&self.way, last, 0);
        }
        is_first
    }

    /// Says the last words and the close frame; a body has none, and just ends. What waits is still sent.
    pub fn close(&self, words: Option<&Bytes>, close: &Bytes) {
        let mut state = self.state.lock();
        if let Some(words) = words {
            state.push(&self.way, words, 0);
        }
        match &self.way {
            Way::Socket(_) => state.push(&self.way, close, 0),
            Way::Body(body) if state.phase == Phase::Open => {
                state.phase = Phase::Closing;
                body.waker.wake();
            }
            Way::Body(_) => {}
        }
        state.wake();
    }

    /// From now on what is said waits, so that what belongs together leaves together. For the connection's task alone, which
    /// lets it go and drains it before it rests.
    pub fn hold(&self) {
        if let Way::Socket(_) = self.way {
            let mut state = self.state.lock();
            // Of a reader who does not keep up something waits anyway, which is shared with others and stays as it is.
            state.is_held = state.queue.is_empty();
        }
    }

    /// What waits may go, in as few frames as it takes.
    pub fn let_go(&self) {
        self.state.lock().let_go();
    }

    /// So much waits that the reader should be asked for nothing more. The connection's task is woken when that is over, unless
    /// it drains by itself.
    pub fn is_pressed(&self) -> bool {
        self.state.lock().is_pressed()
    }

    /// Wakes the connection's task.
    pub fn wake(&self) {
        self.state.lock().wake();
    }

    /// Gives up: the socket is reset and what waits is dropped.
    pub fn abort(&self) {
        let mut state = self.state.lock();
        if state.phase != Phase::Dead {
            state.die();
            match &self.way {
                // A reset, so that the kernel does not keep what the peer never read.
                Way::Socket(stream) => drop(stream.set_zero_linger()),
                Way::Body(body) => body.waker.wake(),
            }
        }
    }

    /// What comes next in the body; its end, after which the connection is over.
    ///
    /// # Errors
    /// The connection was given up: the body breaks off.
    pub fn poll_next(&self, context: &mut Context) -> Poll<Option<Result<Bytes, Aborted>>> {
        if let Way::Body(body) = &self.way {
            body.waker.register(context.waker());
        }
        let mut state = self.state.lock();
        match (state.phase, state.queue.pop_front()) {
            (Phase::Dead, _) => Poll::Ready(Some(Err(Aborted))),
            (_, Some(Waiting { frames: bytes, .. })) => {
                let was_pressed = state.is_pressed();
                state.waiting -= bytes.len();
                if was_pressed && !state.is_pressed() {
                    state.wake();
                }
                if state.queue.is_empty() {
                    state.queue = VecDeque::new();
                }
                Poll::Ready(Some(Ok(bytes)))
            }
            (Phase::Open, None) => Poll::Pending,
            (Phase::Closing, None) => {
                state.die();
                Poll::Ready(None)
            }
        }
    }

    /// Writes what waits. Keeps the task's waker: whatever changes from now on wakes it.
    pub fn poll_drain(&self, context: &mut Context) -> Drained {
        let mut state = self.state.lock();
        if state.waker.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
            state.waker = Some(context.waker().clone());
        }
        let Way::Socket(stream) = &self.way else {
            return Drained { phase: state.phase, is_empty: state.queue.is_empty() };
        };
        while state.phase != Phase::Dead && !state.queue.is_empty() {
            match stream.poll_write_ready(context) {
                Poll::Pending => break,
                Poll::Ready(Ok(())) => state.write_waiting(stream),
                Poll::Ready(Err(_)) => state.die(),
            }
        }
        Drained { phase: state.phase, is_empty: state.queue.is_empty() }
    }
}

impl State {
    fn push(&mut self, way: &Way, frames: &Bytes, kind: u32) {
        if self.phase != Phase::Open || frames.is_empty() {
            return;
        }
        match way {
            Way::Socket(stream) => self.write(stream, frames, kind),
            Way::Body(body) => {
                if !self.queue.is_empty() && self.waiting + frames.len() > limits::OUTBOUND_BYTES_MAX {
                    self.give_up_on_slow_reader(body.too_slow.clone());
                } else {
                    self.queue(frames.clone(), kind);
                }
                body.waker.wake();
            }
        }
    }

    fn write(&mut self, stream: &TcpStream, frames: &Bytes, kind: u32) {
        if frame::is_close(frames) {
            self.phase = Phase::Closing;
        }
        if self.is_held && self.waiting + frames.len() > limits::JOINED_FRAME_BYTES_MAX {
            // No reason to wait any longer.
            self.let_go();
            if !self.queue.is_empty() {
                self.write_waiting(stream);
            }
        }
        if self.queue.is_empty() && !self.is_held {
            match stream.try_write(frames) {
                Ok(written) if written == frames.len() => {}
                Ok(written) => {
                    self.head_is_cut = written > 0;
                    self.queue(frames.slice(written..), kind);
                    self.wake();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.queue(frames.clone(), kind);
                    self.wake();
                }
                Err(_) => self.die(),
            }
        } else if self.waiting + frames.len() > limits::OUTBOUND_BYTES_MAX {
            self.give_up_on_slow_reader(frame::close(disconnect::SLOW));
        } else {
            self.queue(frames.clone(), kind);
        }
    }

    fn is_pressed(&self) -> bool {
        self.waiting > limits::OUTBOUND_PRESSED_BYTES
    }

    fn let_go(&mut self) {
        if std::mem::take(&mut self.is_held) && self.queue.len() > 1 && !self.head_is_cut {
            let frames = std::mem::take(&mut self.queue).into_iter().map(|waiting| waiting.frames);
            self.queue = frame::join(frames).into_iter().map(|frames| Waiting { frames, kind: 0 }).collect();
            self.count();
        }
    }

    fn queue(&mut self, frames: Bytes, kind: u32) {
        self.waiting += frames.len();
        self.queue.push_back(Waiting { frames, kind });
    }

    fn count(&mut self) {
        self.waiting = self.queue.iter().map(|waiting| waiting.frames.len()).sum();
    }

    /// Drops all that can be dropped, and closes: the client comes back and recovers by its cursors.
    fn give_up_on_slow_reader(&mut self, last: Bytes) {
        self.queue.truncate(usize::from(self.head_is_cut));
        self.count();
        self.queue(last, 0);
        self.phase = Phase::Closing;
        self.was_slow = true;
        self.wake();
    }

    fn write_waiting(&mut self, stream: &TcpStream) {
        let mut slices = [IoSlice::new(&[]); limits::WRITE_SLICES_MAX];
        let count = self.queue.len().min(slices.len());
        for (slice, waiting) in slices.iter_mut().zip(&self.queue) {
            *slice = IoSlice::new(&waiting.frames);
        }
        match stream.try_write_vectored(&slices[..count]) {
            Ok(written) => self.advance(written),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.die(),
        }
    }

    fn advance(&mut self, mut written: usize) {
        self.waiting -= written;
        while let Some(Waiting { frames: head, .. }) = self.queue.front_mut() {
            if written < head.len() {
                self.head_is_cut |= written > 0;
                head.advance(written);
                return;
            }
            written -= head.len();
            self.head_is_cut = false;
            self.queue.pop_front();
        }
        // An idle connection holds no queue.
        self.queue = VecDeque::new();
    }

    fn die(&mut self) {
        self.phase = Phase::Dead;
        self.queue = VecDeque::new();
        self.waiting = 0;
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests;
