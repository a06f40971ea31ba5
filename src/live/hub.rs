//! The rooms of this instance: one for each topic that somebody here listens to, however many they are.
//!
//! The hub hears changes from the backend and carries them to sockets. It never publishes, and it decides nothing: who may
//! enter is asked before, and asked again through [`Rules`] when a change says that rights have changed.

pub mod group;
mod reads;
mod region;
mod rights;
pub mod room;
mod ticker;
mod worker;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::AppError;
use crate::app::channels::{Channel, Features, Opened};
use crate::app::feeds::{CELL_ZOOM, Listing, ListingOf};
use crate::app::sight::Concerned;
use crate::app::workers::Workers;
use crate::backend::{Backend, Replay, Since, Topic};
use crate::domain::ids::RunId;
use crate::domain::time::Timestamp;
use crate::limits;
use crate::live::connection::Connection;
use crate::live::disconnect::{self, Disconnect, ReplyError, Unsubscribe};
use crate::live::hub::group::Label;
use crate::live::hub::region::{RegionSeat, Regions};
use crate::live::hub::rights::RightsEars;
use crate::live::hub::room::{Joining, Room, Show, Terms};
use crate::live::hub::ticker::{Feed, Ticker};
use crate::live::hub::worker::{Ears, Worker};

pub struct Hub {
    backend: Arc<dyn Backend>,
    rules: Rules,
    workers: Workers,
    counts: Counts,
    /// By their topics: one name can mean two channels, to one client its own account's and to another a free-form one.
    rooms: Mutex<HashMap<Topic, Arc<Room>>>,
    /// Where those of them hear who moves that show cells of the map.
    regions: Regions,
    /// How many more of those there may be.
    cells: Arc<Semaphore>,
    /// Rooms whose last member left, in the order of time. They may have members again by now.
    emptied: Mutex<VecDeque<(Instant, Arc<Room>)>>,
    /// Gives every state of a room's rights a number of its own.
    rights: AtomicU64,
    /// How many rooms there have been: gives each the number that clients may call it by.
    numbers: AtomicU32,
}

/// Lists who is to be seen in a room.
type List = dyn Fn(ListingOf, HashSet<RunId>) -> BoxFuture<'static, Result<Listing, AppError>> + Send + Sync;

/// What the hub asks of the product.
pub struct Rules {
    /// Whether a change in a channel means that rights must be asked again.
    pub changes_rights: fn(&Channel, &[u8]) -> bool,
    /// Whose rights a word on one of a room's rights topics concerns.
    pub concerned: fn(&[u8]) -> Concerned,
    /// Who is to be seen there, and where those are who are not known yet.
    pub list: Box<List>,
    /// What time it is.
    pub now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Between two frames of a room that shows where many are.
    pub tick: Duration,
    /// Whether this connection may still hear this channel.
    pub ask: Box<dyn Fn(Arc<Connection>, Channel) -> BoxFuture<'static, Verdict> + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Stays,
    /// The store could not say.
    Unknown,
    Leaves(Unsubscribe),
    Closes(Disconnect),
}

#[derive(Clone, Default)]
pub struct Counts {
    pub subscriptions: Gauge,
    pub frames_sent: Counter,
}

/// A channel as a client enters it.
#[derive(Clone, Debug)]
pub struct Entrance {
    pub channel: Channel,
    /// The channel's name, as clients know it.
    pub name: Arc<str>,
    pub topic: Topic,
    /// Where it is told who comes and goes, if that is told.
    pub presence: Option<Topic>,
    /// Where it hears what is not to be kept, if its topic has no room for that.
    pub passing: Option<Topic>,
    /// Whose places it shows, and where it hears of them, if it shows those of many.
    pub shows: Option<(ListingOf, Topic)>,
    /// Where it hears that rights must be asked again. Known of a channel that was opened, not of one that was only named.
    pub rights: Vec<Topic>,
    pub features: Features,
}

/// Keeps a room open.
pub struct Seat {
    hub: Arc<Hub>,
    room: Arc<Room>,
}

impl Hub {
    pub fn new(backend: Arc<dyn Backend>, rules: Rules, workers: Workers, counts: Counts) -> Arc<Self> {
        Arc::new(Self {
            backend,
            rules,
            workers,
            counts,
            rooms: Mutex::default(),
            regions: Regions::default(),
            cells: Arc::new(Semaphore::new(limits::CELL_ROOMS_LEN_MAX)),
            emptied: Mutex::default(),
            rights: AtomicU64::new(1),
            numbers: AtomicU32::new(0),
        })
    }

    /// The number of the rights' state that the channel's room has seen; `None` when no room listens yet.
    ///
    /// Whoever reads it before asking for a right and finds it again at [`Joining::rights_seen`] knows that no change of
    /// rights has slipped in between.
    pub fn rights_seen(&self, topic: &Topic) -> Option<u64> {
        self.rooms.lock().get(topic).filter(|room| room.is_open()).map(|room| room.rights_seen())
    }

    /// Begins to join: from now on nothing is missed. Read the state after this, and then [`Joining::finish`].
    ///
    /// # Errors
    /// The topic could not be subscribed to. [`AppError::Busy`]: too many cells of the map are shown here.
    pub async fn begin(
        self: &Arc<Self>,
        entrance: Entrance,
        connection: Arc<Connection>,
        terms: Terms,
    ) -> Result<Joining, AppError> {
        let seat = self.seat(entrance)?;
        seat.open().await?;
        Ok(Joining::begin(seat, connection, terms))
    }

    /// Closes rooms that have been empty for a while.
    pub fn sweep(&self, now: Instant) {
        loop {
            let mut emptied = self.emptied.lock();
            let Some((at, _)) = emptied.front() else { return };
            if now.saturating_duration_since(*at) < limits::ROOM_LINGER {
                return;
            }
            let Some((_, room)) = emptied.pop_front() else { return };
            drop(emptied);
            let mut rooms = self.rooms.lock();
            // Seats are taken under this lock only, so nobody can come in now.
            if room.seats() == 0 {
                // One that had ended before may have a successor of its name, with people inside.
                if rooms.get(&room.entrance.topic).is_some_and(|present| Arc::ptr_eq(present, &room)) {
                    rooms.remove(&room.entrance.topic);
                }
                room.end();
            }
        }
    }

    pub fn rooms_len(&self) -> usize {
        self.rooms.lock().len()
    }

    fn seat(self: &Arc<Self>, entrance: Entrance) -> Result<Seat, AppError> {
        let mut rooms = self.rooms.lock();
        let room = match rooms.get(&entrance.topic) {
            Some(room) if !room.has_ended() => room.clone(),
            _ => {
                let permit = self.permit(&entrance)?;
                let label = Label { name: entrance.name.clone(), number: self.next_number() };
                let ended = self.workers.closing().child_token();
                let room = Arc::new(Room::new(entrance, label, self.next_rights(), ended, permit));
                rooms.insert(room.entrance.topic.clone(), room.clone());
                room
            }
        };
        room.take_seat();
        Ok(Seat { hub: self.clone(), room })
    }

    /// Anybody may ask for any cell of the map, so there is an end to how many are shown here at the same time.
    fn permit(&self, entrance: &Entrance) -> Result<Option<OwnedSemaphorePermit>, AppError> {
        match entrance.shows {
            Some((ListingOf::Cell(_), _)) => {
                self.cells.clone().try_acquire_owned().map(Some).map_err(|_| AppError::Busy)
            }
            _ => Ok(None),
        }
    }

    fn next_number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    fn next_rights(&self) -> u64 {
        self.rights.fetch_add(1, Ordering::Relaxed)
    }
}

impl Entrance {
    pub fn to(channel: Channel) -> Self {
        let features = channel.features();
        let presence = features.join_leave.then(|| channel.presence_topic());
        let (topic, passing, shows) = (channel.topic(), channel.passing_topic(), channel.shows());
        let name = channel.name().into();
        Self { name, topic, presence, passing, shows, rights: Vec::new(), features, channel }
    }

    /// To a channel that was opened by this name.
    ///
    /// # Errors
    /// As those of [`Entrance::named`].
    pub fn opened(Opened { channel, rights }: Opened, name: &str) -> Result<Self, ReplyError> {
        Ok(Self { rights, ..Self::named(channel, name)? })
    }

    /// To the channel that this name stands for. A second spelling would be a second room, and its publications would bear a
    /// name that the client does not know.
    pub fn named(channel: Channel, name: &str) -> Result<Self, ReplyError> {
        let entrance = Self::to(channel);
        if *entrance.name == *name { Ok(entrance) } else { Err(disconnect::UNKNOWN_CHANNEL) }
    }
}

impl Entrance {
    /// Whether what was missed can be read again.
    fn is_kept(&self) -> bool {
        self.features.history_len > 0
    }
}

impl Seat {
    /// Opens the room's ear, once; whoever comes while that goes on waits for it.
    async fn open(&self) -> Result<(), AppError> {
        let (hub, room) = (&self.hub, &self.room);
        let open = || async {
            if let Some(show) = room.show() {
                return self.open_show(show).await;
            }
            let Entrance { topic, presence, passing, rights, .. } = &room.entrance;
            let hear = async |topic: &Option<Topic>| match topic {
                Some(topic) => hub.backend.subscribe(topic).await.map(Some),
                None => Ok(None),
            };
            // Subscribe before reading: what comes in between is heard twice and dropped once.
            let rights = RightsEars::open(&*hub.backend, rights);
            let (changes, presence, passing, rights) =
                tokio::try_join!(hub.backend.subscribe(topic), hear(presence), hear(passing), rights)?;
            let ears = Ears { changes, presence, passing, rights };
            let (Replay::Changes { top, .. } | Replay::Lost { top }) =
                hub.backend.replay(topic, &Since::Oldest, 0).await?;
            hub.workers.spawn(Worker::new(hub.clone(), room.clone(), top).run(ears));
            Ok(())
        };
        room.opened().get_or_try_init(open).await.copied()
    }
}

impl Seat {
    /// The same for a room that shows where many are: it begins with those whom the store knows of.
    async fn open_show(&self, show: &Arc<Show>) -> Result<(), AppError> {
        let (hub, room) = (&self.hub, &self.room);
        let Some((of, topic)) = &room.entrance.shows else { return Err(AppError::Internal) };
        let rights = RightsEars::open(&*hub.backend, &room.entrance.rights);
        let ticker = Ticker::new(hub.clone(), room.clone(), show.clone());
        if let ListingOf::Cell(cell) = of
            && cell.zoom() >= CELL_ZOOM
        {
            let (seat, rights) = tokio::try_join!(RegionSeat::take(hub, *cell, show), async { Ok(rights.await?) })?;
            hub.workers.spawn(ticker.run(Feed::Shared(seat), rights));
            return Ok(());
        }
        // Subscribe before reading: what is heard twice changes nothing.
        let (feed, rights) = tokio::try_join!(hub.backend.subscribe(topic), rights)?;
        let listing = (hub.rules.list)(*of, HashSet::new()).await?;
        show.with(|picture| {
            picture.correct(&listing, 0);
            picture.settle();
        });
        hub.workers.spawn(ticker.run(Feed::Own(feed), rights));
        Ok(())
    }
}

impl Clone for Seat {
    fn clone(&self) -> Self {
        // Not the first seat, so the room cannot be closing: the hub's lock is not needed.
        self.room.take_seat();
        Self { hub: self.hub.clone(), room: self.room.clone() }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.room.leave_seat() == 0 {
            self.hub.emptied.lock().push_back((Instant::now(), self.room.clone()));
        }
    }
}

#[cfg(test)]
mod tests;
