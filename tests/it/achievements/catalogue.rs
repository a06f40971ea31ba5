//! A whole catalogue goes out and comes in.
