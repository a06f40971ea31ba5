//! All that is kept of a user, for that user: one ZIP with a JSON document, and for each run its fixes as GPX and as JSON.
//!
//! It is written run by run while it is sent, as fast as it is taken: what is in memory is one track and a little more.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

use crate::app::achievements::ProgressFilter;
use crate::app::challenges::ChallengeFilter;
use crate::app::documents::{FixDocument, FriendDocument, RunDocument};
use crate::app::events::EventFilter;
use crate::app::friends::FriendFilter;
use crate::app::groups::{GroupFilter, MemberFilter};
use crate::app::listing::Page;
use crate::app::runs::{RunRecord, indexes as runs};
use crate::app::transact::decode;
use crate::app::users::{Caller, Identity, aggregate};
use crate::app::workers::away;
use crate::app::{App, AppError};
use crate::backend::{Bound, Order, Range, Replay, Since};
use crate::domain::ids::{EventId, GroupId, RunId, UserId};
use crate::domain::run::Kept;
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

/// The exports that are being written: of few users at once, and one of each.
#[derive(Clone, Default)]
pub struct Exports(Arc<Mutex<HashSet<UserId>>>);

/// One of them: it is over when this is dropped.
struct Exporting {
    exports: Exports,
    user: UserId,
}

impl Exports {
    fn begin(&self, user: &UserId) -> Result<Exporting, AppError> {
        let mut users = self.0.lock();
        if users.contains(user) {
            return Err(AppError::TooOften { retry_after_s: limits::EXPORT_RETRY_AFTER_S });
        }
        if users.len() >= limits::EXPORTS_AT_ONCE {
            return Err(AppError::Busy);
        }
        users.insert(user.clone());
        Ok(Exporting { exports: self.clone(), user: user.clone() })
    }
}

impl Drop for Exporting {
    fn drop(&mut self) {
        self.exports.0.lock().remove(&self.user);
    }
}

impl App {
    /// Begins to write the file. It ends before it is whole when its reader reads nothing for a while, or when what the caller
    /// has shown is not good any more.
    ///
    /// # Errors
    /// [`AppError::TooOften`]: another one of the same user is being written. [`AppError::Busy`]: enough of others are.
    pub fn export(self: &Arc<Self>, identity: &Identity) -> Result<Parts, AppError> {
        let place = self.exports.begin(&identity.user)?;
        let (sender, parts) = mpsc::channel(limits::EXPORT_PARTS_WAITING + 1);
        // Room for the last word, lest a reader who does not read keeps it waiting.
        let last = sender.clone().try_reserve_owned().map_err(|_| AppError::Internal)?;
        let (app, identity, pipe) = (self.clone(), identity.clone(), Pipe::default());
        self.workers.spawn(async move {
            let _place = place;
            let archive = Archive { zip: ZipWriter::new_stream(pipe.clone()), pipe, sender };
            let closing = app.workers.closing().clone();
            let written = tokio::select! {
                biased;
                () = closing.cancelled() => Err(AppError::Busy),
                written = app.write_export(&identity, archive) => written,
            };
            if let Err(error) = written {
                // Nobody may be there any more to hear it.
                last.send(Err(error));
            }
        });
        Ok(parts)
    }

    async fn write_export(&self, identity: &Identity, mut archive: Archive) -> Result<(), AppError> {
        archive.start("runnity.json")?;
        archive.write(b"{")?;
        archive.member("exported_at", &self.clock.now().to_string())?;
        archive.member("account", &self.user(identity).await?)?;
        self.write_lists(identity, &mut archive).await?;
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
                let withheld = record.effect.withheld(&record.run);
                let document = RunDocument::of(&record.run, &name).with_splits(&record.run).with_effect(withheld);
                archive.item(ids.is_empty(), &document)?;
                ids.push(record.run.id);
            }
            archive.send().await?;
            self.may_go_on(identity).await?;
            until = Bound::At(score, member);
        }
        archive.write(b"]}")?;
        for run in ids {
            self.may_go_on(identity).await?;
            let track = self.track(run).await?;
            archive = away(move || archive.track(run, &track.sorted()).map(|()| archive)).await??;
            archive.send().await?;
        }
        archive.finish().await
    }

    async fn write_lists(&self, identity: &Identity, archive: &mut Archive) -> Result<(), AppError> {
        let caller = Caller::User(identity.clone());
        let all = Page { page: 1, size: limits::EXPORT_LIST_LEN_MAX };
        archive.member("tokens", &self.tokens(identity, all).await?)?;
        archive.member("friends", &self.all_friends(identity, all).await?)?;
        archive.member("share_links", &self.links(identity, None, all).await?)?;
        archive.member("news", &self.news_of(&identity.user).await?)?;
        let every = ProgressFilter { achievement: None, history: usize::MAX, with_levels: false };
        archive.member("achievements", &self.progress(&caller, &identity.user, every).await?)?;
        archive.member("progress", &self.exported_progress(&identity.user).await?)?;
        archive.member("challenges", &self.challenges(identity, ChallengeFilter::default(), all).await?)?;
        archive.member("habits", &self.exported_habits(&identity.user).await?)?;
        archive.send().await?;
        let mine = GroupFilter { is_mine: true, ..GroupFilter::default() };
        let mine = self.groups(identity, &mine, all).await?;
        let invited = GroupFilter { is_invited: true, ..GroupFilter::default() };
        archive.member("groups", &mine)?;
        archive.member("group_invitations", &self.groups(identity, &invited, all).await?)?;
        let events = EventFilter { mine: true, ..EventFilter::default() };
        let events = self.events(&caller, events, all).await?;
        archive.member("events", &events)?;
        archive.write(b"\"invitations_sent\":[")?;
        let mut is_first = true;
        for group in mine.iter().map(|group| &group.id) {
            let id = GroupId::parse(group).ok_or(AppError::Internal)?;
            let invitations = self.group_members(identity, &id, MemberFilter::Invited, all).await;
            let Some(invitations) = still_there(invitations)?.filter(|it| !it.is_empty()) else { continue };
            archive.item(is_first, &json!({ "group": group, "invitations": invitations }))?;
            is_first = false;
        }
        for event in events.iter().map(|event| event.id) {
            let id = EventId::new(event).ok_or(AppError::Internal)?;
            let invitations = still_there(self.invitations(identity, id, all).await)?.unwrap_or_default();
            let sent = invitations.into_iter().filter(|it| it.by.id == identity.user.as_str());
            let sent: Vec<_> = sent.collect();
            if !sent.is_empty() {
                archive.item(is_first, &json!({ "event": event, "invitations": sent }))?;
                is_first = false;
            }
            archive.send().await?;
        }
        archive.write(b"],")?;
        let own = events.iter().filter(|event| event.creator.id == identity.user.as_str()).map(|event| event.id);
        self.write_rosters(identity, own, archive).await
    }

    /// Who participates in the user's own events, and who is invited to them by whomever.
    async fn write_rosters(
        &self,
        identity: &Identity,
        events: impl Iterator<Item = u64>,
        archive: &mut Archive,
    ) -> Result<(), AppError> {
        let caller = Caller::User(identity.clone());
        archive.write(b"\"own_events\":[")?;
        for (index, event) in events.enumerate() {
            let id = EventId::new(event).ok_or(AppError::Internal)?;
            archive.write(
                format!("{}{{\"event\":{event},\"participants\":[", if index > 0 { "," } else { "" }).as_bytes(),
            )?;
            let mut written = 0;
            for page in pages() {
                let found = still_there(self.participants(&caller, id, page).await)?.unwrap_or_default();
                written = archive.items(written, &found).await?;
                if found.len() < page.size {
                    break;
                }
            }
            archive.write(b"],\"invitations\":[")?;
            let mut written = 0;
            for page in pages() {
                let found = still_there(self.invitations(identity, id, page).await)?.unwrap_or_default();
                written = archive.items(written, &found).await?;
                if found.len() < page.size {
                    break;
                }
            }
            archive.write(b"]}")?;
            self.may_go_on(identity).await?;
        }
        archive.write(b"],")
    }

    /// What the user was told on the own channel, as far as it is kept.
    async fn news_of(&self, user: &UserId) -> Result<Vec<Value>, AppError> {
        let topic = aggregate(user).topic("");
        match self.backend.replay(&topic, &Since::Oldest, limits::USER_TOPIC_LEN_MAX as usize).await? {
            Replay::Changes { changes, .. } => changes.iter().map(|change| decode(&change.payload)).collect(),
            Replay::Lost { .. } => Ok(Vec::new()),
        }
    }

    /// A token that was revoked takes nothing more with it, nor does an account that was deleted.
    async fn may_go_on(&self, identity: &Identity) -> Result<(), AppError> {
        if self.still_good(identity).await? { Ok(()) } else { Err(AppError::Unauthenticated) }
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

    /// Some more of a list of which so many are `written` → how many are now. Waits until they are taken.
    async fn items(&mut self, written: usize, values: &[impl Serialize]) -> Result<usize, AppError> {
        for (index, value) in values.iter().enumerate() {
            self.item(written + index == 0, value)?;
        }
        self.send().await?;
        Ok(written + values.len())
    }

    /// As GPX for other programs, and with all that is known of each fix.
    fn track(&mut self, run: RunId, fixes: &[Kept]) -> Result<(), AppError> {
        self.start(&format!("runs/{run}.gpx"))?;
        gpx::write(&mut self.zip, &run.to_string(), fixes.iter().map(|kept| &kept.fix)).map_err(|_| unwritten())?;
        self.start(&format!("runs/{run}.json"))?;
        self.write(b"[")?;
        for (index, kept) in fixes.iter().enumerate() {
            self.item(index == 0, &FixDocument::own(kept))?;
        }
        self.write(b"]")
    }

    /// Waits until it is taken. An error when nobody takes it any more.
    async fn send(&mut self) -> Result<(), AppError> {
        let part = std::mem::take(&mut *self.pipe.0.lock());
        if part.is_empty() {
            return Ok(());
        }
        taken(&self.sender, part).await
    }

    async fn finish(self) -> Result<(), AppError> {
        let Self { zip, pipe, sender } = self;
        zip.finish().map_err(|_| unwritten())?;
        let part = std::mem::take(&mut *pipe.0.lock());
        taken(&sender, part).await
    }
}

/// All of a list that has a bound of its own.
fn pages() -> impl Iterator<Item = Page> {
    (1..=limits::LIST_LOOKED_AT_MAX / limits::PAGE_SIZE_MAX).map(|page| Page { page, size: limits::PAGE_SIZE_MAX })
}

/// `None`: it has gone since it was listed.
fn still_there<T>(found: Result<T, AppError>) -> Result<Option<T>, AppError> {
    match found {
        Err(AppError::NotFound(_)) => Ok(None),
        found => found.map(Some),
    }
}

/// [`AppError::Busy`]: nobody takes it, or not in time.
async fn taken(sender: &mpsc::Sender<Result<Bytes, AppError>>, part: Vec<u8>) -> Result<(), AppError> {
    match timeout(limits::EXPORT_TAKEN_WITHIN, sender.send(Ok(part.into()))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(AppError::Busy),
    }
}

fn unwritten() -> AppError {
    tracing::error!("an export could not be written");
    AppError::Internal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_reads_nothing_is_not_waited_for() {
        let (sender, mut parts) = mpsc::channel(1);
        taken(&sender, vec![1]).await.unwrap();
        assert!(matches!(taken(&sender, vec![2]).await, Err(AppError::Busy)));
        assert_eq!(parts.recv().await.unwrap().unwrap(), &[1_u8][..]);
    }

    #[test]
    fn one_export_of_each_and_few_of_all_are_written_at_once() {
        let exports = Exports::default();
        let user = |number: usize| UserId::parse(&format!("u{number}")).unwrap();
        let mut begun: Vec<_> =
            (0..limits::EXPORTS_AT_ONCE).map(|number| exports.begin(&user(number)).unwrap()).collect();
        assert!(matches!(exports.begin(&user(0)), Err(AppError::TooOften { .. })));
        assert!(matches!(exports.begin(&user(99)), Err(AppError::Busy)));
        begun.pop();
        assert!(exports.begin(&user(99)).is_ok());
    }
}
