//! Who runs what: recorded runs, shared out among simulated runners who do not run in step.

use crate::domain::fix::Fix;

/// What one simulated runner does.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: String,
    /// In order of time; only the times between them matter.
    pub fixes: Vec<Fix>,
    /// So many seconds of it lie behind when it begins: they are sent at once, as a phone sends its backlog.
    pub behind_s: f64,
    /// Begins anew at its end, for as long as the simulation goes.
    pub again: bool,
    /// The event that it is run in, by its number: the runner participates.
    pub event: Option<u64>,
}

impl Plan {
    /// How long it takes at the pace at which it was run.
    pub fn length_s(&self) -> f64 {
        self.fixes.last().map_or(0.0, |last| self.second(last))
    }

    /// Seconds from the first fix to this one.
    pub fn second(&self, fix: &Fix) -> f64 {
        self.fixes.first().map_or(0.0, |first| fix.time.seconds_since(first.time))
    }
}

/// `runners` plans over the given tracks, one after another.
pub fn share_out(tracks: &[Vec<Fix>], runners: usize) -> Vec<Plan> {
    let plan = |(index, fixes): (usize, &Vec<Fix>)| {
        let name = format!("Runner {}", index + 1);
        Plan { name, fixes: fixes.clone(), behind_s: 0.0, again: false, event: None }
    };
    tracks.iter().cycle().take(runners).enumerate().map(plan).collect()
}
