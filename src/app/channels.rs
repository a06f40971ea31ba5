//! Channels: what their names mean, who may come in, and what each kind of them offers.
//!
//! A channel is what a client subscribes to; the topic behind it is where its changes are kept. The product's own channels
//! carry changes of runs and users. Where the operator has opened free-form channels, any other name is one.

mod announcing;
mod features;
mod history;
mod published;
mod publishing;
mod snapshots;
mod versions;

use std::sync::Arc;

use crate::app::achievements::{self, BoardOf};
use crate::app::feeds::{self, ListingOf};
use crate::app::runs::{aggregate, is_for_everybody};
use crate::app::sight::rights_topic;
use crate::app::users::{self, Caller, Identity};
use crate::app::{App, AppError, events};
use crate::backend::{AggregateId, Topic};
use crate::domain::cell::Cell;
use crate::domain::ids::{EventId, LinkId, RunId, UserId};
use crate::limits;

pub use announcing::Announcement;
pub use features::{Features, Presence, Publishers, Recovery};
pub use history::{HistoryPage, HistoryQuery};
pub use published::{ClientInfo, Published, told_bytes};
pub use snapshots::{Snapshot, Snapshots};
pub use versions::DocumentVersion;

/// A channel whose name was understood.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// `run:<run id>`
    Run(RunId),
    /// `event:<event id>`
    Event(EventId),
    /// `#<user id>`: the user's own.
    User(UserId),
    /// `link:<link id>`: who holds this share link hears here that it is over.
    Link(LinkId),
    /// `positions:<event id>`: where all its runners are.
    Positions(EventId),
    /// `map:<quadkey>`: public runs in one cell of the map, of zoom 6, 10 or 14; of zoom 2, how many there are in each of the
    /// cells of zoom 6.
    Map(Cell),
    /// `leaderboard:<achievement id or variable>`: who stands first there, and who has moved.
    Leaderboard(BoardOf),
    /// Any other name, where the operator has opened free-form channels.
    Open(Arc<str>),
}

/// A channel that its caller may come into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub channel: Channel,
    /// Where it is told that somebody may have lost the right to it: the same for everybody, as long as the channel lives.
    pub rights: Vec<Topic>,
}

/// On what grounds somebody is to be let into a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// Knowing its name.
    Name,
    /// The operator's back end says so, by a token or an order. It opens every free-form channel; who may see the product's
    /// own channels is the product's to say.
    Word,
}

impl Channel {
    /// The user's own channel.
    pub fn own(identity: &Identity) -> Self {
        Self::User(identity.user.clone())
    }

    pub fn name(&self) -> String {
        match self {
            Self::Run(run) => format!("run:{run}"),
            Self::Event(event) => format!("event:{event}"),
            Self::User(user) => format!("#{user}"),
            Self::Link(link) => format!("link:{link}"),
            Self::Positions(event) => format!("positions:{event}"),
            Self::Map(cell) => format!("map:{cell}"),
            Self::Leaderboard(of) => format!("leaderboard:{of}"),
            Self::Open(name) => name.to_string(),
        }
    }

    pub fn topic(&self) -> Topic {
        self.aggregate().topic("")
    }

    /// Where a free-form channel that keeps what is said hears what is not to be kept, as its own topic has no room for that.
    /// A topic of its own: who misses a part of it must learn of that, which would be too much for comings and goings.
    pub fn passing_topic(&self) -> Option<Topic> {
        let has_one = matches!(self, Self::Open(_)) && self.features().history_len > 0;
        has_one.then(|| self.aggregate().topic("passing"))
    }

    /// Whose places it shows, if it shows those of many: then it carries frames, one a tick. With where it is told who
    /// moves.
    pub fn shows(&self) -> Option<(ListingOf, Topic)> {
        match self {
            Self::Positions(event) => Some((ListingOf::Event(*event), feeds::event_topic(*event))),
            Self::Map(cell) => Some((ListingOf::Cell(*cell), feeds::cell_topic(*cell))),
            Self::Run(_) | Self::Event(_) | Self::User(_) | Self::Link(_) | Self::Leaderboard(_) | Self::Open(_) => {
                None
            }
        }
    }

    /// The channel whose topics this aggregate owns, by its stored form.
    pub(in crate::app) fn of_aggregate(aggregate: &str) -> Option<Self> {
        match aggregate.split_once('/')? {
            ("run", id) => RunId::parse(id).map(Self::Run),
            ("event", id) => EventId::parse(id).map(Self::Event),
            ("user", id) => UserId::parse(id).map(Self::User),
            ("link", id) => LinkId::parse(id).map(Self::Link),
            ("positions", id) => EventId::parse(id).map(Self::Positions),
            ("map", quadkey) => Cell::parse(quadkey).map(Self::Map),
            ("leaderboard", name) => BoardOf::parse(name).map(Self::Leaderboard),
            ("channel", name) => Some(Self::Open(name.into())),
            _ => None,
        }
    }

    /// What owns the channel's topics.
    pub(in crate::app) fn aggregate(&self) -> AggregateId {
        match self {
            Self::Run(run) => aggregate(*run),
            Self::Event(event) => events::aggregate(*event),
            Self::User(user) => users::aggregate(user),
            Self::Link(link) => crate::app::links::aggregate(*link),
            Self::Positions(event) => AggregateId::new("positions", &event.to_string()),
            Self::Map(cell) => AggregateId::new("map", &cell.to_string()),
            Self::Leaderboard(of) => achievements::board_aggregate(of),
            Self::Open(name) => AggregateId::new("channel", name),
        }
    }
}

/// The form of every channel's name, whoever says it and whatever it means.
///
/// # Errors
/// [`AppError::Invalid`]: it cannot be a channel's.
pub fn check_name(name: &str) -> Result<(), AppError> {
    if !name.is_empty() && name.is_ascii() && name.len() <= limits::CHANNEL_NAME_LEN_MAX {
        return Ok(());
    }
    Err(AppError::invalid("channel", format!("must have 1 to {} ASCII characters", limits::CHANNEL_NAME_LEN_MAX)))
}

impl App {
    /// The channel that the caller hears unasked, if there is one.
    pub fn own_channel(&self, caller: &Caller) -> Option<Channel> {
        match caller {
            Caller::Anonymous => None,
            Caller::Link(holder) => Some(Channel::Link(holder.link)),
            Caller::Guest(_) => Some(Channel::Open(format!("#{}", caller.user()).into())),
            Caller::User(identity) => Some(Channel::own(identity)),
        }
    }

    /// The channel of this name, if the caller may see it. [`AppError::NotFound`] for names that mean nothing and for what
    /// the caller may not see; [`AppError::Forbidden`] for another user's own channel, and for free-form channels that need
    /// better grounds.
    pub async fn open_channel(&self, caller: &Caller, name: &str, grounds: Grounds) -> Result<Opened, AppError> {
        let channel = self.channel_named(caller, name)?;
        let mut rights = Vec::new();
        match &channel {
            Channel::Run(run) => {
                let record = self.visible(caller, *run).await.map_err(no_channel)?;
                rights.push(rights_topic(&aggregate(*run)));
                rights.push(rights_topic(&users::aggregate(&record.run.owner)));
                if let Some(event) = record.run.event {
                    rights.push(rights_topic(&events::aggregate(event)));
                    let record = self.events.read(&events::aggregate(event)).await?;
                    rights.extend(record.map(|record| rights_topic(&users::aggregate(&record.event.creator))));
                }
            }
            Channel::Event(event) | Channel::Positions(event) => {
                let (record, _) = self.visible_event(caller, *event).await.map_err(no_channel)?;
                rights.push(rights_topic(&events::aggregate(*event)));
                // Whom the creator blocks.
                rights.push(rights_topic(&users::aggregate(&record.event.creator)));
            }
            Channel::Leaderboard(of) => {
                self.may_watch_board(caller, of).await.map_err(no_channel)?;
                // Its rules may become others', or be there no more.
                rights.push(rights_topic(&achievements::catalogue_aggregate()));
            }
            Channel::User(user) if !caller.is(user) => return Err(AppError::Forbidden),
            Channel::Link(link) if !matches!(caller, Caller::Link(holder) if holder.link == *link) => {
                return Err(AppError::NotFound("channel"));
            }
            Channel::Open(name) if !is_open_to(caller, name, grounds) => return Err(AppError::Forbidden),
            Channel::User(_) | Channel::Link(_) | Channel::Map(_) | Channel::Open(_) => {}
        }
        Ok(Opened { channel, rights })
    }

    /// What the name means to the caller, whose rights are not asked. Enough for [`App::publish`], which asks for its own.
    pub fn channel_named(&self, caller: &Caller, name: &str) -> Result<Channel, AppError> {
        // It is not for who may be told of a channel to know what makes a name.
        check_name(name).map_err(|_| AppError::NotFound("channel"))?;
        let open = || self.settings.open_channels.then(|| Channel::Open(name.into()));
        if let Some(id) = name.strip_prefix("link:") {
            return LinkId::parse(id).map(Channel::Link).ok_or(AppError::NotFound("channel"));
        }
        if let Some(id) = name.strip_prefix("event:") {
            return EventId::parse(id).map(Channel::Event).ok_or(AppError::NotFound("channel"));
        }
        if let Some(name) = name.strip_prefix("leaderboard:") {
            return BoardOf::parse(name).map(Channel::Leaderboard).ok_or(AppError::NotFound("channel"));
        }
        if let Some(channel) = ticking_channel(name) {
            return channel.ok_or(AppError::NotFound("channel"));
        }
        let channel = match (name.split_at_checked(1), name.strip_prefix("run:"), caller) {
            // To somebody without an account their own channel is a free-form one.
            (Some(("#", _)), _, Caller::Guest(_)) => open(),
            (Some(("#", id)), _, _) => UserId::parse(id).map(Channel::User),
            (_, Some(id), _) => RunId::parse(id).map(Channel::Run),
            _ => open(),
        };
        channel.ok_or(AppError::NotFound("channel"))
    }

    /// Whether this change means that the rights of those who hear it must be asked again. What leaves a run open to
    /// everybody takes no right away: a crowd is not asked because the runner goes elsewhere.
    pub fn changes_rights(payload: &[u8]) -> bool {
        payload.starts_with(br#"{"type":"revoked""#)
            || (payload.starts_with(br#"{"type":"changed""#) && !is_for_everybody(payload))
    }
}

/// What may not be seen is no channel.
fn no_channel(error: AppError) -> AppError {
    match error {
        AppError::NotFound(_) => AppError::NotFound("channel"),
        other => other,
    }
}

/// The channel that shows where many are, if the name is of that kind; `Some(None)`: and stands for none.
fn ticking_channel(name: &str) -> Option<Option<Channel>> {
    match name.split_once(':')? {
        ("positions", id) => Some(EventId::parse(id).map(Channel::Positions)),
        ("map", quadkey) => {
            let cell = Cell::parse(quadkey).filter(|cell| MAP_ZOOMS.contains(&cell.zoom()));
            Some(cell.map(Channel::Map))
        }
        _ => None,
    }
}

/// Zooms of cells that are channels: a view needs at most 64 cells of the one that fits it.
const MAP_ZOOMS: [u8; 4] = [2, 6, 10, 14];

/// Whether these grounds are enough for a free-form channel: one whose name begins with `$` needs the operator's word always,
/// one that is for some users needs it for the others.
fn is_open_to(caller: &Caller, name: &str, grounds: Grounds) -> bool {
    grounds == Grounds::Word || (!name.starts_with('$') && is_for(caller, name))
}

/// A free-form name that ends in users (`#42`, `dialog#42,43`) is for them alone.
fn is_for(caller: &Caller, name: &str) -> bool {
    match name.rsplit_once('#') {
        Some((_, users)) => !caller.user().is_empty() && users.split(',').any(|user| user == caller.user()),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::documents::ChangeDocument;
    use crate::app::transact::encode;
    use crate::app::users::Guest;

    #[test]
    fn rights_are_asked_again_where_some_may_have_lost_them() {
        let at = || "2026-11-21T09:00:00.000Z".to_owned();
        let changed = |visibility| ChangeDocument::Changed { at: at(), run: "r".into(), visibility, destination: None };
        for (change, changes_rights) in [
            (changed("public"), false),
            (changed("friends"), true),
            (changed("private"), true),
            (changed("unknown"), true),
            (ChangeDocument::Revoked { at: at() }, true),
        ] {
            assert_eq!(App::changes_rights(&encode(&change).unwrap()), changes_rights, "{change:?}");
        }
        assert!(App::changes_rights(br#"{"type":"changed"}"#), "what cannot be read is asked about");
        assert!(!App::changes_rights(br#"{"type":"notice","data":{"type":"changed"}}"#));
    }

    #[test]
    fn a_name_that_ends_in_users_is_for_them_alone() {
        let guest = |name: &str| Caller::Guest(Guest::named(name).unwrap());
        for (name, caller, may) in [
            ("a", Caller::Anonymous, true),
            ("#42", guest("42"), true),
            ("#42", guest("4"), false),
            ("#42", Caller::Anonymous, false),
            ("#", Caller::Anonymous, false),
            ("dialog#42,43", guest("43"), true),
            ("dialog#42,43", guest("44"), false),
            ("a#43#42", guest("43"), false),
        ] {
            assert_eq!(is_for(&caller, name), may, "{name} {caller:?}");
        }
        for no_guest in ["", "4,2", "#42", "4 2", "ä", &"x".repeat(129)] {
            assert_eq!(Guest::named(no_guest), None, "{no_guest}");
        }
    }
}
