//! Who runs in the demo: recorded runs on their own ground, and most on a course through central Helsinki at the recorded
//! runs' true paces. Some of these run in an event.
//!
//! The runners are simulated phones like any others: they come in by the same door as everybody.

pub mod events;

use crate::domain::fix::Fix;
use crate::simulate::plan::Plan;
use crate::tracks::recorded::{self, Recorded, Variation};

const NAMES: [&str; 20] = [
    "Aino K.",
    "Mika L.",
    "Sari V.",
    "Olli P.",
    "Noor B.",
    "Tom H.",
    "Elif Y.",
    "Jonas W.",
    "Chiara R.",
    "Kofi A.",
    "Linnea S.",
    "Mateo G.",
    "Priya N.",
    "Yuki T.",
    "Zoë D.",
    "Hanna M.",
    "Amara O.",
    "Luca F.",
    "Ingrid E.",
    "Sam J.",
];

/// Who stands in the Ion document's examples: ids and names.
pub const PEOPLE: [(&str, &str); 3] = [("1", "Malhar"), ("2", "Manish"), ("3", "Ashutosh")];

/// `runners` on the Helsinki course, then one on each recorded track's own ground. Each has some of the way behind already,
/// and begins anew at the end.
pub fn plans(runners: usize) -> Vec<Plan> {
    let mut tracks = recorded::all();
    tracks.retain(|track| track.on_foot);
    let names = NAMES.iter().enumerate().cycle().map(|(index, name)| (index, (*name).to_owned()));
    let own = tracks.iter().zip(names.clone()).map(|(track, (index, name))| own(track, index, name));
    let names = names.skip(tracks.len()).zip(0..runners);
    let on_course = names.map(|((_, name), index)| on_course(&tracks[index % tracks.len()], index, name));
    on_course.chain(own).collect()
}

fn own(track: &Recorded, index: usize, name: String) -> Plan {
    plan(track.fixes.clone(), index, name)
}

fn on_course(track: &Recorded, index: usize, name: String) -> Plan {
    #[allow(clippy::cast_precision_loss)] // at most a thousand runners
    let nth = index as f64;
    let variation = Variation {
        // The golden ratio spreads them evenly round the course, however many they are.
        start_shift_m: (nth * 0.618_034).fract() * 3_700.0,
        side_step_m: (nth * 0.381_966).fract() * 5.0 - 2.5,
        duration_factor: 0.92 + (nth * 0.724_5).fract() * 0.24,
    };
    plan(recorded::along(&recorded::helsinki_course(), track, variation), index, name)
}

fn plan(fixes: Vec<Fix>, index: usize, name: String) -> Plan {
    #[allow(clippy::cast_precision_loss)] // at most a thousand runners
    let behind_s = 240.0 + (index as f64 * 0.618_034).fract() * 900.0;
    let mut plan = Plan { name, fixes, behind_s: 0.0, again: true, event: None };
    // Nobody is near the end when the demo begins.
    plan.behind_s = behind_s.min(plan.length_s() / 2.0);
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_way_behind_and_a_way_ahead() {
        let plans = plans(16);
        assert_eq!(plans.len(), 19);
        for plan in plans {
            assert!(plan.behind_s >= 200.0 && plan.length_s() - plan.behind_s >= 300.0, "{}", plan.name);
        }
    }
}
