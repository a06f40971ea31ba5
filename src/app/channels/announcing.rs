//! What the operator's other back ends say in channels, and what they have forgotten.
//!
//! They are the operator, so nobody's rights are asked: any channel that is there, and any free-form name where those are
//! open. On the product's own channels what they say is a change of the type `notice`, stored like all others; on free-form
//! channels it is a publication.

use std::sync::Arc;

use bytes::Bytes;

use crate::app::channels::publishing::{forgetting, open_publication};
use crate::app::channels::versions::Known;
use crate::app::channels::{Channel, DocumentVersion, Published, check_name};
use crate::app::documents::{ChangeDocument, one_line};
use crate::app::runs::aggregate;
use crate::app::transact::{OnceKey, encode};
use crate::app::users;
use crate::app::{App, AppError};
use crate::backend::{Append, Commit, CommitError, Cursor, Epoch, Keep, Once, Trim};
use crate::domain::ids::{EventId, RunId, UserId};
use crate::limits;

/// What is said in a channel on the operator's word.
#[derive(Clone, Debug, Default)]
pub struct Announcement {
    /// JSON.
    pub data: Bytes,
    /// For free-form channels alone.
    pub tags: Vec<(String, String)>,
    /// However often it comes with the same key, it is said once.
    pub once: Option<Arc<str>>,
    /// Only for those who listen now. On free-form channels alone.
    pub is_passing: bool,
    /// Not said when a newer one was. On free-form channels that keep what is said alone.
    pub version: Option<DocumentVersion>,
}

impl App {
    /// The channel of this name, whoever may see it. [`AppError::NotFound`] for names that mean nothing, and for users,
    /// runs and events that are not there.
    pub async fn operators_channel(&self, name: &str) -> Result<Channel, AppError> {
        let unknown = || AppError::NotFound("channel");
        check_name(name)?;
        if let Some(id) = name.strip_prefix("run:") {
            let run = RunId::parse(id).ok_or_else(unknown)?;
            let is_there = self.runs.read(&aggregate(run)).await?.is_some();
            return if is_there { Ok(Channel::Run(run)) } else { Err(unknown()) };
        }
        if let Some(id) = name.strip_prefix("event:") {
            let event = EventId::parse(id).ok_or_else(unknown)?;
            let is_there = self.events.read(&crate::app::events::aggregate(event)).await?.is_some();
            return if is_there { Ok(Channel::Event(event)) } else { Err(unknown()) };
        }
        if ["link:", "positions:", "map:"].iter().any(|kind| name.starts_with(kind)) {
            return Err(unknown());
        }
        if let Some(user) = name.strip_prefix('#').and_then(UserId::parse)
            && self.users.read(&users::aggregate(&user)).await?.is_some()
        {
            return Ok(Channel::User(user));
        }
        if self.settings.open_channels { Ok(Channel::Open(name.into())) } else { Err(unknown()) }
    }

    /// Says it in the channel → where it came to stand there. What comes again with the same key, whatever it is, is not
    /// said again and is answered as the first was.
    pub async fn announce(&self, channel: &Channel, announcement: &Announcement) -> Result<Cursor, AppError> {
        let Announcement { data, tags, once, is_passing, version } = announcement;
        if once.as_ref().is_some_and(|key| key.len() > limits::IDEMPOTENCY_KEY_LEN_MAX) {
            let problem = format!("must have at most {} characters", limits::IDEMPOTENCY_KEY_LEN_MAX);
            return Err(AppError::invalid("idempotency_key", problem));
        }
        let data = one_line(data)?;
        let once: Option<Arc<str>> = once.as_ref().map(|key| format!("announced/{key}").into());
        if let Channel::Open(name) = channel {
            return match (is_passing, version) {
                (false, None) => self.publish_announced(name, &data, tags, once, None).await,
                (false, Some(version)) if channel.features().history_len > 0 => {
                    self.announce_newer(name, &data, tags, once, version).await
                }
                (true, None) => self.announce_in_passing(name, &data, tags, once).await,
                (_, Some(_)) => Err(AppError::NotAvailable),
            };
        }
        if *is_passing || version.is_some() {
            return Err(AppError::NotAvailable);
        }
        if !tags.is_empty() {
            return Err(AppError::invalid("tags", "are for free-form channels alone"));
        }
        let raw = serde_json::from_slice(&data).map_err(|_| AppError::invalid("data", "must be JSON"))?;
        let notice = ChangeDocument::Notice { at: self.clock.now().to_string(), data: raw };
        match channel {
            Channel::Run(run) => {
                let once = once.map(|key| OnceKey { key, digest: "notice".into() });
                let offset = self.notice_in_run(*run, notice, once).await?;
                Ok(Cursor { epoch: self.top(&channel.topic()).await?.epoch, offset })
            }
            Channel::Event(event) => {
                let once = once.map(|key| OnceKey { key, digest: "notice".into() });
                let offset = self.notice_in_event(*event, notice, once).await?;
                Ok(Cursor { epoch: self.top(&channel.topic()).await?.epoch, offset })
            }
            _ => {
                let mut commit = Commit::on(channel.aggregate());
                let keep = Keep::Newest(limits::USER_TOPIC_LEN_MAX);
                commit.appends.push(Append { topic: channel.topic(), keep, payload: encode(&notice)? });
                self.say(channel, commit, once).await
            }
        }
    }

    /// Forgets all that a free-form channel has kept. Its epoch and its offsets go on.
    ///
    /// # Errors
    /// [`AppError::NotAvailable`]: what happened to runs and users is not forgotten this way.
    pub async fn remove_history(&self, channel: &Channel) -> Result<(), AppError> {
        let Channel::Open(name) = channel else { return Err(AppError::NotAvailable) };
        if channel.features().history_len == 0 {
            return Err(AppError::NotAvailable);
        }
        let topic = channel.topic();
        let until = self.top(&topic).await?.offset;
        let mut commit = Commit::on(channel.aggregate());
        commit.trims.push(Trim { topic, until });
        // Something may have been said meanwhile.
        commit.moves.push(forgetting(name, Some(self.clock.now())));
        self.backend.commit(commit).await?;
        Ok(())
    }

    /// Only for those who listen now.
    async fn announce_in_passing(
        &self,
        name: &Arc<str>,
        data: &[u8],
        tags: &[(String, String)],
        once: Option<Arc<str>>,
    ) -> Result<Cursor, AppError> {
        let channel = Channel::Open(name.clone());
        let Some(topic) = channel.passing_topic() else {
            return self.publish_announced(name, data, tags, once, None).await;
        };
        let payload = Published::envelope(data, None, tags.to_vec(), self.clock.now())?;
        let mut commit = Commit::on(channel.aggregate());
        commit.appends.push(Append { topic, keep: Keep::Nothing, payload });
        self.say(&channel, commit, once).await
    }

    /// What is not newer is not said: the answer is then where the channel stands.
    async fn announce_newer(
        &self,
        name: &Arc<str>,
        data: &[u8],
        tags: &[(String, String)],
        once: Option<Arc<str>>,
        version: &DocumentVersion,
    ) -> Result<Cursor, AppError> {
        let channel = Channel::Open(name.clone());
        for _ in 0..limits::VERSION_ATTEMPTS_MAX {
            let known = self.known_version(&channel).await?;
            if !version.is_newer_than(&known) {
                return self.top(&channel.topic()).await;
            }
            match self.publish_announced(name, data, tags, once.clone(), Some((&known, version))).await {
                // Another version was said meanwhile.
                Err(AppError::Conflict { .. }) => {}
                other => return other,
            }
        }
        Err(AppError::Busy)
    }

    async fn publish_announced(
        &self,
        name: &Arc<str>,
        data: &[u8],
        tags: &[(String, String)],
        once: Option<Arc<str>>,
        version: Option<(&Known, &DocumentVersion)>,
    ) -> Result<Cursor, AppError> {
        let channel = Channel::Open(name.clone());
        let mut commit = open_publication(name, data, None, tags.to_vec(), self.clock.now())?;
        if let Some((known, version)) = version {
            known.replaced_by(Some(version), &channel, &mut commit)?;
        }
        self.say(&channel, commit, once).await
    }

    /// Carries out a commit with one append → where it stands in the channel, or where the channel stands if it is not kept.
    async fn say(&self, channel: &Channel, mut commit: Commit, once: Option<Arc<str>>) -> Result<Cursor, AppError> {
        let is_kept = commit.appends.iter().any(|append| append.topic == channel.topic());
        commit.once.extend(once.as_ref().map(|key| Once {
            key: key.clone(),
            record: Bytes::new(),
            keep: limits::ONCE_KEEP,
        }));
        let said_at = match (self.backend.commit(commit).await, &once) {
            (Ok(committed), _) if is_kept => committed.cursors.into_iter().next().ok_or(AppError::Internal)?,
            (Ok(_), _) => self.top(&channel.topic()).await?,
            (Err(CommitError::Repeated(_)), Some(key)) => {
                let top = self.top(&channel.topic()).await?;
                return self.first_answer(channel, key, top).await;
            }
            (Err(CommitError::Conflict), _) => return Err(AppError::conflict("something else was said meanwhile")),
            (Err(error), _) => return Err(error.into()),
        };
        if let Some(key) = &once
            && self.first_answer(channel, key, said_at.clone()).await.is_err()
        {
            // It is said all the same: who asks again is told where the channel stands.
            tracing::warn!("where something was said could not be remembered with its key");
        }
        Ok(said_at)
    }

    /// The answer that was remembered with the key; `answer` is it from now on if there was none.
    async fn first_answer(&self, channel: &Channel, key: &Arc<str>, answer: Cursor) -> Result<Cursor, AppError> {
        let record = format!("{} {}", answer.offset, answer.epoch).into();
        let mut commit = Commit::on(channel.aggregate());
        commit.once.push(Once { key: format!("{key}/at").into(), record, keep: limits::ONCE_KEEP });
        match self.backend.commit(commit).await {
            Ok(_) => Ok(answer),
            Err(CommitError::Repeated(found)) => {
                let record = found.first().and_then(|once| std::str::from_utf8(&once.record).ok());
                let (offset, epoch) = record.and_then(|record| record.split_once(' ')).ok_or(AppError::Internal)?;
                let offset = offset.parse().map_err(|_| AppError::Internal)?;
                Ok(Cursor { epoch: Epoch(epoch.into()), offset })
            }
            Err(error) => Err(error.into()),
        }
    }
}
