//! What a board may hold, each bound with its reason.

/// Tasks of one board: a person with more has lost sight of them; a board is held in memory whole.
pub const TASKS_LEN_MAX: usize = 1_000;
/// Bytes of a task's id: a UUID has 36.
pub const TASK_ID_BYTES_MAX: usize = 100;
/// Bytes of a task's text, and of its notes: what somebody pastes is kept as it is, be it a book.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Bytes that the texts of all tasks have together: a board is in memory whole, and a reply of the document's holds all of it.
pub const BOARD_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Bytes of any other property that holds text: a name, an address, a few lines about oneself.
pub const PROPERTY_BYTES_MAX: usize = 8 * 1024;
/// Tags of one user, and of one task.
pub const TAGS_LEN_MAX: usize = 100;
/// Bytes of a tag's id, an item's id and a reminder's id, as of a task's.
pub const ID_BYTES_MAX: usize = 100;
/// Bytes of a tag's name.
pub const TAG_NAME_BYTES_MAX: usize = 255;
/// Items of one checklist.
pub const CHECKLIST_LEN_MAX: usize = 200;
/// Bytes of an item's text.
pub const ITEM_BYTES_MAX: usize = 4 * 1024;
/// Reminders of one task.
pub const REMINDERS_LEN_MAX: usize = 50;
/// Bytes of a date as a client writes it.
pub const DATE_BYTES_MAX: usize = 64;
/// How deep properties may lie that are only kept.
pub const TREE_DEPTH_MAX: usize = 8;
/// How many of them a task may have.
pub const TREE_NODES_MAX: usize = 200;
/// Bytes of their names and texts together.
pub const TREE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a path: `tasks.`, an id and a few names.
pub const PATH_BYTES_MAX: usize = 512;
/// Parts of a path: two more than the tree is deep.
pub const PATH_PARTS_MAX: usize = TREE_DEPTH_MAX + 2;
/// Days that the turn of a day counts at most. Whoever stays away for longer than three years has lost what there is to lose.
pub const DAYS_MAX: u32 = 1_095;
/// Levels end here, as the original's do.
pub const LEVEL_MAX: u32 = 100;
/// The longest streak that is counted: longer than a life.
pub const STREAK_MAX: u32 = 100_000;
/// Eggs or potions of one sort: more are found, and left where they lie.
pub const FOUND_MAX: u32 = 1_000;
/// Things that are found in one day at most, as the original has it.
pub const DROPS_A_DAY_MAX: u32 = 2;
