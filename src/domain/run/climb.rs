//! Metres up and down. A change counts when it exceeds 3 m, so that a barometer's or satellite's jitter adds nothing.

/// As GoldenCheetah has it: only more than this, which tells on watches that record whole metres.
const HYSTERESIS_M: f64 = 3.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Climb {
    pub up_m: f64,
    pub down_m: f64,
    /// The elevation that the next change is measured from.
    pub reference_m: Option<f64>,
}

impl Climb {
    pub(super) fn take(&mut self, elevation_m: Option<f64>) {
        let Some(elevation_m) = elevation_m else { return };
        let change_m = elevation_m - *self.reference_m.get_or_insert(elevation_m);
        if change_m.abs() > HYSTERESIS_M {
            self.up_m += change_m.max(0.0);
            self.down_m += (-change_m).max(0.0);
            self.reference_m = Some(elevation_m);
        }
    }

    /// What lies between the last elevation and this one was not run.
    pub(super) fn restart(&mut self, elevation_m: Option<f64>) {
        self.reference_m = elevation_m;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_of_more_than_three_metres_count() {
        for (elevations, up_m, down_m) in [
            (vec![], 0.0, 0.0),
            (vec![Some(100.0), Some(102.9), Some(100.1), Some(102.5)], 0.0, 0.0),
            (vec![Some(100.0), Some(101.0), Some(102.0), Some(103.0), Some(104.0)], 4.0, 0.0),
            (vec![Some(100.0), None, Some(110.0), None, Some(104.5)], 10.0, 5.5),
        ] {
            let mut climb = Climb::default();
            elevations.iter().for_each(|elevation_m| climb.take(*elevation_m));
            assert_eq!((climb.up_m, climb.down_m), (up_m, down_m), "{elevations:?}");
        }
    }
}
