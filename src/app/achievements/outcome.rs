//! What a moved value has brought: the answer of an increase, of a contribution and of an evaluation, and what a replay of the
//! same request is answered.

use serde::{Deserialize, Serialize};

use crate::app::documents::UnlockedDocument;

/// What is newly reached, in the order in which it was, and which rules could not be carried out. Those stop no others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub unlocked: Vec<UnlockedDocument>,
    pub errors: Vec<AchievementFault>,
}

/// Why an achievement could not be looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AchievementFault {
    pub id: u64,
    pub error: String,
}

impl Outcome {
    /// Of several calls, one after another: of what was unlocked in more than one of them all new levels are shown together.
    pub fn merge(&mut self, later: Self) {
        for unlocked in later.unlocked {
            let same = |it: &&mut UnlockedDocument| {
                (it.achievement.id, &it.achievement.period) == (unlocked.achievement.id, &unlocked.achievement.period)
            };
            match self.unlocked.iter_mut().find(same) {
                Some(known) => {
                    known.achievement = unlocked.achievement;
                    known.levels_achieved = unlocked.levels_achieved;
                    known.new_levels.extend(unlocked.new_levels);
                }
                None => self.unlocked.push(unlocked),
            }
        }
        for error in later.errors {
            if !self.errors.contains(&error) {
                self.errors.push(error);
            }
        }
    }
}
