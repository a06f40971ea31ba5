//! The live socket, through real connections on loopback: what it answers, how it recovers, what it refuses.

mod bad_input;
mod crowds;
mod emulation;
mod forms;
mod grounds;
mod handshake;
mod listeners;
mod odd_input;
mod open;
mod presence;
mod recovery;
mod rights;
mod runs;
mod ticks;
mod time;
mod tokens;
