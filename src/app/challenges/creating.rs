//! A new challenge: its number, what it is about, its creator and whoever is invited at once, in one commit.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;

use crate::app::achievements::{Chosen, counted_by};
use crate::app::challenges::inviting::Invited;
use crate::app::challenges::record::{ChallengeRecord, Named, Subject, What};
use crate::app::challenges::{Decision, aggregate, indexes};
use crate::app::documents::{ChallengeDocument, Reference};
use crate::app::events::{CounterRecord, checked_text};
use crate::app::follow_ups::FollowUp;
use crate::app::posted;
use crate::app::transact::Lanes;
use crate::app::users::Identity;
use crate::app::{App, AppError};
use crate::domain::achievement::VALUE_MAX;
use crate::domain::challenge::{Answer, Challenge, Kind, Part};
use crate::domain::ids::{ChallengeId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

/// What a challenge is to be.
#[derive(Clone, Debug)]
pub struct NewChallenge {
    pub title: String,
    pub kind: Kind,
    /// The one or the other of these two.
    pub achievement: Option<Reference>,
    pub variable: Option<String>,
    /// The achievement's first goal when it is left out.
    pub goal: Option<u64>,
    /// What the achievement's first level asks for when it is left out.
    pub target: Option<f64>,
    /// Ids or names.
    pub users: Vec<String>,
    pub group: Option<String>,
    /// Now when it is left out.
    pub starts_at: Option<Timestamp>,
    pub expires_at: Timestamp,
}

impl App {
    /// Errors: the member that cannot be used (`title`, `target`, `users[3]` …).
    pub async fn new_challenge(&self, identity: &Identity, new: NewChallenge) -> Result<ChallengeDocument, AppError> {
        let title = checked_text("title", &new.title, 1, limits::CHALLENGE_TITLE_LEN_MAX, &[])?;
        let chosen = self.chosen(&new).await?;
        let target = target(&new, &chosen)?;
        let now = self.clock.now();
        let (starts_at, expires_at) = times(&new, now)?;
        let (counted, operator) = counted_by(&chosen.goal)?;
        if self.len_of(indexes::open_of(&identity.user)).await? >= limits::CHALLENGES_OPEN_LEN_MAX as u64 {
            return Err(AppError::conflict("you take part in too many challenges that are not over yet"));
        }
        let (group, members) = self.challenged_group(identity, new.group.as_deref()).await?;
        let users = self.challenged(identity, &new.users).await?;
        let invited = self.who_is_asked(identity, users, members, 1, &BTreeSet::new()).await?;
        if invited.people.is_empty() {
            return Err(AppError::invalid("users", "must name somebody besides you"));
        }
        let has_started = starts_at <= now;
        let everybody: Vec<UserId> = [identity.user.clone()].into_iter().chain(invited.ids()).collect();
        let stood = if has_started { self.what_stood(&everybody, &counted, starts_at).await? } else { BTreeMap::new() };
        let id = self.next_challenge_id().await?;
        let own = Part::new(identity.name.to_string(), Answer::Accepted);
        let challenge = Challenge {
            id,
            creator: Some(identity.user.clone()),
            title,
            kind: new.kind,
            operator,
            target,
            created_at: now,
            starts_at,
            expires_at,
            started_at: has_started.then_some(starts_at),
            ended_at: None,
            cancelled_at: None,
            people: BTreeMap::from([(identity.user.clone(), own)]),
            finished: 0,
            winner: None,
        };
        let record = record(challenge, chosen, group);
        let by = identity.clone();
        self.challenges
            .transact(aggregate(id), None, move |draft| {
                match draft.record() {
                    // The same request was carried out before.
                    Some(made) if made.challenge.creator.as_ref() == Some(&by.user) => return Ok(()),
                    Some(_) => return Err(AppError::Internal),
                    None => {}
                }
                let mut decision =
                    Decision { draft, record: record.clone(), now, is_another: true, is_remembered: false };
                decision.note(What::Created, Some(&by.user));
                decision.invite(&by, &invited)?;
                decision.stood(&stood)?;
                decision.cause(&FollowUp::challenges_count(&by.user, vec![id.number()]))?;
                decision.finish(None);
                Ok(())
            })
            .await?;
        self.challenge(identity, id).await
    }

    async fn chosen(&self, new: &NewChallenge) -> Result<Chosen, AppError> {
        match (&new.achievement, &new.variable) {
            (Some(_), Some(_)) => Err(AppError::invalid("variable", "does not go together with achievement")),
            (None, None) => Err(AppError::invalid("achievement", "is missing, and so is variable")),
            (Some(achievement), None) => self.choose_goal(achievement, new.goal).await,
            (None, Some(_)) if new.goal.is_some() => {
                Err(AppError::invalid("goal", "goes together with achievement alone"))
            }
            (None, Some(variable)) => self.choose_variable(variable).await,
        }
    }

    /// They grow, with random gaps: nobody can count how many challenges there are.
    async fn next_challenge_id(&self) -> Result<ChallengeId, AppError> {
        let step = rand::rng().random_range(1..=9);
        let last = self
            .counters
            .transact(Lanes::<CounterRecord>::aggregate("challenges"), posted::once("challenge"), move |draft| {
                let last = draft.record().map_or(0, |counter| counter.last) + step;
                draft.put(CounterRecord { last });
                Ok(last)
            })
            .await?;
        ChallengeId::new(last).ok_or(AppError::Internal)
    }
}

impl Invited {
    fn ids(&self) -> impl Iterator<Item = UserId> {
        self.people.iter().map(|(user, _)| user.clone())
    }
}

fn target(new: &NewChallenge, chosen: &Chosen) -> Result<Option<f64>, AppError> {
    match (new.kind, new.target) {
        (Kind::Most, Some(_)) => Err(AppError::invalid("target", "is nothing that the most at the end has")),
        (Kind::Most, None) => Ok(None),
        (Kind::First, Some(target)) if target.is_finite() && target > 0.0 && target <= VALUE_MAX => Ok(Some(target)),
        (Kind::First, Some(_)) => Err(AppError::invalid("target", "must be a number above 0, up to 2^53")),
        (Kind::First, None) => {
            chosen.target.map(Some).ok_or_else(|| AppError::invalid("target", "is missing: it asks for nothing itself"))
        }
    }
}

fn times(new: &NewChallenge, now: Timestamp) -> Result<(Timestamp, Timestamp), AppError> {
    let starts_at = new.starts_at.unwrap_or(now);
    if starts_at < now.plus_millis(-limits::CHALLENGE_START_LATE_MS) {
        return Err(AppError::invalid("starts_at", "must not lie in the past"));
    }
    let starts_at = starts_at.max(now);
    if starts_at > now.plus_millis(limits::CHALLENGE_SPAN_MS_MAX) {
        return Err(AppError::invalid("starts_at", "must lie within a year"));
    }
    if new.expires_at <= starts_at {
        return Err(AppError::invalid("expires_at", "must come after the start, and lie in the future"));
    }
    if new.expires_at > starts_at.plus_millis(limits::CHALLENGE_SPAN_MS_MAX) {
        return Err(AppError::invalid("expires_at", "must come within a year of the start"));
    }
    Ok((starts_at, new.expires_at))
}

fn record(challenge: Challenge, chosen: Chosen, group: Option<Named>) -> ChallengeRecord {
    let variable = chosen.goal.condition.term.variable.clone().unwrap_or_default();
    let subject = match chosen.achievement {
        Some(it) => Subject::Achievement { id: it.id, name: it.name, title: it.title, goal: it.goal },
        None => Subject::Variable(variable),
    };
    let goal = chosen.goal;
    ChallengeRecord { challenge, goal, subject, group, happened: Vec::new(), revision: 0, caused: 0, caused_ms: 0 }
}
