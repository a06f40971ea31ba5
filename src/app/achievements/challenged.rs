//! What challenges ask of the engine: what one may be about, what somebody's stored values come to in one, and that a value that
//! counts in one is followed by counting it there.
//!
//! A user's head says in which open challenges they take part and of which variables those are. A commit that moves one of these
//! causes a follow-up; all others cost nothing. What a challenge is, is not known here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::app::achievements::definitions::{Faults, goal_of};
use crate::app::achievements::record::ProgressRecord;
use crate::app::documents::{
    ConditionDocument, GoalDocument, OperatorName, Reference, TermDocument, TermKind, Translations,
};
use crate::app::{App, AppError, users};
use crate::domain::achievement::{Before, Counted, GoalId, Operator, Rules, Unable, View, Window, before, within};
use crate::domain::ids::{ChallengeId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

/// A challenge that somebody takes part in, as their progress knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    pub id: u64,
    variables: BTreeSet<String>,
    until_ms: i64,
}

/// What a challenge is to be about.
pub(in crate::app) struct Chosen {
    /// What of the goal counts; it has neither a formula nor messages.
    pub goal: GoalDocument,
    /// What its first level asks for.
    pub target: Option<f64>,
    pub achievement: Option<ChosenAchievement>,
}

pub(in crate::app) struct ChosenAchievement {
    pub id: u64,
    pub name: String,
    pub title: Translations,
    pub goal: u64,
}

/// One of a user's challenges, as it is counted.
#[derive(Clone)]
pub(in crate::app) struct Counting {
    pub counted: Counted,
    pub window: Window,
    pub before: Before,
}

/// What somebody's values come to, and of which state of their progress: the higher version is the newer.
pub(in crate::app) struct CountedValues {
    pub version: u64,
    pub values: Vec<Option<f64>>,
    /// The challenges that the user's progress knows of.
    pub watched: BTreeSet<u64>,
}

impl ProgressRecord {
    /// The challenges in which a value of one of these variables counts.
    pub fn challenges_of<'a>(&self, variables: impl Iterator<Item = &'a str>, now: Timestamp) -> Vec<u64> {
        if self.challenges.is_empty() {
            return Vec::new();
        }
        let moved: BTreeSet<&str> = variables.collect();
        let counts = |it: &&Watched| {
            it.until_ms + limits::CHALLENGE_LATE_MS > now.as_millis()
                && it.variables.iter().any(|name| moved.contains(name.as_str()))
        };
        self.challenges.iter().filter(counts).map(|it| it.id).collect()
    }
}

/// How a goal that was chosen is counted, and which of two values is the better one.
pub(in crate::app) fn counted_by(goal: &GoalDocument) -> Result<(Counted, Operator), AppError> {
    let mut faults = Faults::default();
    let goal = GoalDocument { id: Some(1), ..goal.clone() };
    let goal = goal_of(&goal, "", &mut faults).ok_or(AppError::Internal)?;
    Ok((Counted::of(&goal), goal.operator))
}

impl App {
    /// A goal of an achievement that everybody may see; without a number, its first one.
    pub(in crate::app) async fn choose_goal(
        &self,
        achievement: &Reference,
        goal: Option<u64>,
    ) -> Result<Chosen, AppError> {
        let catalogue = self.catalogue().await?;
        let unknown = || AppError::invalid("achievement", "is no achievement that one can be challenged to");
        let found = catalogue.rules.all().find(|it| match achievement {
            Reference::Id(id) => it.id.number() == *id,
            Reference::Name(name) => it.name == *name,
        });
        let found = found.filter(|it| !it.hidden && it.view == View::Everyone).ok_or_else(unknown)?;
        let chosen = match goal {
            None => found.goals.iter().min_by_key(|it| (std::cmp::Reverse(it.priority), it.id)),
            Some(id) => GoalId::new(id).and_then(|id| found.goals.iter().find(|it| it.id == id)),
        };
        let no_goal = || AppError::invalid("goal", "is no goal of this achievement");
        let chosen = chosen.ok_or_else(no_goal)?;
        let stored = catalogue.achievements.get(&found.id.number()).and_then(|kept| kept.document.as_ref());
        let document = stored.and_then(|it| it.goals.iter().find(|it| it.id == Some(chosen.id.number())));
        let document = document.ok_or_else(no_goal)?;
        let target = catalogue.rules.target(chosen, 1);
        let target = target.map_err(|error| AppError::invalid("goal", error.to_string()))?;
        let achievement = ChosenAchievement {
            id: found.id.number(),
            name: found.name.clone(),
            title: found.title.clone(),
            goal: chosen.id.number(),
        };
        Ok(Chosen { goal: bare(document), target, achievement: Some(achievement) })
    }

    /// All values of one variable.
    pub(in crate::app) async fn choose_variable(&self, name: &str) -> Result<Chosen, AppError> {
        let catalogue = self.catalogue().await?;
        if catalogue.rules.variable(name).is_none() {
            return Err(AppError::invalid("variable", "is no variable of the catalogue"));
        }
        let literal = TermDocument {
            kind: TermKind::Literal,
            variable: Some(name.to_owned()),
            key: None,
            key_operator: None,
            terms: None,
        };
        Ok(Chosen { goal: of_condition(ConditionDocument { term: literal }), target: None, achievement: None })
    }

    /// What stands of this user where a challenge begins.
    pub(in crate::app) async fn stands_before(
        &self,
        user: &UserId,
        counted: &Counted,
        from: Timestamp,
    ) -> Result<Before, AppError> {
        let Some(account) = self.account(user).await? else { return Ok(Before::Everything) };
        let catalogue = self.catalogue().await?;
        let look = |book: &_| before(book, &catalogue.rules, counted, account.zone, from);
        self.look_into_book(user, &catalogue, look).await
    }

    /// What somebody's values come to in each of these challenges, by one look; `None`: there is no such account.
    pub(in crate::app) async fn count_within(
        &self,
        user: &UserId,
        all: &[Counting],
    ) -> Result<Option<CountedValues>, AppError> {
        let Some(account) = self.account(user).await? else { return Ok(None) };
        let catalogue = self.catalogue().await?;
        let rules: &Rules = &catalogue.rules;
        let look = |head: Option<&ProgressRecord>, book: &_| {
            let value = |it: &Counting| within(book, rules, &it.counted, account.zone, it.window, &it.before);
            let values = all.iter().map(value).collect::<Result<Vec<_>, Unable>>()?;
            let version = head.map_or(0, |head| head.follow_ups);
            let watched = head.map(|head| head.challenges.iter().map(|it| it.id).collect()).unwrap_or_default();
            Ok(CountedValues { version, values, watched })
        };
        self.look_into_progress(user, &catalogue, look).await.map(Some)
    }

    /// From now on a value that counts in these challenges is followed by counting it there.
    pub(in crate::app) async fn watch_challenges(
        &self,
        user: &UserId,
        begun: &[(ChallengeId, &Counted, Timestamp)],
        over: Vec<ChallengeId>,
    ) -> Result<(), AppError> {
        let watched = |(id, counted, until): &(ChallengeId, &Counted, Timestamp)| Watched {
            id: id.number(),
            variables: counted.term.variables().iter().map(ToString::to_string).collect(),
            until_ms: until.as_millis(),
        };
        let begun: Vec<Watched> = begun.iter().map(watched).collect();
        let now_ms = self.clock.now().as_millis();
        self.make_progress(user).await?;
        self.progress
            .transact(users::aggregate(user), None, move |draft| {
                // The account has ended meanwhile.
                let Some(mut record) = draft.record().cloned() else { return Ok(()) };
                let before = record.challenges.clone();
                record.challenges.retain(|it| {
                    let is_over = it.until_ms + limits::CHALLENGE_LATE_MS <= now_ms;
                    !is_over && !over.iter().any(|id| id.number() == it.id)
                });
                for watched in &begun {
                    if !record.challenges.iter().any(|it| it.id == watched.id) {
                        record.challenges.push(watched.clone());
                    }
                }
                if record.challenges != before {
                    // What is counted from now on is newer than all that was counted without.
                    record.follow_ups += 1;
                    draft.put(record);
                }
                Ok(())
            })
            .await
    }
}

/// What of a goal is counted.
fn bare(goal: &GoalDocument) -> GoalDocument {
    GoalDocument {
        operator: goal.operator,
        group_by_key: goal.group_by_key,
        group_by_dateformat: goal.group_by_dateformat.clone(),
        maxmin: goal.maxmin,
        ..of_condition(goal.condition.clone())
    }
}

fn of_condition(condition: ConditionDocument) -> GoalDocument {
    GoalDocument {
        id: None,
        name: Translations::new(),
        condition,
        goal: None,
        operator: OperatorName::Geq,
        timespan_days: None,
        group_by_key: false,
        group_by_dateformat: None,
        maxmin: None,
        priority: 0,
        properties: Vec::new(),
        triggers: Vec::new(),
    }
}
