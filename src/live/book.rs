//! The book of this process's connections: by their ids, and by whatever else an order may call them.
//!
//! Every connection pays for its place here, so users and sessions stand as hashes; whether a connection that was found is the
//! one that is meant is looked at again. What is ordered is not known here.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher as _;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use uuid::Uuid;

use crate::app::orders::Whom;
use crate::live::connection::Connection;

#[derive(Default)]
pub struct Book {
    state: Mutex<State>,
    hasher: RandomState,
}

#[derive(Default)]
struct State {
    by_id: HashMap<Uuid, Weak<Connection>>,
    marks: BTreeSet<(Mark, Uuid)>,
}

/// A user's or a session's hash.
type Mark = u64;

#[derive(Hash)]
enum Called<'a> {
    User(&'a str),
    Session(&'a str),
}

impl Book {
    pub fn enter(&self, connection: &Arc<Connection>) {
        self.state.lock().by_id.insert(connection.id, Arc::downgrade(connection));
    }

    /// Notes whose connection it is, and by what session it goes: to be done once that is known.
    pub fn mark(&self, connection: &Connection) {
        let marks = self.marks(connection);
        self.state.lock().marks.extend(marks);
    }

    /// No mark is made of this connection any more.
    pub fn strike_out(&self, connection: &Connection) {
        let marks = self.marks(connection);
        let mut state = self.state.lock();
        state.by_id.remove(&connection.id);
        for mark in marks {
            state.marks.remove(&mark);
        }
    }

    pub fn connections_len(&self) -> usize {
        self.state.lock().by_id.len()
    }

    pub fn all(&self) -> Vec<Arc<Connection>> {
        self.state.lock().by_id.values().filter_map(Weak::upgrade).collect()
    }

    /// The connections that are meant. Looks at no others, but for a hash that two of them share.
    pub fn find(&self, whom: &Whom) -> Vec<Arc<Connection>> {
        let mut found = self.look_up(whom);
        let is_meant = |connection: &Connection| {
            whom.is(connection.caller().user(), connection.session(), || connection.id.to_string())
        };
        found.retain(|connection| is_meant(connection));
        found
    }

    fn look_up(&self, whom: &Whom) -> Vec<Arc<Connection>> {
        let state = self.state.lock();
        let by_id = |id: &Uuid| state.by_id.get(id)?.upgrade();
        if !whom.client.is_empty() {
            return Uuid::try_parse(&whom.client).iter().filter_map(by_id).collect();
        }
        let mark = match whom.session.is_empty() {
            true => self.hasher.hash_one(Called::User(&whom.user)),
            false => self.hasher.hash_one(Called::Session(&whom.session)),
        };
        state.marks.range((mark, Uuid::nil())..=(mark, Uuid::max())).filter_map(|(_, id)| by_id(id)).collect()
    }

    /// None for those who have no account and were told no session, which are most.
    fn marks(&self, connection: &Connection) -> Vec<(Mark, Uuid)> {
        let user = Some(connection.caller().user()).filter(|user| !user.is_empty()).map(Called::User);
        let session = connection.session().map(Called::Session);
        user.into_iter().chain(session).map(|called| (self.hasher.hash_one(called), connection.id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::users::{Caller, Guest};
    use crate::domain::time::Timestamp;
    use crate::live::form::Form;
    use crate::live::outbound::Outbound;

    fn connection(user: &str, session: Option<&str>) -> Arc<Connection> {
        let (outbound, beat) = (Outbound::to_body(bytes::Bytes::new()), crate::live::Options::default().beat);
        let connection = Connection::new(Uuid::new_v4(), outbound, Form::JsonLines, Timestamp::from_millis(0), &beat);
        connection.identify(Caller::Guest(Guest::named(user).unwrap()));
        if let Some(session) = session {
            connection.name_session(session);
        }
        Arc::new(connection)
    }

    #[test]
    fn a_connection_is_found_by_all_that_it_is_called_until_it_is_struck_out() {
        let book = Book::default();
        let (one, other, third) = (connection("42", Some("s1")), connection("42", None), connection("43", None));
        for connection in [&one, &other, &third] {
            book.enter(connection);
            book.mark(connection);
        }
        let count = |user: &str, session: &str, client: &str| {
            let [user, session, client] = [user, session, client].map(str::to_owned);
            book.find(&Whom { user, session, client, except: Vec::new() }).len()
        };
        let (id, third_s) = (one.id.to_string(), third.id.to_string());
        assert_eq!((count("42", "", ""), count("43", "", ""), count("44", "", "")), (2, 1, 0));
        assert_eq!((count("", "s1", ""), count("43", "s1", ""), count("", "42", ""), count("", "", &id)), (1, 0, 0, 1));
        assert_eq!((count("42", "", &third_s), count("", "", "nobody"), count("", "", "")), (0, 0, 0));
        let except = vec![id.clone()];
        assert_eq!(book.find(&Whom { user: "42".into(), except, ..Whom::default() }).len(), 1);
        book.strike_out(&one);
        assert_eq!(
            (count("42", "", ""), count("", "s1", ""), count("", "", &id), book.connections_len()),
            (1, 0, 0, 2)
        );
        book.strike_out(&other);
        book.strike_out(&third);
        assert!(book.state.lock().marks.is_empty());
    }
}
