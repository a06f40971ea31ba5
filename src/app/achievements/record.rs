//! A user's progress as it is stored: the head, and beside it the sums, the values and what each source has contributed.
//!
//! All of it lies in the user's own aggregate. Every document's name is also a member of the index [`names_of`], by which it is
//! found when the account is deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::AppError;
use crate::app::achievements::challenged::Watched;
use crate::app::documents::MessageDocument;
use crate::app::transact::{Record, decode};
use crate::backend::Index;
use crate::domain::achievement::{
    AchievementId, Book, Lacks, MeasureId, Measures, Period, Periods, State, StepId, Values, VariableName,
};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;

/// The head: it is written when a level is reached, a message is due or a month begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProgressRecord {
    pub made_ms: i64,
    /// The number of the newest follow-up, and its time, which never goes back.
    #[serde(default)]
    pub follow_ups: u64,
    #[serde(default)]
    pub followed_ms: i64,
    /// How many messages there have been.
    #[serde(default)]
    pub messages: u64,
    /// Up to which message they are read.
    #[serde(default)]
    pub read: u64,
    /// The months of which there are values, as `yyyymm`, by variable.
    #[serde(default)]
    months: BTreeMap<String, BTreeSet<u32>>,
    /// When the levels 1, 2, … were reached, by achievement and period.
    #[serde(default)]
    levels: BTreeMap<u64, BTreeMap<String, Vec<i64>>>,
    /// Which steps have spoken, likewise.
    #[serde(default)]
    fired: BTreeMap<u64, BTreeMap<String, BTreeSet<u64>>>,
    /// On which boards the user stands, by measure and period, and in which city there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub boards: BTreeMap<u32, BTreeMap<String, String>>,
    /// The challenges that the user takes part in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub challenges: Vec<Watched>,
}

impl Record for ProgressRecord {
    const KIND: &'static str = "user";
    const NAME: &'static str = "progress";
}

impl ProgressRecord {
    pub fn new(now: Timestamp) -> Self {
        Self { made_ms: now.as_millis(), ..Self::default() }
    }

    /// As the domain has it, without the documents beside it.
    pub fn book(&self) -> Result<Book, AppError> {
        let months = self.months.iter().map(|(name, months)| Ok((variable(name)?, months.clone())));
        Ok(Book {
            levels: by_period(&self.levels, |reached| {
                Ok(reached.iter().copied().map(Timestamp::from_millis).collect())
            })?,
            fired: by_period(&self.fired, |steps| {
                steps.iter().map(|id| StepId::new(*id).ok_or(AppError::Internal)).collect()
            })?,
            months: months.collect::<Result<_, AppError>>()?,
            ..Book::default()
        })
    }

    /// Takes on what has come of the book.
    pub fn set(&mut self, book: &Book) {
        self.months = book.months.iter().map(|(name, months)| (name.to_string(), months.clone())).collect();
        self.levels = stored(&book.levels, |reached| reached.iter().map(|at| at.as_millis()).collect());
        self.fired = stored(&book.fired, |steps| steps.iter().map(|step| step.number()).collect());
    }

    /// The newest month of which there is a value; 0 when there is none.
    pub fn newest_month(&self) -> u32 {
        self.months.values().filter_map(|months| months.last()).copied().max().unwrap_or_default()
    }
}

/// What is counted by the measures of one variable: stored under [`measures_name`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MeasuresDocument {
    /// The user's, when it was counted.
    #[serde(default)]
    zone: Option<String>,
    measures: BTreeMap<u32, BTreeMap<String, StateDocument>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateDocument {
    Sum(f64),
    Days(BTreeMap<i64, f64>),
    Groups(BTreeMap<String, f64>),
    GroupsOfDays(BTreeMap<i64, BTreeMap<String, f64>>),
}

/// The values of one variable in one month: stored under [`values_name`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ValuesDocument {
    /// Quarters of an hour since the month began, the key, the sum.
    pub slots: Vec<(u32, String, f64)>,
}

/// What a source has contributed: stored under [`contribution_name`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContributionDocument {
    pub version: u64,
    /// The variable, the key, the value, when.
    pub shares: Vec<(String, String, f64, i64)>,
    /// Why it does not count.
    #[serde(default)]
    pub withheld: Option<String>,
}

/// A message to the user: stored under [`message_name`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageRecord {
    pub text: BTreeMap<String, String>,
    pub at_ms: i64,
}

/// The devices of a user, by their ids: stored under [`DEVICES`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DevicesDocument(pub BTreeMap<String, DeviceRecord>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceRecord {
    pub push_id: String,
    pub device_os: String,
    pub app_version: String,
    pub at_ms: i64,
}

impl MessageRecord {
    pub fn document(&self, id: u64, is_read: bool) -> MessageDocument {
        let created_at = Timestamp::from_millis(self.at_ms).to_string();
        MessageDocument { id, text: self.text.clone(), is_read, created_at }
    }
}

impl MeasuresDocument {
    pub fn of(measures: &Measures) -> Self {
        let periods = |periods: &Periods| {
            periods.iter().map(|(period, state)| (period.to_string(), StateDocument::of(state))).collect()
        };
        Self {
            zone: measures.zone.map(|zone| zone.name().to_owned()),
            measures: measures.states.iter().map(|(id, it)| (id.number(), periods(it))).collect(),
        }
    }

    fn read(self) -> Result<Measures, AppError> {
        let periods = |stored: BTreeMap<String, StateDocument>| -> Result<Periods, AppError> {
            stored.into_iter().map(|(name, state)| Ok((period(&name)?, state.read()))).collect()
        };
        let zone = self.zone.map(|zone| zone.parse().map_err(|_| AppError::Internal)).transpose()?;
        let states = self.measures.into_iter().map(|(id, it)| Ok((MeasureId::new(id), periods(it)?)));
        Ok(Measures { zone, states: states.collect::<Result<_, AppError>>()? })
    }
}

impl StateDocument {
    fn of(state: &State) -> Self {
        match state.clone() {
            State::Sum(sum) => Self::Sum(sum),
            State::Days(days) => Self::Days(days),
            State::Groups(groups) => Self::Groups(groups),
            State::GroupsOfDays(days) => Self::GroupsOfDays(days),
        }
    }

    fn read(self) -> State {
        match self {
            Self::Sum(sum) => State::Sum(sum),
            Self::Days(days) => State::Days(days),
            Self::Groups(groups) => State::Groups(groups),
            Self::GroupsOfDays(days) => State::GroupsOfDays(days),
        }
    }
}

impl ValuesDocument {
    pub fn of(values: &Values) -> Self {
        Self { slots: values.slots.iter().map(|((slot, key), sum)| (*slot, key.clone(), *sum)).collect() }
    }

    fn read(self) -> Values {
        Values { slots: self.slots.into_iter().map(|(slot, key, sum)| ((slot, key), sum)).collect() }
    }
}

/// What the names of [`MeasuresDocument`]s begin with.
pub const MEASURES: &str = "progress/m/";
/// What the names of [`ContributionDocument`]s begin with.
pub const CONTRIBUTIONS: &str = "progress/c/";
/// The name of a [`DevicesDocument`].
pub const DEVICES: &str = "progress/devices";
/// What the names of [`ValuesDocument`]s begin with.
pub const VALUES: &str = "progress/v/";

/// Takes a document into the book, or that there is none of this name → the newest measure that it knows: one that is not known
/// here is of newer rules.
pub fn load(book: &mut Book, name: &str, value: Option<&[u8]>) -> Result<u32, AppError> {
    if let Some(name) = name.strip_prefix(MEASURES) {
        let document: MeasuresDocument = value.map(decode).transpose()?.unwrap_or_default();
        let newest = document.measures.keys().next_back().copied().unwrap_or_default();
        book.measures.insert(variable(name)?, document.read()?);
        return Ok(newest);
    }
    if let Some((name, month)) = name.strip_prefix(VALUES).and_then(|it| it.rsplit_once('/')) {
        let document: ValuesDocument = value.map(decode).transpose()?.unwrap_or_default();
        let month = month.parse().map_err(|_| AppError::Internal)?;
        book.values.insert((variable(name)?, month), document.read());
    }
    Ok(0)
}

/// The names of the documents that are lacking.
pub fn lacking(lacks: &Lacks) -> Vec<Arc<str>> {
    let values = lacks.values.iter().map(|(variable, month)| values_name(variable.as_str(), *month));
    lacks.measures.iter().map(measures_name).chain(values).collect()
}

/// The names of all documents of a user's progress but the head.
pub fn names_of(user: &UserId) -> Index {
    Index::new(format!("progress/of/{user}"))
}

/// All users who have progress, scored by the newest month of which there are values.
pub fn users() -> Index {
    Index::new("progress/users")
}

pub fn measures_name(variable: &VariableName) -> Arc<str> {
    format!("{MEASURES}{variable}").into()
}

pub fn values_name(variable: &str, month: u32) -> Arc<str> {
    format!("{VALUES}{variable}/{month}").into()
}

pub fn contribution_name(source: &str) -> Arc<str> {
    format!("{CONTRIBUTIONS}{source}").into()
}

pub fn message_name(number: u64) -> Arc<str> {
    format!("progress/message/{number}").into()
}

pub fn variable(name: &str) -> Result<VariableName, AppError> {
    VariableName::parse(name).ok_or(AppError::Internal)
}

fn period(name: &str) -> Result<Period, AppError> {
    Period::parse(name).ok_or(AppError::Internal)
}

type Stored<T> = BTreeMap<u64, BTreeMap<String, T>>;

fn by_period<S, T>(
    stored: &Stored<S>,
    read: impl Fn(&S) -> Result<T, AppError>,
) -> Result<BTreeMap<AchievementId, BTreeMap<Period, T>>, AppError> {
    let periods = |periods: &BTreeMap<String, S>| -> Result<BTreeMap<Period, T>, AppError> {
        periods.iter().map(|(name, it)| Ok((period(name)?, read(it)?))).collect()
    };
    stored.iter().map(|(id, it)| Ok((AchievementId::new(*id).ok_or(AppError::Internal)?, periods(it)?))).collect()
}

fn stored<S, T>(known: &BTreeMap<AchievementId, BTreeMap<Period, T>>, write: impl Fn(&T) -> S) -> Stored<S> {
    let periods =
        |periods: &BTreeMap<Period, T>| periods.iter().map(|(it, what)| (it.to_string(), write(what))).collect();
    known.iter().map(|(id, it)| (id.number(), periods(it))).collect()
}
