//! The tests of behaviour, one file for each subject, and of the rules that the sources keep.

mod backend_contract;
mod backend_embedded;
mod crash;
mod live;
mod rest;
mod runnity;
mod runs;
mod simulate;
mod support;
mod tidy;
mod users;
mod web_files;
