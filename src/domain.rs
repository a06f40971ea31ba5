//! What is true. Pure: no clock, no I/O, no JSON; time comes in as an argument.
//!
//! In reading order: `time`, `ids`, `edit`, `user`, `friendship`; `geo`, `cell`, `morton` and `fix`; then `run`, where they meet, and `track`;
//! `achievement`, which knows of users' values alone, and `challenge`, in which they are compared; `habit`, a game of its own, which
//! knows a run by its id.

pub mod achievement;
pub mod cell;
pub mod challenge;
pub mod edit;
pub mod event;
pub mod fix;
pub mod friendship;
pub mod geo;
pub mod habit;
pub mod ids;
pub mod morton;
pub mod run;
pub mod time;
pub mod track;
pub mod user;
