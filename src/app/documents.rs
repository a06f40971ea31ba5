//! The JSON documents that our REST API, the socket and the SDKs share: one shape for a fix, a run and a change.
//!
//! Knows no family's envelope and no protocol's frame. Optional members are left out, save where `null` says something.

mod achievements;
mod calendar;
mod challenges;
mod edit;
mod events;
mod habits;
mod line;
mod links;
mod names;
mod parse;
mod people;
mod tokens;

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::app::AppError;
use crate::domain::fix::{Fix, Readings};
use crate::domain::geo::Place;
use crate::domain::ids::EventId;
use crate::domain::run::{Kept, Run, Split, Tally};
use crate::domain::time::Timestamp;
use crate::limits;

pub use achievements::*;
pub use calendar::{parse_date, parse_time, parse_zone};
pub use challenges::*;
pub use edit::Edit;
pub use events::{
    EventChange, EventDocument, EventName, EventNews, EventSnapshotDocument, InvitationDocument, ParticipantDocument,
    Role,
};
pub use habits::*;
pub use line::{is_flat_enough, one_line};
pub use links::{HeldLinkDocument, LinkDocument};
pub use names::*;
pub use parse::{Object, parse};
pub use people::{
    FriendChange, FriendDocument, GroupDocument, GroupInvitation, GroupName, GroupRole, MemberDocument, PersonDocument,
    UserDocument, UserName,
};
pub use tokens::{TokenDocument, TokenKind};

/// `{"latitude": …, "longitude": …}` in degrees, WGS 84.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq)]
pub struct PlaceDocument {
    pub latitude: f64,
    pub longitude: f64,
}

/// A fix as it is sent and as it is shown. Only `time`, `latitude` and `longitude` are required.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct FixDocument {
    /// RFC 3339.
    pub time: String,
    pub latitude: f64,
    pub longitude: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elevation_m: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_m: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_mps: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading_deg: Option<f64>,
    /// Only ever shown to the runner.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_whole")]
    pub heart_rate_bpm: Option<f64>,
    /// Whether the phone says that it did not measure it. Never shown.
    #[serde(default, skip_serializing)]
    pub mock: bool,
    /// What became of it, when it is not an ordinary fix: `late`, `poor`, `suspect`, `implausible` or `paused`.
    #[serde(default, skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub standing: Option<&'static str>,
}

/// The body of `POST /api/runs/:id/fixes`, and the data of a publish on one's own run's channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FixesDocument {
    pub fixes: Vec<Object<FixDocument>>,
}

/// What recording a batch has done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordedDocument {
    /// Fixes that were new.
    pub accepted: usize,
    pub duplicates: usize,
    pub distance_m: f64,
    pub state: Cow<'static, str>,
}

/// A run as REST lists it and the socket's snapshot holds it.
#[derive(Clone, Debug, Serialize)]
pub struct RunDocument {
    pub id: String,
    pub user: UserName,
    pub state: &'static str,
    pub visibility: &'static str,
    /// The event that it is run in, as far as that may be told.
    pub event: Option<u64>,
    pub created_at: String,
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<&'static str>,
    pub destination: Option<PlaceDocument>,
    pub position: Option<FixDocument>,
    #[serde(flatten)]
    pub totals: TotalsDocument,
    /// How many fixes the track has.
    pub fixes: u64,
    /// Why it does not count for achievements; null: it does. For its owner and for admins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub splits: Option<Vec<SplitDocument>>,
    /// Where it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<PlaceDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<TrackDocument>,
}

/// Whether a run counts for its runner's achievements, as an admin has said.
#[derive(Clone, Debug, Serialize)]
pub struct EffectDocument {
    pub withheld: bool,
    pub reason: Option<String>,
}

/// How far, how long, how fast, how high.
#[derive(Clone, Debug, Serialize)]
pub struct TotalsDocument {
    pub distance_m: f64,
    /// From the start to the newest fix, pauses left out.
    pub elapsed_s: f64,
    pub moving_s: f64,
    /// Now, over the last 25 s; null when standing.
    pub pace_s_per_km: Option<f64>,
    pub climb_m: f64,
    pub descent_m: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct SplitDocument {
    pub kilometre: u32,
    pub elapsed_s: f64,
    pub moving_s: f64,
    pub climb_m: f64,
}

/// The data of the reply to subscribe on `run:<id>`, without its first members: see [`SnapshotDocument::at`].
#[derive(Clone, Debug, Serialize)]
pub struct SnapshotDocument {
    pub run: RunDocument,
    pub track: TrackDocument,
}

/// The track so far: `[time_ms, latitude, longitude, elevation_m or null, distance_m]` for each point.
#[derive(Clone, Debug, Serialize)]
pub struct TrackDocument {
    /// Whether points were left out to keep within the bound.
    pub simplified: bool,
    pub fixes: Vec<(i64, f64, f64, Option<f64>, f64)>,
}

/// What happened, as channels carry it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ChangeDocument {
    /// On `run:<id>`: one accepted batch.
    Fixes {
        at: String,
        fixes: Vec<FixDocument>,
        position: Option<FixDocument>,
        #[serde(flatten)]
        totals: TotalsDocument,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        splits: Vec<SplitDocument>,
    },
    /// On `run:<id>`.
    Started(RunChange),
    Paused(RunChange),
    Resumed(RunChange),
    Finished(RunChange),
    /// On `run:<id>`: who may see it, or where it goes, is another now.
    Changed {
        at: String,
        run: String,
        visibility: &'static str,
        destination: Option<PlaceDocument>,
    },
    /// On the runner's own channel.
    RunStarted(RunChange),
    RunFinished(RunChange),
    /// On a user's own channel: somebody asks to be friends; the two are friends now; neither lists or asks the other any more.
    FriendAsked(FriendChange),
    FriendAccepted(FriendChange),
    FriendRemoved(FriendChange),
    RunDeleted {
        at: String,
        run: String,
    },
    /// On a user's own channel.
    GroupInvited(GroupInvitation),
    /// What the operator's back end has to say, on any of the product's own channels.
    Notice {
        at: String,
        data: Box<RawValue>,
    },
    /// On a user's own channel: some of their tokens or sessions are no longer good.
    Revoked {
        at: String,
    },
}

#[derive(Clone, Debug, Serialize)]
pub struct RunChange {
    pub at: String,
    pub run: String,
    #[serde(flatten)]
    pub totals: TotalsDocument,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The event that it is run in: when it starts, to its owner alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
}

impl PlaceDocument {
    /// A checked place, or which member of `field` is wrong.
    pub fn read(self, field: &str) -> Result<Place, AppError> {
        Place::new(self.latitude, self.longitude)
            .map_err(|error| AppError::invalid(format!("{field}{}", error.field), format!("must be {}", error.rule)))
    }
}

impl From<Place> for PlaceDocument {
    fn from(place: Place) -> Self {
        Self { latitude: place.latitude.degrees(), longitude: place.longitude.degrees() }
    }
}

impl FixesDocument {
    /// The checked fixes, or which member of which fix is wrong (`fixes[3].latitude`).
    pub fn read(self) -> Result<Vec<Fix>, AppError> {
        if self.fixes.is_empty() {
            return Err(AppError::invalid("fixes", "must hold at least one fix"));
        }
        if self.fixes.len() > limits::FIXES_LEN_MAX {
            let problem = format!("must hold at most {} fixes", limits::FIXES_LEN_MAX);
            return Err(AppError::invalid("fixes", problem));
        }
        let read = |(index, Object(fix)): (usize, Object<FixDocument>)| fix.read(&format!("fixes[{index}]."));
        self.fixes.into_iter().enumerate().map(read).collect()
    }
}

impl FixDocument {
    fn read(self, path: &str) -> Result<Fix, AppError> {
        let time = Timestamp::parse(&self.time)
            .ok_or_else(|| AppError::invalid(format!("{path}time"), "must be an RFC 3339 time"))?;
        let place = PlaceDocument { latitude: self.latitude, longitude: self.longitude }.read(path)?;
        let readings = Readings {
            elevation_m: self.elevation_m,
            accuracy_m: self.accuracy_m,
            speed_mps: self.speed_mps,
            heading_deg: self.heading_deg,
            heart_rate_bpm: self.heart_rate_bpm.map(|bpm| whole(bpm, path)).transpose()?,
        };
        let fix = Fix::new(time, place, readings)
            .map_err(|error| AppError::invalid(format!("{path}{}", error.field), format!("must be {}", error.rule)))?;
        Ok(Fix { is_mock: self.mock, ..fix })
    }

    /// As the runner sees it.
    pub fn own(kept: &Kept) -> Self {
        Self { heart_rate_bpm: kept.fix.heart_rate_bpm.map(f64::from), ..Self::kept(kept) }
    }

    /// As everybody who may see the run sees it: without the heart rate.
    pub fn shown(fix: &Fix) -> Self {
        Self {
            time: fix.time.to_string(),
            latitude: fix.place.latitude.degrees(),
            longitude: fix.place.longitude.degrees(),
            elevation_m: fix.elevation_m,
            accuracy_m: fix.accuracy_m,
            speed_mps: fix.speed_mps,
            heading_deg: fix.heading_deg,
            heart_rate_bpm: None,
            mock: false,
            standing: None,
        }
    }

    pub fn kept(kept: &Kept) -> Self {
        Self { standing: shown_standing(kept.standing), ..Self::shown(&kept.fix) }
    }
}

impl TotalsDocument {
    pub fn of(tally: &Tally) -> Self {
        Self {
            distance_m: round(tally.distance_m, 100.0),
            elapsed_s: round(tally.elapsed_s(), 1000.0),
            moving_s: round(tally.moving_s(), 1000.0),
            pace_s_per_km: tally.pace_s_per_km.map(|pace| round(pace, 10.0)),
            climb_m: round(tally.climb.up_m, 10.0),
            descent_m: round(tally.climb.down_m, 10.0),
        }
    }
}

impl SplitDocument {
    pub fn of(split: &Split) -> Self {
        Self {
            kilometre: split.kilometre,
            elapsed_s: round(split.elapsed_s, 1000.0),
            moving_s: round(split.moving_s, 1000.0),
            climb_m: round(split.climb_m, 10.0),
        }
    }
}

impl RunDocument {
    /// `name` is the owner's display name.
    pub fn of(run: &Run, name: &str) -> Self {
        Self {
            id: run.id.to_string(),
            user: UserName { id: run.owner.to_string(), name: name.to_owned() },
            state: state_name(run.state),
            visibility: visibility_name(run.visibility),
            event: None,
            created_at: run.created_at.to_string(),
            started_at: run.started_at.map(|at| at.to_string()),
            finished_at: run.finished_at.map(|at| at.to_string()),
            finish_reason: run.finish_reason.map(reason_name),
            destination: run.destination.map(Into::into),
            position: run.tally.position.as_ref().map(FixDocument::shown),
            totals: TotalsDocument::of(&run.tally),
            fixes: run.tally.fixes,
            withheld: None,
            splits: None,
            start: None,
            track: None,
        }
    }

    /// In which event it is run, where `may_be_told`: there may be one that the reader must not know of.
    pub fn telling(mut self, may_be_told: impl Fn(EventId) -> bool, run: &Run) -> Self {
        self.event = run.event.filter(|event| may_be_told(*event)).map(EventId::number);
        self
    }

    /// A run that has no fix yet has begun nowhere: the member is left out.
    pub fn with_start(mut self, run: &Run) -> Self {
        self.start = run.tally.start.map(Into::into);
        self
    }

    /// Whether it counts.
    pub fn with_effect(mut self, withheld: Option<String>) -> Self {
        self.withheld = Some(withheld);
        self
    }

    pub fn with_splits(mut self, run: &Run) -> Self {
        self.splits = Some(run.tally.splits.done.iter().map(SplitDocument::of).collect());
        self
    }
}

impl SnapshotDocument {
    /// The whole document: `{"type": "snapshot", "at": …}` before what was encoded before and is shared.
    pub fn at(encoded: &[u8], at: Timestamp) -> Vec<u8> {
        let head = format!(r#"{{"type":"snapshot","at":"{at}","#);
        [head.as_bytes(), encoded.strip_prefix(b"{").unwrap_or(encoded)].concat()
    }
}

impl ChangeDocument {
    pub fn changed(run: &Run, at: Timestamp) -> Self {
        let (run_id, visibility) = (run.id.to_string(), visibility_name(run.visibility));
        Self::Changed { at: at.to_string(), run: run_id, visibility, destination: run.destination.map(Into::into) }
    }
}

impl RunChange {
    pub fn of(run: &Run, at: Timestamp) -> Self {
        Self {
            at: at.to_string(),
            run: run.id.to_string(),
            totals: TotalsDocument::of(&run.tally),
            reason: run.finish_reason.map(reason_name),
            event: None,
        }
    }

    pub fn in_event(self, event: Option<EventId>) -> Self {
        Self { event: event.map(EventId::number), ..self }
    }
}

fn as_whole<S: Serializer>(bpm: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates
    bpm.map(|bpm| bpm as u16).serialize(serializer)
}

/// A whole number: `60`, or `60.0` as some languages write it.
fn whole(bpm: f64, path: &str) -> Result<u16, AppError> {
    let problem = || AppError::invalid(format!("{path}heart_rate_bpm"), "must be a whole number from 0 to 300");
    if bpm.fract() != 0.0 || !(0.0..=300.0).contains(&bpm) {
        return Err(problem());
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked above
    Ok(bpm as u16)
}

fn round(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}
