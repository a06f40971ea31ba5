//! Gold, experience, level and health, and how they move: levels, death and return. What moves them is not known here.

use super::bounds::LEVEL_MAX;
use super::numbers::{HP_MAX, to_next_level, within};

/// Experience that is one gold at the last level.
const EXP_OF_GOLD: f64 = 15.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stats {
    /// Gold; below nought when something was taken back that is spent.
    pub gp: f64,
    /// Since the last level; below nought when something was taken back.
    pub exp: f64,
    /// 1 to [`LEVEL_MAX`].
    pub lvl: u32,
    /// Health. Who has none is dead.
    pub hp: f64,
}

/// What stats are to be, before levels and death.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Points {
    pub gp: f64,
    pub exp: f64,
    pub hp: f64,
}

/// By how much stats have moved.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moved {
    pub gp: f64,
    pub exp: f64,
    pub lvl: i32,
    pub hp: f64,
}

impl Moved {
    /// One after the other.
    pub fn and(&self, other: &Self) -> Self {
        Self {
            gp: self.gp + other.gp,
            exp: self.exp + other.exp,
            lvl: self.lvl.saturating_add(other.lvl),
            hp: self.hp + other.hp,
        }
    }
}

/// What has come of new points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The dead stay as they are.
    Dead,
    /// By this. Gold and experience of the same moment are lost.
    Dies,
    Lives,
}

impl Stats {
    pub const NEW: Self = Self { gp: 0.0, exp: 0.0, lvl: 1, hp: HP_MAX };

    pub fn is_dead(&self) -> bool {
        self.hp <= 0.0
    }

    pub const fn points(&self) -> Points {
        Points { gp: self.gp, exp: self.exp, hp: self.hp }
    }

    /// Moves them there as the original does: levels are gained and heal, death takes all that came with it.
    pub fn update(&mut self, points: Points) -> Fate {
        if self.is_dead() {
            return Fate::Dead;
        }
        if points.hp <= 0.0 {
            self.hp = 0.0;
            return Fate::Dies;
        }
        self.hp = within(points.hp);
        self.gp = within(points.gp);
        if self.lvl >= LEVEL_MAX {
            self.gp = within(self.gp + points.exp / EXP_OF_GOLD);
            self.exp = 0.0;
            return Fate::Lives;
        }
        let before = self.lvl;
        (self.lvl, self.exp) = climb(self.lvl, within(points.exp));
        if self.lvl > before {
            self.hp = HP_MAX;
        }
        Fate::Lives
    }

    /// Back among the living, a level lower, with nothing.
    pub fn revive(&mut self) {
        *self = Self { lvl: self.lvl.saturating_sub(1).max(1), ..Self::NEW };
    }

    pub fn since(&self, before: &Self) -> Moved {
        Moved {
            gp: self.gp - before.gp,
            exp: self.exp - before.exp,
            lvl: i32::try_from(i64::from(self.lvl) - i64::from(before.lvl)).unwrap_or_default(),
            hp: self.hp - before.hp,
        }
    }

    /// All experience that led here: this level's and what those before it took.
    pub fn exp_in_all(&self) -> f64 {
        self.exp + (1..self.lvl.min(LEVEL_MAX)).map(to_next_level).sum::<f64>()
    }
}

/// Level and experience after all levels that this experience pays for. At the last one none is left.
pub fn climb(mut lvl: u32, mut exp: f64) -> (u32, f64) {
    while lvl < LEVEL_MAX && exp >= to_next_level(lvl) {
        exp -= to_next_level(lvl);
        lvl += 1;
    }
    (lvl, if lvl >= LEVEL_MAX { 0.0 } else { exp })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(gp: f64, exp: f64, lvl: u32, hp: f64) -> Stats {
        Stats { gp, exp, lvl, hp }
    }

    #[test]
    fn points_become_levels_health_and_death_as_the_originals() {
        for (before, points, after, fate) in [
            (Stats::NEW, (1.0, 7.5, 50.0), stats(1.0, 7.5, 1, 50.0), Fate::Lives),
            (stats(5.0, 149.0, 1, 20.0), (6.0, 150.0, 20.0), stats(6.0, 0.0, 2, 50.0), Fate::Lives),
            (stats(5.0, 0.0, 1, 20.0), (5.0, 150.0 + 160.0 + 9.0, 20.0), stats(5.0, 9.0, 3, 50.0), Fate::Lives),
            (stats(5.0, 5.0, 4, 2.0), (9.0, 9.0, 0.0), stats(5.0, 5.0, 4, 0.0), Fate::Dies),
            (stats(5.0, 5.0, 4, 2.0), (9.0, 900.0, -3.0), stats(5.0, 5.0, 4, 0.0), Fate::Dies),
            (stats(5.0, 5.0, 4, 0.0), (9.0, 900.0, 0.0), stats(5.0, 5.0, 4, 0.0), Fate::Dead),
            (stats(1.0, 3.0, 2, 50.0), (-1.0, -4.5, 50.0), stats(-1.0, -4.5, 2, 50.0), Fate::Lives),
            (stats(0.0, 3500.0, 99, 9.0), (1.0, 3600.0, 9.0), stats(1.0, 0.0, 100, 50.0), Fate::Lives),
            (stats(1.0, 0.0, 100, 9.0), (2.0, 30.0, 9.0), stats(4.0, 0.0, 100, 9.0), Fate::Lives),
        ] {
            let mut found = before;
            let fated = found.update(Points { gp: points.0, exp: points.1, hp: points.2 });
            assert_eq!((found, fated), (after, fate), "{before:?} {points:?}");
        }
    }

    #[test]
    fn returning_costs_a_level_and_all_else() {
        let mut dead = stats(99.0, 12.0, 7, 0.0);
        dead.revive();
        assert_eq!(dead, stats(0.0, 0.0, 6, 50.0));
        let mut beginner = stats(99.0, 12.0, 1, 0.0);
        beginner.revive();
        assert_eq!(beginner, Stats::NEW);
    }

    #[test]
    fn any_experience_ends_at_the_last_level() {
        let mut found = Stats::NEW;
        found.update(Points { exp: f64::MAX, ..found.points() });
        assert_eq!(found, stats(0.0, 0.0, 100, 50.0));
    }

    #[test]
    fn experience_of_levels_before_adds_up() {
        assert_eq!(stats(0.0, 7.0, 1, 50.0).exp_in_all(), 7.0);
        assert_eq!(stats(0.0, 7.0, 4, 50.0).exp_in_all(), 487.0);
    }
}
