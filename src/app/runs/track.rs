//! A run's track: a log of its own, beside the live topic. It is not trimmed while the run lives and not published; when the
//! run finishes it is compacted into a few sorted entries.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use lru::LruCache;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::app::documents::{parse_standing, standing_name};
use crate::app::runs::aggregate;
use crate::app::runs::record::StoredFix;
use crate::app::transact::{decode, encode};
use crate::app::{App, AppError};
use crate::backend::{Cursor, Replay, Since};
use crate::domain::fix::Fix;
use crate::domain::ids::RunId;
use crate::domain::run::Kept;
use crate::limits;

/// The name of a run's track log.
pub const TOPIC: &str = "fixes";

/// The track as far as it was read, in the order in which it came.
#[derive(Clone, Debug, Default)]
pub struct Track {
    points: Vec<Kept>,
    read_to: Option<Cursor>,
}

/// Tracks that were read lately; reading one again reads only what is new.
pub struct Tracks(Mutex<LruCache<RunId, Arc<Track>>>);

/// One point in the log: the fix, its standing, the run's distance after it.
#[derive(Serialize, Deserialize)]
struct StoredPoint(StoredFix, String, f64);

impl Default for Tracks {
    fn default() -> Self {
        let tracks_len_max = NonZeroUsize::new(limits::TRACKS_LEN_MAX).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(tracks_len_max)))
    }
}

impl Tracks {
    /// It is not there any more.
    pub fn forget(&self, run: RunId) {
        self.0.lock().pop(&run);
    }

    /// Bounded by points as well: the longest tracks are a hundred times as long as the usual ones.
    fn keep(&self, run: RunId, track: Arc<Track>) {
        let mut tracks = self.0.lock();
        tracks.put(run, track);
        let mut points_len: usize = tracks.iter().map(|(_, track)| track.len()).sum();
        while points_len > limits::TRACK_POINTS_LEN_MAX && tracks.len() > 1 {
            let Some((_, oldest)) = tracks.pop_lru() else { return };
            points_len -= oldest.len();
        }
    }
}

impl Track {
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// In the order in which they came.
    pub fn points(&self) -> &[Kept] {
        &self.points
    }

    /// In order of time. Nearly all tracks are as they came; only a late fix makes it necessary to sort.
    pub fn sorted(&self) -> Cow<'_, [Kept]> {
        if self.points.is_sorted_by(|one, other| one.fix.track_order(&other.fix).is_le()) {
            return Cow::Borrowed(&self.points);
        }
        let mut points = self.points.clone();
        points.sort_by(|one, other| one.fix.track_order(&other.fix));
        Cow::Owned(points)
    }
}

/// The fixes as they are stored, for telling one batch from another.
pub fn stored(fixes: &[Fix]) -> Result<Bytes, AppError> {
    encode(&fixes.iter().map(StoredFix::from).collect::<Vec<_>>())
}

/// One entry of the log: what one batch added.
pub fn entry(kept: &[Kept]) -> Result<Bytes, AppError> {
    let point = |kept: &Kept| StoredPoint((&kept.fix).into(), standing_name(kept.standing).to_owned(), kept.distance_m);
    encode(&kept.iter().map(point).collect::<Vec<_>>())
}

/// The whole track in as few entries as may be.
pub fn compacted(points: &[Kept]) -> Result<Vec<Bytes>, AppError> {
    points.chunks(limits::FIXES_LEN_MAX).map(entry).collect()
}

fn read_entry(payload: &[u8], points: &mut Vec<Kept>) -> Result<(), AppError> {
    for StoredPoint(fix, standing, distance_m) in decode::<Vec<StoredPoint>>(payload)? {
        let (Some(fix), Some(standing)) = (fix.read(), parse_standing(&standing)) else {
            tracing::error!("a stored fix cannot be read");
            return Err(AppError::Internal);
        };
        points.push(Kept { fix, standing, distance_m });
    }
    Ok(())
}

impl App {
    /// The run's track as it is stored now.
    pub(in crate::app) async fn track(&self, run: RunId) -> Result<Arc<Track>, AppError> {
        // Taken out, so that it can be made longer in its place.
        let known = self.tracks.0.lock().pop(&run);
        let mut track = known.unwrap_or_default();
        loop {
            let since = track.read_to.clone().map_or(Since::Oldest, Since::Cursor);
            let topic = aggregate(run).topic(TOPIC);
            match self.backend.replay(&topic, &since, limits::TRACK_READ_LEN_MAX).await? {
                // It was compacted since: another epoch.
                Replay::Lost { .. } => track = Arc::default(),
                Replay::Changes { changes, top } => {
                    let whole = changes.last().is_none_or(|last| last.offset == top.offset);
                    let read_to = changes.last().map_or(top.offset, |last| last.offset);
                    if !changes.is_empty() || track.read_to.is_none() {
                        let longer = Arc::make_mut(&mut track);
                        for change in &changes {
                            read_entry(&change.payload, &mut longer.points)?;
                        }
                        longer.read_to = Some(Cursor { epoch: top.epoch, offset: read_to });
                    }
                    if whole {
                        self.tracks.keep(run, track.clone());
                        return Ok(track);
                    }
                }
            }
        }
    }
}
