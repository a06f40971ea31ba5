//! What somebody may try next, as it is shown. In which order and why is decided in
//! [`domain::achievement`](crate::domain::achievement); here it is read what that needs, and written what it says.

mod challenges;
mod friends;

use std::collections::BTreeSet;

use super::reading::goal_documents;
use super::rules_kept::Catalogue;
use super::who::Account;
use crate::app::documents::{
    AchievedDocument, AchievementName, ReasonDocument, ReasonKind, RecommendationsDocument, RecommendedAchievement,
    RecommendedUser, UserName,
};
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::domain::achievement::{
    Achievement, AchievementId, Adviser, Progress, Reason, Recommendation, Rules, VariableName, Who, built_in,
    progress_of_all, start_of,
};
use crate::domain::ids::UserId;
use crate::limits;
use friends::Friend;

/// What was read of the one to whom it is recommended.
struct Read {
    progress: Vec<Progress>,
    recommended: Vec<Recommendation>,
    /// Metres of the last days.
    distance_m: f64,
}

impl App {
    /// What a user may try next, and with whom. A user's own, and anybody's for admins, who do not learn by it where somebody is.
    ///
    /// # Errors
    /// [`AppError::Forbidden`]: it is another, whom the caller may know of. [`AppError::NotFound`] `"user"`: all others.
    pub async fn recommendations(
        &self,
        identity: &Identity,
        user: &UserId,
    ) -> Result<RecommendationsDocument, AppError> {
        self.speaks_for(identity, user).await?;
        let account = self.account_now(user).await?.ok_or(AppError::NotFound("user"))?;
        let catalogue = self.catalogue().await?;
        let distance = VariableName::parse(built_in::DISTANCE_M).ok_or(AppError::Internal)?;
        let from = self.clock.now().plus_millis(-limits::ALIKE_MS);
        let friends = self.friends_to_compare(user, &distance, from).await?;
        let (rules, now, nowhere) = (&catalogue.rules, self.clock.now(), BTreeSet::new());
        let place = account.place.filter(|_| identity.user == *user);
        let who = Who { zone: account.zone, place, visited: &nowhere, created: account.created };
        let levels_of_friends = friends::levels(&friends, rules);
        let asked: Vec<AchievementId> = rules.all().filter(|it| !it.hidden).map(|it| it.id).collect();
        let read = self
            .look_into_book(user, &catalogue, |book| {
                let progress = progress_of_all(book, rules, &who, &asked, 1, now)?;
                let adviser = Adviser { rules, who: &who, levels: &book.levels, friends: &levels_of_friends, now };
                let recommended = adviser.recommend(&progress, limits::RECOMMENDED_LEN_MAX);
                Ok(Read { progress, recommended, distance_m: book.sum_since(&distance, from)? })
            })
            .await?;
        Ok(RecommendationsDocument {
            achievements: achievements(&catalogue, &account, &read),
            challenges: self.challenges_to_take(user, rules).await?,
            users: alike(read.distance_m, friends),
        })
    }
}

fn achievements(catalogue: &Catalogue, account: &Account, read: &Read) -> Vec<RecommendedAchievement> {
    let rules = &catalogue.rules;
    let document = |it: &Recommendation| {
        let achievement = rules.achievement(it.achievement)?;
        let progress = read.progress.iter().find(|progress| progress.achievement == it.achievement)?;
        let zone = achievement.zone.unwrap_or(account.zone);
        let period = start_of(progress.period, zone).map(|at| at.to_string());
        let kept = catalogue.achievements.get(&achievement.id.number()).and_then(|kept| kept.document.as_ref());
        Some(RecommendedAchievement {
            achievement: AchievedDocument::of(achievement, progress.level, period),
            description: achievement.description.clone(),
            goals: goal_documents(achievement, progress.goals.clone()),
            place: kept.and_then(|document| document.place),
            score: it.score,
            reasons: it.reasons.iter().map(|reason| ReasonDocument::of(reason, rules)).collect(),
        })
    };
    read.recommended.iter().filter_map(document).collect()
}

/// Those who have run about as far as the user. How far is not told: each of their runs may be seen by others than the user.
fn alike(distance_m: f64, friends: Vec<Friend>) -> Vec<RecommendedUser> {
    if distance_m <= 0.0 {
        return Vec::new();
    }
    let apart = |friend: &Friend| (friend.distance_m - distance_m).abs() / distance_m;
    let mut alike: Vec<Friend> = friends.into_iter().filter(|it| apart(it) <= limits::ALIKE_APART_MAX).collect();
    alike.sort_by(|one, other| apart(one).total_cmp(&apart(other)).then_with(|| one.user.cmp(&other.user)));
    alike.truncate(limits::RECOMMENDED_LEN_MAX);
    let days = limits::ALIKE_MS / (24 * 60 * 60 * 1_000);
    let reason = ReasonDocument {
        kind: ReasonKind::Alike,
        value: u32::try_from(days).ok().map(f64::from),
        unit: Some("days"),
        achievement: None,
        text: format!("about as far as you in the last {days} days"),
    };
    let document = |friend: Friend| RecommendedUser {
        user: UserName { id: friend.user.to_string(), name: friend.name },
        reasons: vec![reason.clone()],
    };
    alike.into_iter().map(document).collect()
}

impl ReasonDocument {
    fn of(reason: &Reason, rules: &Rules) -> Self {
        let counted = |count: usize| u32::try_from(count).ok().map(f64::from);
        let (kind, value, unit, opens) = match reason {
            Reason::ToGo(amount) => (ReasonKind::ToGo, Some(amount.value), amount.unit.name(), None),
            Reason::Less(amount) => (ReasonKind::Less, Some(amount.value), amount.unit.name(), None),
            Reason::AtMost(amount) => (ReasonKind::AtMost, Some(amount.value), amount.unit.name(), None),
            Reason::Place { distance_m, .. } => (ReasonKind::Place, Some(*distance_m), Some("m"), None),
            Reason::Friends(count) => (ReasonKind::Friends, counted(*count), Some("friends"), None),
            Reason::Ends(days) => (ReasonKind::Ends, Some(f64::from(*days)), Some("days"), None),
            Reason::Opens(id) => (ReasonKind::Opens, None, None, rules.achievement(*id)),
        };
        let named = |it: &Achievement| AchievementName {
            id: it.id.number(),
            name: it.name.clone(),
            title: it.title.clone(),
            level: 0,
        };
        Self { kind, value, unit, achievement: opens.map(named), text: reason.sentence(rules) }
    }
}
