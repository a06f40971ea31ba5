//! What the operator's other back ends say in channels, and what they have forgotten.
//!
//! They are the operator, so nobody's rights are asked: any channel that is there, and any free-form name where those are
//! open. On the product's own channels what they say is a change of the type `notice`, stored like all others; on free-form
//! channels it is a publication.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::app::channels::publishing::forgetting;
use crate::app::channels::{Channel, Published};
use crate::app::documents::{ChangeDocument, one_line};
use crate::app::presence::PresenceChange;
use crate::app::runs::aggregate;
use crate::app::transact::{OnceKey, encode};
use crate::app::users;
use crate::app::{App, AppError};
use crate::backend::{Append, Commit, CommitError, Cursor, Keep, Once, Trim};
use crate::domain::ids::{RunId, UserId};
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
}

impl App {
    /// The channel of this name, whoever may see it. [`AppError::NotFound`] for names that mean nothing, and for users and
    /// runs that are not there.
    pub async fn operators_channel(&self, name: &str) -> Result<Channel, AppError> {
        let unknown = || AppError::NotFound("channel");
        if name.is_empty() || !name.is_ascii() || name.len() > limits::CHANNEL_NAME_LEN_MAX {
            let problem = format!("must have 1 to {} ASCII characters", limits::CHANNEL_NAME_LEN_MAX);
            return Err(AppError::invalid("channel", problem));
        }
        if let Some(id) = name.strip_prefix("run:") {
            let run = RunId::parse(id).ok_or_else(unknown)?;
            let is_there = self.runs.read(&aggregate(run)).await?.is_some();
            return if is_there { Ok(Channel::Run(run)) } else { Err(unknown()) };
        }
        if let Some(user) = name.strip_prefix('#').and_then(UserId::parse)
            && self.users.read(&users::aggregate(&user)).await?.is_some()
        {
            return Ok(Channel::User(user));
        }
        if self.settings.open_channels { Ok(Channel::Open(name.into())) } else { Err(unknown()) }
    }

    /// Says it in the channel → where it came to stand there. What was said before with the same key is not said again; the
    /// answer is then where the channel stands.
    pub async fn announce(&self, channel: &Channel, announcement: &Announcement) -> Result<Cursor, AppError> {
        let Announcement { data, tags, once, is_passing } = announcement;
        if once.as_ref().is_some_and(|key| key.len() > limits::IDEMPOTENCY_KEY_LEN_MAX) {
            let problem = format!("must have at most {} characters", limits::IDEMPOTENCY_KEY_LEN_MAX);
            return Err(AppError::invalid("idempotency_key", problem));
        }
        let data = one_line(data)?;
        let once = once
            .as_ref()
            .map(|key| OnceKey { key: format!("announced/{key}").into(), digest: digest(&data, tags).into() });
        if let Channel::Open(name) = channel {
            return self.announce_openly(name, &data, tags.clone(), once, *is_passing).await;
        }
        if *is_passing {
            return Err(AppError::NotAvailable);
        }
        if !tags.is_empty() {
            return Err(AppError::invalid("tags", "are for free-form channels alone"));
        }
        let raw = serde_json::from_slice(&data).map_err(|_| AppError::invalid("data", "must be JSON"))?;
        let notice = ChangeDocument::Notice { at: self.clock.now().to_string(), data: raw };
        match channel {
            Channel::Run(run) => {
                let offset = self.notice_in_run(*run, notice, once).await?;
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

    async fn announce_openly(
        &self,
        name: &Arc<str>,
        data: &[u8],
        tags: Vec<(String, String)>,
        once: Option<OnceKey>,
        is_passing: bool,
    ) -> Result<Cursor, AppError> {
        let (channel, now) = (Channel::Open(name.clone()), self.clock.now());
        let mut commit = Commit::on(channel.aggregate());
        if is_passing && channel.features().history_len > 0 {
            let data = String::from_utf8(data.to_vec()).map_err(|_| AppError::Internal)?;
            let payload = PresenceChange::Passing { data, tags }.payload()?;
            commit.appends.push(Append { topic: channel.presence_topic(), keep: Keep::Nothing, payload });
            self.say(&channel, commit, once).await?;
            return self.top(&channel.topic()).await;
        }
        let payload = Published::envelope(data, None, tags, now)?;
        let keep = match channel.features().history_len {
            0 => Keep::Nothing,
            history_len => {
                commit.moves.push(forgetting(name, Some(now)));
                Keep::Newest(history_len)
            }
        };
        commit.appends.push(Append { topic: channel.topic(), keep, payload });
        self.say(&channel, commit, once).await
    }

    /// Carries out a commit with one append.
    async fn say(&self, channel: &Channel, mut commit: Commit, once: Option<OnceKey>) -> Result<Cursor, AppError> {
        if let Some(OnceKey { key, digest }) = &once {
            let record = Bytes::copy_from_slice(digest.as_bytes());
            commit.once.push(Once { key: key.clone(), record, keep: limits::ONCE_KEEP });
        }
        match self.backend.commit(commit).await {
            Ok(committed) => committed.cursors.into_iter().next().ok_or(AppError::Internal),
            Err(CommitError::Repeated(found)) => {
                let is_same = |seen: &Once| once.as_ref().is_some_and(|once| seen.record == once.digest.as_bytes());
                if !found.iter().all(is_same) {
                    return Err(AppError::invalid("idempotency_key", "was used for something else"));
                }
                self.top(&channel.topic()).await
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Of what is said: the same key with something else is a mistake.
fn digest(data: &[u8], tags: &[(String, String)]) -> String {
    let mut digest = Sha256::new();
    digest.update(data);
    for (name, value) in tags {
        for part in [name, value] {
            digest.update([0]);
            digest.update(part.as_bytes());
        }
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
