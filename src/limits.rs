//! Every bound of the product in one table, each with its reason.

use std::time::Duration;

/// Fixes in one batch. A phone that was away for a quarter of an hour sends its backlog as one commit.
pub const FIXES_LEN_MAX: usize = 1_000;
/// Bytes of an HTTP body. A batch of 1,000 fixes with all fields is about 250 KB; Overland's batches reach 600 KB.
pub const BODY_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// Bytes of one WebSocket message from a client: the Centrifuge default. The read buffer grows with the largest message.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Bytes that may wait for a slow reader before its socket is closed with 3008: the Centrifuge default.
pub const OUTBOUND_BYTES_MAX: usize = 1024 * 1024;
/// Channels that one connection may be subscribed to: the Centrifuge default.
pub const CHANNELS_LEN_MAX: usize = 128;
/// Characters of a channel's name: the Centrifuge default.
pub const CHANNEL_NAME_LEN_MAX: usize = 255;
/// Publications that a recovery replays; a client that missed more starts anew. The Centrifuge default.
pub const RECOVERY_LEN_MAX: usize = 300;
/// Changes that a run's live topic keeps: ten minutes of a fix a second, twice what a recovery may replay.
pub const RUN_TOPIC_LEN_MAX: u32 = 600;
/// Changes that a user's own topic keeps: weeks of a busy user.
pub const USER_TOPIC_LEN_MAX: u32 = 500;
/// Points of the track in the reply to subscribe: a line of 500 points looks exact on any screen, in 25 KB.
pub const SNAPSHOT_TRACK_LEN_MAX: usize = 500;
/// Bytes of a GPX or TCX file: two days of a fix a second with every extension.
pub const TRACK_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How often a decision is taken again after another write came first. Combining leaves conflicts only between instances.
pub const TRANSACT_ATTEMPTS_MAX: usize = 16;
/// Decisions on one aggregate that go in one commit.
pub const TRANSACT_BATCH_LEN_MAX: usize = 256;
/// Decisions that may wait for one aggregate; more are told that it is busy.
pub const TRANSACT_QUEUE_LEN_MAX: usize = 8_192;
/// Heads of busy aggregates kept in memory: 10,000 live runs of about 1 KB.
pub const HEADS_LEN_MAX: usize = 16_384;
/// Commits that wait for the embedded store's writer.
pub const STORE_QUEUE_LEN_MAX: usize = 65_536;
/// Commits in one group, one fsync: beyond this a group's memory grows and its latency with it.
pub const STORE_GROUP_LEN_MAX: usize = 2_048;
/// Changes that wait for one subscriber of a topic before it is told of a gap.
pub const SUBSCRIPTION_LEN_MAX: usize = 1_024;
/// How long the idempotency key of a POST is remembered.
pub const ONCE_KEEP: Duration = Duration::from_secs(24 * 60 * 60);
