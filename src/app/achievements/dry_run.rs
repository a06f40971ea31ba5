//! What an achievement would have unlocked, had it been there for some days: for whoever writes one, before it is kept.
//!
//! The values of those days are taken in again, one after the other, by the same function that takes them in when they come, into
//! a book that begins empty. What it requires and denies is asked of the levels as the user had them at each moment, to the quarter
//! of an hour to which values are kept; within one, what was reached comes before what was counted.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::authoring::{Edit, must_be_admin};
use super::definitions::{Faults, definitions};
use super::record::{self, ProgressRecord, values_name};
use super::rules_kept::Catalogue;
use super::who::Account;
use crate::app::documents::{AchievementDocument, DryRunDocument, DryUnlockDocument, UserName};
use crate::app::transact::{Record as _, decode};
use crate::app::users::{Identity, aggregate};
use crate::app::{App, AppError};
use crate::backend::{Bound, Order, Range};
use crate::domain::achievement::built_in::{RUNS, STREAK_DAYS};
use crate::domain::achievement::{
    AchievementId, Advance, Book, Levels, Measures, Move, Period, Rules, Scope, Unable, Values, VariableName, Who,
    advance, month_of,
};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

/// Which achievement.
#[derive(Clone, Debug)]
pub enum DryRun {
    /// One that is kept.
    Kept(AchievementId),
    /// One that is not, or that is to be another: it may have the name of one that is there.
    Draft(Box<AchievementDocument>),
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const SLOT_MS: i64 = 15 * 60 * 1_000;

/// The achievement, with rules that count for no other.
struct Trial {
    rules: Rules,
    id: AchievementId,
    /// Those that it requires, or that deny it.
    asked: BTreeSet<AchievementId>,
    variables: BTreeSet<VariableName>,
    from: Timestamp,
}

/// What happened at one moment. Levels that were reached come first.
#[derive(Default)]
struct Happened {
    reached: Vec<(AchievementId, Period)>,
    moves: Vec<Move>,
}

/// What a user would have unlocked.
#[derive(Default)]
struct Found {
    /// In the order in which it was.
    levels: Vec<(u32, Timestamp)>,
    error: Option<String>,
}

impl App {
    /// For admins, one at a time.
    ///
    /// # Errors
    /// [`AppError::Faulty`]: it would not be kept. [`AppError::Busy`]: another one is being tried.
    pub async fn dry_run(&self, identity: &Identity, of: DryRun, days: u32) -> Result<DryRunDocument, AppError> {
        must_be_admin(identity)?;
        let _turn = self.dry_run.try_lock().map_err(|_| AppError::Busy)?;
        let catalogue = self.look_at_catalogue().await?;
        let from = self.clock.now().plus_millis(-i64::from(days) * DAY_MS);
        let trial = trial(&catalogue, of, from)?;
        let users = self.active_since(from).await?;
        let looked_at = users.len();
        let tried = users.into_iter().map(|user| {
            let trial = &trial;
            async move { Ok::<_, AppError>((self.try_on(trial, &user).await?, user)) }
        });
        let mut tried = stream::iter(tried).buffered(limits::DRY_RUN_USERS_AT_ONCE);
        let mut document = DryRunDocument { looked_at, ..DryRunDocument::default() };
        let mut sample = Vec::new();
        while let Some((found, user)) = tried.try_next().await? {
            document.users += usize::from(!found.levels.is_empty());
            document.unlocks += found.levels.len();
            for (level, at) in found.levels {
                *document.levels.entry(level).or_default() += 1;
                if sample.len() < limits::DRY_RUN_SAMPLE_LEN {
                    sample.push((user.clone(), level, at));
                }
            }
            if let Some(error) = found.error.filter(|error| !document.errors.contains(error)) {
                document.errors.push(error);
            }
            document.errors.truncate(limits::FAULTS_LEN_MAX);
        }
        let users: Vec<UserId> = sample.iter().map(|(user, ..)| user.clone()).collect();
        let names = self.names_of(&users).await?;
        document.sample = sample
            .into_iter()
            .map(|(user, level, at)| {
                let name = names.get(&user).cloned().unwrap_or_default();
                DryUnlockDocument { user: UserName { id: user.to_string(), name }, level, at: at.to_string() }
            })
            .collect();
        Ok(document)
    }

    /// Those of whom there are values, the newest first.
    async fn active_since(&self, from: Timestamp) -> Result<Vec<UserId>, AppError> {
        let first = Bound::Score(i64::from(month_of(from)));
        let (index, limit) = (record::users(), limits::DRY_RUN_USERS_MAX);
        let range = Range { index, from: first, until: Bound::End, order: Order::Descending, limit, count: false };
        let members = self.backend.range(&range).await?.members;
        members.iter().map(|(_, user)| UserId::parse(user).ok_or(AppError::Internal)).collect()
    }

    async fn try_on(&self, trial: &Trial, user: &UserId) -> Result<Found, AppError> {
        let Some(account) = self.account(user).await? else { return Ok(Found::default()) };
        let aggregate = aggregate(user);
        let head = self.backend.read(&[aggregate.key(ProgressRecord::NAME)]).await?;
        let Some(head) = head.first().and_then(|head| head.value.as_deref()) else { return Ok(Found::default()) };
        let known = decode::<ProgressRecord>(head)?.book()?;
        let months: Vec<(VariableName, u32)> = trial
            .variables
            .iter()
            .filter_map(|variable| Some((variable, known.months.get(variable)?)))
            .flat_map(|(variable, months)| months.range(month_of(trial.from)..).map(|month| (variable.clone(), *month)))
            .collect();
        let keys: Vec<_> =
            months.iter().map(|(variable, month)| aggregate.key(&values_name(variable.as_str(), *month))).collect();
        let values = self.backend.read(&keys).await?;
        let mut book = Book::default();
        for (key, value) in keys.iter().zip(values) {
            record::load(&mut book, &key.name, value.value.as_deref())?;
        }
        tokio::task::yield_now().await;
        Ok(replay(trial, &account, happened(trial, &known.levels, book.values)))
    }
}

/// Checked as if it were to be kept.
fn trial(catalogue: &Catalogue, of: DryRun, from: Timestamp) -> Result<Trial, AppError> {
    let (next, id) = match of {
        DryRun::Kept(id) => (catalogue.clone(), id.number()),
        DryRun::Draft(document) => {
            let mut edit = Edit::on(catalogue);
            let known = edit.names().achievements.get(&document.name).copied();
            let ids = edit.achievements(vec![("achievement.".to_owned(), known, *document)]);
            (edit.checked()?, ids.first().copied().ok_or(AppError::Internal)?)
        }
    };
    let id = AchievementId::new(id).ok_or(AppError::NotFound("achievement"))?;
    let mut defined = definitions(&next, &mut Faults::default());
    let tried = defined.achievements.iter().find(|it| it.id == id).ok_or(AppError::NotFound("achievement"))?;
    let asked: BTreeSet<AchievementId> = tried.requires.iter().chain(&tried.denies).copied().collect();
    let mut variables: BTreeSet<VariableName> = tried.goals.iter().flat_map(|goal| goal.term.variables()).collect();
    if variables.contains(STREAK_DAYS) {
        // Days in a row follow from the runs; as values they all stand at the first of the days.
        variables.extend(VariableName::parse(RUNS));
    }
    defined.achievements.retain(|it| it.id == id || asked.contains(&it.id));
    for other in defined.achievements.iter_mut().filter(|it| it.id != id) {
        // Whether it was reached is known: it is there to be referred to, and has nothing to be reached.
        (other.properties, other.rewards, other.requires, other.denies) = Default::default();
        for goal in &mut other.goals {
            (goal.goal, goal.properties, goal.triggers) = Default::default();
        }
    }
    let (rules, _) = Rules::check(defined).map_err(|faults| AppError::Faulty(Faults::from(faults).into_documents()))?;
    Ok(Trial { rules, id, asked, variables, from })
}

/// What happened in the days that are looked at, by moments; the levels of before stand at the first.
fn happened(
    trial: &Trial,
    levels: &Levels,
    mut values: BTreeMap<(VariableName, u32), Values>,
) -> BTreeMap<Timestamp, Happened> {
    let mut happened: BTreeMap<Timestamp, Happened> = BTreeMap::new();
    let asked = trial.asked.iter().filter_map(|id| Some((*id, levels.get(id)?)));
    for (id, (period, first)) in asked.flat_map(|(id, periods)| periods.iter().map(move |it| (id, it))) {
        let Some(first) = first.first() else { continue };
        let at = Timestamp::from_millis(first.as_millis() - first.as_millis().rem_euclid(SLOT_MS)).max(trial.from);
        happened.entry(at).or_default().reached.push((id, *period));
    }
    values.retain(|(variable, _), _| variable.as_str() != STREAK_DAYS);
    for ((variable, month), values) in values {
        let Some(start) = month_start(month) else { continue };
        for ((slot, key), by) in values.slots {
            let at = start.plus_millis(i64::from(slot) * SLOT_MS);
            if at.plus_millis(SLOT_MS) > trial.from {
                happened.entry(at).or_default().moves.push(Move { variable: variable.clone(), key, by, at });
            }
        }
    }
    happened
}

/// The first moment of `yyyymm` in UTC.
fn month_start(month: u32) -> Option<Timestamp> {
    Timestamp::parse(&format!("{:04}-{:02}-01T00:00:00Z", month / 100, month % 100))
}

fn replay(trial: &Trial, account: &Account, happened: BTreeMap<Timestamp, Happened>) -> Found {
    let visited = BTreeSet::new();
    let who = Who { zone: account.zone, place: account.place, visited: &visited, created: trial.from };
    let (mut book, mut found) = (Book::default(), Found::default());
    for (at, Happened { reached, moves }) in happened {
        let scope = if reached.is_empty() { Scope::Moved } else { Scope::All };
        for (id, period) in reached {
            book.levels.entry(id).or_default().insert(period, vec![at]);
        }
        let advanced = match step(&mut book, &trial.rules, &who, &moves, scope, at) {
            Ok(advanced) => advanced,
            Err(error) => {
                found.error = Some(error.to_string());
                break;
            }
        };
        let unlocked = advanced.unlocked.into_iter().filter(|it| it.achievement == trial.id);
        found.levels.extend(unlocked.flat_map(|it| it.new_levels.into_keys()).map(|level| (level, at)));
        found.error = found.error.or(advanced.errors.get(&trial.id).cloned());
    }
    found
}

/// What there is in no document is nothing: the book began empty.
fn step(
    book: &mut Book,
    rules: &Rules,
    who: &Who<'_>,
    moves: &[Move],
    scope: Scope,
    at: Timestamp,
) -> Result<Advance, Unable> {
    for _ in 0..limits::LACKS_MAX {
        let mut tried = book.clone();
        match advance(&mut tried, rules, who, moves, scope, at) {
            Err(Unable::Lacks(lacks)) => {
                book.measures.extend(lacks.measures.into_iter().map(|variable| (variable, Measures::default())));
                book.values.extend(lacks.values.into_iter().map(|of| (of, Values::default())));
            }
            advanced => {
                *book = tried;
                return advanced;
            }
        }
    }
    advance(book, rules, who, moves, scope, at)
}
