//! How many there are, in all and of each origin, and how many more there may be.
//!
//! What they are, and what is said to those for whom there is no place, is not known here.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::limits;
use crate::peer::Origin;

pub struct Places {
    all_max: usize,
    of_one_max: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_origin: HashMap<Origin, usize>,
}

/// One of the places. Dropping it gives it back.
pub struct Place {
    places: Arc<Places>,
    origin: Option<Origin>,
}

/// What comes of somebody who wants to be let in.
pub enum Admission {
    Welcome(Place),
    /// There are enough of this origin. It may take this place for as long as it takes to tell.
    Crowded(Place),
    /// There is no place at all.
    Full,
}

impl Places {
    /// So many in all, and so many of one origin.
    pub fn new(all_max: usize, of_one_max: usize) -> Arc<Self> {
        Arc::new(Self { all_max, of_one_max, taken: Mutex::default() })
    }

    /// A place for somebody of this origin; `None` is not counted by origin.
    pub fn take(self: &Arc<Self>, origin: Option<Origin>) -> Admission {
        let mut taken = self.taken.lock();
        if taken.all >= self.all_max {
            return Admission::Full;
        }
        let mut is_crowded = false;
        if let Some(origin) = origin {
            let of_one = taken.by_origin.get(&origin).copied().unwrap_or(0);
            if of_one >= self.of_one_max.saturating_add(limits::FAREWELLS_LEN_MAX) {
                return Admission::Full;
            }
            is_crowded = of_one >= self.of_one_max;
            taken.by_origin.insert(origin, of_one + 1);
        }
        taken.all += 1;
        drop(taken);
        let place = Place { places: self.clone(), origin };
        if is_crowded { Admission::Crowded(place) } else { Admission::Welcome(place) }
    }
}

impl Place {
    /// Whose place it is, if that is counted.
    pub fn origin(&self) -> Option<Origin> {
        self.origin
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        taken.all -= 1;
        let Some(origin) = self.origin else { return };
        match taken.by_origin.get_mut(&origin) {
            Some(len) if *len > 1 => *len -= 1,
            _ => drop(taken.by_origin.remove(&origin)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(last: u8) -> Option<Origin> {
        Some(Origin::V4([192, 0, 2, last].into()))
    }

    fn welcome(places: &Arc<Places>, origin: Option<Origin>) -> Place {
        match places.take(origin) {
            Admission::Welcome(place) => place,
            Admission::Crowded(_) => panic!("crowded"),
            Admission::Full => panic!("full"),
        }
    }

    #[test]
    fn a_place_that_is_given_back_is_free_again() {
        let places = Places::new(2, 2);
        let first = welcome(&places, None);
        let _second = welcome(&places, origin(1));
        assert!(matches!(places.take(origin(2)), Admission::Full));
        drop(first);
        welcome(&places, origin(2));
    }

    #[test]
    fn one_origin_does_not_take_the_places_of_others() {
        let places = Places::new(1_000, 2);
        let held = [welcome(&places, origin(1)), welcome(&places, origin(1))];
        assert!(matches!(places.take(origin(1)), Admission::Crowded(_)));
        welcome(&places, origin(2));
        for _ in 0..10 {
            drop(welcome(&places, None));
        }
        drop(held);
        welcome(&places, origin(1));
        assert!(places.taken.lock().by_origin.is_empty(), "nothing is remembered of those who have gone");
    }

    #[test]
    fn those_who_are_told_are_bounded_too() {
        let places = Places::new(1_000, 1);
        let _held = welcome(&places, origin(1));
        let told: Vec<Place> = (0..limits::FAREWELLS_LEN_MAX)
            .map(|_| match places.take(origin(1)) {
                Admission::Crowded(place) => place,
                Admission::Welcome(_) | Admission::Full => panic!("to be told"),
            })
            .collect();
        assert!(matches!(places.take(origin(1)), Admission::Full));
        drop(told);
        assert!(matches!(places.take(origin(1)), Admission::Crowded(_)));
    }
}
