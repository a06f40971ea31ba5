//! What a commit causes elsewhere: written into the outbox by the commit that causes it, carried out once, then struck.
//!
//! The instance that committed carries it out at once. What was left behind (a crash came between) is carried out by
//! whichever instance holds the lease; where somebody has lost a right, by any, within a second or so. Doing one twice changes
//! nothing: effects are absolute values, under an idempotency key. Those of one aggregate that stand in one queue are carried
//! out in their order; others do not wait for them.

mod outbox;
mod sweeping;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::app::challenges::Telling;
use crate::app::documents::{ChangeDocument, RunChange};
use crate::app::events::RosterPlace;
use crate::app::feeds::Barred;
use crate::app::links::Shared;
use crate::app::mentions;
use crate::app::sight::rights_changed_of;
use crate::app::transact::{Draft, OnceKey, Record, encode};
use crate::app::users::record::UserRecord;
use crate::app::{App, AppError};
use crate::backend::{AggregateId, Index, Keep};
use crate::domain::event::Event;
use crate::domain::ids::{ChallengeId, EventId, RunId, UserId};
use crate::domain::run::Run;
use crate::domain::time::Timestamp;
use crate::limits;

pub use outbox::{Causes, Outbox};
pub use sweeping::Whose;

/// What waits together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Somebody has lost a right. They wait for nothing else on their aggregate, not even for what came before.
    Rights,
    /// A commit or two each.
    Swift,
    /// Thousands of commits each: they are carried out in pieces, and go on where they stopped. Alone they wait for what is swift
    /// on the same aggregate, and never the other way round.
    Rosters,
    /// What is counted for achievements: a commit or two each, and what is counted twice is counted once. Nothing that is told
    /// waits for it, and it waits for nothing.
    Counts,
}

/// Something to be done on another aggregate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FollowUp {
    user: String,
    /// The run that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// The event that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<u64>,
    what: What,
    /// Another user, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    friend: Option<String>,
    /// What the user's own channel is to hear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<Box<RawValue>>,
    /// Of what is told once in a day at most: the same as before is not told again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    once: Option<String>,
    /// Where the run was shown and may be seen no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    barred: Option<Barred>,
    /// Somebody who may not see any more what the user has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lost_by: Option<String>,
    /// Of those who participate, everybody up to here was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_until: Option<RosterPlace>,
    /// The challenges that it is about, by their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    challenges: Vec<u64>,
    /// Of a value in a challenge, as the how manyth it was told: after a newer one it is no news.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved: Option<u64>,
    /// Those are told too who have not answered their invitations.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    with_invited: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    RunStarted,
    /// The user's place for a live run is free again.
    RunFinished,
    /// Nothing else changes.
    Told,
    /// All who participate in an event are told.
    ToldRoster,
    /// The user may not participate in an event any more, or the event may be over: then neither do their runs.
    LeftEvent,
    /// The event is over or gone: so is what was planned for it.
    EventOver,
    /// The user has blocked somebody, who has no part in the user's events any more.
    Blocked,
    /// The run may be seen no more where it was shown: that is told there.
    Barred,
    /// Those who watch the event hear what the user has reached in it.
    Achieved,
    /// Those whom the user lists hear what the user has reached.
    ToldFriends,
    /// What a run has come to counts for its runner.
    RunCounts,
    /// What the user has come to in an event counts.
    EventCounts,
    /// Somebody whom the user has invited has become a friend.
    FriendCounts,
    /// What the user's values have come to counts in these challenges.
    ChallengesCount,
    /// Those who take part in a challenge are told.
    ToldChallenge,
}

impl Queue {
    pub const ALL: [Self; 4] = [Self::Rights, Self::Swift, Self::Rosters, Self::Counts];

    /// The name of the index of all that wait in it.
    fn name(self) -> &'static str {
        match self {
            Self::Rights => "follow-ups/rights",
            Self::Swift => "follow-ups",
            Self::Rosters => "follow-ups/rosters",
            Self::Counts => "follow-ups/counts",
        }
    }

    /// The first part of the names of those that wait in it. One change may cause something in several.
    fn kind(self) -> &'static str {
        match self {
            Self::Rights => "follow-up-of-rights",
            Self::Swift | Self::Rosters => "follow-up",
            Self::Counts => "follow-up-of-counts",
        }
    }

    /// All that wait in it, scored by when they were written.
    pub fn index(self) -> Index {
        Index::new(self.name())
    }

    /// Of these, those that the aggregate has caused, by their names there, scored by their numbers.
    fn of(self, aggregate: &AggregateId) -> Index {
        Index::new(format!("{}/of/{aggregate}", self.name()))
    }

    /// Aggregates whose follow-ups are carried out at the same time.
    fn at_once(self) -> usize {
        match self {
            Self::Rights | Self::Swift | Self::Counts => limits::FOLLOW_UPS_AT_ONCE,
            Self::Rosters => limits::ROSTERS_TOLD_AT_ONCE,
        }
    }

    /// How many of one aggregate are carried out before it is another's turn.
    fn turn_len(self) -> usize {
        match self {
            Self::Rights | Self::Swift | Self::Counts => limits::FOLLOW_UPS_PER_TURN,
            Self::Rosters => 1,
        }
    }
}

/// Puts a follow-up into the outbox of the aggregate that is being decided on. Those of one aggregate are carried out in the
/// order of `number`, one for each, if `at` never goes back, though clocks may.
pub fn add<R: Record>(draft: &mut Draft<R>, number: u64, follow_up: &FollowUp, at: Timestamp) -> Result<(), AppError> {
    let (queue, of) = (follow_up.queue(), follow_up.queue().of(draft.aggregate()));
    let name = format!("{}/{number:016}", queue.kind());
    let member = format!("{}#{name}", draft.aggregate());
    draft.put_beside(&name, encode(follow_up)?);
    draft.place(queue.index(), member, Some(at.as_millis()));
    draft.place(of, name, Some(i64::try_from(number).map_err(|_| AppError::Internal)?));
    Ok(())
}

impl FollowUp {
    /// One who was sent out of its event meanwhile was found without a run there: it goes on outside.
    pub fn run_started(run: &Run, now: Timestamp) -> Result<Self, AppError> {
        let change = ChangeDocument::RunStarted(RunChange::of(run, now).in_event(run.event));
        Ok(Self { event: run.event.map(EventId::number), ..Self::of(run, What::RunStarted, &change)? })
    }

    pub fn run_finished(run: &Run, now: Timestamp) -> Result<Self, AppError> {
        Self::of(run, What::RunFinished, &ChangeDocument::RunFinished(RunChange::of(run, now)))
    }

    /// As a run that is finished: the user's place is free.
    pub fn run_deleted(run: &Run, now: Timestamp) -> Result<Self, AppError> {
        let change = ChangeDocument::RunDeleted { at: now.to_string(), run: run.id.to_string() };
        Ok(Self { event: run.event.map(EventId::number), ..Self::of(run, What::RunFinished, &change)? })
    }

    /// The user's own channel is to hear `change`.
    pub fn told(user: &UserId, change: &impl Serialize) -> Result<Self, AppError> {
        Ok(Self { change: Some(raw(change)?), ..Self::on(user, What::Told) })
    }

    /// As [`FollowUp::told`], but not if what has this name was told to the user within the last [`limits::ONCE_KEEP`].
    pub fn told_once(user: &UserId, name: String, change: &impl Serialize) -> Result<Self, AppError> {
        Ok(Self { once: Some(name), ..Self::told(user, change)? })
    }

    /// What this user has `other` may not see any more, and loses at once.
    pub fn lost_by(user: &UserId, other: &UserId) -> Self {
        Self { lost_by: Some(other.to_string()), ..Self::on(user, What::Told) }
    }

    /// Whom the user has blocked is sent out of the user's events.
    pub fn blocked(user: &UserId, other: &UserId) -> Self {
        Self { lost_by: Some(other.to_string()), ..Self::on(user, What::Blocked) }
    }

    /// The own channels of all who participate in the event, or are invited to it, are to hear `change`.
    pub fn told_roster(event: &Event, change: &impl Serialize) -> Result<Self, AppError> {
        let (change, number) = (Some(raw(change)?), Some(event.id.number()));
        Ok(Self { event: number, change, ..Self::on(&event.creator, What::ToldRoster) })
    }

    /// Unless the user participates in the event, their runs go on outside it.
    pub fn left_event(user: &UserId, event: EventId) -> Self {
        Self { event: Some(event.number()), ..Self::on(user, What::LeftEvent) }
    }

    /// What was planned for the event may be run without it.
    pub fn event_over(event: &Event) -> Self {
        Self { event: Some(event.id.number()), ..Self::on(&event.creator, What::EventOver) }
    }

    /// Where the run was shown, it is not to be seen any more.
    pub fn barred(run: &Run, barred: Barred) -> Self {
        let (run, user) = (Some(run.id.to_string()), &run.owner);
        Self { run, barred: Some(barred), ..Self::on(user, What::Barred) }
    }

    /// The user has reached something in this event: those who watch it are to hear `change`.
    pub fn achieved(user: &UserId, event: EventId, change: &impl Serialize) -> Result<Self, AppError> {
        Ok(Self { event: Some(event.number()), change: Some(raw(change)?), ..Self::on(user, What::Achieved) })
    }

    /// The own channels of those whom the user lists as friends are to hear `change`.
    pub fn told_friends(user: &UserId, change: &impl Serialize) -> Result<Self, AppError> {
        Ok(Self { change: Some(raw(change)?), ..Self::on(user, What::ToldFriends) })
    }

    /// What the run has come to by now counts for its runner.
    pub fn run_counts(run: &Run) -> Self {
        Self { run: Some(run.id.to_string()), ..Self::on(&run.owner, What::RunCounts) }
    }

    /// What the user has come to in the event by now counts.
    pub fn event_counts(user: &UserId, event: EventId) -> Self {
        Self { event: Some(event.number()), ..Self::on(user, What::EventCounts) }
    }

    /// `friend` has accepted what the user had asked.
    pub fn friend_counts(user: &UserId, friend: &UserId) -> Self {
        Self { friend: Some(friend.to_string()), ..Self::on(user, What::FriendCounts) }
    }

    /// What the user's values have come to counts in these challenges.
    pub fn challenges_count(user: &UserId, challenges: Vec<u64>) -> Self {
        Self { challenges, ..Self::on(user, What::ChallengesCount) }
    }

    /// All who take part in the challenge are to hear `change`, which `user` has caused.
    pub fn told_challenge(user: &UserId, challenge: ChallengeId, change: &impl Serialize) -> Result<Self, AppError> {
        let (challenges, change) = (vec![challenge.number()], Some(raw(change)?));
        Ok(Self { challenges, change, ..Self::on(user, What::ToldChallenge) })
    }

    /// As [`FollowUp::told_challenge`], and those who have not answered yet.
    pub fn told_all_of_challenge(
        user: &UserId,
        challenge: ChallengeId,
        change: &impl Serialize,
    ) -> Result<Self, AppError> {
        Ok(Self { with_invited: true, ..Self::told_challenge(user, challenge, change)? })
    }

    /// As [`FollowUp::told_challenge`], unless the user's value has changed again: it was the `moved`th time.
    pub fn told_value(
        user: &UserId,
        challenge: ChallengeId,
        moved: u64,
        change: &impl Serialize,
    ) -> Result<Self, AppError> {
        Ok(Self { moved: Some(moved), ..Self::told_challenge(user, challenge, change)? })
    }

    fn of(run: &Run, what: What, change: &ChangeDocument) -> Result<Self, AppError> {
        Ok(Self { run: Some(run.id.to_string()), change: Some(raw(change)?), ..Self::on(&run.owner, what) })
    }

    fn on(user: &UserId, what: What) -> Self {
        Self {
            user: user.to_string(),
            run: None,
            event: None,
            friend: None,
            what,
            change: None,
            barred: None,
            once: None,
            lost_by: None,
            told_until: None,
            challenges: Vec::new(),
            moved: None,
            with_invited: false,
        }
    }

    fn challenges(&self) -> impl Iterator<Item = ChallengeId> {
        self.challenges.iter().filter_map(|number| ChallengeId::new(*number))
    }

    fn queue(&self) -> Queue {
        match self.what {
            What::ToldRoster | What::EventOver | What::ToldFriends | What::ToldChallenge => Queue::Rosters,
            What::RunCounts | What::EventCounts | What::FriendCounts | What::ChallengesCount => Queue::Counts,
            What::LeftEvent | What::Blocked | What::Barred => Queue::Rights,
            // What earlier versions have written may tell something besides, which stays in its order.
            What::Told if self.lost_by.is_some() && self.change.is_none() => Queue::Rights,
            What::RunStarted | What::RunFinished | What::Told | What::Achieved => Queue::Swift,
        }
    }
}

impl App {
    /// Has the effect, or a part of it → what is left to be done of it.
    async fn effect(&self, follow_up: FollowUp, once: OnceKey) -> Result<Option<FollowUp>, AppError> {
        let user = UserId::parse(&follow_up.user).ok_or(AppError::Internal)?;
        let run = || follow_up.run.as_deref().and_then(RunId::parse).ok_or(AppError::Internal);
        match follow_up.what {
            What::RunFinished => self.look_at_links_to(Shared::Run(run()?)).await?,
            What::Barred => {
                self.tell_barred(run()?, follow_up.barred.as_ref().ok_or(AppError::Internal)?).await?;
                return Ok(None);
            }
            What::Blocked => {
                let other = follow_up.lost_by.as_deref().and_then(UserId::parse).ok_or(AppError::Internal)?;
                if self.send_out_of_events(&user, &other).await? {
                    return Ok(Some(follow_up));
                }
                self.send_out_of_groups(&user, &other).await?;
                self.send_out_of_challenges(&user, &other).await?;
                return Ok(None);
            }
            What::ToldChallenge => {
                let challenge = follow_up.challenges().next().ok_or(AppError::Internal)?;
                let change = follow_up.change.as_deref().ok_or(AppError::Internal)?.get();
                let told = Telling { about: &user, moved: follow_up.moved, with_invited: follow_up.with_invited };
                self.tell_of_challenge(challenge, told, change, &once.key).await?;
                return Ok(None);
            }
            What::RunCounts | What::EventCounts | What::FriendCounts | What::ChallengesCount => {
                self.count_anew(&user, &follow_up).await?;
                return Ok(None);
            }
            What::RunStarted | What::Told | What::ToldRoster | What::LeftEvent | What::EventOver => {}
            What::Achieved | What::ToldFriends => {}
        }
        let event = follow_up.event.map(|event| EventId::new(event).ok_or(AppError::Internal)).transpose()?;
        match event {
            Some(event) if follow_up.what == What::ToldRoster => {
                let change = follow_up.change.as_deref().ok_or(AppError::Internal)?;
                let told = self.tell_of_roster(event, change.get(), &once.key, follow_up.told_until.as_ref()).await?;
                return Ok(told.map(|until| FollowUp { told_until: Some(until), ..follow_up }));
            }
            Some(event) if follow_up.what == What::LeftEvent => {
                let is_more = self.take_out_of_event(&user, event).await?;
                return Ok(is_more.then_some(follow_up));
            }
            Some(event) if follow_up.what == What::EventOver => {
                return Ok(self.part_from_event(event).await?.then_some(follow_up));
            }
            Some(event) if follow_up.what == What::Achieved => {
                let change = follow_up.change.ok_or(AppError::Internal)?;
                self.tell_of_participant(event, &user, change, once).await?;
                return Ok(None);
            }
            None if follow_up.what == What::ToldFriends => {
                let change = follow_up.change.as_deref().ok_or(AppError::Internal)?;
                self.tell_friends(&user, change.get(), &once.key).await?;
                return Ok(None);
            }
            Some(event) if follow_up.what == What::RunStarted => self.take_live_run_out(&user, event).await?,
            Some(_) | None => {}
        }
        let over = (follow_up.what == What::RunFinished).then(|| follow_up.run.clone()).flatten();
        let aggregate = crate::app::users::aggregate(&user);
        let once = match &follow_up.once {
            Some(name) => OnceKey { key: format!("told/{name}").into(), digest: "".into() },
            None => once,
        };
        self.users
            .transact(aggregate, Some(once), move |draft: &mut Draft<UserRecord>| {
                // The account may have gone meanwhile: then there is nobody to tell.
                let Some(mut user) = draft.record().cloned() else { return Ok(()) };
                if follow_up.what == What::RunFinished && user.live_run == follow_up.run {
                    user.live_run = None;
                    draft.put(user);
                }
                if let Some(change) = &follow_up.change {
                    let change = change.get().to_owned().into_bytes();
                    for named in mentions::in_change(&change)?.iter().filter(|named| named.as_str() != follow_up.user) {
                        mentions::note(draft, named);
                    }
                    draft.append("", Keep::Newest(limits::USER_TOPIC_LEN_MAX), change.into());
                }
                if let Some(other) = &follow_up.lost_by {
                    let other = UserId::parse(other).ok_or(AppError::Internal)?;
                    rights_changed_of(draft, &[&other])?;
                }
                Ok(())
            })
            .await?;
        if let Some(run) = over.as_deref().and_then(RunId::parse) {
            self.count_run(run, &user, event).await?;
        }
        Ok(None)
    }

    async fn count_anew(&self, user: &UserId, follow_up: &FollowUp) -> Result<(), AppError> {
        match follow_up.what {
            What::RunCounts => {
                let run = follow_up.run.as_deref().and_then(RunId::parse).ok_or(AppError::Internal)?;
                self.count_run(run, user, None).await
            }
            What::EventCounts => {
                let event = follow_up.event.and_then(EventId::new).ok_or(AppError::Internal)?;
                self.count_event(user, event).await
            }
            What::FriendCounts => {
                let friend = follow_up.friend.as_deref().and_then(UserId::parse).ok_or(AppError::Internal)?;
                self.count_friend(user, &friend).await
            }
            What::ChallengesCount => self.count_in_challenges(user, &follow_up.challenges().collect::<Vec<_>>()).await,
            _ => Ok(()),
        }
    }
}

fn raw(change: &impl Serialize) -> Result<Box<RawValue>, AppError> {
    serde_json::value::to_raw_value(change).map_err(|_| AppError::Internal)
}
