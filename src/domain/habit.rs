//! Habits, dailies, to-dos and rewards: the board of one user and the game that is played on it, as the HabitRPG document of
//! June 2013 and the code of that time have it.
//!
//! Pure: the moment, the time zone and a seed are given. How operations arrive, how a board is kept, who hears of an effect and
//! which run scores which task are not known here.

pub mod board;
pub mod bounds;
pub mod cron;
pub mod day;
pub mod drops;
pub mod effect;
pub mod error;
pub mod gear;
pub mod hero;
pub mod history;
mod list;
pub mod newcomer;
pub mod numbers;
pub mod ops;
pub mod path;
pub mod rule;
pub mod score;
pub mod stats;
pub mod task;
pub mod tree;

pub use board::{Board, Changed};
pub use error::HabitError;
pub use ops::{Now, Op};

#[cfg(test)]
mod tests;
