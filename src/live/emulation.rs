//! What clients post beside a connection that carries no words of theirs: to the instance that knows the mailbox, which need
//! not be the one that the client has come to.
//!
//! What was posted elsewhere comes by a letter, and so does the word whether it was taken. Anybody may post anything to
//! anybody: no letter goes out, and no place is taken, but for an instance that is alive.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use futures::{StreamExt as _, stream};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::app::AppError;
use crate::limits;
use crate::live::Live;
use crate::live::mailboxes::Delivery;
use crate::live::protocol::{Mailbox, Posted};

/// Posts that wait for another instance's word.
#[derive(Default)]
pub struct Waiting(Mutex<State>);

#[derive(Default)]
struct State {
    number: u64,
    by_number: HashMap<u64, oneshot::Sender<Delivery>>,
    /// How many of them wait for each instance.
    by_node: HashMap<Arc<str>, usize>,
}

/// A place among those who wait. Dropping it is waiting no longer.
struct Wait {
    waiting: Arc<Waiting>,
    number: u64,
    node: Arc<str>,
    word: oneshot::Receiver<Delivery>,
}

/// The head of a letter, one line of JSON; what was posted stands behind it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Head {
    Post { from: String, number: u64, session: String },
    Answer { number: u64, delivery: Delivery },
}

impl Live {
    /// Puts what was posted into its mailbox, wherever that is.
    pub(super) async fn post(&self, posted: Posted) -> Result<Delivery, AppError> {
        let Posted { mailbox: Mailbox { session, node }, commands } = posted;
        if node == self.app.node() {
            return Ok(self.mailboxes.deliver(&session, commands));
        }
        if Uuid::try_parse(&session).is_err() || !self.app.has_node(&node).await? {
            return Ok(Delivery::Unknown);
        }
        let Some(mut wait) = Waiting::begin(&self.waiting, &node) else { return Ok(Delivery::Full) };
        let head = Head::Post { from: self.app.node().to_owned(), number: wait.number, session };
        self.app.send_letter(&node, letter(&head, &commands)).await?;
        match tokio::time::timeout(limits::LETTER_WAIT, &mut wait.word).await {
            Ok(Ok(delivery)) => Ok(delivery),
            // It is there no more.
            Ok(Err(_)) | Err(_) => Ok(Delivery::Unknown),
        }
    }

    /// Takes what other instances send, until the process ends.
    pub(super) async fn hear_letters(self: Arc<Self>) {
        let work = async {
            loop {
                match self.app.letters().await {
                    Ok(letters) => {
                        let _ = self.hears_letters.set(());
                        let letters =
                            stream::unfold(letters, async |mut letters| Some((letters.next().await?, letters)));
                        let answers = letters.map(|letter| self.open_letter(letter));
                        answers.buffer_unordered(limits::LETTERS_AT_ONCE).for_each(async |()| {}).await;
                    }
                    Err(error) => tracing::warn!(%error, "other instances cannot be heard yet; it is tried again"),
                }
                tokio::time::sleep(limits::LETTERS_PAUSE).await;
            }
        };
        tokio::select! {
            biased;
            () = self.app.workers.closing().cancelled() => {}
            () = work => {}
        }
    }

    /// Does at once what a letter says, in the order in which letters come; the answer goes out when it can.
    fn open_letter(&self, mut letter: Bytes) -> impl Future<Output = ()> {
        let answer = match read_head(&mut letter) {
            Some(Head::Post { from, number, session }) => {
                let delivery = self.mailboxes.deliver(&session, letter);
                Some((from, Head::Answer { number, delivery }))
            }
            Some(Head::Answer { number, delivery }) => {
                self.waiting.end(number, delivery);
                None
            }
            None => {
                tracing::warn!("a letter of another instance cannot be read: is it of another version?");
                None
            }
        };
        async move {
            if let Some((to, answer)) = answer
                && let Err(error) = self.app.send_letter(&to, self::letter(&answer, &[])).await
            {
                tracing::warn!(%error, "another instance could not be answered");
            }
        }
    }
}

fn letter(head: &Head, body: &[u8]) -> Bytes {
    let mut letter = serde_json::to_vec(head).unwrap_or_default();
    letter.push(b'\n');
    letter.extend_from_slice(body);
    letter.into()
}

/// Takes the head off the front of a letter.
fn read_head(letter: &mut Bytes) -> Option<Head> {
    let end = letter.iter().position(|byte| *byte == b'\n')?;
    let head = serde_json::from_slice(&letter.split_to(end)).ok()?;
    letter.advance(1);
    Some(head)
}

impl Waiting {
    fn begin(waiting: &Arc<Self>, node: &str) -> Option<Wait> {
        let (sender, word) = oneshot::channel();
        let mut state = waiting.0.lock();
        let for_node = state.by_node.get(node).copied().unwrap_or(0);
        if state.by_number.len() >= limits::LETTERS_WAITING_MAX || for_node >= limits::LETTERS_WAITING_PER_NODE_MAX {
            return None;
        }
        let node: Arc<str> = node.into();
        state.by_node.insert(node.clone(), for_node + 1);
        state.number += 1;
        let number = state.number;
        state.by_number.insert(number, sender);
        Some(Wait { waiting: waiting.clone(), number, node, word })
    }

    fn end(&self, number: u64, delivery: Delivery) {
        if let Some(sender) = self.0.lock().by_number.remove(&number) {
            // Who has gone meanwhile needs no word.
            let _ = sender.send(delivery);
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut state = self.waiting.0.lock();
        state.by_number.remove(&self.number);
        if let Entry::Occupied(mut waits) = state.by_node.entry(self.node.clone()) {
            *waits.get_mut() -= 1;
            if *waits.get() == 0 {
                waits.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_instance_takes_no_more_than_its_part_of_the_places() {
        let waiting = Arc::<Waiting>::default();
        let for_dead: Vec<_> =
            (0..=limits::LETTERS_WAITING_PER_NODE_MAX).map_while(|_| Waiting::begin(&waiting, "dead")).collect();
        assert_eq!(for_dead.len(), limits::LETTERS_WAITING_PER_NODE_MAX);
        assert!(Waiting::begin(&waiting, "alive").is_some());
        drop(for_dead);
        assert!(Waiting::begin(&waiting, "dead").is_some());
        assert!(waiting.0.lock().by_node.is_empty());
    }
}
