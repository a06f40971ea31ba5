//! What happened: levels that were reached, and what is told of them on channels.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{GainsDocument, Translations, ViewName};
use crate::app::documents::UserName;

/// An achievement, and the level that somebody has reached in it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct AchievedDocument {
    pub id: u64,
    pub name: String,
    pub title: Translations,
    pub category: String,
    pub hidden: bool,
    pub maxlevel: u32,
    /// 0: none yet.
    pub level: u32,
    /// The start of the period in which it was reached, RFC 3339; null if it does not recur.
    pub period: Option<String>,
}

/// Levels of one achievement that one call has reached. Ion's answer, and the change on the user's own channel, are made of it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct UnlockedDocument {
    pub achievement: AchievedDocument,
    pub view: ViewName,
    /// When each level of this period was reached, those of before included: RFC 3339, by level.
    pub levels_achieved: BTreeMap<u32, String>,
    /// The new ones.
    pub new_levels: BTreeMap<u32, GainsDocument>,
}

/// Which achievement, and which level of it, as others are told.
#[derive(Clone, Debug, Serialize)]
pub struct AchievementName {
    pub id: u64,
    pub name: String,
    pub title: Translations,
    pub level: u32,
}

/// A message to a user, in all the languages that there are of it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub struct MessageDocument {
    pub id: u64,
    pub text: Translations,
    pub is_read: bool,
    /// RFC 3339.
    pub created_at: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AchievementChange {
    /// On a user's own channel, with the value that has done it: all new levels of one achievement.
    Unlocked {
        at: String,
        achievement: AchievedDocument,
        new_levels: BTreeMap<u32, GainsDocument>,
        /// The run that has done it.
        run: Option<String>,
        /// The event that it was done in.
        event: Option<u64>,
    },
    /// On a user's own channel.
    Message { at: String, message: MessageDocument },
    /// On a user's own channel: a friend has reached a level.
    FriendUnlocked { at: String, user: UserName, achievement: AchievementName },
    /// On `event:<id>`: somebody who participates has reached a level in it.
    Achievement { at: String, user: UserName, achievement: AchievementName },
    /// On a user's own channel: a run of theirs does not count, and why.
    RunWithheld { at: String, run: String, reason: String },
}

impl UnlockedDocument {
    /// As it is told on the user's own channel; `at` is RFC 3339.
    pub fn told(self, at: String, run: Option<String>, event: Option<u64>) -> AchievementChange {
        let Self { achievement, new_levels, .. } = self;
        AchievementChange::Unlocked { at, achievement, new_levels, run, event }
    }
}

impl AchievedDocument {
    /// As others are told of it.
    pub fn named(&self) -> AchievementName {
        AchievementName { id: self.id, name: self.name.clone(), title: self.title.clone(), level: self.level }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unlocked_is_told_with_all_its_new_levels() {
        let achievement = AchievedDocument {
            id: 1,
            name: "invite_users".to_owned(),
            title: Translations::new(),
            category: String::new(),
            hidden: false,
            maxlevel: 1,
            level: 1,
            period: None,
        };
        let gains = GainsDocument { level: Some(1), ..GainsDocument::default() };
        let unlocked = UnlockedDocument {
            achievement,
            view: ViewName::Everyone,
            levels_achieved: BTreeMap::from([(1, "2016-04-02T12:10:52.901Z".to_owned())]),
            new_levels: BTreeMap::from([(1, gains)]),
        };
        let kept = serde_json::to_vec(&unlocked).unwrap();
        assert_eq!(serde_json::from_slice::<UnlockedDocument>(&kept).unwrap(), unlocked);
        let told = unlocked.told("2016-04-02T12:10:52.901Z".to_owned(), None, Some(17));
        assert_eq!(
            serde_json::to_value(told).unwrap(),
            json!({
                "type": "unlocked", "at": "2016-04-02T12:10:52.901Z",
                "achievement": {"id": 1, "name": "invite_users", "title": {}, "category": "", "hidden": false,
                    "maxlevel": 1, "level": 1, "period": null},
                "new_levels": {"1": {"rewards": {}, "properties": {}, "level": 1}},
                "run": null, "event": 17,
            })
        );
    }
}
