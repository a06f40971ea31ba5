//! What a run counts by for its runner's achievements, besides its tally: where it came by, how fast it was at best, and what
//! speaks against it. What it then comes to is decided in `achievements`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::achievement::Rules;
use crate::domain::fix::Fix;
use crate::domain::geo::{Place, distance_m};
use crate::domain::run::{BEST_OVER_LEN, Doubts, Kept, Run, Standing, best_times_s, implausible};
use crate::limits;

/// Part of a run's head.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Effect {
    /// The achievements whose places it came by.
    pub places: BTreeSet<u64>,
    /// Seconds over [`BEST_OVER_M`](crate::domain::run::BEST_OVER_M), when it is finished.
    pub best_s: [Option<f64>; BEST_OVER_LEN],
    is_mocked: bool,
    has_leapt: bool,
    spikes: u64,
    /// What an admin has said: it holds, whatever speaks for or against the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// `None`: it counts.
    pub withheld: Option<String>,
}

impl Effect {
    /// Takes in what a batch has added to the track of a run that was at `before` → whether it came by a new place.
    pub fn take(&mut self, run: &Run, before: Option<Fix>, kept: &[Kept], rules: &Rules) -> bool {
        let mut doubts = self.doubts();
        doubts.note(run, before, kept);
        self.set(doubts);
        let known = self.places.len();
        self.visit(before, kept, rules);
        self.places.len() > known
    }

    /// As it is in the end, over the whole track in order. What was known while it was on stays.
    pub fn finished(mut self, run: &Run, points: &[Kept], rules: &Rules) -> Self {
        self.set(Doubts::of(run, self.is_mocked, points));
        self.best_s = best_times_s(&run.pauses, points);
        self.visit(None, points, rules);
        self
    }

    /// With what an admin has said of the run by now.
    pub fn judged_as(self, judged: Option<Judged>) -> Self {
        Self { judged, ..self }
    }

    /// Why the run does not count, if it does not.
    pub fn withheld(&self, run: &Run) -> Option<String> {
        match &self.judged {
            Some(judged) => judged.withheld.clone(),
            None => implausible(run, &self.doubts()).map(|reason| reason.to_string()),
        }
    }

    fn doubts(&self) -> Doubts {
        Doubts { is_mocked: self.is_mocked, has_leapt: self.has_leapt, spikes: self.spikes }
    }

    fn set(&mut self, Doubts { is_mocked, has_leapt, spikes }: Doubts) {
        (self.is_mocked, self.has_leapt, self.spikes) = (is_mocked, has_leapt, spikes);
    }

    /// Notes the places of achievements that lie on the way. Between two fixes the way is straight.
    fn visit(&mut self, before: Option<Fix>, kept: &[Kept], rules: &Rules) {
        let mut before = before.map(|fix| fix.place);
        for point in kept {
            let is_leg = matches!(point.standing, Standing::Counted | Standing::Near);
            if !is_leg && point.standing != Standing::Paused {
                continue;
            }
            let to = point.fix.place;
            if is_leg {
                for place in before.into_iter().flat_map(|from| between(from, to)).chain([to]) {
                    let room = limits::RUN_PLACES_LEN_MAX.saturating_sub(self.places.len());
                    self.places.extend(rules.near(place).into_iter().take(room).map(|id| id.number()));
                }
            }
            before = Some(to);
        }
    }
}

/// Places on the way, [`limits::PASSED_EVERY_M`] apart. Nobody knows the way between two that lie far apart.
fn between(from: Place, to: Place) -> impl Iterator<Item = Place> {
    let leg_m = distance_m(from, to);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // at most some tens
    let steps = if leg_m <= limits::PASSED_LEG_MAX_M { (leg_m / limits::PASSED_EVERY_M) as u32 } else { 0 };
    (1..=steps).filter_map(move |step| {
        let fraction = f64::from(step) / f64::from(steps + 1);
        let (latitude, longitude) = (from.latitude.degrees(), from.longitude.degrees());
        // The short way round, where longitudes begin anew.
        let east = (to.longitude.degrees() - longitude + 540.0).rem_euclid(360.0) - 180.0;
        let longitude = (longitude + fraction * east + 540.0).rem_euclid(360.0) - 180.0;
        Place::new(latitude + fraction * (to.latitude.degrees() - latitude), longitude).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_between_two_fixes_is_looked_at() {
        let place = |latitude, longitude| Place::new(latitude, longitude).unwrap();
        let (from, to) = (place(60.0, 24.9), place(60.0018, 24.9));
        let places: Vec<_> = between(from, to).collect();
        assert_eq!(places.len(), 4, "200 m");
        let all: Vec<_> = [from].into_iter().chain(places).chain([to]).collect();
        assert!(all.windows(2).all(|pair| (distance_m(pair[0], pair[1]) - 40.0).abs() < 0.5), "{all:?}");
        assert_eq!(between(from, place(60.5, 24.9)).count(), 0);
        let across: Vec<_> = between(place(0.0, 179.999), place(0.0, -179.999)).collect();
        assert!(across.iter().all(|it| it.longitude.degrees().abs() > 179.99), "{across:?}");
    }
}
