//! What runs, friends and events contribute.
