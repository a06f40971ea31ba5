//! What is unlocked during a run.
