//! What somebody may try next: which achievements are within reach, in which order, and why. Who may know what of whom is decided
//! before; in which language it is read, after.
//!
//! Only what can be reached now is recommended. Where something else has to be reached first, that is: it "opens" the other.

mod reason;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::advance::{Who, levels::Standing};
use super::book::Levels;
use super::bounds::{RECOMMENDED_DAYS_MAX, RECOMMENDED_NEAR_M};
use super::definitions::{Achievement, Goal, Operator};
use super::ids::{AchievementId, GoalId, MeasureId};
use super::period::last_day_of;
use super::progress::{GoalProgress, Progress};
use super::rules::Rules;
use crate::domain::event::local;
use crate::domain::geo::distance_m;
use crate::domain::time::Timestamp;
pub use reason::{Amount, Reason, Unit};

/// What is known of the one to whom it is recommended.
#[derive(Clone, Debug)]
pub struct Adviser<'a> {
    pub rules: &'a Rules,
    pub who: &'a Who<'a>,
    /// What has been reached.
    pub levels: &'a Levels,
    /// By achievement, the levels of those friends who have one and let it be seen.
    pub friends: &'a BTreeMap<AchievementId, Vec<u32>>,
    pub now: Timestamp,
}

/// One achievement, towards its next level.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    pub achievement: AchievementId,
    /// From 0 to 100.
    pub score: f64,
    /// The first says most. None: there is nothing to be said for it but that it can be tried.
    pub reasons: Vec<Reason>,
}

/// Of the hundred points, how many each can bring: how near the goal is, the place, friends, that it ends soon, what it opens.
const POINTS: Points = Points { nearness: 50.0, place: 20.0, friends: 15.0, ends: 10.0, opens: 5.0 };
/// So many friends bring all the points.
const FRIENDS_MANY: f64 = 5.0;

struct Points {
    nearness: f64,
    place: f64,
    friends: f64,
    ends: f64,
    opens: f64,
}

/// One that can be reached now.
struct Candidate<'a> {
    achievement: &'a Achievement,
    progress: &'a Progress,
    /// From 0 to 1, of the goal that is furthest from being reached.
    nearness: f64,
    distance_m: Option<f64>,
    friends: usize,
    days_left: Option<u32>,
    opens: Vec<AchievementId>,
}

impl Adviser<'_> {
    /// The best first, at most `len_max`. `progress` has every achievement that may be considered, in its newest period.
    pub fn recommend(&self, progress: &[Progress], len_max: usize) -> Vec<Recommendation> {
        let open: Vec<(&Achievement, &Progress)> = progress
            .iter()
            .filter_map(|told| Some((self.rules.achievement(told.achievement)?, told)))
            .filter(|(achievement, told)| self.is_open(achievement, told))
            .collect();
        let mut opened: BTreeMap<AchievementId, Vec<AchievementId>> = BTreeMap::new();
        for (achievement, _) in &open {
            for required in achievement.requires.iter().filter(|id| !self.has(**id)) {
                opened.entry(*required).or_default().push(achievement.id);
            }
        }
        let ready = open.into_iter().filter(|(achievement, _)| achievement.requires.iter().all(|id| self.has(*id)));
        let mut candidates: Vec<Candidate<'_>> = ready
            .map(|(achievement, progress)| {
                let opens = opened.remove(&achievement.id).unwrap_or_default();
                self.candidate(achievement, progress, opens)
            })
            .collect();
        // Of those that count alike the nearest says it all; a further one must have more to say for itself.
        candidates.sort_by(Candidate::nearer);
        let mut counted: BTreeSet<Vec<MeasureId>> = BTreeSet::new();
        candidates.retain(|it| counted.insert(it.measures()) || it.has_more_to_say());
        candidates.sort_by(Candidate::order);
        candidates.truncate(len_max);
        candidates.iter().map(Candidate::recommendation).collect()
    }

    fn has(&self, id: AchievementId) -> bool {
        self.levels.get(&id).is_some_and(|periods| periods.values().any(|levels| !levels.is_empty()))
    }

    /// Whether it may be spoken of and could be reached, requirements aside.
    fn is_open(&self, achievement: &Achievement, told: &Progress) -> bool {
        let has_goals = !told.goals.is_empty() && told.goals.iter().all(|goal| goal.target.is_some());
        let is_whole = told.error.is_none() && has_goals && !achievement.hidden;
        let is_near =
            achievement.place.is_none() || self.distance_m(achievement).is_some_and(|it| it <= RECOMMENDED_NEAR_M);
        let today = self.today(achievement);
        let is_valid = achievement.valid_start.is_none_or(|start| start <= today)
            && achievement.valid_end.is_none_or(|end| today <= end);
        let is_left = told.level < achievement.maxlevel && told.goals.iter().any(|goal| !goal.reached);
        is_whole && is_left && is_valid && is_near && !achievement.denies.iter().any(|id| self.has(*id))
    }

    /// To the middle of its place.
    fn distance_m(&self, achievement: &Achievement) -> Option<f64> {
        Some(distance_m(self.who.place?, achievement.place?.center))
    }

    /// Where the achievement's days turn.
    fn today(&self, achievement: &Achievement) -> NaiveDate {
        local(self.now, achievement.zone.unwrap_or(self.who.zone)).0
    }

    fn candidate<'a>(
        &self,
        achievement: &'a Achievement,
        progress: &'a Progress,
        opens: Vec<AchievementId>,
    ) -> Candidate<'a> {
        let nearness = progress.goals.iter().map(|goal| share(achievement, goal)).fold(1.0, f64::min);
        let today = self.today(achievement);
        // That a week ends matters to who has begun.
        let last_of_period = last_day_of(today, achievement.evaluation).filter(|_| nearness > 0.0);
        let last = [achievement.valid_end, last_of_period].into_iter().flatten().min();
        let days_left = last.and_then(|last| u32::try_from(last.signed_duration_since(today).num_days()).ok());
        let friends = self.friends.get(&achievement.id).into_iter().flatten();
        Candidate {
            achievement,
            progress,
            nearness,
            distance_m: self.distance_m(achievement),
            friends: friends.filter(|level| **level > progress.level).count(),
            days_left: days_left.filter(|days| *days <= RECOMMENDED_DAYS_MAX),
            opens,
        }
    }
}

impl Candidate<'_> {
    fn score(&self) -> f64 {
        let friends = u32::try_from(self.friends).map_or(f64::INFINITY, f64::from);
        let place = self.distance_m.map_or(0.0, |it| 1.0 - (it / RECOMMENDED_NEAR_M).min(1.0));
        let ends = self.days_left.map_or(0.0, |days| 1.0 - f64::from(days) / f64::from(RECOMMENDED_DAYS_MAX + 1));
        let opens = if self.opens.is_empty() { 0.0 } else { POINTS.opens };
        let score = POINTS.nearness * self.nearness
            + POINTS.place * place
            + POINTS.friends * (friends / FRIENDS_MANY).min(1.0)
            + POINTS.ends * ends
            + opens;
        (score * 10.0).round() / 10.0
    }

    /// The higher score first, then as achievements are evaluated.
    fn order(&self, other: &Self) -> Ordering {
        let score = other.score().total_cmp(&self.score());
        let turn = other.achievement.priority.cmp(&self.achievement.priority);
        score.then(turn).then_with(|| self.nearer(other))
    }

    /// The nearer goal first; where nothing has been done yet, the easier one.
    fn nearer(&self, other: &Self) -> Ordering {
        let easier = match (self.progress.goals.as_slice(), other.progress.goals.as_slice()) {
            ([one], [another]) if one.measure == another.measure => {
                let order = one.target.partial_cmp(&another.target).unwrap_or(Ordering::Equal);
                if operator(self.achievement, one.goal) == Operator::Geq { order } else { order.reverse() }
            }
            _ => Ordering::Equal,
        };
        let nearness = other.nearness.total_cmp(&self.nearness);
        nearness.then(easier).then(self.achievement.id.cmp(&other.achievement.id))
    }

    fn measures(&self) -> Vec<MeasureId> {
        let mut measures: Vec<MeasureId> = self.progress.goals.iter().map(|goal| goal.measure).collect();
        measures.sort_unstable();
        measures
    }

    fn has_more_to_say(&self) -> bool {
        self.distance_m.is_some() || self.friends > 0 || self.days_left.is_some() || !self.opens.is_empty()
    }

    fn recommendation(&self) -> Recommendation {
        let goals = self.progress.goals.iter().filter(|goal| !goal.reached);
        let mut reasons: Vec<Reason> = goals.filter_map(|goal| to_go(self.achievement, goal)).collect();
        reasons.extend(self.distance_m.map(|distance_m| {
            let is_within = self.achievement.place.is_some_and(|circle| distance_m <= circle.radius_m);
            Reason::Place { distance_m: distance_m.round(), is_within }
        }));
        reasons.extend((self.friends > 0).then_some(Reason::Friends(self.friends)));
        reasons.extend(self.days_left.map(Reason::Ends));
        reasons.extend(self.opens.iter().copied().map(Reason::Opens));
        Recommendation { achievement: self.achievement.id, score: self.score(), reasons }
    }
}

fn share(achievement: &Achievement, goal: &GoalProgress) -> f64 {
    let standing = Standing { value: goal.value, target: goal.target };
    if goal.reached { 1.0 } else { standing.percentage(operator(achievement, goal.goal)) / 100.0 }
}

fn goal_of(achievement: &Achievement, id: GoalId) -> Option<&Goal> {
    achievement.goals.iter().find(|goal| goal.id == id)
}

fn operator(achievement: &Achievement, id: GoalId) -> Operator {
    goal_of(achievement, id).map(|goal| goal.operator).unwrap_or_default()
}

fn to_go(achievement: &Achievement, told: &GoalProgress) -> Option<Reason> {
    let (goal, target) = (goal_of(achievement, told.goal)?, told.target?);
    let unit = Unit::of(&goal.term);
    Some(match (goal.operator, told.value) {
        (Operator::Geq, value) => Reason::ToGo(Amount::new(target - value.unwrap_or_default(), unit)),
        (Operator::Leq, Some(value)) => Reason::Less(Amount::new(value - target, unit)),
        (Operator::Leq, None) => Reason::AtMost(Amount::new(target, unit)),
    })
}
