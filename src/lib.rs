//! Runnity: the live run server. This page is the map.
//!
//! # Rooms and their arrows
//!
//! ```text
//! main → instance → server → http ─┐
//!                          → live ─┼→ app → domain
//!                                  │     └→ backend (trait) ← backend::embedded, backend::redis
//!                                  └ hub → backend::subscribe
//! main → copy → backend::copy ← backend::embedded, backend::redis
//! main → demo, simulate → tracks → domain        (clients: they come in by the public doors)
//! app → tracks                                   (a run's track as a file, in an export)
//! main → probe                                   (a client too)
//! ```
//!
//! * [`domain`]: what is true. Pure: time comes in as an argument.
//! * [`backend`]: where it is kept and who hears of it. Bytes, keys and topics; five verbs; one contract for all stores.
//! * [`app`]: what can be asked. One function for each thing that can be asked, the `transact` loop, the stored forms, the
//!   JSON documents that our REST API and the socket share, follow-ups and due times.
//! * [`live`]: sockets. Frames and codes of the protocol, connections, the hub.
//! * [`http`]: documents. One file or folder for each API family, the OpenAPI document (`http/openapi`) and the pages that are
//!   made from it (`http/docs`), health and metrics, the web-demo's files.
//! * [`server`] accepts connections and ends in order; [`instance`] puts a store, the app and its doors together.
//!   [`peer`]: who is at the other end; [`places`]: how many of them there may be; [`bodies`]: what they send, to a bound;
//!   [`descriptors`]: what the system allows.
//! * [`config`]: what the operator typed → values that cannot be wrong. [`limits`]: every bound, with its reason.
//!   [`clock`]: what time it is.
//! * [`copy`]: the command that moves a store's content into another store.
//! * [`tracks`]: recorded runs ↔ fixes. [`simulate`]: phones that replay them against any server. [`demo`]: who runs in the demo.
//! * [`probe`]: asks a running server how it is, as a load balancer does.
//!
//! # Invariants (`tests/it/tidy.rs` reads the sources and holds 1, 2, 3 and 6, and what of 5 can be read)
//!
//! 1. `domain` imports std, itself, the error derive, chrono, chrono-tz and the formula crate.
//! 2. `redb::` and `redis::` stand in their store only; `warp::` in `http*`, `live*`, `server.rs` and `instance.rs` only; `std::env` in
//!    `config.rs` and `main.rs` only; the system's clock is read in `clock.rs` only.
//! 3. Wire types never leave their file; no family imports another family; no room looks back along an arrow.
//! 4. A storage failure never becomes an empty value or a default.
//! 5. Every queue, batch, retry, page and body has a bound in `limits.rs`.
//! 6. No worker is spawned outside the tracker (`app::workers`; a store has its own); nothing is awaited under a lock.
//! 7. Tokens and coordinates are personal: never logged, never in an error message, tokens stored hashed.
//! 8. Public items say what they take and give: shape, unit, errors, and the document that they follow.
//!
//! # Journeys
//!
//! **A fix, from phone to map.** The door parses the body into fixes (`app::documents`; bad coordinates end here, with that
//! family's error) → `app::runs::recording` → `domain::run::accept` says which fixes count and what they add to distance, pace and climb →
//! one commit puts the run's head, appends to its track log and to its live topic → the hub's room for that topic writes the change once
//! for each form in use and puts a shared frame into each spectator's queue → the socket → `web-demo` moves the marker.
//!
//! **A spectator comes, or comes back.** `live::session` asks `app::channels` whether the channel may be seen → joins the room, which from now
//! on keeps what it hears → recovers by cursor (`backend.replay`) or reads the snapshot (the run's head and track, with the offset
//! that they cover) → the reply, then what was kept and is not covered, then everything as it comes.
//!
//! **Who else is here.** A subscription holds a guard (`app::presence`); entering and leaving change memory at once, and a worker
//! tells it and writes it in batches, a value for each instance and channel → whoever asks reads the values of the instances that
//! live (`app::instances`) → what an instance that has died left is swept.
//!
//! **A run ends.** By its owner's word, by resting at its destination, by another run, or by a due time → the whole track is counted once
//! more, late fixes included → one commit: totals, compacted track, change, and a follow-up in the outbox → the follow-up frees the
//! runner's place for a live run and tells the runner's own channel. Whichever instance finds it left behind carries it out, once.
//!
//! **Somebody joins an event.** `app::events` decides on the head and on the entry of that one user, which is a document beside it →
//! one commit: the entry, the counts, the roster's index and the change on `event:<id>`; many who join at once go in one. What
//! concerns a user goes to that user's own channel by a follow-up.
//!
//! **A rule is written.** `app::achievements::authoring` makes the edit on the catalogue as it is known, has `domain::achievement` check the
//! whole of it, and commits if nobody was quicker → every instance hears of it, reads what has changed and compiles it anew
//! (`rules_kept`); who wrote it is answered when its own instance goes by it.
//!
//! **Where all of them are.** Every commit on a run tells `app::feeds` → what came within a moment goes out in one ephemeral commit for
//! each event and part of the map → the rooms of `positions:` and `map:` (`live::hub::ticker`) keep the newest of each runner, and
//! write one frame a tick for everybody inside.
//!
//! **Who may see what.** `app::sight` decides it for every window. Whoever commits that a right ends says so on the aggregate's topic
//! `rights`; the rooms that it concerns hear it (`live::hub::rights`), ask those inside again, and send out who may not stay. What
//! has to be told elsewhere, of a run on the map or of what a friend had, is a follow-up in a queue that waits for nothing else and
//! that every instance looks at, whoever has the lease.
//!
//! **An achievement.** Nobody asks for it: somebody reports a value, or something that the product counts has come to more → one
//! decision on the user's progress (`app::achievements::evaluating`) loads what the values, sums and sources of these variables are,
//! and `domain::achievement::advance` says what is reached → one commit: values, sums, levels and messages, and what the user's own
//! channel hears. Friends and those who watch the event hear of it by follow-ups. The rules are in memory, kept in step with the
//! catalogue (`rules_kept`). The same commit moves the user on the leaderboards that the values stand on (`boards::placing`); who
//! watches one is told by a worker that takes its turn with those of other instances (`boards::telling`).
//!
//! **A run counts.** A kilometre, a place that it comes by, its end, its deletion or an admin's word cause a follow-up in a queue of its own →
//! `app::achievements::feeding` says what the run comes to by now, in absolute values, or why it does not count → the difference moves the
//! user's values, as above. Who runs together with others of a group is looked at by due times (`app::runs::together`).
//!
//! **A challenge is counted.** A value moves that counts in an open challenge of the user's: the commit that moves it says so in a
//! follow-up → `app::challenges::counting` works out anew what the user's stored values come to between the challenge's start and its
//! end (`domain::achievement::within`), and brings it to the challenge → `domain::challenge` says who stands where and who has
//! finished, once → all who take part hear of it on their own channels.
//!
//! **A habit is scored.** A device sends operations, each with an id of its own → one decision on the head of the user's board
//! (`app::habits::applying`), on the board that is at hand by the head's stamp or else is read: the day turns first if it is time, then
//! `domain::habit::ops` carries out what has not come before → one commit: the head, the tasks and days of histories that are others
//! now, the ids, and what the user's other devices hear (`telling`): each version, with all that a device needs to follow. A device of
//! the old document's is shown the whole user (`http::habit`), one that keeps a board of its own the changes alone
//! (`live::session::methods`). Who asks for nothing has their day turned by a due time.
//!
//! **An account is deleted.** One commit marks it, and from then on nobody sees what is its own; the steps (`app::leaving`) take away
//! everything else, one after the other, and are gone on with wherever they broke off.
//!
//! **Somebody asks too often, or guesses.** Each instance counts requests by token and by address for itself (`app::allowances`,
//! at the one place where a family takes a request). Attempts at passwords, and wrong tokens, are counted in the store before they are
//! looked at (`app::guesses`), so that many instances are no more patient than one.
//!
//! **A password is changed, a session is closed.** One commit on the user's record, whose topic says so → every instance asks the rights of
//! that user's sockets again, and closes those that have none.

pub mod app;
pub mod backend;
pub mod bodies;
pub mod clock;
pub mod config;
pub mod copy;
pub mod demo;
pub mod descriptors;
pub mod domain;
pub mod http;
pub mod instance;
pub mod limits;
pub mod live;
pub mod peer;
pub mod places;
pub mod probe;
pub mod server;
pub mod simulate;
pub mod tracks;
