//! What a run counts by for its runner's achievements, besides its tally: where it came by, how fast it was at best, and what
//! speaks against it. What it then comes to is decided in `achievements`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::achievement::Rules;
use crate::domain::fix::Fix;
use crate::domain::geo::distance_m;
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
        self.visit(run, before, kept, rules);
        self.places.len() > known
    }

    /// As it is in the end, over the whole track in order. What was known while it was on stays.
    pub fn finished(mut self, run: &Run, points: &[Kept], rules: &Rules) -> Self {
        self.set(Doubts::of(run, self.is_mocked, points));
        self.best_s = best_times_s(&run.pauses, points);
        self.visit(run, None, points, rules);
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
    fn visit(&mut self, run: &Run, before: Option<Fix>, kept: &[Kept], rules: &Rules) {
        let mut before = before;
        for Kept { fix, standing, .. } in kept {
            match standing {
                Standing::Counted | Standing::Near => {
                    let from = before.filter(|before| is_known_way(run, before, fix)).map_or(fix.place, |it| it.place);
                    let room = limits::RUN_PLACES_LEN_MAX.saturating_sub(self.places.len());
                    self.places.extend(rules.passed(from, fix.place).into_iter().take(room).map(|id| id.number()));
                }
                Standing::Paused => {}
                Standing::Late | Standing::Poor | Standing::Suspect | Standing::Implausible => continue,
            }
            before = Some(*fix);
        }
    }
}

/// Nobody knows the way between two fixes that lie far apart, or where the runner went while the run was paused.
fn is_known_way(run: &Run, from: &Fix, to: &Fix) -> bool {
    distance_m(from.place, to.place) <= limits::PASSED_LEG_MAX_M && run.pauses.overlap_millis(from.time, to.time) == 0
}
