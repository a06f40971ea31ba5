//! Every bound of the product in one table, each with its reason.

mod accounts;
mod achievements;
mod callers;
mod catalogue;
mod challenges;
mod events;
mod habits;
mod shown;

use std::time::Duration;

pub use accounts::*;
pub use achievements::*;
pub use callers::*;
pub use catalogue::*;
pub use challenges::*;
pub use events::*;
pub use habits::*;
pub use shown::*;

/// Fixes in one batch. A phone that was away for a quarter of an hour sends its backlog as one commit.
pub const FIXES_LEN_MAX: usize = 1_000;
/// Bytes of an HTTP body. A batch of 1,000 fixes with all fields is about 250 KB; Overland's batches reach 600 KB.
pub const BODY_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// Bytes of a body over the bound that are read and thrown away, so that a client which is still sending sees its 413.
pub const BODY_IGNORED_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of all bodies that are in memory at once; beyond, a request is told to come again. They are read before anybody
/// is known, so this is what strangers may take: as much as the commits that wait for the writer.
pub const BODIES_BYTES_MAX: usize = STORE_QUEUE_BYTES_MAX;
/// How long a body may take to arrive: 2 MiB over a poor mobile network (70 KB/s).
pub const BODY_WAIT_MAX: Duration = Duration::from_secs(30);
/// Characters of an `Idempotency-Key`: a UUID has 36, and the key is stored with the run.
pub const IDEMPOTENCY_KEY_LEN_MAX: usize = 255;
/// How long the store may take to answer before the instance calls itself not ready.
pub const READY_WAIT_MAX: Duration = Duration::from_secs(1);
/// Bytes of a file that are read from disk and handed to the socket at a time.
pub const FILE_CHUNK_BYTES: usize = 64 * 1024;
/// Bytes of one WebSocket message from a client: the Centrifuge default. The read buffer grows with the largest message.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of commands that are posted beside their connection: a message whose every character is escaped, and its address.
pub const POSTED_MESSAGE_BYTES_MAX: usize = 2 * MESSAGE_BYTES_MAX + 1024;
/// Bytes of all that is posted and not read yet. It is taken before anybody is known: two hundred of the longest at once.
pub const POSTED_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Messages that are posted for one connection and wait for the one before them to be carried out.
pub const INBOX_LEN_MAX: usize = 256;
/// Bytes of them: a few of the longest.
pub const INBOX_BYTES_MAX: usize = 4 * MESSAGE_BYTES_MAX;
/// How long an instance may take to say whether it knows a mailbox. Sooner than the SDKs give up their command (5 s).
pub const LETTER_WAIT: Duration = Duration::from_secs(3);
/// Letters to other instances that wait for an answer.
pub const LETTERS_WAITING_MAX: usize = 4_096;
/// Of those, how many may be to one instance: one that has just ended, and is not known to be dead yet, answers none.
pub const LETTERS_WAITING_PER_NODE_MAX: usize = LETTERS_WAITING_MAX / 4;
/// How often it is looked whether an instance that is not known has just come, however many strangers ask for one.
pub const NODES_LOOK_EVERY: Duration = Duration::from_secs(1);
/// Letters that are answered at the same time.
pub const LETTERS_AT_ONCE: usize = 32;
/// How long listening for letters rests after an error of the store.
pub const LETTERS_PAUSE: Duration = Duration::from_secs(1);
/// How long a peer may leave what was sent to it unacknowledged, or take nothing more, before its connection is cut: as long
/// as other web servers wait. So those who only listen, and are never heard, are noticed when they are gone.
pub const PEER_SILENT_MAX: Duration = Duration::from_secs(60);
/// Bytes that may wait for a slow reader before its socket is closed with 3008: the Centrifuge default.
pub const OUTBOUND_BYTES_MAX: usize = 1024 * 1024;
/// Bytes that wait for a reader, at which its next command has to wait too: room for what one reply may hold is left then.
/// Who subscribes to a hundred channels in one go is not slow for that.
pub const OUTBOUND_PRESSED_BYTES: usize = OUTBOUND_BYTES_MAX / 4;
/// How long a connection or a subscription outlives its token, so that a new one can be on its way: the Centrifuge default,
/// and no less than a ping's interval, at which connections are looked at.
pub const EXPIRED_GRACE: Duration = Duration::from_secs(25);
/// Seconds that a client is told its token is good for, at most: the clients' timers have 31 bits of milliseconds.
pub const LIFE_S_MAX: u32 = 24 * 24 * 60 * 60;
/// Channels that one connection may be subscribed to: the Centrifuge default.
pub const CHANNELS_LEN_MAX: usize = 128;
/// Characters of a channel's name: the Centrifuge default.
pub const CHANNEL_NAME_LEN_MAX: usize = 255;
/// Publications that a recovery replays; a client that missed more starts anew. The Centrifuge default.
pub const RECOVERY_LEN_MAX: usize = 300;
/// Bytes of the publications that a recovery replays. Beyond, the state is the shorter way: a quarter of what may wait for a
/// slow reader, so that coming back over a poor network does not end in being too slow again.
pub const RECOVERY_BYTES_MAX: usize = OUTBOUND_BYTES_MAX / 4;
/// Bytes of what the reply to connect tells of all channels that are heard from the first moment: half of what may wait for a
/// slow reader, so that a stranger costs no more by one request.
pub const CONNECT_REPLY_BYTES_MAX: usize = OUTBOUND_BYTES_MAX / 2;
/// Changes that a run's live topic keeps: ten minutes of a fix a second, twice what a recovery may replay.
pub const RUN_TOPIC_LEN_MAX: u32 = 600;
/// Changes that a user's own topic keeps: weeks of a busy user.
pub const USER_TOPIC_LEN_MAX: u32 = 500;
/// Publications that a free-form channel keeps, and for how long: what the tests of the protocol's SDKs expect.
pub const OPEN_HISTORY_LEN_MAX: u32 = 100;
/// As said above.
pub const OPEN_HISTORY_KEEP: Duration = Duration::from_secs(300);
/// Publications that a free-form channel of the namespace `smallhistory` keeps: so few that what is lost can be tried out.
pub const SMALL_HISTORY_LEN_MAX: u32 = 2;
/// How often an instance says that it lives: three times in the time after which it is taken for dead.
pub const INSTANCE_BEAT: Duration = Duration::from_secs(20);
/// How long an instance may be silent: the protocol's time to live of presence.
pub const INSTANCE_DEAD_AFTER: Duration = Duration::from_secs(60);
/// Instances on one store. Each reads of all the others.
pub const INSTANCES_LEN_MAX: usize = 1_000;
/// Between two writes of who is in a channel, where they are known by name: a person does not notice it.
pub const PRESENCE_NAMED_EVERY: Duration = Duration::from_millis(100);
/// Between two writes of how many are in a channel.
pub const PRESENCE_COUNTED_EVERY: Duration = Duration::from_secs(1);
/// How long a client that has left still counts, where clients are only counted: a phone that changes its cell is back by
/// then, and has not left.
pub const PRESENCE_LINGER: Duration = Duration::from_secs(10);
/// Bytes of the clients that are named, by one instance or in one answer: some 2,000 of them.
pub const PRESENCE_BYTES_MAX: usize = 256 * 1024;
/// Comings and goings of one channel that wait for the store.
pub const PRESENCE_UNTOLD_LEN_MAX: usize = 1_024;
/// Channels that are told or written at the same time.
pub const PRESENCE_WRITES_AT_ONCE: usize = 32;
/// How long an instance that ends may take to say so. What it leaves is swept after a minute by the others.
pub const PRESENCE_FAREWELL: Duration = Duration::from_secs(5);
/// Publications of one page of a channel's history: as many as a recovery replays, and as many bytes.
pub const HISTORY_LEN_MAX: usize = RECOVERY_LEN_MAX;
/// How often a publication that has a version is tried again because another came between: back ends publish one document
/// from few places.
pub const VERSION_ATTEMPTS_MAX: usize = 16;
/// How often a page of history is read again because what it should hold was forgotten meanwhile.
pub const HISTORY_ATTEMPTS_MAX: usize = 4;
/// Points of the track in the reply to subscribe: a line of 500 points looks exact on any screen, in 25 KB.
pub const SNAPSHOT_TRACK_LEN_MAX: usize = 500;
/// Bytes of a GPX or TCX file: two days of a fix a second with every extension.
pub const TRACK_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How often a decision is taken again after another write came first. Combining leaves conflicts only between instances.
pub const TRANSACT_ATTEMPTS_MAX: usize = 16;
/// How long a decision waits at most before it is taken again, some random part of it. Instances that write to one aggregate
/// keep out of each other's way, and what comes meanwhile goes in the same commit.
pub const CONFLICT_PAUSE_MAX: Duration = Duration::from_millis(50);
/// How often the track is read again because another instance has made it longer. Between reading and writing lie some round
/// trips, and phones pause a second between two fixes: only one that never pauses can be faster so often.
pub const RECALL_ATTEMPTS_MAX: usize = 64;
/// Decisions on one aggregate that go in one commit.
pub const TRANSACT_BATCH_LEN_MAX: usize = 256;
/// What such a commit writes, roughly: beyond, the rest goes in the next one. A script that Redis is done with in milliseconds.
pub const TRANSACT_BATCH_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Decisions that may wait for one aggregate; more are told that it is busy.
pub const TRANSACT_QUEUE_LEN_MAX: usize = 8_192;
/// Heads of busy aggregates kept in memory: 10,000 live runs of about 1 KB.
pub const HEADS_LEN_MAX: usize = 16_384;
/// Records of one kind that were read lately, kept as they are stored and as they were understood: some 10 MB.
pub const UNDERSTOOD_LEN_MAX: usize = 4_096;
/// Commits that wait for the embedded store's writer, or that are on their way to Redis.
pub const STORE_QUEUE_LEN_MAX: usize = 65_536;
/// Commits in one group, one fsync: beyond this a group's memory grows and its latency with it.
pub const STORE_GROUP_LEN_MAX: usize = 2_048;
/// Bytes of these commits: a thousand phones that come back at once, each with 100 KB of fixes.
pub const STORE_QUEUE_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Bytes of the database kept in memory; the system's own cache of files comes on top.
pub const STORE_CACHE_BYTES: usize = 128 * 1024 * 1024;
/// Bytes of the journal after which the database file is synced: about 25,000 fixes. Twice as many, and that sync holds
/// everybody up for a quarter of a second; half as many, and the same pages are written more often.
pub const STORE_JOURNAL_BYTES: u64 = 32 * 1024 * 1024;
/// Topics and aggregates whose place the writer remembers: two topics for each of 10,000 live runs, at about 300 bytes.
pub const STORE_TOPIC_HEADS_LEN_MAX: usize = 32_768;
/// Changes of cleared topics that one write removes besides its commits: some milliseconds.
pub const STORE_SWEEP_LEN_MAX: usize = 1_024;
/// Rows that are read on an async thread, in some 200 µs; more are read aside.
pub const STORE_INLINE_ROWS_MAX: usize = 1_000;
/// How long a store waits for a process that is on its way out, before it says that another one has the directory.
pub const STORE_LOCK_WAIT: Duration = Duration::from_millis(500);
/// Between two attempts to open the store again after a fault of the disk: nobody is served meanwhile.
pub const STORE_REOPEN_PAUSE: Duration = Duration::from_secs(1);
/// How long the store may take to write what it has accepted when it is closed, before it is given up.
pub const STORE_CLOSE: Duration = Duration::from_secs(30);
/// Entries that a copy from store to store moves in one write: some milliseconds of the target's.
pub const COPY_PART_LEN_MAX: usize = 2_048;
/// Bytes of values and changes after which such a part is full. Two of them are in memory, one read while one is written.
pub const COPY_PART_BYTES_MAX: usize = 1024 * 1024;
/// Changes, fields or members that a copy reads from Redis at once, before it looks how large its part has become.
pub const COPY_READ_LEN: usize = 128;
/// Keys that Redis looks at for one answer; the names of those found stand in the copy's mark until they are read.
pub const COPY_SCAN_LEN: usize = 128;
/// How long a copy waits for servers that are on their way out, before it says that they are to be stopped.
pub const COPY_SERVERS_WAIT: Duration = Duration::from_secs(2);
/// How long Redis may take to answer a copy: nobody waits for it, and its disk may be slow.
pub const COPY_ANSWER_WAIT: Duration = Duration::from_secs(60);
/// Changes that wait for one subscriber of a topic before it is told of a gap.
pub const SUBSCRIPTION_LEN_MAX: usize = 1_024;
/// How long the idempotency key of a POST is remembered.
pub const ONCE_KEEP: Duration = Duration::from_secs(24 * 60 * 60);
/// POSTs with an idempotency key that are remembered of one user, or of one address where nobody is known: a day of a busy app,
/// and some megabytes.
pub const POSTED_LEN_MAX: usize = 1_000;
/// Of those beyond, how many one more makes forgotten: more come at once than one.
pub const POSTED_FORGOTTEN_AT_ONCE: usize = 16;
/// Characters of a key where nobody is known: so many cannot be guessed, and with the key a password could be tried out on what
/// is stored.
pub const IDEMPOTENCY_KEY_LEN_MIN_OPEN: usize = 16;
/// How long after a POST with an idempotency key was begun it is taken for given up, if it was not answered: an instance has
/// ended meanwhile. Longer than any request takes, and clocks are apart.
pub const CLAIM_ABANDONED_MS: i64 = CLOCKS_APART_MS + 60 * 1_000;
/// How long whoever sends a POST again waits for the first one's answer before being told to come again.
pub const CLAIM_WAIT: Duration = Duration::from_secs(3);
/// Between two looks whether it is answered.
pub const CLAIM_LOOK: Duration = Duration::from_millis(50);
/// Bytes of an answer that are remembered: the longest that a POST has, and then some.
pub const POSTED_ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Bytes of an answer below which compressing gains nothing: it fits into one packet.
pub const COMPRESSED_BYTES_MIN: usize = 1_024;
/// Bytes that are compressed on an async thread, in about a millisecond; more are compressed aside.
pub const COMPRESSED_INLINE_BYTES_MAX: usize = 64 * 1024;
/// Files of the web-demo that are kept compressed: all of them, and those of the version before.
pub const COMPRESSED_KEPT_LEN_MAX: usize = 512;
/// Bytes of them.
pub const COMPRESSED_KEPT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of the secret that signs tokens, below which the operator is warned: HMAC-SHA-256 has no use for more.
pub const TOKEN_SECRET_BYTES_ADVISED: usize = 32;
/// Characters of a guest's name in a signed token: an e-mail address, and it stands in the name of a channel.
pub const GUEST_NAME_LEN_MAX: usize = 128;
/// Bytes of what a token says about its client: it goes with each of the client's publications, and stands in presence.
pub const CLIENT_INFO_BYTES_MAX: usize = 4 * 1024;
/// Bytes of the names and texts that the operator's back end gives a publication beside its data: they go to everybody with it.
pub const TAGS_BYTES_MAX: usize = 4 * 1024;
/// Password hashes computed at once: each takes a core for tens of milliseconds, and 19 MiB.
pub const PASSWORDS_AT_ONCE: usize = 2;
/// Characters of a password, at least: the usual advice for passwords that a person chooses.
pub const PASSWORD_LEN_MIN: usize = 8;
/// Bytes of a password, at most: no passphrase is longer, and hashing stays bounded.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// Characters of a user's name: fits on a map.
pub const NAME_LEN_MAX: usize = 64;
/// Characters of what somebody says of themselves on one line: the longest names of places have eighty-five.
pub const PROFILE_LINE_LEN_MAX: usize = 100;
/// Characters of a language tag, as RFC 5646 (section 4.4.1) advises.
pub const LANGUAGE_LEN_MAX: usize = 35;
/// Friends of one user, and those whom one user has blocked: more than anybody knows.
pub const FRIENDS_LEN_MAX: u64 = 5_000;
/// Users whom one has asked to be friends and who have not answered: beyond, it is a nuisance.
pub const FRIENDS_ASKED_LEN_MAX: u64 = 500;
/// Friends whose runs stand in one list beside the public ones: a range is read for each of them.
pub const FRIENDS_MERGED_LEN_MAX: usize = 256;
/// Groups of one user.
pub const GROUPS_LEN_MAX: u64 = 500;
/// Members of a group: a large club.
pub const GROUP_MEMBERS_LEN_MAX: u64 = 10_000;
/// Users who are invited to a group and have not answered: beyond, it is a nuisance.
pub const GROUP_INVITED_LEN_MAX: u64 = 1_000;
/// Characters of a group's name: a line.
pub const GROUP_NAME_LEN_MAX: usize = 100;
/// Characters of what a group says of itself: a page.
pub const GROUP_DESCRIPTION_LEN_MAX: usize = 2_000;
/// Words of a name by which it is found. Nobody remembers the ninth, and each stands in as many indexes as it has beginnings.
pub const WORDS_LEN_MAX: usize = 8;
/// Letters of a beginning that has an index of its own. Few names have the same first eight.
pub const WORD_PREFIX_LEN_MAX: usize = 8;
/// Characters of what is searched for: as long as any name.
pub const SEARCH_LEN_MAX: usize = 200;
/// How far the clocks of two instances may be apart.
pub const CLOCKS_APART_MS: i64 = 60 * 1_000;
/// How long a name stays reserved for an account that was never made: a minute is longer than any sign-up takes.
pub const NAME_RESERVED_MS: i64 = CLOCKS_APART_MS + 60 * 1_000;
/// Fixes of one run: two days and a half at one a second.
pub const RUN_FIXES_LEN_MAX: u64 = 250_000;
/// Tracks kept in memory for spectators who come: about 1 MB each for a long run.
pub const TRACKS_LEN_MAX: usize = 128;
/// Entries of a track that are read at once.
pub const TRACK_READ_LEN_MAX: usize = 4_096;
/// How long a run that has the user's place and is not there yet is waited for, by who would like to have the place. It is
/// made in milliseconds, unless whoever was about to make it has ended.
pub const PLACE_WAIT: Duration = Duration::from_secs(3);
/// Between two looks whether that run is there by now.
pub const PLACE_LOOK: Duration = Duration::from_millis(50);
/// People who participate in one event: a city's run. Its roster goes to every subscriber.
pub const EVENT_PARTICIPANTS_MAX: u32 = 10_000;
/// Invitations of one event that are open or declined: as many as may participate.
pub const EVENT_INVITED_MAX: u32 = EVENT_PARTICIPANTS_MAX;
/// People who are invited in one go: a club's list, in one commit.
pub const INVITES_LEN_MAX: usize = 100;
/// Events of one creator that are neither over nor cancelled: one a day for half a year. More would hide those of others in lists.
pub const EVENTS_OPEN_LEN_MAX: usize = 200;
/// Invitations to events that are not over and that one user has not answered: beyond, it is a nuisance.
pub const EVENTS_ASKING_LEN_MAX: usize = 200;
/// Characters of an event's name: a line on a poster.
pub const EVENT_NAME_LEN_MAX: usize = 100;
/// Characters of an event's description: two pages.
pub const EVENT_DESCRIPTION_LEN_MAX: usize = 5_000;
/// Seconds that an event lasts, at least: a minute is no accident.
pub const EVENT_DURATION_S_MIN: u32 = 60;
/// At most: a month, as a virtual run has. Lists look no further back for what is current.
pub const EVENT_DURATION_S_MAX: u32 = 31 * 24 * 60 * 60;
/// When nothing else is said: as the documents' reading has it.
pub const EVENT_DURATION_S: u32 = 6 * 60 * 60;
/// Metres around a place within which events are found when nothing else is said: a town and its surroundings.
pub const EVENT_RADIUS_M: f64 = 25_000.0;
/// Events of one bucket in the Runnity family, as its reading has it.
pub const BUCKET_LEN_MAX: usize = 500;
/// Participants that are named of one event in a list of events; its roster has all of them.
pub const LISTED_ROSTER_LEN_MAX: usize = 1_000;
/// Participants that are named in one answer that lists events: a megabyte or less.
pub const LISTED_PARTICIPANTS_MAX: usize = 20_000;
/// Rosters of a list that are read at the same time.
pub const ROSTERS_AT_ONCE: usize = 16;
/// Years that an event may lie in: what every calendar and every clock can write down.
pub const EVENT_YEARS: std::ops::RangeInclusive<i32> = 1970..=9998;
/// Changes that an event's topic keeps: several commits of people who join at once, and more than a recovery may replay.
pub const EVENT_TOPIC_LEN_MAX: u32 = 1_000;
/// People of one roster who are told something at the same time: their commits share the store's.
pub const TOLD_AT_ONCE: usize = 64;
/// Bytes of the roster in the reply to subscribe: half of what may wait for a slow reader, some ten thousand people.
pub const SNAPSHOT_ROSTER_BYTES_MAX: usize = OUTBOUND_BYTES_MAX / 2;
/// Follow-ups or due times that one sweep takes.
pub const SWEEP_LEN_MAX: usize = 256;
/// Sweeps that follow one another while there is more, before it is looked whether the lease is still held: some seconds.
pub const SWEEPS_PER_TURN_MAX: usize = 32;
/// Aggregates that have caused something elsewhere which is carried out at the same time: their commits share the store's.
pub const FOLLOW_UPS_AT_ONCE: usize = 32;
/// Follow-ups of one aggregate that are carried out before it is another's turn.
pub const FOLLOW_UPS_PER_TURN: usize = 64;
/// Events of which the rosters are told something at the same time.
pub const ROSTERS_TOLD_AT_ONCE: usize = 4;
/// How long every instance leaves what takes a right away to whoever has caused it: a hundred times what that needs. A short part
/// of the second in which the right is to be gone.
pub const RIGHTS_OVERDUE_MS: i64 = 250;
/// Aggregates whose follow-ups wait for this instance, at about 100 bytes; beyond, they are left to who has the lease.
pub const OUTBOX_LEN_MAX: usize = 65_536;
/// Due times that are acted on at the same time: their commits share the store's.
pub const DUES_AT_ONCE: usize = 32;
/// Runs of one page.
pub const PAGE_SIZE_MAX: usize = 200;
/// Fixes of one page.
pub const FIXES_PAGE_SIZE_MAX: usize = 5_000;
/// Runs that are looked at to fill a page; beyond, the list ends. Keeps a hostile page number cheap.
pub const LIST_LOOKED_AT_MAX: usize = 10_000;
/// Of one index by place, how many are looked at: what goes on at one time within a long day's ride.
pub const NEAR_LOOKED_AT_MAX: usize = LIST_LOOKED_AT_MAX / 2;
/// Metres around a place that is searched: a long day's ride. Twice as many are four times as much to look at.
pub const RADIUS_M_MAX: f64 = 200_000.0;
/// Members that are read of an index at a time to fill a page, at least: with smaller pages some of them may not be seen.
pub const LIST_WINDOW_LEN_MIN: usize = 50;
/// Members that are read of each at first, where a list is merged from several: most of them have little to give.
pub const MERGED_READ_LEN_MIN: usize = 16;
/// Indexes of a list that is merged from several which are read at the same time.
pub const INDEXES_READ_AT_ONCE: usize = 32;
/// Snapshots kept encoded for spectators who come at once.
pub const SNAPSHOTS_LEN_MAX: usize = 1_024;
/// Levels of nesting in a command. Ours have five; what a client publishes is parsed by every subscriber's JSON reader.
pub const JSON_DEPTH_MAX: usize = 64;
/// Bytes of a connection's first read buffer: commands are about 100 bytes, and every idle connection holds one.
pub const READ_BUFFER_BYTES: usize = 1024;
/// Messages (or commands) that one connection may have handled before the others on its thread get their turn.
pub const MESSAGES_PER_TURN_MAX: usize = 64;
/// Waiting frames that go into one system call. More gains nothing: frames of one moment are joined already.
pub const WRITE_SLICES_MAX: usize = 32;
/// Bytes that the kernel may hold unsent for one socket, so that a slow reader shows after kilobytes and not megabytes.
pub const SOCKET_UNSENT_BYTES: u32 = 16 * 1024;
/// Bytes of hyper's buffer, and so of a request's head.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// How long a request's head may take to arrive. A phone with one bar needs a second or two.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// How long the sockets' good-byes may be spread out for: longer than any roll-out waits, and no overflow of a time.
pub const DRAIN_MAX: Duration = Duration::from_secs(60 * 60);
/// How long requests under way may still take once the server is to stop.
pub const HTTP_DRAIN_MAX: Duration = Duration::from_secs(10);
/// Real-time connections that are open at once, unless the operator says otherwise: 40 MB, and with all that comes on top
/// fewer than 20,000 open files.
pub const CONNECTIONS_LEN: usize = 16_384;
/// What the operator may say: addresses and ports end somewhere there.
pub const CONNECTIONS_LEN_MAX: usize = 1_000_000;
/// Of those, how many may come from one address, unless the operator says otherwise. A mobile network or the wireless network
/// of a stadium has thousands of phones behind one address, and who is one too many is sent away for good.
pub const CONNECTIONS_PER_ADDRESS: usize = 2_048;
/// Beyond those of one address, how many may be open to be told so; more are refused without a hand-shake.
pub const FAREWELLS_LEN_MAX: usize = 64;
/// How many more connections there may be for hand-shakes and requests; who comes then waits in the kernel's queue.
pub const REQUESTS_LEN_MAX: usize = 2_048;
/// Of those, how many one address has for sure; beyond, it finds its connections closed.
pub const REQUESTS_PER_ADDRESS: usize = 1_024;
/// Connections that have not asked for anything yet. Beyond, whoever has been silent for longest makes room for the next.
pub const LOBBY_LEN_MAX: usize = 1_024;
/// How long nobody has to make room: a phone with one bar needs a second or two for its first words.
pub const LOBBY_PATIENCE: Duration = Duration::from_secs(2);
/// Connections that the kernel holds until they are accepted, if it is told to hold so many (`net.core.somaxconn`): thousands
/// come at once after a restart, and one for which there is no room tries again after a second, then two, then four.
pub const ACCEPT_QUEUE_LEN: u32 = 8_192;
/// Files that are open besides connections: the store's, the page's, and connections to Redis.
pub const FILES_LEN_MAX: usize = 512;
/// How long accepting rests when there are so many connections, and after an error such as "too many open files".
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes of a frame into which answers to commands that came together are put together: more gains nothing.
pub const JOINED_FRAME_BYTES_MAX: usize = 16 * 1024;
/// Changes that a room encodes in one go: after a gap there may be hundreds, and one frame buffer should not grow to megabytes.
pub const GROUP_LEN_MAX: usize = 64;
/// How long a room gathers what is published, where many publish at once: nobody sees 50 ms on a map, and a socket that hears
/// a hundred positions a second is written to twenty times at most.
pub const GATHER: Duration = Duration::from_millis(50);
/// A fan-out of this length is a long one: several hundred sockets.
pub const FAN_OUT_LONG: Duration = Duration::from_millis(4);
/// What a busy room waits after a long fan-out for more to come. Timers are exact to a millisecond.
pub const BREATH: Duration = Duration::from_millis(1);
/// How long a fan-out may keep its thread before others get a turn: a WebSocket ping meanwhile waits no longer than this.
pub const FAN_OUT_TURN: Duration = Duration::from_micros(500);
/// Changes that wait for a client that is just joining. It joins in milliseconds; if not, it is told to try again.
pub const JOINING_LEN_MAX: usize = 1_024;
/// Changes of a topic that are read at once, to recover or to fill a gap: 4 MB if each is a batch of 1,000 fixes.
pub const REPLAY_LEN: usize = 32;
/// Bytes of changes that a room encodes in one go: what one slow socket holds of it is held by all.
pub const GROUP_BYTES_MAX: usize = 64 * 1024;
/// Between two attempts to fill a gap.
pub const GAP_PAUSE: Duration = Duration::from_millis(250);
/// How often a room tries to fill a gap before its subscribers are told that they have missed something.
pub const GAP_ATTEMPTS_MAX: u32 = 20;
/// Members of a room whose rights are asked again at the same time.
pub const RIGHTS_ASKED_AT_ONCE: usize = 32;
/// How long a room without members keeps its topic: a page that is reloaded finds it open.
pub const ROOM_LINGER: Duration = Duration::from_secs(5);
/// How long a closed socket may take to read its last frames and to close its own side.
pub const CLOSING_TIME_MAX: Duration = Duration::from_secs(5);
/// Log-ins and sign-ups whose password is or waits to be hashed: some seconds of work. More are told that the server is busy.
pub const PASSWORDS_WAITING_MAX: usize = 128;
/// Of those, new passwords: many new accounts leave room for those who log in.
pub const NEW_PASSWORDS_WAITING_MAX: usize = 48;
/// Points of all tracks in memory together, at about 110 bytes.
pub const TRACK_POINTS_LEN_MAX: usize = 300_000;
/// How long something that could not be done stands back behind what can: half a minute by every instance's clock.
pub const PUT_OFF_MS: i64 = CLOCKS_APART_MS + 30 * 1_000;
/// Points that are counted or simplified at once on an async thread: about a millisecond. Longer tracks go elsewhere.
pub const TRACK_INLINE_LEN_MAX: usize = 2_048;
/// How long a verb waits for a connection to Redis: a connection that was cut is made again in less.
pub const REDIS_LINK_WAIT: Duration = Duration::from_secs(1);
/// How long Redis may take to answer. A script that clears a long track takes milliseconds, a full disk much longer.
pub const REDIS_ANSWER_WAIT: Duration = Duration::from_secs(4);
/// How long a commit with an idempotency key is sent again when its fate is not known: a Redis that is restarted is back in
/// seconds, and whoever has sent it waits no longer.
pub const REDIS_RESEND_WAIT: Duration = Duration::from_secs(10);
/// How long one connection may take to be made: a lost packet is sent again after a second.
pub const REDIS_CONNECT_WAIT: Duration = Duration::from_secs(2);
/// How long a sentinel may take to say where Redis is; the others are asked at the same time.
pub const REDIS_SENTINEL_WAIT: Duration = Duration::from_secs(1);
/// How often the sentinels are asked whether another Redis is the primary now. Usually a lost connection tells sooner: this
/// is for an old primary that was cut off from everybody but us.
pub const REDIS_SENTINEL_EVERY: Duration = Duration::from_secs(3);
/// How long both connections may take, and to ask for tens of thousands of channels.
pub const REDIS_ARRIVE_WAIT: Duration = Duration::from_secs(8);
/// How long a Redis that is just starting is waited for when the store is opened.
pub const REDIS_OPEN_WAIT: Duration = Duration::from_secs(5);
/// Between two attempts to connect again, at first: a cut cable is a cut cable, a restarted Redis is back soon.
pub const REDIS_PAUSE_MIN: Duration = Duration::from_millis(50);
/// Between two attempts to connect again, at most: who waits for Redis sees it return within this.
pub const REDIS_PAUSE_MAX: Duration = Duration::from_secs(1);
/// How often an instance makes sure that it hears Redis.
pub const REDIS_PROBE_EVERY: Duration = Duration::from_secs(1);
/// How long that message may take to come back before the connections are given up.
pub const REDIS_PROBE_WAIT: Duration = Duration::from_millis(2_500);
/// How often the own clock is set by Redis's. A bad one loses a second a day, and others jump when they are mended.
pub const REDIS_TIME_EVERY: Duration = Duration::from_secs(10);
/// How far it may be from Redis's before it is set: nobody sees so little, and it need not jump all the time.
pub const REDIS_TIME_APART: Duration = Duration::from_millis(20);
/// How often channels that nobody listens to any more are given up.
pub const REDIS_SWEEP_EVERY: Duration = Duration::from_secs(5);
/// Channels that are asked for at once: a message of some 50 KB.
pub const REDIS_SUBSCRIBE_LEN_MAX: usize = 512;
/// Subscriptions that wait to be asked for; who comes later waits for a place.
pub const REDIS_WANTED_LEN_MAX: usize = 4_096;
/// Commands that wait to be written to the connection; who comes later waits for a place.
pub const REDIS_PIPELINE_LEN: usize = 1_024;
/// Orders that are kept for instances that missed some of them: one for each of 5,000 users who are sent away in one go, and
/// more. Usually of some hundred bytes; at most twice the longest message, for it stands as a text.
pub const ORDERS_LEN_MAX: u32 = 8_192;
/// Orders that wait for one connection; beyond, it is to come back and is asked anew. Each is carried out in milliseconds.
pub const ORDERS_WAITING_LEN_MAX: usize = 128;
/// Connections that an order may leave alone: more than anybody has open.
pub const ORDER_EXCEPT_LEN_MAX: usize = 100;
/// Characters of a UUID: the ids of connections, and what their sessions are called.
pub const UUID_LEN: usize = 36;
/// Characters of an epoch, at least as many as any store's have.
pub const EPOCH_LEN_MAX: usize = 64;
/// Bytes of a close frame's reason (RFC 6455, section 5.5).
pub const CLOSE_REASON_BYTES_MAX: usize = 123;
/// Channels that one answer lists: a megabyte or less.
pub const LISTED_LEN_MAX: usize = 10_000;
/// Of those, how many are read at once.
pub const LISTED_READ_LEN_MAX: usize = 256;
/// Channels of one broadcast, or commands of one batch: a second of work or less.
pub const BROADCAST_LEN_MAX: usize = 1_000;
/// Channels of one broadcast, or commands of one batch, that are taken at once.
pub const BROADCAST_AT_ONCE: usize = 32;
/// Bytes of all replies of one batch: more than anybody reads, and no burden to keep.
pub const BATCH_REPLIES_BYTES_MAX: usize = 8 * 1024 * 1024;
