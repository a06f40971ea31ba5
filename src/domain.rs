//! What is true. Pure: no clock, no I/O, no JSON; time comes in as an argument.

pub mod time;
