//! A run as it is stored: JSON, the domain's own fields under their own names, places and times as plain numbers.

use std::collections::VecDeque;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::app::documents::{parse_reason, parse_state, parse_visibility, reason_name, state_name, visibility_name};
use crate::app::runs::{Effect, Together};
use crate::app::transact::Record;
use crate::domain::fix::{Fix, Readings};
use crate::domain::geo::Place;
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::run::{Anchor, Climb, FinishReason, Mark, Pauses, Run, Sample, Split, Splits, State, Tally, Window};
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunRecord {
    #[serde(with = "StoredRun")]
    pub run: Run,
    /// The newest offset of the run's main topic: a snapshot of this record covers what is heard up to there.
    pub offset: u64,
    /// How many fixes the track log holds, and in how many entries.
    pub track_len: u64,
    pub track_entries: u64,
    /// The runner's on the event's roster, if it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// It stands in the indexes of places where it belongs. What was stored before there were any does so when it is next heard
    /// of.
    #[serde(default)]
    pub is_charted: bool,
    /// What it counts by for achievements, besides the run itself.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub effect: Effect,
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub together: Together,
}

fn is_nothing<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Record for RunRecord {
    const KIND: &'static str = "run";
}

impl RunRecord {
    pub fn new(run: Run) -> Self {
        let (effect, together) = (Effect::default(), Together::default());
        Self { run, offset: 0, track_len: 0, track_entries: 0, number: None, is_charted: true, effect, together }
    }

    /// The event that it belongs to, and the runner's number there.
    pub fn place_in_event(&self) -> Option<(EventId, u32)> {
        self.run.event.zip(self.number)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Run")]
struct StoredRun {
    #[serde(with = "run_id")]
    id: RunId,
    #[serde(with = "user_id")]
    owner: UserId,
    #[serde(with = "visibility")]
    visibility: Visibility,
    #[serde(with = "event_or_none", default, skip_serializing_if = "Option::is_none")]
    event: Option<EventId>,
    #[serde(with = "state")]
    state: State,
    #[serde(with = "moment")]
    created_at: Timestamp,
    #[serde(with = "moment_or_none")]
    started_at: Option<Timestamp>,
    #[serde(with = "moment_or_none")]
    finished_at: Option<Timestamp>,
    #[serde(with = "reason")]
    finish_reason: Option<FinishReason>,
    #[serde(with = "place_or_none")]
    destination: Option<Place>,
    #[serde(with = "moment")]
    heard_at: Timestamp,
    #[serde(with = "pauses")]
    pauses: Pauses,
    #[serde(default)]
    ahead_millis: Option<i64>,
    #[serde(with = "StoredTally")]
    tally: Tally,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Tally")]
struct StoredTally {
    fixes: u64,
    #[serde(with = "moment_or_none")]
    newest_at: Option<Timestamp>,
    #[serde(with = "fix_or_none")]
    position: Option<Fix>,
    #[serde(with = "fix_or_none")]
    suspect: Option<Fix>,
    #[serde(with = "place_or_none")]
    start: Option<Place>,
    #[serde(with = "anchor_or_none")]
    anchor: Option<Anchor>,
    distance_m: f64,
    elapsed_millis: i64,
    moving_millis: i64,
    pace_s_per_km: Option<f64>,
    #[serde(with = "climb")]
    climb: Climb,
    #[serde(with = "splits")]
    splits: Splits,
    #[serde(with = "window")]
    window: Window,
    #[serde(with = "moment_or_none")]
    resting_since: Option<Timestamp>,
}

/// A fix as it is stored, here and in the track log: `[time_ms, latitude, longitude, elevation_m, accuracy_m, speed_mps,
/// heading_deg, heart_rate_bpm]`, `null` for what is not known.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct StoredFix(i64, f64, f64, Option<f64>, Option<f64>, Option<f64>, Option<f64>, Option<u16>);

impl From<&Fix> for StoredFix {
    fn from(fix: &Fix) -> Self {
        let (latitude, longitude) = (fix.place.latitude.degrees(), fix.place.longitude.degrees());
        let Fix { elevation_m, accuracy_m, speed_mps, heading_deg, heart_rate_bpm, .. } = *fix;
        let time_ms = fix.time.as_millis();
        Self(time_ms, latitude, longitude, elevation_m, accuracy_m, speed_mps, heading_deg, heart_rate_bpm)
    }
}

impl StoredFix {
    /// `None` when it is none: what is stored was checked before.
    pub fn read(self) -> Option<Fix> {
        let Self(time_ms, latitude, longitude, elevation_m, accuracy_m, speed_mps, heading_deg, heart_rate_bpm) = self;
        let place = Place::new(latitude, longitude).ok()?;
        let readings = Readings { elevation_m, accuracy_m, speed_mps, heading_deg, heart_rate_bpm };
        Fix::new(Timestamp::from_millis(time_ms), place, readings).ok()
    }
}

/// A module for `#[serde(with)]` that stores a type as another one: `$to` makes the stored value, `$from` reads it.
macro_rules! stored {
    ($name:ident: $type:ty as $stored:ty, $to:expr, $from:expr) => {
        mod $name {
            use super::*;

            pub fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                let to: fn(&$type) -> $stored = $to;
                to(value).serialize(serializer)
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                let from: fn($stored) -> Option<$type> = $from;
                from(<$stored>::deserialize(deserializer)?)
                    .ok_or_else(|| D::Error::custom(concat!("not a ", stringify!($name))))
            }
        }
    };
}

stored!(run_id: RunId as String, ToString::to_string, |id| RunId::parse(&id));
stored!(user_id: UserId as String, ToString::to_string, |id| UserId::parse(&id));
stored!(event_or_none: Option<EventId> as Option<u64>, |it| it.map(EventId::number),
    |it| match it { None => Some(None), Some(number) => EventId::new(number).map(Some) });
stored!(visibility: Visibility as String, |it| visibility_name(*it).to_owned(), |it| parse_visibility(&it));
stored!(state: State as String, |it| state_name(*it).to_owned(), |it| parse_state(&it));
stored!(reason: Option<FinishReason> as Option<String>, |it| it.map(|it| reason_name(it).to_owned()),
    |it| match it { None => Some(None), Some(name) => parse_reason(&name).map(Some) });
stored!(moment: Timestamp as i64, |it| it.as_millis(), |ms| Some(Timestamp::from_millis(ms)));
stored!(moment_or_none: Option<Timestamp> as Option<i64>, |it| it.map(Timestamp::as_millis),
    |ms| Some(ms.map(Timestamp::from_millis)));
stored!(place_or_none: Option<Place> as Option<(f64, f64)>, |it| it.map(plain),
    |it| match it { None => Some(None), Some(place) => read_place(place).map(Some) });
stored!(fix_or_none: Option<Fix> as Option<StoredFix>, |it| it.as_ref().map(StoredFix::from),
    |it| match it { None => Some(None), Some(fix) => fix.read().map(Some) });
stored!(pauses: Pauses as Vec<(i64, Option<i64>)>,
    |it| it.0.iter().map(|(from, until)| (from.as_millis(), until.map(Timestamp::as_millis))).collect(),
    |it| Some(Pauses(it.into_iter()
        .map(|(from, until)| (Timestamp::from_millis(from), until.map(Timestamp::from_millis))).collect())));
stored!(anchor_or_none: Option<Anchor> as Option<((f64, f64), [f64; 4])>,
|it| it.map(|anchor| (plain(anchor.place), plain_mark(anchor.mark))),
|it| match it {
    None => Some(None),
    Some((place, mark)) => Some(Some(Anchor { place: read_place(place)?, mark: read_mark(mark) })),
});
stored!(climb: Climb as (f64, f64, Option<f64>), |it| (it.up_m, it.down_m, it.reference_m),
    |(up_m, down_m, reference_m)| Some(Climb { up_m, down_m, reference_m }));
stored!(splits: Splits as (Vec<(u32, f64, f64, f64)>, [f64; 4]),
|it| (it.done.iter().map(|it| (it.kilometre, it.elapsed_s, it.moving_s, it.climb_m)).collect(), plain_mark(it.mark)),
|(done, mark)| Some(Splits {
    done: done.into_iter()
        .map(|(kilometre, elapsed_s, moving_s, climb_m)| Split { kilometre, elapsed_s, moving_s, climb_m }).collect(),
    mark: read_mark(mark),
}));
stored!(window: Window as Vec<(i64, f64)>,
|it| it.samples.iter().map(|it| (it.time.as_millis(), it.path_m)).collect(),
|it| Some(Window {
    samples: it.into_iter()
        .map(|(ms, path_m)| Sample { time: Timestamp::from_millis(ms), path_m }).collect::<VecDeque<_>>(),
}));

fn plain(place: Place) -> (f64, f64) {
    (place.latitude.degrees(), place.longitude.degrees())
}

fn read_place((latitude, longitude): (f64, f64)) -> Option<Place> {
    Place::new(latitude, longitude).ok()
}

fn plain_mark(mark: Mark) -> [f64; 4] {
    [mark.distance_m, mark.elapsed_s, mark.moving_s, mark.climb_m]
}

fn read_mark([distance_m, elapsed_s, moving_s, climb_m]: [f64; 4]) -> Mark {
    Mark { distance_m, elapsed_s, moving_s, climb_m }
}
