//! Who listens to which topic, in this process.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::backend::{Heard, Listener, Subscription, Topic};
use crate::limits;

#[derive(Default)]
pub struct Listeners(Mutex<Registry>);

#[derive(Default)]
struct Registry {
    topics: HashMap<Topic, Vec<Listener>>,
    /// When there are so many topics, those that nobody listens to any more are removed: none of them may be told again.
    tidy_len: usize,
    closed: bool,
}

impl Listeners {
    /// From now on, `None` once closed.
    pub fn subscribe(&self, topic: &Topic) -> Option<Subscription> {
        let (listener, subscription) = Subscription::pair(limits::SUBSCRIPTION_LEN_MAX);
        let mut registry = self.0.lock();
        if registry.closed {
            return None;
        }
        registry.tidy();
        let listeners = registry.topics.entry(topic.clone()).or_default();
        listeners.retain(|listener| !listener.is_closed());
        listeners.push(listener);
        Some(subscription)
    }

    /// Tells all who listen to the topic, without waiting for any.
    pub fn tell(&self, topic: &Topic, heard: &Heard) {
        let mut registry = self.0.lock();
        let Some(listeners) = registry.topics.get_mut(topic) else { return };
        listeners.retain(|listener| !listener.is_closed());
        if listeners.is_empty() {
            registry.topics.remove(topic);
            return;
        }
        for listener in listeners {
            listener.tell(heard.clone());
        }
    }

    /// Tells everybody of a gap: it is not known what was written.
    pub fn tell_gap(&self) {
        for listener in self.0.lock().topics.values().flatten() {
            listener.tell(Heard::Gap);
        }
    }

    /// Ends all subscriptions.
    pub fn close(&self) {
        let mut registry = self.0.lock();
        registry.topics.clear();
        registry.closed = true;
    }

    pub fn is_closed(&self) -> bool {
        self.0.lock().closed
    }
}

impl Registry {
    fn tidy(&mut self) {
        if self.topics.len() >= self.tidy_len {
            self.topics.retain(|_, listeners| listeners.iter().any(|listener| !listener.is_closed()));
            self.tidy_len = 2 * self.topics.len().max(32);
        }
    }
}
