//! What a new subscriber is told first: the state now, with the cursor that it covers.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use crate::app::achievements::BoardOf;
use crate::app::channels::Channel;
use crate::app::documents::{RunDocument, SnapshotDocument, TrackDocument};
use crate::app::runs::{RunRecord, aggregate};
use crate::app::transact::encode;
use crate::app::users::Caller;
use crate::app::workers::away;
use crate::app::{App, AppError};
use crate::backend::{Cursor, Epoch, Replay, Since, Topic};
use crate::domain::geo::Place;
use crate::domain::ids::{EventId, RunId};
use crate::domain::run::{Kept, Standing};
use crate::domain::track::simplify;
use crate::limits;

/// What a new subscriber is told: the state that `cursor` covers.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// A JSON document; `None` where there is nothing to tell.
    pub data: Option<Bytes>,
    pub cursor: Cursor,
}

/// Encoded snapshots, each made once for the state that it shows.
pub struct Snapshots(Mutex<LruCache<Channel, (Version, Cell)>>);

/// The topic's offset, and what else tells one state of what it shows from another: how many fixes a track has, which state
/// an event is in by the clock.
type Version = (Epoch, u64, u64);
type Cell = Arc<OnceCell<Bytes>>;

impl Default for Snapshots {
    fn default() -> Self {
        let snapshots_len_max = NonZeroUsize::new(limits::SNAPSHOTS_LEN_MAX).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(snapshots_len_max)))
    }
}

impl Snapshots {
    /// Where the encoded snapshot of this version is, or will be.
    fn cell(&self, channel: Channel, version: Version) -> Cell {
        let mut snapshots = self.0.lock();
        match snapshots.get(&channel) {
            Some((known, cell)) if *known == version => cell.clone(),
            _ => {
                let cell = Cell::default();
                snapshots.put(channel, (version, cell.clone()));
                cell
            }
        }
    }
}

impl App {
    /// The state now, with the cursor that it covers. Many subscribers at one state cost one encoding.
    pub async fn snapshot(&self, channel: &Channel) -> Result<Snapshot, AppError> {
        match channel {
            Channel::Run(run) => self.run_snapshot(*run).await,
            Channel::Event(event) => self.event_snapshot(*event).await,
            Channel::Leaderboard(of) => self.board_snapshot(of).await,
            Channel::User(_) | Channel::Link(_) | Channel::Positions(_) | Channel::Map(_) | Channel::Open(_) => {
                Ok(Snapshot { data: None, cursor: self.top(&channel.topic()).await? })
            }
        }
    }

    /// Where a topic stands.
    pub(in crate::app) async fn top(&self, topic: &Topic) -> Result<Cursor, AppError> {
        match self.backend.replay(topic, &Since::Oldest, 0).await? {
            Replay::Changes { top, .. } | Replay::Lost { top } => Ok(top),
        }
    }

    async fn run_snapshot(&self, run: RunId) -> Result<Snapshot, AppError> {
        let record = self.runs.read(&aggregate(run)).await?.ok_or(AppError::NotFound("run"))?;
        let Cursor { epoch, .. } = self.top(&aggregate(run).topic("")).await?;
        // The snapshot is for everybody who may see the run, and so tells what everybody may know.
        let events = self.seen_events(&Caller::Anonymous, record.run.event.into_iter().collect()).await?;
        let version = record.track_len << 1 | u64::from(!events.is_empty());
        let cell = self.snapshots.cell(Channel::Run(run), (epoch.clone(), record.offset, version));
        let data = cell.get_or_try_init(|| self.encode_snapshot(&record, &events)).await?.clone();
        let data = SnapshotDocument::at(&data, self.clock.now()).into();
        let cursor = Cursor { epoch, offset: record.offset };
        Ok(Snapshot { data: Some(data), cursor })
    }

    async fn event_snapshot(&self, event: EventId) -> Result<Snapshot, AppError> {
        let aggregate = crate::app::events::aggregate(event);
        let record = self.events.read(&aggregate).await?.ok_or(AppError::NotFound("event"))?;
        let Cursor { epoch, .. } = self.top(&aggregate.topic("")).await?;
        let now = self.clock.now();
        let state = record.event.state_at(now) as u64;
        let cell = self.snapshots.cell(Channel::Event(event), (epoch.clone(), record.offset, state));
        let cursor = Cursor { epoch, offset: record.offset };
        let encoded = cell.get_or_try_init(|| self.encode_with_roster(&record, &cursor, now)).await?;
        let data = SnapshotDocument::at(encoded, now).into();
        Ok(Snapshot { data: Some(data), cursor })
    }

    /// The standings as they are now, which is within a second of what was told last.
    async fn board_snapshot(&self, of: &BoardOf) -> Result<Snapshot, AppError> {
        let channel = Channel::Leaderboard(of.clone());
        let cursor = self.top(&channel.topic()).await?;
        let second = u64::try_from(self.clock.now().as_millis() / 1_000).unwrap_or_default();
        let cell = self.snapshots.cell(channel, (cursor.epoch.clone(), cursor.offset, second));
        let nobody = BTreeSet::new();
        let data = cell.get_or_try_init(|| self.standings_now(of, &nobody)).await?.clone();
        Ok(Snapshot { data: Some(data), cursor })
    }

    async fn encode_snapshot(&self, record: &RunRecord, events: &BTreeSet<EventId>) -> Result<Bytes, AppError> {
        let name = self.name_of(&record.run.owner).await?;
        let track = self.drawn_track(record).await?;
        let run = RunDocument::of(&record.run, &name).with_splits(&record.run);
        let run = run.telling(|event| events.contains(&event), &record.run);
        encode(&SnapshotDocument { run, track })
    }

    /// The line of a run, as it is drawn.
    pub(in crate::app) async fn drawn_track(&self, record: &RunRecord) -> Result<TrackDocument, AppError> {
        let track = self.track(record.run.id).await?;
        // What came since the record was read is heard after the snapshot.
        let covered = usize::try_from(record.track_len).unwrap_or(usize::MAX);
        match track.len() {
            0..limits::TRACK_INLINE_LEN_MAX => Ok(drawn(track.points(), covered)),
            _ => away(move || drawn(track.points(), covered)).await,
        }
    }
}

/// The first `covered` points as a line to be drawn.
fn drawn(points: &[Kept], covered: usize) -> TrackDocument {
    let is_drawn = |kept: &&Kept| !matches!(kept.standing, Standing::Poor | Standing::Suspect | Standing::Implausible);
    let mut points: Vec<Kept> = points.iter().take(covered).filter(is_drawn).copied().collect();
    points.sort_by(|one, other| one.fix.track_order(&other.fix));
    let places: Vec<Place> = points.iter().map(|kept| kept.fix.place).collect();
    let chosen = simplify(&places, limits::SNAPSHOT_TRACK_LEN_MAX);
    let point = |&index: &usize| {
        let Kept { fix, distance_m, .. } = &points[index];
        let (latitude, longitude) = (fix.place.latitude.degrees(), fix.place.longitude.degrees());
        (fix.time.as_millis(), latitude, longitude, fix.elevation_m, (distance_m * 100.0).round() / 100.0)
    };
    TrackDocument { simplified: chosen.len() < points.len(), fixes: chosen.iter().map(point).collect() }
}
