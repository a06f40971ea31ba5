//! One decision on a board: the day's turn, then the operations in their order, in one commit with what the user's channel hears.
//!
//! The board itself is no part of the head; a decision takes the one of the head's stamp. What it lacks it refuses for, and says
//! aside what is to be there next time.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono_tz::Tz;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::app::habits::history::month;
use crate::app::habits::kept::{KeptBoard, Months};
use crate::app::habits::writing::{Unwritten, Writing};
use crate::app::habits::{
    Applied, HabitsRecord, KeptBoards, Outcome, Seen, Submitted, counting, names, showing, telling,
};
use crate::app::transact::Draft;
use crate::app::users::{Identity, aggregate};
use crate::app::{App, AppError, due::Due};
use crate::backend::Keep;
use crate::domain::habit::effect::{Effect, gathered};
use crate::domain::habit::hero::Earned;
use crate::domain::habit::history::Of;
use crate::domain::habit::ops::{apply, turn_day};
use crate::domain::habit::task::TaskKind;
use crate::domain::habit::{Board, Now, Op, cron, newcomer};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

/// The name of the account itself, beside which the board stands.
const ACCOUNT: &str = "";
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// A turn by the clock that finds nothing to turn looks again after this, at the earliest.
const TURN_AGAIN_MS: i64 = 60 * 1_000;

/// Why a batch comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The user's own device. Who has no board gets one.
    Device,
    /// It is time for the day to turn.
    Clock,
    /// A run is counted.
    Run,
}

/// A decision, as it is taken each time.
struct Decision {
    boards: Arc<KeptBoards>,
    user: UserId,
    ops: Arc<[Submitted]>,
    /// What must still be so for any of them.
    seen: Option<Seen>,
    cause: Cause,
    /// The profile's.
    zone: Option<Tz>,
    /// Of the documents that are read for it.
    names: BTreeSet<Arc<str>>,
    now: Timestamp,
    /// What a new board finds by chance later, and of which its ids are made.
    seeds: (u64, u64),
    aside: Arc<Mutex<Aside>>,
}

/// What a decision says besides its answer.
#[derive(Default)]
struct Aside {
    lack: Lack,
    decided: Option<Decided>,
}

#[derive(Clone)]
pub(super) struct Decided {
    pub v_before: u64,
    pub board: Arc<Board>,
    /// Of which there are documents of histories.
    pub months: Months,
    pub effects: Vec<Effect>,
    pub outcomes: Vec<Outcome>,
}

/// Why nothing could be decided yet.
#[derive(Default)]
enum Lack {
    #[default]
    Nothing,
    Names(Vec<Arc<str>>),
    /// The board of this head is not at hand.
    Board,
}

impl App {
    /// Carries out what a device of the user has sent, in its order; with none, what is there is told. `seen`: the version that
    /// the device knows. Batches of more than [`limits::HABIT_OPS_A_COMMIT`] are several commits: where one of them fails, those
    /// before it stand.
    ///
    /// # Errors
    /// [`AppError::Invalid`]: too many operations. [`AppError::NotFound`] `"user"`: the account has ended. What a single operation
    /// fails for is no error of the batch.
    pub async fn apply_habits(
        &self,
        identity: &Identity,
        ops: Vec<Submitted>,
        seen: Option<u64>,
    ) -> Result<Applied, AppError> {
        if ops.len() > limits::HABIT_OPS_LEN_MAX {
            let problem = format!("at most {} operations in one batch", limits::HABIT_OPS_LEN_MAX);
            return Err(AppError::invalid("operations", problem));
        }
        let mut parts = ops.chunks(limits::HABIT_OPS_A_COMMIT);
        let first = self.apply_part(&identity.user, parts.next().unwrap_or_default(), None, Cause::Device).await?;
        let mut whole = first.ok_or(AppError::NotFound("user"))?;
        let (mut was_between, mut from, is_new) = (false, whole.from(), whole.v_before == 0);
        for part in parts {
            let more = self.apply_part(&identity.user, part, None, Cause::Device).await?;
            let more = more.ok_or(AppError::NotFound("user"))?;
            was_between |= more.v_before != whole.board.hero.version;
            from = from.or(more.from());
            whole.outcomes.extend(more.outcomes);
            whole.effects = gathered([whole.effects, more.effects].concat());
            (whole.board, whole.months) = (more.board, more.months);
        }
        let mut applied = whole.applied(seen);
        applied.was_modified |= seen.is_some() && was_between;
        applied.from = from.filter(|_| !was_between && !is_new);
        Ok(applied)
    }

    /// What [`App::apply_habits`] does, in one commit; `None`: there is no board, and the cause makes none.
    pub(super) async fn apply_part(
        &self,
        user: &UserId,
        ops: &[Submitted],
        seen: Option<Seen>,
        cause: Cause,
    ) -> Result<Option<Decided>, AppError> {
        let ops: Arc<[Submitted]> = ops.into();
        let account = self.account(user).await?.ok_or(AppError::NotFound("user"))?;
        let zone = account.said_zone;
        let seeds = || Uuid::new_v4().as_u64_pair().1;
        let seeds = (seeds(), seeds());
        let mut names = self.first_habit_names(user, &ops, zone);
        for _ in 0..limits::HABIT_ATTEMPTS_MAX {
            let aside = Arc::<Mutex<Aside>>::default();
            let decision = Decision {
                boards: self.habit_boards.clone(),
                user: user.clone(),
                ops: ops.clone(),
                seen: seen.clone(),
                cause,
                zone,
                names: names.clone(),
                now: self.clock.now(),
                seeds,
                aside: aside.clone(),
            };
            let beside = names.iter().cloned().collect();
            let decided =
                self.habits.transact_beside(aggregate(user), None, beside, move |draft| decision.decide(draft)).await;
            let Err(AppError::Stale) = decided else {
                decided?;
                return Ok(aside.lock().decided.take());
            };
            let lack = std::mem::take(&mut aside.lock().lack);
            match lack {
                Lack::Names(more) => names.extend(more),
                Lack::Board => drop(self.load_board(user).await?),
                Lack::Nothing => return Err(AppError::Internal),
            }
        }
        Err(AppError::Busy)
    }

    /// What is needed most likely, by the board that is at hand: the ids of the operations, and the months that are written.
    fn first_habit_names(&self, user: &UserId, ops: &[Submitted], zone: Option<Tz>) -> BTreeSet<Arc<str>> {
        let mut names: BTreeSet<Arc<str>> = ops.iter().filter_map(|it| it.id.as_ref()).map(names::op).collect();
        let Some(KeptBoard { board, months }) = self.habit_boards.newest(user) else { return names };
        let (now, zone) = (self.clock.now(), board.hero.zone(zone));
        let month = month(board.hero.calendar(zone).day_of(now));
        let mut need = |of: Of| {
            if months.get(&of).is_some_and(|months| months.contains(&month)) {
                names.insert(names::history(&of, month));
            }
        };
        for submitted in ops {
            let Op::Score { id, .. } = &submitted.op else { continue };
            if board.task(id).is_some_and(|task| task.kind == TaskKind::Habit) {
                need(Of::Task(id.clone()));
            }
        }
        if cron::next_turn(&board, zone).is_some_and(|at| at <= now) {
            board.tasks(TaskKind::Daily).for_each(|task| need(Of::Task(task.id.clone())));
            [Of::Todos, Of::Exp].into_iter().for_each(need);
        }
        names
    }
}

impl Decided {
    /// `seen`: the version that the device knows.
    /// The version that it has made another of. A board that begins with it comes from none.
    fn from(&self) -> Option<u64> {
        (self.v_before > 0 && self.board.hero.version != self.v_before).then_some(self.v_before)
    }

    pub fn applied(self, seen: Option<u64>) -> Applied {
        let errors = self.outcomes.iter().enumerate().filter_map(|(at, outcome)| match outcome {
            Outcome::Refused(error) => Some((at, error.clone())),
            _ => None,
        });
        Applied {
            v: self.board.hero.version,
            from: self.from(),
            was_modified: seen.is_some_and(|seen| seen != self.v_before),
            errors: errors.collect(),
            board: self.board,
            months: self.months,
            effects: self.effects,
            outcomes: self.outcomes,
        }
    }
}

impl Decision {
    fn decide(&self, draft: &mut Draft<HabitsRecord>) -> Result<(), AppError> {
        *self.aside.lock() = Aside::default();
        let record = draft.record().cloned();
        let (before, mut board) = match &record {
            Some(record) => {
                let kept = self.boards.get(&self.user, record.stamp, draft.is_as_stored());
                let Some(kept) = kept else { return Err(self.lacks(Lack::Board)) };
                let board = Board::clone(&kept.board);
                (Some(kept), board)
            }
            None if self.cause != Cause::Device => return Ok(()),
            None => {
                if !self.names.contains(ACCOUNT) {
                    return Err(self.lacks(Lack::Names(vec![ACCOUNT.into()])));
                }
                draft.beside::<serde::de::IgnoredAny>(ACCOUNT)?.ok_or(AppError::NotFound("user"))?;
                (None, newcomer::board(self.seeds.0, self.seeds.1, self.now))
            }
        };
        let (v_before, earned) = (board.hero.version, board.hero.earned);
        let now = self.at(&board);
        let mut effects = turn_day(&mut board, now);
        let outcomes = self.carry_out(draft, &mut board, &mut effects)?;
        let effects = gathered(effects);
        let changed = board.take_changed();
        let board = Arc::new(board);
        let head = self.head(draft, record.as_ref(), &board, &earned);
        let mut months = before.as_ref().map_or_else(Months::default, |before| before.months.clone());
        if !changed.is_nothing() || record.as_ref().is_none_or(|record| record.turns_ms != head.turns_ms) {
            let writing = Writing { draft, user: &self.user, before: before.as_ref(), months };
            months = match writing.write(&board, &changed) {
                Ok(months) => months,
                Err(Unwritten::Lacks(names)) => return Err(self.lacks(Lack::Names(names))),
                Err(Unwritten::Failed(error)) => return Err(error),
            };
            self.boards.put(&self.user, head.stamp, KeptBoard { board: board.clone(), months: months.clone() });
            draft.put(head);
        }
        if let Some(change) = telling::change(&board, v_before, &effects, self.now)? {
            draft.append("", Keep::Newest(limits::USER_TOPIC_LEN_MAX), change);
        }
        self.aside.lock().decided = Some(Decided { v_before, board, months, effects, outcomes });
        Ok(())
    }

    /// The head of this board, another than before if the board is another; and when something of it is due.
    fn head(
        &self,
        draft: &mut Draft<HabitsRecord>,
        before: Option<&HabitsRecord>,
        board: &Board,
        earned: &Earned,
    ) -> HabitsRecord {
        let (now_ms, turns_ms) = (self.now.as_millis(), self.next_turn(board));
        if self.cause == Cause::Clock || before.is_none_or(|before| before.turns_ms != turns_ms) {
            Due::DayTurns(self.user.clone()).place(draft, turns_ms);
        }
        let stamp = Uuid::new_v4().as_u64_pair().1;
        let made_ms = before.map_or(now_ms, |before| before.made_ms);
        let mut head = HabitsRecord::of(&board.hero, made_ms, stamp, turns_ms);
        (head.days, head.counts_ms) = before.map(|before| (before.days.clone(), before.counts_ms)).unwrap_or_default();
        let day = board.hero.calendar(board.hero.zone(self.zone)).day_of(self.now);
        // West of where they were it is a day that has been counted already: what is done there belongs to the newest.
        let newest = head.days.last_key_value().map(|(newest, _)| *newest);
        let day =
            newest.filter(|newest| (day..=day.saturating_add(cron::DAYS_AHEAD_MAX)).contains(newest)).unwrap_or(day);
        let has_come_to_more = counting::count(&mut head.days, earned, &board.hero.earned, day, self.now);
        if has_come_to_more && head.counts_ms.is_none() {
            head.counts_ms = Some(now_ms.saturating_add(limits::HABIT_COUNTS_AFTER_MS));
            Due::HabitsCount(self.user.clone()).place(draft, head.counts_ms);
        }
        head
    }

    /// Each operation that has not come before → what has come of each.
    fn carry_out(
        &self,
        draft: &mut Draft<HabitsRecord>,
        board: &mut Board,
        effects: &mut Vec<Effect>,
    ) -> Result<Vec<Outcome>, AppError> {
        let day = self.now.as_millis().div_euclid(DAY_MS);
        let mut outcomes = Vec::with_capacity(self.ops.len());
        for Submitted { op, id } in self.ops.iter() {
            let name = id.as_ref().map(names::op);
            if let Some(name) = &name
                && draft.bytes_beside(name)?.is_some()
            {
                outcomes.push(Outcome::Known);
                continue;
            }
            if self.seen.as_ref().is_some_and(|seen| !showing::is_so(board, seen)) {
                outcomes.push(Outcome::Stale);
                continue;
            }
            let now = self.at(board);
            match apply(board, op, now) {
                Ok(applied) => {
                    outcomes.push(Outcome::Done { has_effect: !applied.effects.is_empty(), scored: applied.scored });
                    effects.extend(applied.effects);
                }
                // It has done nothing, and may be sent again.
                Err(error) => {
                    outcomes.push(Outcome::Refused(error));
                    continue;
                }
            }
            if let Some(name) = name {
                draft.put_beside(&name, bytes::Bytes::from_static(b"1"));
                draft.place(names::ops_of(&self.user), name, Some(day));
            }
        }
        Ok(outcomes)
    }

    fn at(&self, board: &Board) -> Now {
        Now { at: self.now, zone: board.hero.zone(self.zone) }
    }

    fn next_turn(&self, board: &Board) -> Option<i64> {
        let next = cron::next_turn(board, board.hero.zone(self.zone))?.as_millis();
        let now = self.now.as_millis();
        Some(if next > now { next } else { now.saturating_add(TURN_AGAIN_MS) })
    }

    /// Refuses; next time it will be there.
    fn lacks(&self, lack: Lack) -> AppError {
        self.aside.lock().lack = lack;
        AppError::Stale
    }
}
