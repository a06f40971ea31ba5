//! What a client may publish: fixes on its own run, anything on free-form channels.

use std::sync::Arc;

use crate::app::channels::{Channel, ClientInfo, Grounds, Published, is_open_to};
use crate::app::documents::{self, FixesDocument, one_line};
use crate::app::due::Due;
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::backend::{Append, Commit, Keep, Move};
use crate::domain::time::Timestamp;
use crate::limits;

impl App {
    /// A client's publication, acknowledged when it is stored: fixes on its own run; on free-form channels any JSON, which
    /// others get with `info`. Who is inside was let in on the best of grounds.
    pub async fn publish(
        &self,
        caller: &Caller,
        channel: &Channel,
        grounds: Grounds,
        data: &[u8],
        info: Option<ClientInfo>,
    ) -> Result<(), AppError> {
        match channel {
            Channel::Run(run) => {
                let Caller::User(identity) = caller else {
                    self.visible(caller, *run).await?;
                    return Err(AppError::Forbidden);
                };
                let fixes = documents::parse::<FixesDocument>(data)?.read()?;
                self.record(identity, *run, fixes, None).await.map(|_| ())
            }
            Channel::Event(_)
            | Channel::User(_)
            | Channel::Link(_)
            | Channel::Positions(_)
            | Channel::Map(_)
            | Channel::Leaderboard(_) => Err(AppError::Forbidden),
            Channel::Open(name) if !is_open_to(caller, name, grounds) => Err(AppError::Forbidden),
            Channel::Open(name) => self.publish_openly(name, &one_line(data)?, info).await,
        }
    }

    async fn publish_openly(&self, name: &Arc<str>, data: &[u8], info: Option<ClientInfo>) -> Result<(), AppError> {
        let commit = open_publication(name, data, info, Vec::new(), self.clock.now())?;
        self.backend.commit(commit).await?;
        Ok(())
    }
}

/// The commit that publishes in a free-form channel, and what keeps its history from growing old.
pub(super) fn open_publication(
    name: &Arc<str>,
    data: &[u8],
    info: Option<ClientInfo>,
    tags: Vec<(String, String)>,
    now: Timestamp,
) -> Result<Commit, AppError> {
    let channel = Channel::Open(name.clone());
    let payload = Published::envelope(data, info, tags, now)?;
    let mut commit = Commit::on(channel.aggregate());
    let keep = match channel.features().history_len {
        0 => Keep::Nothing,
        history_len => {
            commit.moves.push(forgetting(name, Some(now)));
            Keep::Newest(history_len)
        }
    };
    commit.appends.push(Append { topic: channel.topic(), keep, payload });
    Ok(commit)
}

/// When the channel, which was published on at `now`, has nothing left to show; `None`: it keeps nothing.
pub(super) fn forgetting(channel: &Arc<str>, now: Option<Timestamp>) -> Move {
    let keep_ms = i64::try_from(limits::OPEN_HISTORY_KEEP.as_millis()).unwrap_or(i64::MAX);
    let score = now.map(|now| now.plus_millis(keep_ms).as_millis());
    Due::HistoryOld(channel.clone()).at(score)
}
