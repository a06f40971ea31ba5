//! What does not count, and says why.
