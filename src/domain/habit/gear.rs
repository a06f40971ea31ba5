//! What is worn, what it is worth in a fight with one's tasks, and what the next better one costs.
//!
//! Strength and defence are in hundredths, prices in gold.

/// Gold for a potion.
pub const POTION_GP: f64 = 25.0;
/// Health that it gives back.
pub const POTION_HP: f64 = 15.0;

/// Strength or defence, and the price.
type Piece = (f64, f64);

const WEAPONS: [Piece; 8] =
    [(0.0, 0.0), (3.0, 20.0), (6.0, 30.0), (9.0, 45.0), (12.0, 65.0), (15.0, 90.0), (18.0, 120.0), (21.0, 150.0)];
const ARMORS: [Piece; 7] =
    [(0.0, 0.0), (4.0, 30.0), (6.0, 45.0), (7.0, 65.0), (8.0, 90.0), (10.0, 120.0), (12.0, 150.0)];
const HEADS: [Piece; 7] = [(0.0, 0.0), (2.0, 15.0), (3.0, 25.0), (4.0, 45.0), (5.0, 60.0), (6.0, 80.0), (7.0, 100.0)];
const SHIELDS: [Piece; 7] = [(0.0, 0.0), (3.0, 20.0), (4.0, 35.0), (5.0, 55.0), (7.0, 70.0), (8.0, 90.0), (9.0, 120.0)];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    Weapon,
    Armor,
    Head,
    Shield,
}

impl Slot {
    pub const ALL: [Self; 4] = [Self::Armor, Self::Head, Self::Shield, Self::Weapon];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|slot| slot.as_str() == text)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weapon => "weapon",
            Self::Armor => "armor",
            Self::Head => "head",
            Self::Shield => "shield",
        }
    }

    const fn pieces(self) -> &'static [Piece] {
        match self {
            Self::Weapon => &WEAPONS,
            Self::Armor => &ARMORS,
            Self::Head => &HEADS,
            Self::Shield => &SHIELDS,
        }
    }

    /// The number of the best.
    pub fn best(self) -> u8 {
        u8::try_from(self.pieces().len().saturating_sub(1)).unwrap_or(u8::MAX)
    }

    /// Strength of a weapon, defence of the others. One that does not exist is worth nothing.
    pub fn worth(self, piece: u8) -> f64 {
        self.pieces().get(usize::from(piece)).map_or(0.0, |piece| piece.0)
    }

    /// In gold; `None` when there is no such piece.
    pub fn price(self, piece: u8) -> Option<f64> {
        self.pieces().get(usize::from(piece)).map(|piece| piece.1)
    }
}

/// The number of the piece in each place; 0 is what everybody begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gear {
    pub weapon: u8,
    pub armor: u8,
    pub head: u8,
    pub shield: u8,
}

impl Gear {
    pub const fn piece(&self, slot: Slot) -> u8 {
        match slot {
            Slot::Weapon => self.weapon,
            Slot::Armor => self.armor,
            Slot::Head => self.head,
            Slot::Shield => self.shield,
        }
    }

    pub const fn put(&mut self, slot: Slot, piece: u8) {
        match slot {
            Slot::Weapon => self.weapon = piece,
            Slot::Armor => self.armor = piece,
            Slot::Head => self.head = piece,
            Slot::Shield => self.shield = piece,
        }
    }

    pub fn strength(&self) -> f64 {
        Slot::Weapon.worth(self.weapon)
    }

    pub fn defence(&self) -> f64 {
        Slot::Armor.worth(self.armor) + Slot::Head.worth(self.head) + Slot::Shield.worth(self.shield)
    }

    /// Places in which something better is worn than at the beginning.
    pub fn owned(&self) -> Vec<Slot> {
        Slot::ALL.into_iter().filter(|slot| self.piece(*slot) > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_worth_and_cost_what_they_did() {
        for (slot, worth, prices) in [
            (
                Slot::Weapon,
                vec![0.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 21.0],
                vec![0.0, 20.0, 30.0, 45.0, 65.0, 90.0, 120.0, 150.0],
            ),
            (Slot::Armor, vec![0.0, 4.0, 6.0, 7.0, 8.0, 10.0, 12.0], vec![0.0, 30.0, 45.0, 65.0, 90.0, 120.0, 150.0]),
            (Slot::Head, vec![0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], vec![0.0, 15.0, 25.0, 45.0, 60.0, 80.0, 100.0]),
            (Slot::Shield, vec![0.0, 3.0, 4.0, 5.0, 7.0, 8.0, 9.0], vec![0.0, 20.0, 35.0, 55.0, 70.0, 90.0, 120.0]),
        ] {
            let pieces = 0..=slot.best();
            assert_eq!(pieces.clone().map(|piece| slot.worth(piece)).collect::<Vec<_>>(), worth);
            assert_eq!(pieces.map(|piece| slot.price(piece).unwrap()).collect::<Vec<_>>(), prices);
            assert_eq!(slot.price(slot.best() + 1), None);
            assert_eq!(slot.worth(200), 0.0);
        }
    }

    #[test]
    fn the_best_gear_defends_by_28() {
        let gear = Gear { weapon: 7, armor: 6, head: 6, shield: 6 };
        assert_eq!((gear.strength(), gear.defence()), (21.0, 28.0));
        assert_eq!(Gear::default().owned(), []);
        assert_eq!(Gear { head: 2, ..Gear::default() }.owned(), [Slot::Head]);
    }
}
