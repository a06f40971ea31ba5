//! The tests of behaviour, one file for each subject, and of the rules that the sources keep.
//!
//! A test of behaviour is written once and runs on every store: `support.rs` says how. What is one store's own
//! (`backend_embedded`, `crash`) or no store's (`tidy`, most of `web_files`) is a plain test.

mod achievements;
mod allowances;
mod asyncapi;
mod backend_contract;
mod backend_embedded;
mod backend_redis;
mod challenges;
mod channels;
mod copy;
mod crash;
mod deletion;
mod demo;
mod deploy;
mod duties;
mod events;
mod export;
mod faults;
mod friends;
mod groups;
mod guesses;
mod habit_v2;
mod habits;
mod habits_live;
mod ion;
mod keys;
mod leaving;
mod links;
mod live;
mod live_api;
mod openapi;
mod people;
mod rest;
mod runnity;
mod runs;
mod simulate;
mod support;
mod tasks;
mod tidy;
mod two_nodes;
mod users;
mod web_files;
