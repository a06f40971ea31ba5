//! Runners of one group who run together: who is around a runner is looked at again and again while the run is live.
//!
//! Each runner's run is looked at for itself, and writes to itself alone. What running together counts is not known here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::documents::ChangeDocument;
use crate::app::due::Due;
use crate::app::follow_ups::FollowUp;
use crate::app::runs::{RunRecord, aggregate, announce, cause, indexes};
use crate::app::{App, AppError, groups};
use crate::domain::geo::{Circle, Place, distance_m};
use crate::domain::ids::{GroupId, RunId, UserId};
use crate::domain::run::State;
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;
use crate::limits;

/// How far from each other runners are together.
const WITHIN_M: f64 = 50.0;
/// How long that must last.
const FOR_MS: i64 = 10 * 60 * 1_000;
/// Where a runner was so long ago, the runner may be no more.
const FRESH_MS: i64 = 60_000;
/// Nobody knows who was where between two looks that lie further apart.
const LOOKS_APART_MAX_MS: i64 = 90_000;

/// With which groups somebody runs: part of a run's head.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Together {
    /// Since when, and when it was last seen, in milliseconds.
    now: BTreeMap<String, (i64, i64)>,
    /// The groups with which it has been long enough.
    pub done: BTreeSet<String>,
}

/// Another runner close by.
struct Other {
    user: UserId,
    place: Place,
    apart_m: f64,
}

impl Together {
    /// Takes in with which groups the runner is at this moment → whether it has been long enough with one, for the first time.
    fn look(&mut self, with: &BTreeSet<String>, now_ms: i64) -> bool {
        let known_len = self.done.len();
        self.now.retain(|group, (_, seen_ms)| with.contains(group) && now_ms - *seen_ms <= LOOKS_APART_MAX_MS);
        for group in with {
            let (since_ms, seen_ms) = self.now.entry(group.clone()).or_insert((now_ms, now_ms));
            *seen_ms = now_ms.max(*seen_ms);
            if now_ms - *since_ms >= FOR_MS && self.done.len() < limits::GROUPS_RUN_WITH_MAX {
                self.done.insert(group.clone());
            }
        }
        self.done.len() > known_len
    }
}

impl App {
    /// Looks who is around the runner, and when to look again.
    pub(in crate::app) async fn look_together(&self, run: RunId) -> Result<(), AppError> {
        let now = self.clock.now();
        let record = self.runs.read(&aggregate(run)).await?;
        let Some(record) = record.filter(|record| record.run.state == State::Live) else {
            return self.look_no_more(run).await;
        };
        let own: Vec<GroupId> = self.groups_of(&record.run.owner).await?.into_iter().collect();
        let with = if own.is_empty() { BTreeSet::new() } else { self.groups_around(&record, &own, now).await? };
        let after_ms = if own.is_empty() { limits::GROUPS_LOOK_EVERY_MS } else { limits::TOGETHER_LOOK_EVERY_MS };
        let next_ms = now.as_millis() + after_ms;
        self.runs
            .transact(aggregate(run), None, move |draft| {
                let record = draft.record().filter(|record| record.run.state == State::Live).cloned();
                Due::RunTogether(run).place(draft, record.as_ref().map(|_| next_ms));
                let Some(mut record) = record else { return Ok(()) };
                let before = record.together.clone();
                if record.together.look(&with, now.as_millis()) {
                    // A change of its own: what follows from one before is still to be carried out under its number.
                    let change = ChangeDocument::changed(&record.run, now);
                    announce(draft, &mut record, &change)?;
                    cause(draft, &record, &FollowUp::run_counts(&record.run), now)?;
                }
                if record.together != before {
                    draft.put(record);
                }
                Ok(())
            })
            .await
    }

    async fn look_no_more(&self, run: RunId) -> Result<(), AppError> {
        self.runs
            .transact(aggregate(run), None, move |draft| {
                if draft.record().is_none_or(|record| record.run.state != State::Live) {
                    Due::RunTogether(run).place(draft, None);
                }
                Ok(())
            })
            .await
    }

    /// Those of these groups of whom, with the runner, at least three are together now.
    async fn groups_around(
        &self,
        record: &RunRecord,
        own: &[GroupId],
        now: Timestamp,
    ) -> Result<BTreeSet<String>, AppError> {
        let Some(place) = place_of(record, now) else { return Ok(BTreeSet::new()) };
        let mut others = self.others_around(&record.run.owner, place, now).await?;
        others.truncate((limits::TOGETHER_KEYS_LEN_MAX / own.len()).max(2));
        let users: Vec<&UserId> = others.iter().map(|other| &other.user).collect();
        let are_members = self.are_in_groups(own, &users).await?;
        let together = own.iter().zip(are_members).filter(|(_, are_members)| {
            let members = others.iter().zip(are_members).filter(|(_, is_member)| **is_member);
            let places: Vec<Place> = members.map(|(other, _)| other.place).collect();
            two_together(&places)
        });
        Ok(together.map(|(group, _)| group.to_string()).collect())
    }

    /// Those who run within reach of a place, the nearest first. Whoever runs in private runs with nobody, nor does one with somebody
    /// whom they have blocked, or by whom they are.
    async fn others_around(&self, user: &UserId, place: Place, now: Timestamp) -> Result<Vec<Other>, AppError> {
        let circle = Circle { center: place, radius_m: WITHIN_M };
        let mut runs: Vec<Arc<str>> = self.near(indexes::public_near(), &circle).await?;
        runs.extend(self.near(indexes::others_near(), &circle).await?);
        runs.truncate(limits::TOGETHER_LOOKED_AT_MAX);
        let runs: Vec<_> = runs.iter().filter_map(|run| RunId::parse(run)).map(aggregate).collect();
        let records = self.runs.read_all(&runs).await?;
        let others = records.iter().flatten().filter(|record| record.run.owner != *user);
        let others = others.filter(|record| record.run.visibility != Visibility::Private);
        let mut others: Vec<Other> = others
            .filter_map(|record| {
                let at = place_of(record, now)?;
                Some(Other { user: record.run.owner.clone(), place: at, apart_m: distance_m(place, at) })
            })
            .filter(|other| other.apart_m <= WITHIN_M)
            .collect();
        others.sort_by(|one, other| one.apart_m.total_cmp(&other.apart_m));
        let ties = self.friendships(user, &others.iter().map(|other| &other.user).collect::<Vec<_>>()).await?;
        let mut is_blocked = ties.iter().map(|tie| tie.own.blocks.is_some() || tie.others.blocks.is_some());
        others.retain(|_| !is_blocked.next().unwrap_or(true));
        Ok(others)
    }

    /// For each of these groups, which of these users are in it.
    async fn are_in_groups(&self, groups: &[GroupId], users: &[&UserId]) -> Result<Vec<Vec<bool>>, AppError> {
        let keys = groups.iter().flat_map(|group| users.iter().map(|user| groups::key_of_member(group, user)));
        let keys: Vec<_> = keys.collect();
        let values = self.backend.read(&keys).await?;
        let mut are_members = values.iter().map(|value| value.value.is_some());
        Ok(groups.iter().map(|_| are_members.by_ref().take(users.len()).collect()).collect())
    }
}

/// Where the runner of a live run is, if that is known and the run is not in doubt.
fn place_of(record: &RunRecord, now: Timestamp) -> Option<Place> {
    let run = &record.run;
    let position = run.tally.position.filter(|_| run.state == State::Live)?;
    let is_fresh = now.as_millis() - position.time.as_millis() <= FRESH_MS;
    (is_fresh && record.effect.withheld(run).is_none()).then_some(position.place)
}

/// Whether two of them are within reach of each other.
fn two_together(places: &[Place]) -> bool {
    let mut rest = places;
    while let Some((one, others)) = rest.split_first() {
        if others.iter().any(|other| distance_m(*one, *other) <= WITHIN_M) {
            return true;
        }
        rest = others;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK_MS: i64 = limits::TOGETHER_LOOK_EVERY_MS;

    #[test]
    fn ten_minutes_on_end_are_together_once() {
        let with = BTreeSet::from(["a".to_owned()]);
        let mut together = Together::default();
        let looks: Vec<bool> = (0..=40).map(|look| together.look(&with, look * LOOK_MS)).collect();
        assert_eq!(looks.iter().position(|is_new| *is_new), Some(usize::try_from(FOR_MS / LOOK_MS).unwrap()));
        assert_eq!(looks.iter().filter(|is_new| **is_new).count(), 1);
    }

    #[test]
    fn who_leaves_or_is_not_looked_at_begins_anew() {
        let with = BTreeSet::from(["a".to_owned()]);
        for (away, gap_ms) in [(BTreeSet::new(), LOOK_MS), (with.clone(), LOOKS_APART_MAX_MS + 1)] {
            let mut together = Together::default();
            assert!(!(0..19).any(|look| together.look(&with, look * LOOK_MS)));
            let at_ms = 18 * LOOK_MS + gap_ms;
            assert!(!together.look(&away, at_ms));
            let looks: Vec<bool> = (1..=21).map(|look| together.look(&with, at_ms + look * LOOK_MS)).collect();
            let anew = looks.iter().position(|is_new| *is_new).unwrap();
            assert!(anew >= 19, "{anew}");
        }
    }

    #[test]
    fn all_three_are_within_reach_of_each_other() {
        let at = |metres: f64| Place::new(60.0 + metres / 111_195.08, 24.9).unwrap();
        assert!(two_together(&[at(-40.0), at(30.0), at(-10.0)]));
        assert!(!two_together(&[at(-40.0), at(30.0)]), "each is near the runner, and far from the other");
        assert!(!two_together(&[at(0.0)]) && !two_together(&[]));
    }
}
