//! All that is kept of a user, for that user: one ZIP with a JSON document and a GPX file for each run.
//!
//! It is written run by run while it is sent, as fast as it is taken: what is in memory is one track and a little more.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::mpsc;
use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

use crate::app::documents::{FriendDocument, RunDocument};
use crate::app::events::EventFilter;
use crate::app::friends::FriendFilter;
use crate::app::listing::Page;
use crate::app::runs::{RunRecord, indexes as runs};
use crate::app::transact::decode;
use crate::app::users::{Caller, Identity};
use crate::app::workers::away;
use crate::app::{App, AppError};
use crate::backend::{Bound, Order, Range};
use crate::domain::fix::Fix;
use crate::domain::ids::RunId;
use crate::limits;
use crate::tracks::gpx;

/// The file, a part at a time. One that ends with an error is not whole.
pub type Parts = mpsc::Receiver<Result<Bytes, AppError>>;

/// What was written and is yet to be sent.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<Vec<u8>>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file that is being written.
struct Archive {
    zip: ZipWriter<StreamWriter<Pipe>>,
    pipe: Pipe,
    sender: mpsc::Sender<Result<Bytes, AppError>>,
}

impl App {
    /// Begins to write the file. [`AppError::Busy`]: enough others are being written.
    pub fn export(self: &Arc<Self>, identity: &Identity) -> Result<Parts, AppError> {
        let place = self.exports.clone().try_acquire_owned().map_err(|_| AppError::Busy)?;
        let (sender, parts) = mpsc::channel(limits::EXPORT_PARTS_WAITING);
        let (app, identity, pipe) = (self.clone(), identity.clone(), Pipe::default());
        self.workers.spawn(async move {
            let _place = place;
            let archive = Archive { zip: ZipWriter::new_stream(pipe.clone()), pipe, sender: sender.clone() };
            let closing = app.workers.closing().clone();
            let written = tokio::select! {
                biased;
                () = closing.cancelled() => Err(AppError::Busy),
                written = app.write_export(&identity, archive) => written,
            };
            if let Err(error) = written {
                // Nobody may be there any more to hear it.
                let _ = sender.send(Err(error)).await;
            }
        });
        Ok(parts)
    }

    async fn write_export(&self, identity: &Identity, mut archive: Archive) -> Result<(), AppError> {
        let caller = Caller::User(identity.clone());
        let all = Page { page: 1, size: limits::EXPORT_LIST_LEN_MAX };
        let mine = EventFilter { mine: true, ..EventFilter::default() };
        archive.start("runnity.json")?;
        archive.write(b"{")?;
        archive.member("exported_at", &self.clock.now().to_string())?;
        archive.member("account", &self.user(identity).await?)?;
        archive.member("tokens", &self.tokens(identity, all).await?)?;
        archive.member("friends", &self.all_friends(identity, all).await?)?;
        archive.member("events", &self.events(&caller, mine, all).await?)?;
        archive.member("share_links", &self.links(identity, None, all).await?)?;
        archive.write(b"\"runs\":[")?;
        let mut ids = Vec::new();
        let (mut until, name) = (Bound::End, self.name_of(&identity.user).await?);
        loop {
            let (index, from, order) = (runs::of_user(&identity.user), Bound::Start, Order::Descending);
            let range = Range { index, from, until, order, limit: limits::PAGE_SIZE_MAX, count: false };
            let members = self.backend.range(&range).await?.members;
            let Some((score, member)) = members.last().cloned() else { break };
            let found = members.iter().map(|(_, member)| RunId::parse(member).ok_or(AppError::Internal));
            let found: Vec<RunId> = found.collect::<Result<_, _>>()?;
            let keys: Vec<_> = found.iter().map(|run| crate::app::runs::aggregate(*run).head()).collect();
            for value in self.backend.read(&keys).await?.into_iter().filter_map(|value| value.value) {
                let record: RunRecord = decode(&value)?;
                let document = RunDocument::of(&record.run, &name).with_splits(&record.run);
                archive.item(ids.is_empty(), &document)?;
                ids.push(record.run.id);
            }
            archive.send().await?;
            until = Bound::At(score, member);
        }
        archive.write(b"]}")?;
        for run in ids {
            let track = self.track(run).await?;
            let fixes: Vec<Fix> = track.sorted().iter().map(|kept| kept.fix).collect();
            archive = away(move || archive.track(run, &fixes).map(|()| archive)).await??;
            archive.send().await?;
        }
        archive.finish().await
    }

    /// By what there is between them.
    async fn all_friends(&self, identity: &Identity, all: Page) -> Result<Vec<FriendDocument>, AppError> {
        use FriendFilter::{Asked, Asking, Blocked, Friend, Listed};
        let mut found: Vec<FriendDocument> = Vec::new();
        for filter in [Friend, Asked, Asking, Listed, Blocked] {
            for friend in self.friends(identity, filter, all).await? {
                if !found.iter().any(|known| known.user.id == friend.user.id) {
                    found.push(friend);
                }
            }
        }
        Ok(found)
    }
}

impl Archive {
    fn start(&mut self, name: &str) -> Result<(), AppError> {
        self.zip.start_file(name, SimpleFileOptions::default()).map_err(|_| unwritten())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), AppError> {
        self.zip.write_all(bytes).map_err(|_| unwritten())
    }

    fn member(&mut self, name: &str, value: &impl Serialize) -> Result<(), AppError> {
        self.write(format!("\"{name}\":").as_bytes())?;
        serde_json::to_writer(&mut self.zip, value).map_err(|_| unwritten())?;
        self.write(b",")
    }

    fn item(&mut self, is_first: bool, value: &impl Serialize) -> Result<(), AppError> {
        if !is_first {
            self.write(b",")?;
        }
        serde_json::to_writer(&mut self.zip, value).map_err(|_| unwritten())
    }

    fn track(&mut self, run: RunId, fixes: &[Fix]) -> Result<(), AppError> {
        self.start(&format!("runs/{run}.gpx"))?;
        gpx::write(&mut self.zip, &run.to_string(), fixes.iter()).map_err(|_| unwritten())
    }

    /// Waits until it is taken. An error when nobody takes it any more.
    async fn send(&mut self) -> Result<(), AppError> {
        let part = std::mem::take(&mut *self.pipe.0.lock());
        if part.is_empty() {
            return Ok(());
        }
        self.sender.send(Ok(part.into())).await.map_err(|_| AppError::Busy)
    }

    async fn finish(self) -> Result<(), AppError> {
        let Self { zip, pipe, sender } = self;
        zip.finish().map_err(|_| unwritten())?;
        let part = std::mem::take(&mut *pipe.0.lock());
        sender.send(Ok(part.into())).await.map_err(|_| AppError::Busy)
    }
}

fn unwritten() -> AppError {
    tracing::error!("an export could not be written");
    AppError::Internal
}
