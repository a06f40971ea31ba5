//! The tests of behaviour, one file for each subject, and of the rules that the sources keep.

mod backend_contract;
mod backend_embedded;
mod live;
mod rest;
mod runnity;
mod support;
mod tidy;
mod web_files;
