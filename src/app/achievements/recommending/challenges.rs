//! Challenges to take: those that somebody has laid before the user, then those that are open to the user's groups.

use crate::app::documents::{ChallengeDocument, ReasonDocument, ReasonKind, RecommendedChallenge};
use crate::app::{App, AppError};
use crate::domain::achievement::bounds::RECOMMENDED_DAYS_MAX;
use crate::domain::achievement::{Reason, Rules};
use crate::domain::ids::UserId;
use crate::domain::time::Timestamp;
use crate::limits;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

impl App {
    pub(super) async fn challenges_to_take(
        &self,
        user: &UserId,
        rules: &Rules,
    ) -> Result<Vec<RecommendedChallenge>, AppError> {
        let now = self.clock.now();
        let pending = self.challenges_pending_of(user).await?.into_iter().map(|it| (true, it));
        let open = self.open_challenges_of_groups(user).await?.into_iter().map(|it| (false, it));
        let recommended = pending.chain(open).take(limits::RECOMMENDED_LEN_MAX).map(|(is_asked, challenge)| {
            let reasons = reasons(&challenge, is_asked, rules, now);
            RecommendedChallenge { challenge, reasons }
        });
        Ok(recommended.collect())
    }
}

fn reasons(challenge: &ChallengeDocument, is_asked: bool, rules: &Rules, now: Timestamp) -> Vec<ReasonDocument> {
    let said = |kind, text| ReasonDocument { kind, value: None, unit: None, achievement: None, text };
    let first = match (is_asked, &challenge.creator, &challenge.group) {
        (true, Some(creator), _) => said(ReasonKind::Challenged, format!("{} has challenged you", creator.name)),
        (true, None, _) => said(ReasonKind::Challenged, "you are challenged".to_owned()),
        (false, _, Some(group)) => said(ReasonKind::Group, format!("open to your group {}", group.name)),
        (false, _, None) => said(ReasonKind::Group, "open to a group of yours".to_owned()),
    };
    let left_ms = Timestamp::parse(&challenge.expires_at).map(|at| at.as_millis() - now.as_millis());
    let days = left_ms.and_then(|left_ms| u32::try_from(left_ms / DAY_MS).ok());
    let ends =
        days.filter(|days| *days <= RECOMMENDED_DAYS_MAX).map(|days| ReasonDocument::of(&Reason::Ends(days), rules));
    [Some(first), ends].into_iter().flatten().collect()
}
