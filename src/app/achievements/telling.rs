//! What is heard of an unlock: on the user's own channel in the commit that brings it, and elsewhere by follow-ups.

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::app::achievements::evaluating::Head;
use crate::app::achievements::record::{self, MessageRecord, ProgressRecord, message_name};
use crate::app::achievements::who::Account;
use crate::app::achievements::{AchievementFault, Outcome};
use crate::app::documents::{
    AchievedDocument, AchievementChange, GainedProperty, GainedReward, GainsDocument, UnlockedDocument, UserName,
    ValueDocument, ViewName,
};
use crate::app::follow_ups::{self, FollowUp};
use crate::app::friends::listed_by;
use crate::app::transact::{Draft, OnceKey, encode};
use crate::app::users::record::UserRecord;
use crate::app::{App, AppError, mentions, users};
use crate::backend::{Keep, Range};
use crate::domain::achievement::{
    self as domain, Achievement, Advance, Announced, LevelGains, Number, Relevance, Rules, Translated, Unlocked, View,
    Worth, start_of,
};
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::time::Timestamp;
use crate::domain::user::Visibility;
use crate::limits;

/// Of whom it is told, and on which occasion.
pub struct Told<'a> {
    pub user: &'a UserId,
    pub account: &'a Account,
    pub rules: &'a Rules,
    pub occasion: (Option<RunId>, Option<EventId>),
    pub now: Timestamp,
}

impl Told<'_> {
    /// Says in the commit what it has brought.
    pub fn tell(
        &self,
        draft: &mut Draft<ProgressRecord>,
        head: &mut Head,
        advanced: Advance,
    ) -> Result<Outcome, AppError> {
        for announced in advanced.messages {
            self.message(draft, head, announced)?;
        }
        let mut outcome = Outcome::default();
        for unlocked in advanced.unlocked {
            let achievement = self.rules.achievement(unlocked.achievement).ok_or(AppError::Internal)?;
            let document = self.document(achievement, unlocked);
            self.unlocked(draft, head, achievement, &document)?;
            outcome.unlocked.push(document);
        }
        let errors = advanced.errors.into_iter().map(|(id, error)| AchievementFault { id: id.number(), error });
        outcome.errors.extend(errors);
        Ok(outcome)
    }

    fn document(&self, achievement: &Achievement, unlocked: Unlocked) -> UnlockedDocument {
        let zone = achievement.zone.unwrap_or(self.account.zone);
        let period = start_of(unlocked.period, zone).map(|at| at.to_string());
        let new_levels = unlocked.new_levels.into_iter().map(|(level, gains)| {
            let document = GainsDocument { level: Some(level), ..GainsDocument::of(gains) };
            (level, document)
        });
        UnlockedDocument {
            achievement: AchievedDocument::of(achievement, unlocked.level, period),
            view: view_name(achievement.view),
            levels_achieved: unlocked.levels_reached.iter().map(|(level, at)| (*level, at.to_string())).collect(),
            new_levels: new_levels.collect(),
        }
    }

    fn unlocked(
        &self,
        draft: &mut Draft<ProgressRecord>,
        head: &mut Head,
        achievement: &Achievement,
        document: &UnlockedDocument,
    ) -> Result<(), AppError> {
        let (run, event) = self.occasion;
        let at = self.now.to_string();
        let told = document.clone().told(at.clone(), run.map(|run| run.to_string()), event.map(EventId::number));
        draft.append("", Keep::Newest(limits::USER_TOPIC_LEN_MAX), encode(&told)?);
        let user = UserName { id: self.user.to_string(), name: self.account.name.clone() };
        let named = document.achievement.named();
        if let Some(event) = event.filter(|_| achievement.relevance == Relevance::Group) {
            let change =
                AchievementChange::Achievement { at: at.clone(), user: user.clone(), achievement: named.clone() };
            self.cause(draft, head, &FollowUp::achieved(self.user, event, &change)?)?;
        }
        let is_open = achievement.view == View::Everyone && !achievement.hidden;
        if is_open && self.account.visibility != Visibility::Private {
            let change = AchievementChange::FriendUnlocked { at, user, achievement: named };
            self.cause(draft, head, &FollowUp::told_friends(self.user, &change)?)?;
        }
        Ok(())
    }

    /// What has moved is counted in the challenges that it counts in.
    pub fn count_in_challenges<'a>(
        &self,
        draft: &mut Draft<ProgressRecord>,
        head: &mut Head,
        moved: impl Iterator<Item = &'a str>,
    ) -> Result<(), AppError> {
        match head.record.challenges_of(moved, self.now) {
            challenges if challenges.is_empty() => Ok(()),
            challenges => self.cause(draft, head, &FollowUp::challenges_count(self.user, challenges)),
        }
    }

    /// The user's account causes nothing in this aggregate, so the numbers are its own.
    fn cause(&self, draft: &mut Draft<ProgressRecord>, head: &mut Head, follow_up: &FollowUp) -> Result<(), AppError> {
        head.is_changed = true;
        head.record.follow_ups += 1;
        head.record.followed_ms = head.record.followed_ms.max(self.now.as_millis());
        let at = Timestamp::from_millis(head.record.followed_ms);
        follow_ups::add(draft, head.record.follow_ups, follow_up, at)
    }

    fn message(
        &self,
        draft: &mut Draft<ProgressRecord>,
        head: &mut Head,
        announced: Announced,
    ) -> Result<(), AppError> {
        head.is_changed = true;
        head.record.messages += 1;
        let id = head.record.messages;
        let message = MessageRecord { text: announced.text, at_ms: self.now.as_millis() };
        let name = message_name(id);
        draft.put_beside(&name, encode(&message)?);
        draft.place(record::names_of(self.user), name, Some(0));
        if let Some(oldest) = id.checked_sub(limits::MESSAGES_LEN_MAX).filter(|oldest| *oldest > 0) {
            draft.remove_beside(&message_name(oldest));
            draft.place(record::names_of(self.user), message_name(oldest), None);
        }
        let change = AchievementChange::Message { at: self.now.to_string(), message: message.document(id, false) };
        draft.append("", Keep::Newest(limits::USER_TOPIC_LEN_MAX), encode(&change)?);
        Ok(())
    }
}

impl App {
    /// Tells those whom the user lists, each once for one `key`: who is listed may see it, and a block ends that.
    pub(in crate::app) async fn tell_friends(&self, user: &UserId, change: &str, key: &str) -> Result<(), AppError> {
        if self.users.read(&users::aggregate(user)).await?.is_none() {
            return Ok(());
        }
        let range = Range::all(listed_by(user), limits::FRIENDS_TOLD_LEN_MAX);
        let friends = mentions::users(&self.backend.range(&range).await?.members)?;
        let change = Bytes::from(change.to_owned());
        let told: Vec<_> =
            friends.into_iter().map(|it| self.tell_friend(it, user, change.clone(), key).boxed()).collect();
        stream::iter(told).buffer_unordered(limits::TOLD_AT_ONCE).try_collect().await
    }

    async fn tell_friend(&self, friend: UserId, of: &UserId, change: Bytes, key: &str) -> Result<(), AppError> {
        let (once, of) = (OnceKey { key: key.into(), digest: "".into() }, of.clone());
        self.users
            .transact(users::aggregate(&friend), Some(once), move |draft: &mut Draft<UserRecord>| {
                // The account may have gone meanwhile.
                if draft.record().is_some() {
                    mentions::note(draft, &of);
                    draft.append("", Keep::Newest(limits::USER_TOPIC_LEN_MAX), change.clone());
                }
                Ok(())
            })
            .await
    }
}

impl AchievedDocument {
    pub(super) fn of(achievement: &Achievement, level: u32, period: Option<String>) -> Self {
        Self {
            id: achievement.id.number(),
            name: achievement.name.clone(),
            title: achievement.title.clone(),
            category: achievement.category.clone(),
            hidden: achievement.hidden,
            maxlevel: achievement.maxlevel,
            level,
            period,
        }
    }
}

impl GainsDocument {
    pub(super) fn of(gains: LevelGains) -> Self {
        let rewards = gains.rewards.into_iter().map(|it| (it.id.number(), GainedReward::of(it)));
        let properties = gains.properties.into_iter().map(|it| (it.property.number(), GainedProperty::of(it)));
        Self { rewards: rewards.collect(), properties: properties.collect(), level: None }
    }
}

impl GainedReward {
    fn of(gained: domain::GainedReward) -> Self {
        Self {
            id: gained.id.number(),
            reward_id: gained.reward.number(),
            name: gained.name,
            value: worth(gained.value),
            value_translated: translated(gained.translated),
        }
    }
}

impl GainedProperty {
    pub(super) fn of(gained: domain::GainedProperty) -> Self {
        Self {
            property_id: gained.property.number(),
            name: gained.name,
            is_variable: gained.is_variable,
            value: worth(gained.value),
            value_translated: translated(gained.translated),
        }
    }
}

fn worth(worth: Worth) -> Option<ValueDocument> {
    match worth {
        Worth::Nothing => None,
        Worth::Number(Number::Whole(number)) => Some(ValueDocument::Whole(number)),
        Worth::Number(Number::Fraction(number)) => Some(ValueDocument::Fraction(number)),
        Worth::Text(text) => Some(ValueDocument::Text(text)),
    }
}

fn translated(translated: Translated) -> Option<Translated> {
    Some(translated).filter(|translated| !translated.is_empty())
}

pub(super) fn view_name(view: View) -> ViewName {
    match view {
        View::Everyone => ViewName::Everyone,
        View::Own => ViewName::Own,
    }
}
