//! Why something is recommended, as data and as a sentence.

use crate::domain::achievement::built_in;
use crate::domain::achievement::definitions::Achievement;
use crate::domain::achievement::ids::{AchievementId, VariableName};
use crate::domain::achievement::number::rounded;
use crate::domain::achievement::rules::Rules;
use crate::domain::achievement::term::Term;

#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// So much more.
    ToGo(Amount),
    /// So much less, or so much faster.
    Less(Amount),
    /// Nothing counts yet; so much at most will do.
    AtMost(Amount),
    /// To the middle of its place, in whole metres, and whether that is within its circle already.
    Place { distance_m: f64, is_within: bool },
    /// So many friends have the level.
    Friends(usize),
    /// In so many days; 0 is today.
    Ends(u32),
    /// It is required for another one.
    Opens(AchievementId),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    /// Rounded to a thousandth.
    pub value: f64,
    pub unit: Unit,
}

/// What is counted. Of the variables of others nobody knows what they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    None,
    Metres,
    Seconds,
    Days,
    Runs,
    Events,
    Friends,
    Places,
}

impl Unit {
    /// What all variables of a condition count, if it is the same.
    pub fn of(term: &Term) -> Self {
        let mut units = term.variables().into_iter().map(|variable| Self::of_variable(&variable));
        let first = units.next().unwrap_or(Self::None);
        if units.all(|unit| unit == first) { first } else { Self::None }
    }

    fn of_variable(variable: &VariableName) -> Self {
        let name = variable.as_str();
        if !built_in::is_built_in(name) {
            return Self::None;
        }
        match name.rsplit('_').next() {
            Some("m") => Self::Metres,
            Some("s") => Self::Seconds,
            Some("days") => Self::Days,
            Some("runs") => Self::Runs,
            Some("joined" | "finished") => Self::Events,
            Some("users") => Self::Friends,
            Some("visited") => Self::Places,
            _ => Self::None,
        }
    }

    /// As data has it; `None` if it has none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Metres => Some("m"),
            Self::Seconds => Some("s"),
            Self::Days => Some("days"),
            Self::Runs => Some("runs"),
            Self::Events => Some("events"),
            Self::Friends => Some("friends"),
            Self::Places => Some("places"),
        }
    }
}

impl Amount {
    pub fn new(value: f64, unit: Unit) -> Self {
        Self { value: rounded(value), unit }
    }

    fn text(self) -> String {
        let Self { value, unit } = self;
        match unit {
            // What is left is never told as nothing.
            Unit::Metres if value < 1_000.0 => format!("{} m", value.ceil()),
            Unit::Metres => format!("{} km", to_tenths(value / 1_000.0)),
            Unit::Seconds if value < 90.0 => format!("{} s", value.ceil()),
            Unit::Seconds if value < 90.0 * 60.0 => format!("{} min", (value / 60.0).round()),
            Unit::Seconds => format!("{} h", to_tenths(value / 3_600.0)),
            Unit::None => to_tenths(value.max(0.1)),
            unit => {
                let plural = unit.name().unwrap_or_default();
                let noun = if value == 1.0 { plural.strip_suffix('s').unwrap_or(plural) } else { plural };
                format!("{} {noun}", to_tenths(value))
            }
        }
    }
}

/// `2.1`, and `3` for 3.0.
fn to_tenths(value: f64) -> String {
    ((value * 10.0).round() / 10.0).to_string()
}

impl Reason {
    /// A short English sentence without a full stop.
    pub fn sentence(&self, rules: &Rules) -> String {
        match self {
            Self::ToGo(amount) => format!("{} to go", amount.text()),
            Self::Less(amount) if amount.unit == Unit::Seconds => format!("{} faster", amount.text()),
            Self::Less(amount) => format!("{} less", amount.text()),
            Self::AtMost(amount) => format!("{} or less", amount.text()),
            Self::Place { is_within: true, .. } => "where you are".to_owned(),
            Self::Place { distance_m, .. } => format!("{} from you", Amount::new(*distance_m, Unit::Metres).text()),
            Self::Friends(1) => "one friend has it".to_owned(),
            Self::Friends(count) => format!("{} friends have it", in_words(*count)),
            Self::Ends(0) => "ends today".to_owned(),
            Self::Ends(1) => "ends tomorrow".to_owned(),
            Self::Ends(days) => format!("ends in {days} days"),
            Self::Opens(id) => format!("opens {}", rules.achievement(*id).map_or_else(|| id.to_string(), title)),
        }
    }
}

/// In English if there is such a title, else as programs know it.
fn title(achievement: &Achievement) -> String {
    achievement.title.get("en").unwrap_or(&achievement.name).clone()
}

fn in_words(count: usize) -> String {
    const WORDS: [&str; 9] = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let word = count.checked_sub(2).and_then(|index| WORDS.get(index));
    word.map_or_else(|| count.to_string(), |word| (*word).to_owned())
}
