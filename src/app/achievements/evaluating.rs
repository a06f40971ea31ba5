//! One decision on a user's progress: what is loaded for it, and what of its result is written.
//!
//! Which documents it needs is known for certain only when it is taken. What it lacks it may not answer with a success, which
//! would be remembered under the idempotency key: it refuses, and says aside what is to be there next time.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::app::achievements::boards::{self, Placing};
use crate::app::achievements::contributing::{self, Contribution};
use crate::app::achievements::record::{
    self, MeasuresDocument, ProgressRecord, ValuesDocument, measures_name, values_name,
};
use crate::app::achievements::rules_kept::Catalogue;
use crate::app::achievements::telling;
use crate::app::achievements::who::Account;
use crate::app::achievements::{Outcome, Source};
use crate::app::transact::{Draft, OnceKey, encode};
use crate::app::users::record::UserRecord;
use crate::app::{App, AppError, users};
use crate::domain::achievement::{
    AchievementId, Book, MeasureId, Move, Scope, Unable, VariableName, Who, advance, month_of,
};
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

/// The name of the account itself, beside which the progress stands.
const ACCOUNT: &str = "";

/// What is to be taken into a user's progress.
#[derive(Clone, Debug)]
pub struct Work {
    pub moves: Vec<Move>,
    pub contributions: Vec<Contribution>,
    pub scope: Scope,
    /// It is only to be known whether it can be taken in: nothing is written.
    pub is_trial: bool,
}

/// A decision, as it is taken each time.
struct Decision {
    user: UserId,
    work: Arc<Work>,
    catalogue: Arc<Catalogue>,
    account: Arc<Account>,
    /// Of the documents that are read for it.
    names: BTreeSet<Arc<str>>,
    visited: BTreeSet<AchievementId>,
    now: Timestamp,
    /// The rules are those that are stored: what none of them counts was counted by rules that are gone.
    rules_are_new: bool,
    aside: Arc<Mutex<Aside>>,
}

/// What a decision says besides its answer.
#[derive(Debug, Default)]
struct Aside {
    lack: Lack,
    /// By these boards the user has moved.
    boards: Vec<MeasureId>,
}

/// Why nothing could be decided yet.
#[derive(Clone, Debug, Default, PartialEq)]
enum Lack {
    #[default]
    Nothing,
    /// There is no progress of this user.
    Head,
    /// More documents are needed.
    Names(Vec<Arc<str>>),
    /// Something was counted by rules that are not known here.
    Rules,
    /// Nothing: it was only tried.
    Tried,
}

/// What was read, and which of the documents are not there yet.
struct Loaded {
    book: Book,
    absent: BTreeSet<Arc<str>>,
}

impl App {
    /// Looks at all achievements of today, as gengine does when a user is evaluated: what a changed profile or rule has
    /// brought is reached now.
    pub async fn evaluate(&self, user: &UserId) -> Result<Outcome, AppError> {
        let account = self.account_now(user).await?.ok_or(AppError::NotFound("user"))?;
        let work = Work { moves: Vec::new(), contributions: Vec::new(), scope: Scope::All, is_trial: false };
        self.take_in(user, Some(account), work, None).await
    }

    /// Takes this in, in one commit → what it has brought.
    ///
    /// # Errors
    /// [`AppError::NotFound`] `"user"`; [`AppError::Invalid`]: a sum that cannot be kept exactly.
    pub(super) async fn take_in(
        &self,
        user: &UserId,
        mut account: Option<Arc<Account>>,
        work: Work,
        once: Option<OnceKey>,
    ) -> Result<Outcome, AppError> {
        let work = Arc::new(work);
        let catalogue = self.catalogue().await?;
        let mut names = first_names(&catalogue, &work);
        let mut rules_are_new = false;
        for _ in 0..limits::LACKS_MAX {
            let account = match account.take() {
                Some(account) => account,
                None => self.account(user).await?.ok_or(AppError::NotFound("user"))?,
            };
            let aside = Arc::<Mutex<Aside>>::default();
            let decision = Decision {
                user: user.clone(),
                work: work.clone(),
                catalogue: self.catalogue().await?,
                account,
                names: names.clone(),
                visited: work.contributions.iter().flat_map(|it| it.visited.iter().copied()).collect(),
                now: self.clock.now(),
                rules_are_new,
                aside: aside.clone(),
            };
            let beside = names.iter().cloned().collect();
            let aggregate = users::aggregate(user);
            let decided = self
                .progress
                .transact_beside(aggregate, once.clone(), beside, move |draft| decision.decide(draft))
                .await;
            // A replay of what was decided before is answered, whatever is lacking now.
            let Err(AppError::Stale) = decided else {
                if decided.is_ok() {
                    self.standings_moved.note(user, &std::mem::take(&mut aside.lock().boards));
                }
                let unlocked = decided.iter().flat_map(|outcome| &outcome.unlocked);
                self.metrics.unlocks.inc_by(unlocked.map(|it| it.new_levels.len() as u64).sum());
                return decided;
            };
            let lacking = std::mem::take(&mut aside.lock().lack);
            match lacking {
                Lack::Head => self.make_progress(user).await?,
                Lack::Names(more) => names.extend(more),
                Lack::Rules => {
                    self.look_at_catalogue().await?;
                    rules_are_new = true;
                }
                Lack::Tried => return Ok(Outcome::default()),
                Lack::Nothing => return decided,
            }
        }
        Err(AppError::Busy)
    }

    /// A head for a user's progress, if there is none. It is only made of who has an account in the very commit, and goes with
    /// the account: so nobody writes for one that has ended.
    pub(super) async fn make_progress(&self, user: &UserId) -> Result<(), AppError> {
        let (now, who) = (self.clock.now(), user.clone());
        let account: Vec<Arc<str>> = vec!["".into()];
        self.progress
            .transact_beside(users::aggregate(user), None, account, move |draft| {
                if draft.record().is_some() {
                    return Ok(());
                }
                draft.beside::<serde::de::IgnoredAny>("")?.ok_or(AppError::NotFound("user"))?;
                draft.put(ProgressRecord::new(now));
                draft.place(record::users(), who.as_str(), Some(0));
                Ok(())
            })
            .await
    }
}

/// What is needed most likely: the measures of what is moved, the values of its months, and what the sources had contributed.
fn first_names(catalogue: &Catalogue, work: &Work) -> BTreeSet<Arc<str>> {
    let moved = work.moves.iter().map(|it| (&it.variable, it.at));
    let shares = work.contributions.iter().flat_map(|it| &it.shares).map(|it| (&it.variable, it.at));
    let mut names = BTreeSet::new();
    for (variable, at) in moved.chain(shares) {
        names.extend(catalogue.rules.documents_of(variable).iter().map(measures_name));
        names.insert(values_name(variable.as_str(), month_of(at)));
    }
    names.extend(work.contributions.iter().map(|it| it.source.name()));
    if work.scope == Scope::Boards {
        names.insert(ACCOUNT.into());
    }
    names
}

impl Work {
    /// The run and the event to which it belongs, if it does to one.
    pub fn occasion(&self) -> (Option<RunId>, Option<EventId>) {
        let [contribution] = self.contributions.as_slice() else { return (None, None) };
        let run = match contribution.source {
            Source::Run(run) | Source::Together(run) => Some(run),
            Source::Friend(_) | Source::Event(_) | Source::Habits(_) => None,
        };
        (run, contribution.event)
    }
}

impl Decision {
    fn decide(&self, draft: &mut Draft<ProgressRecord>) -> Result<Outcome, AppError> {
        *self.aside.lock() = Aside::default();
        let Some(record) = draft.record().cloned() else { return Err(self.lacks(Lack::Head)) };
        let is_sure = self.names.contains(ACCOUNT);
        let account = if is_sure { account_in(draft)? } else { self.account.clone() };
        let Loaded { mut book, absent } = self.load(draft, &record)?;
        let mut moves = self.work.moves.clone();
        for contribution in &self.work.contributions {
            moves.extend(contributing::take(draft, &self.user, contribution, &absent, self.now)?);
        }
        let (zone, place, created) = (account.zone, account.place, account.created);
        let who = Who { zone, place, visited: &self.visited, created };
        let mut advanced = match advance(&mut book, &self.catalogue.rules, &who, &moves, self.work.scope, self.now) {
            Ok(advanced) => advanced,
            Err(Unable::Lacks(lacks)) => return Err(self.lacks(Lack::Names(record::lacking(&lacks)))),
            Err(error @ Unable::Beyond(_)) => return Err(AppError::invalid("value", error.to_string())),
        };
        if self.work.is_trial {
            return Err(self.lacks(Lack::Tried));
        }
        self.write(draft, &book, &absent)?;
        let mut head = Head { is_changed: book.changed.head, record };
        if head.is_changed {
            head.record.set(&book);
            let month = i64::from(head.record.newest_month());
            draft.place(record::users(), self.user.as_str(), Some(month));
        }
        let mut told_boards = std::mem::take(&mut advanced.boards);
        if self.work.scope == Scope::Boards {
            told_boards.extend(boards::gone(&head.record, &self.catalogue.rules, &told_boards));
        }
        let placing = Placing { user: &self.user, account: &account, is_sure };
        if placing.place(draft, &mut head, &told_boards).is_err() {
            return Err(self.lacks(Lack::Names(vec![ACCOUNT.into()])));
        }
        self.aside.lock().boards = told_boards.into_iter().map(|(measure, ..)| measure).collect();
        let told = telling::Told {
            user: &self.user,
            account: &account,
            rules: &self.catalogue.rules,
            occasion: self.work.occasion(),
            now: self.now,
        };
        let outcome = told.tell(draft, &mut head, advanced)?;
        let moved = book.changed.values.iter().map(|(variable, _)| variable.as_str());
        told.count_in_challenges(draft, &mut head, moved)?;
        if head.is_changed {
            draft.put(head.record);
        }
        Ok(outcome)
    }

    /// Refuses; next time it will be there.
    fn lacks(&self, lack: Lack) -> AppError {
        self.aside.lock().lack = lack;
        AppError::Stale
    }

    fn load(&self, draft: &Draft<ProgressRecord>, record: &ProgressRecord) -> Result<Loaded, AppError> {
        let (mut book, mut absent) = (record.book()?, BTreeSet::new());
        for name in &self.names {
            let value = draft.bytes_beside(name)?;
            let newest = record::load(&mut book, name, value)?;
            if newest > self.catalogue.head.last_measure && !self.rules_are_new {
                return Err(self.lacks(Lack::Rules));
            }
            if value.is_none() {
                absent.insert(name.clone());
            }
        }
        Ok(Loaded { book, absent })
    }

    /// What has changed of sums and values. What was not read is not written: nobody knows what it held.
    fn write(
        &self,
        draft: &mut Draft<ProgressRecord>,
        book: &Book,
        absent: &BTreeSet<Arc<str>>,
    ) -> Result<(), AppError> {
        let put = |draft: &mut Draft<ProgressRecord>, name: Arc<str>, value| {
            if !self.names.contains(&name) {
                return Err(AppError::Internal);
            }
            draft.put_beside(&name, value);
            if absent.contains(&name) {
                draft.place(record::names_of(&self.user), name, Some(0));
            }
            Ok(())
        };
        for variable in &book.changed.measures {
            let measures = book.measures.get(variable).ok_or(AppError::Internal)?;
            put(draft, measures_name(variable), encode(&MeasuresDocument::of(measures))?)?;
        }
        for of in &book.changed.values {
            let values = book.values.get(of).ok_or(AppError::Internal)?;
            put(draft, values_of(of), encode(&ValuesDocument::of(values))?)?;
        }
        for name in book.changed.gone.iter().map(values_of) {
            draft.remove_beside(&name);
            draft.place(record::names_of(&self.user), name, None);
        }
        Ok(())
    }
}

/// The account as it is in this commit.
fn account_in(draft: &Draft<ProgressRecord>) -> Result<Arc<Account>, AppError> {
    let account: Option<UserRecord> = draft.beside(ACCOUNT)?;
    account.map(|account| Arc::new(Account::of(&account))).ok_or(AppError::NotFound("user"))
}

fn values_of((variable, month): &(VariableName, u32)) -> Arc<str> {
    values_name(variable.as_str(), *month)
}

/// The head, while it is decided what becomes of it.
pub struct Head {
    pub record: ProgressRecord,
    pub is_changed: bool,
}
