//! Who hears of an unlock, and when.
