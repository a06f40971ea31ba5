//! What a client may publish: fixes on its own run, anything on free-form channels.

use std::sync::Arc;

use crate::app::channels::{Channel, ClientInfo, Published, is_for};
use crate::app::documents::{self, FixesDocument, one_line};
use crate::app::users::Caller;
use crate::app::{App, AppError};
use crate::backend::{Append, Commit, Keep};

impl App {
    /// A client's publication, acknowledged when it is stored: fixes on its own run; on free-form channels any JSON, which
    /// others get with `info`.
    pub async fn publish(
        &self,
        caller: &Caller,
        channel: &Channel,
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
            Channel::User(_) => Err(AppError::Forbidden),
            Channel::Open(name) if !is_for(caller, name) => Err(AppError::Forbidden),
            Channel::Open(name) => self.publish_openly(name, &one_line(data)?, info).await,
        }
    }

    async fn publish_openly(&self, name: &Arc<str>, data: &[u8], info: Option<ClientInfo>) -> Result<(), AppError> {
        let channel = Channel::Open(name.clone());
        let keep = match channel.features().history_len {
            0 => Keep::Nothing,
            history_len => Keep::Newest(history_len),
        };
        let payload = Published::envelope(data, info, Vec::new(), self.clock.now())?;
        let mut commit = Commit::on(channel.aggregate());
        commit.appends.push(Append { topic: channel.topic(), keep, payload });
        self.backend.commit(commit).await?;
        Ok(())
    }
}
