//! What users have reached, and what brings them there: values that move, levels that follow, and who hears of it.
//!
//! Progress lies in the user's own aggregate, under a head of its own, so that a value, the levels that it brings and what the user's
//! channel hears of them are one commit. What a rule says and what follows from it is decided in
//! [`domain::achievement`](crate::domain::achievement); here documents are loaded, and what has changed is written.

mod authoring;
mod boards;
mod challenged;
mod contributing;
mod definitions;
mod devices;
mod dry_run;
mod evaluating;
mod exported;
mod feeding;
mod files;
mod increasing;
mod leaving;
mod messages;
mod numbering;
mod outcome;
mod people;
mod reading;
mod recommending;
mod record;
mod rules_kept;
mod starter;
mod telling;
mod walking;
mod who;

pub use authoring::{AchievementFilter, Change, Shown};
pub(in crate::app) use boards::StandingsMoved;
pub(in crate::app) use boards::aggregate as board_aggregate;
pub use boards::{Among, BoardOf, Sought, Window};
pub(in crate::app) use challenged::{Chosen, CountedValues, Counting, counted_by};
pub use contributing::{Contribution, Share, Source};
pub use devices::NewDevice;
pub use dry_run::DryRun;
pub(in crate::app) use feeding::HabitsDay;
pub use files::{Import, ImportedDocument, parse_catalogue, parse_yaml, to_yaml};
pub use increasing::Increase;
pub use outcome::{AchievementFault, Outcome};
pub use people::{ChangePerson, PersonInFull};
pub use reading::ProgressFilter;
pub(in crate::app) use record::ProgressRecord;
pub(in crate::app) use rules_kept::aggregate as catalogue_aggregate;
pub(in crate::app) use rules_kept::{CatalogueRecord, RulesKept};
pub use starter::starter;
pub(in crate::app) use who::Accounts;

#[cfg(test)]
mod tests;
