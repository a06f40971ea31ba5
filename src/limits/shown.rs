//! Bounds of what shows where many are: feeds, pictures, ticks, and the cells of the map.

use std::time::Duration;

/// How long this instance gathers who has moved, to tell it together: a small part of a tick.
pub const FEED_GATHER: Duration = Duration::from_millis(25);
/// Runs that have moved here and are yet to be told. Beyond, they are found when the store is read again.
pub const FEED_WORDS_LEN_MAX: usize = 65_536;
/// Events and parts of the map that are told at the same time.
pub const FEEDS_AT_ONCE: usize = 32;
/// Runners in one picture: those of the largest races there are. With their ids, half of what may wait for a slow reader.
pub const SEEN_LEN_MAX: usize = 10_000;
/// Runs that are known of one cell of the map at zoom 6 (600 km wide), for all the smaller pictures in it: a tenth of a kilobyte
/// each.
pub const REGION_LEN_MAX: usize = 50_000;
/// Of those, how many are listed at once.
pub const SEEN_READ_LEN: usize = 1_000;
/// How often a room that shows where runners are compares what it has heard with the store: what an instance that died did not
/// tell is seen within this time.
pub const SEEN_READ_EVERY: Duration = Duration::from_secs(10);
/// The same where nobody is to be seen, so that nobody can have gone unheard: who comes is heard of, and of few others.
pub const SEEN_READ_EMPTY_EVERY: Duration = Duration::from_secs(60);
/// A whole picture is not written anew for each who comes, but is no older than this.
pub const PICTURE_AGE_MAX_MS: i64 = 1_000;
/// Between two frames of positions, unless the operator says otherwise: as often as phones measure.
pub const TICK: Duration = Duration::from_secs(1);
/// What the operator may say: below, frames cost more than they show; above, markers stand still for too long.
pub const TICK_MIN: Duration = Duration::from_millis(250);
/// As said above.
pub const TICK_MAX: Duration = Duration::from_secs(5);
/// Cells of the map that one connection may be subscribed to: a view never needs more.
pub const CELLS_LEN_MAX: usize = 64;
/// Cells of the map that are shown by one instance at the same time. Each costs a worker and its picture, and everybody may ask
/// for any: this many are 512 views that have no cell in common.
pub const CELL_ROOMS_LEN_MAX: usize = 32_768;
