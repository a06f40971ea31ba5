//! Who listens to which channel, in this process: one line for each channel, however many listeners it has.
//!
//! Messages are handed on where they arrive, without waiting for anybody. Each line looks whether its offsets follow one
//! another: what is missing is told as a gap.

use std::collections::HashMap;

use bytes::Bytes;
use parking_lot::Mutex;
use prometheus_client::metrics::gauge::Gauge;

use crate::backend::{Cursor, Epoch, Heard, Listener, Subscription};
use crate::limits;

pub struct Lines(Mutex<Registry>);

#[derive(Default)]
struct Registry {
    lines: HashMap<Bytes, Line>,
    /// How many there are.
    len: Gauge,
    /// The number of the connection that is heard; what others still deliver comes too late.
    connection: u64,
    closed: bool,
}

#[derive(Default)]
struct Line {
    listeners: Vec<Listener>,
    /// Those who hear from the next confirmation on: what arrives before it may be older than their wish.
    waiting: Vec<Waiting>,
    /// The last change heard with an offset.
    last: Option<Cursor>,
}

struct Waiting {
    listener: Listener,
    /// Redis is being asked since they came.
    is_asked: bool,
}

impl Lines {
    pub fn new(len: Gauge) -> Self {
        Self(Mutex::new(Registry { len, ..Registry::default() }))
    }

    /// Hears once Redis has been asked and has confirmed it; `None` when the store is closed.
    pub fn listen(&self, channel: &Bytes) -> Option<Subscription> {
        let (listener, subscription) = Subscription::pair(limits::SUBSCRIPTION_LEN_MAX);
        let mut registry = self.0.lock();
        if registry.closed {
            return None;
        }
        let line = registry.lines.entry(channel.clone()).or_default();
        line.tidy();
        line.waiting.push(Waiting { listener, is_asked: false });
        registry.count();
        Some(subscription)
    }

    /// Which of these channels somebody waits for; Redis is to be asked for them now.
    pub fn ask(&self, channels: impl IntoIterator<Item = Bytes>) -> Vec<Bytes> {
        let mut registry = self.0.lock();
        let mut asked = |channel: &Bytes| match registry.lines.get_mut(channel) {
            Some(line) => line.ask(),
            None => false,
        };
        channels.into_iter().filter(|channel| asked(channel)).collect()
    }

    /// All channels; Redis is to be asked for them now.
    pub fn ask_for_all(&self) -> Vec<Bytes> {
        let mut registry = self.0.lock();
        for line in registry.lines.values_mut() {
            line.ask();
        }
        registry.lines.keys().cloned().collect()
    }

    /// Redis tells of this channel from now on.
    pub fn confirm(&self, connection: u64, channel: &[u8]) {
        let mut registry = self.0.lock();
        if registry.connection != connection {
            return;
        }
        let Some(line) = registry.lines.get_mut(channel) else { return };
        let confirmed = line.waiting.extract_if(.., |waiting| waiting.is_asked);
        line.listeners.extend(confirmed.map(|waiting| waiting.listener));
    }

    /// Removes the lines that nobody listens to any more, and says which channels they were.
    pub fn sweep(&self) -> Vec<Bytes> {
        let mut swept = Vec::new();
        let mut registry = self.0.lock();
        registry.lines.retain(|channel, line| {
            line.tidy();
            let is_wanted = !line.listeners.is_empty() || !line.waiting.is_empty();
            if !is_wanted {
                swept.push(channel.clone());
            }
            is_wanted
        });
        registry.count();
        swept
    }

    /// From now on nothing is heard but from the connection of this number.
    pub fn change_connection(&self, connection: u64) {
        let mut registry = self.0.lock();
        registry.connection = connection;
        for line in registry.lines.values_mut() {
            line.last = None;
            line.waiting.iter_mut().for_each(|waiting| waiting.is_asked = false);
        }
    }

    /// Tells everybody that something may have been missed.
    pub fn tell_gap(&self) {
        for line in self.0.lock().lines.values_mut() {
            line.last = None;
            line.tell(&Heard::Gap);
        }
    }

    /// Hands a message on, if it came by the connection that is heard.
    pub fn hear(&self, connection: u64, channel: &[u8], message: Bytes) {
        let mut registry = self.0.lock();
        if registry.connection != connection {
            return;
        }
        let Some(line) = registry.lines.get_mut(channel) else { return };
        match line.parse(message) {
            Some((cursor, payload)) => line.hear(cursor, payload),
            None => {
                tracing::warn!("a message that cannot be read came by a channel of the store");
                line.tell(&Heard::Gap);
            }
        }
    }

    /// Ends all subscriptions.
    pub fn close(&self) {
        let mut registry = self.0.lock();
        registry.lines.clear();
        registry.count();
        registry.closed = true;
    }
}

impl Registry {
    fn count(&self) {
        self.len.set(i64::try_from(self.lines.len()).unwrap_or(i64::MAX));
    }
}

impl Line {
    fn tidy(&mut self) {
        self.listeners.retain(|listener| !listener.is_closed());
        self.waiting.retain(|waiting| !waiting.listener.is_closed());
    }

    /// Whether anybody waits; they hear from the next confirmation on.
    fn ask(&mut self) -> bool {
        self.waiting.iter_mut().for_each(|waiting| waiting.is_asked = true);
        !self.waiting.is_empty()
    }

    /// Eight letters of the epoch, the offset, a space, the payload.
    fn parse(&self, message: Bytes) -> Option<(Cursor, Bytes)> {
        let (letters, rest) = message.split_first_chunk::<8>()?;
        let digits_len = rest.iter().take(20).position(|byte| *byte == b' ')?;
        let offset = std::str::from_utf8(&rest[..digits_len]).ok()?.parse().ok()?;
        let epoch = match &self.last {
            Some(last) if last.epoch.0.as_bytes() == letters => last.epoch.clone(),
            _ => Epoch(std::str::from_utf8(letters).ok()?.into()),
        };
        Some((Cursor { epoch, offset }, message.slice(8 + digits_len + 1..)))
    }

    fn hear(&mut self, cursor: Cursor, payload: Bytes) {
        if cursor.offset > 0 {
            let follows = match &self.last {
                Some(last) if last.epoch == cursor.epoch => cursor.offset == last.offset + 1,
                Some(_) => cursor.offset == 1,
                None => true,
            };
            if !follows {
                self.tell(&Heard::Gap);
            }
            self.last = Some(cursor.clone());
        }
        self.tell(&Heard::Change { cursor, payload });
    }

    fn tell(&self, heard: &Heard) {
        self.listeners.iter().for_each(|listener| listener.tell(heard.clone()));
    }
}
