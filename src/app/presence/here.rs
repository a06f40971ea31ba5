//! Who is in one channel by way of this instance. Knows no store; time comes in as an argument.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::app::channels::ClientInfo;
use crate::domain::time::Timestamp;
use crate::limits;

/// Those of one instance in one channel, as others read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceRecord {
    pub clients_len: u64,
    pub users_len: u64,
    /// By name where names are kept; bounded in bytes, so there may be fewer than the number says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientInfo>,
}

impl PresenceRecord {
    /// Whether all of them are named, or there is nobody to name.
    pub fn names_all(&self) -> bool {
        self.clients.len() as u64 == self.clients_len
    }
}

/// Tells one stay from another.
pub type Stay = u64;

pub enum Here {
    /// Who they are, in the order in which they came.
    Named(BTreeMap<Stay, ClientInfo>),
    /// How many there are.
    Counted(Crowd),
}

/// Clients that are only counted. One that has just left still counts for a while, and is the same one when it comes back.
#[derive(Default)]
pub struct Crowd {
    clients_len: u64,
    users: HashMap<String, OfUser>,
    /// Whoever left, in order. Those who came back since stand in it too: of a user's, the first ones.
    left: VecDeque<(Timestamp, String)>,
}

/// One user's clients.
#[derive(Default)]
struct OfUser {
    /// Those who have just left among them.
    len: u64,
    away: u64,
    /// How often one of them came back that still stands in `left`.
    back: u64,
}

impl Crowd {
    fn enter(&mut self, user: String) {
        let of_user = self.users.entry(user).or_default();
        if of_user.away > 0 {
            of_user.away -= 1;
            of_user.back += 1;
        } else {
            of_user.len += 1;
            self.clients_len += 1;
        }
    }

    fn leave(&mut self, user: &str, now: Timestamp) {
        if let Some(of_user) = self.users.get_mut(user) {
            of_user.away += 1;
            self.left.push_back((now, user.to_owned()));
        }
    }

    fn forget(&mut self, now: Timestamp) -> bool {
        let before = self.clients_len;
        let linger_ms = i64::try_from(limits::PRESENCE_LINGER.as_millis()).unwrap_or(i64::MAX);
        // A clock that was set back must not keep anybody for ever.
        let is_over = |left_at: Timestamp| !(0..linger_ms).contains(&(now.as_millis() - left_at.as_millis()));
        while let Some((_, user)) = self.left.pop_front_if(|(left_at, _)| is_over(*left_at)) {
            let Some(of_user) = self.users.get_mut(&user) else { continue };
            if of_user.back > 0 {
                of_user.back -= 1;
                continue;
            }
            of_user.away = of_user.away.saturating_sub(1);
            of_user.len = of_user.len.saturating_sub(1);
            self.clients_len = self.clients_len.saturating_sub(1);
            if of_user.len == 0 {
                self.users.remove(&user);
            }
        }
        self.clients_len < before
    }
}

impl Here {
    pub fn named() -> Self {
        Self::Named(BTreeMap::new())
    }

    pub fn counted() -> Self {
        Self::Counted(Crowd::default())
    }

    pub fn enter(&mut self, stay: Stay, info: ClientInfo) {
        match self {
            Self::Named(clients) => {
                clients.insert(stay, info);
            }
            Self::Counted(crowd) => crowd.enter(info.user),
        }
    }

    /// Ends the stay of a client of this user → who it was, where that is known.
    pub fn leave(&mut self, stay: Stay, user: &str, now: Timestamp) -> Option<ClientInfo> {
        match self {
            Self::Named(clients) => clients.remove(&stay),
            Self::Counted(crowd) => {
                crowd.leave(user, now);
                None
            }
        }
    }

    /// Those who have been away for a while are gone. Answers whether any was.
    pub fn forget(&mut self, now: Timestamp) -> bool {
        match self {
            Self::Named(_) => false,
            Self::Counted(crowd) => crowd.forget(now),
        }
    }

    /// Whether anybody is only counted for a while longer.
    pub fn is_lingering(&self) -> bool {
        matches!(self, Self::Counted(crowd) if !crowd.left.is_empty())
    }

    /// Those who are known by name.
    pub fn by_name(&self) -> Vec<ClientInfo> {
        match self {
            Self::Named(clients) => clients.values().cloned().collect(),
            Self::Counted(_) => Vec::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        match self {
            Self::Named(clients) => clients.is_empty(),
            Self::Counted(crowd) => crowd.clients_len == 0,
        }
    }

    pub fn clients_len(&self) -> u64 {
        match self {
            Self::Named(clients) => clients.len() as u64,
            Self::Counted(crowd) => crowd.clients_len,
        }
    }

    pub fn record(&self) -> PresenceRecord {
        match self {
            Self::Named(clients) => {
                let mut users: Vec<&str> = clients.values().map(|client| client.user.as_str()).collect();
                users.sort_unstable();
                users.dedup();
                let (clients_len, users_len) = (clients.len() as u64, users.len() as u64);
                PresenceRecord { clients_len, users_len, clients: as_many_as_fit(clients.values().cloned()) }
            }
            Self::Counted(crowd) => PresenceRecord {
                clients_len: crowd.clients_len,
                users_len: crowd.users.len() as u64,
                clients: Vec::new(),
            },
        }
    }
}

/// The first of them, up to the bound in bytes.
pub fn as_many_as_fit(clients: impl IntoIterator<Item = ClientInfo>) -> Vec<ClientInfo> {
    let mut bytes = 0;
    let fits = |client: &ClientInfo| {
        let infos = [&client.conn_info, &client.chan_info].into_iter().flatten();
        bytes += client.user.len() + client.client.len() + infos.map(|info| info.len()).sum::<usize>();
        // Names of members and punctuation on top.
        bytes += 64;
        bytes <= limits::PRESENCE_BYTES_MAX
    };
    clients.into_iter().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(user: &str) -> ClientInfo {
        ClientInfo { user: user.into(), client: "c".into(), conn_info: None, chan_info: None }
    }

    fn counts(here: &Here) -> (u64, u64) {
        let record = here.record();
        (record.clients_len, record.users_len)
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn who_comes_back_in_time_never_left() {
        let mut here = Here::counted();
        here.enter(1, client("aino"));
        here.enter(2, client("aino"));
        here.enter(3, client(""));
        assert_eq!(counts(&here), (3, 2));
        here.leave(2, "aino", at(0));
        here.leave(3, "", at(1));
        assert!(!here.forget(at(9)));
        assert_eq!(counts(&here), (3, 2));
        here.enter(4, client("aino"));
        assert_eq!(counts(&here), (3, 2), "the same one");
        assert!(!here.forget(at(10)));
        assert!(here.forget(at(11)));
        assert_eq!(counts(&here), (2, 1), "who has left is gone");
        here.enter(5, client("aino"));
        assert_eq!(counts(&here), (3, 1));
        for stay in [1, 4, 5] {
            here.leave(stay, "aino", at(20));
        }
        assert!(!here.is_empty() && here.is_lingering());
        assert!(here.forget(at(-100)), "a clock that was set back");
        assert!(here.is_empty() && !here.is_lingering());
        assert_eq!(counts(&here), (0, 0));
    }

    #[test]
    fn names_are_kept_in_their_order_and_bounded() {
        let mut here = Here::named();
        for stay in 0..5_000 {
            here.enter(stay, ClientInfo { client: stay.to_string(), ..client(&format!("user{}", stay % 100)) });
        }
        let record = here.record();
        assert_eq!((record.clients_len, record.users_len), (5_000, 100));
        assert!((1_000..4_000).contains(&record.clients.len()), "{}", record.clients.len());
        assert_eq!(record.clients[7].client, "7");
        assert_eq!(here.leave(7, "user7", at(0)).unwrap().client, "7");
        assert_eq!(here.leave(7, "user7", at(0)), None);
        assert!(!here.is_lingering(), "they are gone at once");
    }
}
