//! Achievements that have a place.
