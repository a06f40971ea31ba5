//! The arithmetic of the game, as the original of June 2013 did it in JavaScript: what a click is worth, and what a level costs.
//!
//! It knows numbers only: neither a user nor a task.

use super::bounds::LEVEL_MAX;

/// The largest number that is kept, up or down: every whole number up to it is exact, here and in JSON.
pub const NUMBER_MAX: f64 = 9_007_199_254_740_992.0;
/// A task's value counts from here …
pub const VALUE_LEAST: f64 = -47.27;
/// … to here; it may go beyond, which changes nothing more.
pub const VALUE_MOST: f64 = 21.27;
/// Health of the living at most.
pub const HP_MAX: f64 = 50.0;

const EXP_OF_DELTA: f64 = 15.0;
const HP_OF_DELTA: f64 = 2.0;

/// Which of a task's two buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    Up,
    Down,
}

impl Direction {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "up" => Some(Self::Up),
            "down" => Some(Self::Down),
            _ => None,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// How much a task matters: `!`, `!!` or `!!!`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Priority {
    #[default]
    Easy,
    Medium,
    Hard,
}

impl Priority {
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "!" => Some(Self::Easy),
            "!!" => Some(Self::Medium),
            "!!!" => Some(Self::Hard),
            _ => None,
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Easy => "!",
            Self::Medium => "!!",
            Self::Hard => "!!!",
        }
    }

    /// What experience, gold and health are multiplied by.
    pub const fn factor(self) -> f64 {
        match self {
            Self::Easy => 1.0,
            Self::Medium => 1.5,
            Self::Hard => 2.0,
        }
    }
}

/// `Math.round`: the nearest whole number, and of two that are as near the greater one, also below nought.
pub fn js_round(number: f64) -> f64 {
    let below = number.floor();
    // −0 becomes 0.
    if number - below >= 0.5 { below + 1.0 } else { below + 0.0 }
}

/// Held within [`NUMBER_MAX`]. What is no number counts as nought.
pub fn within(number: f64) -> f64 {
    if number.is_nan() { 0.0 } else { number.clamp(-NUMBER_MAX, NUMBER_MAX) }
}

/// By how much one click moves a task of this value: less, the better it goes.
pub fn delta(value: f64, direction: Direction) -> f64 {
    let size = 0.9747_f64.powf(value.clamp(VALUE_LEAST, VALUE_MOST));
    match direction {
        Direction::Up => size,
        Direction::Down => -size,
    }
}

/// Experience that the next level takes; nothing at the last one.
pub fn to_next_level(level: u32) -> f64 {
    if level >= LEVEL_MAX {
        return 0.0;
    }
    let level = f64::from(level);
    js_round((level.powi(2) * 0.25 + 10.0 * level + 139.75) / 10.0) * 10.0
}

/// Half of what a level counts for: strength to win, and defence to lose less.
fn skill(level: u32) -> f64 {
    f64::from(level.saturating_sub(1)) / 2.0
}

/// Experience for a delta; less than nothing when it is taken back. Halves are possible.
pub fn experience(delta: f64, strength: f64, level: u32, priority: Priority) -> f64 {
    let factor = 1.0 + (skill(level) + strength) / 100.0;
    js_round(delta * EXP_OF_DELTA * factor * priority.factor()) / 2.0
}

/// Health for a delta below nought, and so below nought itself. To one decimal.
pub fn health(delta: f64, defence: f64, level: u32, priority: Priority) -> f64 {
    let factor = 1.0 - (skill(level) + defence) / 100.0;
    js_round(delta * HP_OF_DELTA * factor * priority.factor() * 10.0) / 10.0
}

/// Gold for a delta; the days of a streak that came before are worth a hundredth each.
pub fn gold(delta: f64, streak: u32, priority: Priority) -> f64 {
    let gold = delta * priority.factor();
    if streak == 0 { gold } else { gold * (f64::from(streak) / 100.0 + 1.0) }
}

#[cfg(test)]
mod tests {
    use super::Direction::{Down, Up};
    use super::*;

    fn is_near(found: f64, wanted: f64) -> bool {
        (found - wanted).abs() < 5e-7
    }

    #[test]
    fn halves_go_up_as_in_javascript() {
        for (number, rounded) in [
            (0.5, 1.0),
            (1.5, 2.0),
            (2.4, 2.0),
            (-0.5, 0.0),
            (-1.5, -1.0),
            (-1.6, -2.0),
            (0.499_999_999_999_999_94, 0.0),
        ] {
            assert_eq!(js_round(number), rounded, "{number}");
        }
        assert_eq!(js_round(-0.2).to_bits(), (-1.0_f64 + 1.0).to_bits());
    }

    #[test]
    fn deltas_are_the_originals() {
        for (value, size) in [
            (0.0, 1.0),
            (-10.0, 1.292_083),
            (10.0, 0.773_944),
            (-47.27, 3.357_913),
            (-1e9, 3.357_913),
            (21.27, 0.579_810),
            (1e300, 0.579_810),
        ] {
            assert!(is_near(delta(value, Up), size), "{value}: {}", delta(value, Up));
            assert_eq!(delta(value, Down), -delta(value, Up));
        }
    }

    #[test]
    fn experience_and_health_at_the_first_level_are_the_originals() {
        use Priority::{Easy, Hard, Medium};
        for (value, priority, exp, hp) in [
            (0.0, Easy, 7.5, -2.0),
            (-10.0, Easy, 9.5, -2.6),
            (10.0, Easy, 6.0, -1.5),
            (-47.27, Easy, 25.0, -6.7),
            (21.27, Easy, 4.5, -1.2),
            (0.0, Medium, 11.5, -3.0),
            (0.0, Hard, 15.0, -4.0),
        ] {
            assert_eq!(experience(delta(value, Up), 0.0, 1, priority), exp, "{value} {priority:?}");
            assert_eq!(health(delta(value, Down), 0.0, 1, priority), hp, "{value} {priority:?}");
        }
    }

    #[test]
    fn strength_defence_and_levels_count_in_hundredths() {
        // 15 × 1.21 is 18.15, and 15 × (1 + (5 + 21) / 100) is 18.9.
        assert_eq!(experience(1.0, 21.0, 1, Priority::Easy), 9.0);
        assert_eq!(experience(1.0, 21.0, 11, Priority::Easy), 9.5);
        // 2 × (1 − 28 / 100) is 1.44, and 2 × (1 − (5 + 28) / 100) is 1.34.
        assert_eq!(health(-1.0, 28.0, 1, Priority::Easy), -1.4);
        assert_eq!(health(-1.0, 28.0, 11, Priority::Easy), -1.3);
    }

    #[test]
    fn what_is_taken_back_is_rounded_up_too() {
        // 7.5 × 2 × 1.5 is 22.5.
        assert_eq!(experience(1.0, 0.0, 1, Priority::Medium), 11.5);
        assert_eq!(experience(-1.0, 0.0, 1, Priority::Medium), -11.0);
    }

    #[test]
    fn gold_grows_with_the_streak_that_was() {
        assert_eq!(gold(1.0, 0, Priority::Easy), 1.0);
        assert_eq!(gold(1.0, 10, Priority::Easy), 1.1);
        assert_eq!(gold(-1.0, 100, Priority::Hard), -4.0);
    }

    #[test]
    fn levels_cost_what_they_did() {
        let costs = [
            (1, 150.0),
            (2, 160.0),
            (3, 170.0),
            (4, 180.0),
            (5, 200.0),
            (10, 260.0),
            (20, 440.0),
            (50, 1260.0),
            (99, 3580.0),
        ];
        for (level, cost) in costs {
            assert_eq!(to_next_level(level), cost, "{level}");
        }
        assert_eq!(to_next_level(100), 0.0);
        assert_eq!(to_next_level(u32::MAX), 0.0);
    }

    #[test]
    fn numbers_stay_within_what_json_holds() {
        assert_eq!(within(f64::INFINITY), NUMBER_MAX);
        assert_eq!(within(f64::NAN), 0.0);
        assert_eq!(within(-1.5), -1.5);
    }
}
