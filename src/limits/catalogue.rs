//! What a catalogue's texts may hold: each bound with its reason. How many things there may be of each kind stands with the rules.

/// Characters of the name of an achievement, a reward or a property: it is also the key of what is counted of a place, in bytes.
pub const DEFINED_NAME_LEN_MAX: usize = 64;
/// Characters of a title, a message, or the name of a goal: two lines on a phone.
pub const TITLE_LEN_MAX: usize = 200;
/// Characters of a description.
pub const DESCRIPTION_LEN_MAX: usize = 2_000;
/// Languages of one text: more than any product is translated into.
pub const TRANSLATIONS_LEN_MAX: usize = 100;
/// The radius of a place in metres, at most: a country.
pub const PLACE_RADIUS_M_MAX: f64 = 1_000_000.0;
/// Users of a dry run who are looked at side by side: each is three readings of the store.
pub const DRY_RUN_USERS_AT_ONCE: usize = 16;
