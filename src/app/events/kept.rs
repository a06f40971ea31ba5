//! What a subscriber to an event is told first: the event with its roster, and for long rosters how they stood when they were last
//! told. One more who joins or leaves does not have ten thousand entries read again.
//!
//! Nothing of it holds an async thread up: entries are read a few at a time, and what is long is put together aside.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use serde::Deserialize;

use crate::app::documents::EventSnapshotDocument;
use crate::app::events::record::{EventRecord, Participant, participant};
use crate::app::events::{aggregate, document, indexes};
use crate::app::transact::{decode, encode};
use crate::app::workers::away;
use crate::app::{App, AppError};
use crate::backend::{Cursor, Range, Replay, Since};
use crate::domain::ids::{EventId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

/// Bytes of a row of the roster besides the name and the id: brackets, quotes and the number.
const ROSTER_ROW_BYTES: usize = 16;

/// Id and name of each participant, by number.
type Roster = BTreeMap<u32, (Arc<str>, Arc<str>)>;

/// Long rosters, each as it was at a place of its event's topic.
pub struct KeptRosters(Mutex<LruCache<EventId, (Cursor, Arc<Roster>)>>);

/// What a change of an event says of its roster.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Moved {
    Joined {
        number: u32,
        user: Named,
    },
    Left {
        number: u32,
    },
    #[serde(other)]
    Another,
}

#[derive(Deserialize)]
struct Named {
    id: String,
    name: String,
}

impl Default for KeptRosters {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(limits::ROSTERS_KEPT_LEN_MAX).unwrap_or(NonZeroUsize::MIN))))
    }
}

impl KeptRosters {
    fn get(&self, event: EventId) -> Option<(Cursor, Arc<Roster>)> {
        self.0.lock().get(&event).cloned()
    }

    fn put(&self, event: EventId, at: Cursor, roster: Arc<Roster>) {
        if roster.len() > limits::ROSTER_INLINE_LEN_MAX {
            self.0.lock().put(event, (at, roster));
        } else {
            self.0.lock().pop(&event);
        }
    }
}

impl App {
    /// The event and all who participate, as far as they go in one reply: an encoded [`EventSnapshotDocument`]. `cursor`: what the
    /// record covers.
    pub(in crate::app) async fn encode_with_roster(
        &self,
        record: &EventRecord,
        cursor: &Cursor,
        now: Timestamp,
    ) -> Result<Bytes, AppError> {
        let event = record.event.id;
        let (roster, changes) = match self.known_roster(event, cursor).await? {
            Some(known) => known,
            None => (Arc::new(self.read_roster(record).await?), Vec::new()),
        };
        let is_long = roster.len() > limits::ROSTER_INLINE_LEN_MAX;
        let mut document = EventSnapshotDocument { event: document(record, now), roster: Vec::new(), complete: true };
        let work = move || -> Result<_, AppError> {
            let roster = moved(roster, &changes)?;
            (document.roster, document.complete) = told(&roster);
            Ok((roster, encode(&document)?))
        };
        let (roster, encoded) = if is_long { away(work).await?? } else { work()? };
        self.rosters.put(event, cursor.clone(), roster);
        Ok(encoded)
    }

    /// A roster that is kept, and what has happened since; `None` if it must be read.
    async fn known_roster(
        &self,
        event: EventId,
        cursor: &Cursor,
    ) -> Result<Option<(Arc<Roster>, Vec<Bytes>)>, AppError> {
        let Some((at, roster)) = self.rosters.get(event) else { return Ok(None) };
        let behind = cursor.offset.checked_sub(at.offset).filter(|_| at.epoch == cursor.epoch);
        let Some(behind) = behind.and_then(|behind| usize::try_from(behind).ok()) else { return Ok(None) };
        match behind {
            0 => return Ok(Some((roster, Vec::new()))),
            1..=limits::ROSTER_CHANGES_LEN_MAX => {}
            _ => return Ok(None),
        }
        match self.backend.replay(&aggregate(event).topic(""), &Since::Cursor(at), behind).await? {
            Replay::Changes { changes, .. } if changes.len() == behind => {
                Ok(Some((roster, changes.into_iter().map(|change| change.payload).collect())))
            }
            Replay::Changes { .. } | Replay::Lost { .. } => Ok(None),
        }
    }

    async fn read_roster(&self, record: &EventRecord) -> Result<Roster, AppError> {
        let event = record.event.id;
        let range = Range::all(indexes::roster(event), limits::EVENT_PARTICIPANTS_MAX as usize);
        let members = self.backend.range(&range).await?.members;
        // What came since the record was read is heard after the snapshot.
        let covered = members.into_iter().filter(|(number, _)| *number <= i64::from(record.event.last_number));
        let members: Vec<_> = covered.map(|(_, member)| member).collect();
        let mut roster = Roster::new();
        for members in members.chunks(limits::ROSTER_READ_LEN) {
            let entries: Vec<(UserId, Participant)> = self.entries(event, members, participant).await?;
            for (user, Participant { number, name, .. }) in entries {
                if number <= record.event.last_number {
                    roster.insert(number, (user.as_str().into(), name.into()));
                }
            }
            tokio::task::yield_now().await;
        }
        Ok(roster)
    }
}

/// The roster after these changes.
fn moved(mut roster: Arc<Roster>, changes: &[Bytes]) -> Result<Arc<Roster>, AppError> {
    for change in changes {
        match decode(change)? {
            Moved::Joined { number, user } => {
                drop(Arc::make_mut(&mut roster).insert(number, (user.id.into(), user.name.into())))
            }
            Moved::Left { number } => drop(Arc::make_mut(&mut roster).remove(&number)),
            Moved::Another => {}
        }
    }
    Ok(roster)
}

/// As much of it as goes in one reply, and whether that is everybody.
fn told(roster: &Roster) -> (Vec<(u32, String, String)>, bool) {
    let (mut rows, mut bytes) = (Vec::with_capacity(roster.len()), 0);
    for (number, (id, name)) in roster {
        bytes += id.len() + name.len() + ROSTER_ROW_BYTES;
        if bytes > limits::SNAPSHOT_ROSTER_BYTES_MAX {
            return (rows, false);
        }
        rows.push((*number, id.to_string(), name.to_string()));
    }
    (rows, true)
}
