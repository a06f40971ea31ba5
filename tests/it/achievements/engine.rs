//! What moves a value, what it costs, and what happens when the rules change.
