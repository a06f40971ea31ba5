//! The tests of behaviour, one file for each subject.

mod backend_contract;
mod backend_embedded;
