//! Values that move at once on two instances, are sent again, or meet a crash.
