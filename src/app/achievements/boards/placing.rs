//! Where a user stands, in the commit of the value by which they do.
//!
//! The head of the progress knows on which boards the user stands already, and in which city: what has not changed is not written
//! again, but for the score.

use std::sync::Arc;

use super::{index, index_of_city, indexes_of, score};
use crate::app::achievements::evaluating::Head;
use crate::app::achievements::record::ProgressRecord;
use crate::app::achievements::who::Account;
use crate::app::transact::Draft;
use crate::backend::Index;
use crate::domain::achievement::{MeasureId, Period};
use crate::domain::ids::UserId;
use crate::domain::user::Visibility;
use crate::limits;

/// A value by which a board stands; `None`: nothing counts.
pub type Told = (MeasureId, Period, Option<f64>);

pub struct Placing<'a> {
    pub user: &'a UserId,
    pub account: &'a Account,
    /// The account is as it is in this very commit, and not as it was a few seconds ago.
    pub is_sure: bool,
}

/// Whether the user is to stand there is only to be decided on the account as it is.
#[derive(Debug)]
pub struct Unsure;

impl Placing<'_> {
    /// Moves the user to these values.
    pub fn place(&self, draft: &mut Draft<ProgressRecord>, head: &mut Head, boards: &[Told]) -> Result<(), Unsure> {
        let member: Arc<str> = self.user.as_str().into();
        for (measure, period, value) in boards {
            let value = value.filter(|_| self.account.visibility != Visibility::Private);
            let (measure, period) = (measure.number(), period.to_string());
            let city = value.map(|_| &*self.account.city);
            let stands = head.record.boards.get(&measure).and_then(|periods| periods.get(&period)).cloned();
            if stands.as_deref() != city {
                if !self.is_sure {
                    return Err(Unsure);
                }
                self.move_house(draft, (measure, &period), stands.as_deref(), city);
                head.is_changed = true;
                self.note(draft, head, measure, period.clone(), city);
            }
            let Some(value) = value else { continue };
            for index in indexes(measure, &period, city) {
                draft.place(index, member.clone(), Some(score(value)));
            }
        }
        Ok(())
    }

    /// Leaves the boards where the user is not to stand any more, and notes where from now on.
    fn move_house(
        &self,
        draft: &mut Draft<ProgressRecord>,
        (measure, period): (u32, &str),
        from: Option<&str>,
        to: Option<&str>,
    ) {
        let (from, to) = (indexes(measure, period, from), indexes(measure, period, to));
        for left in from.iter().filter(|index| !to.contains(index)) {
            self.leave(draft, left);
        }
        for entered in to.iter().filter(|index| !from.contains(index)) {
            draft.place(indexes_of(self.user), entered.as_str(), Some(0));
        }
    }

    fn leave(&self, draft: &mut Draft<ProgressRecord>, index: &Index) {
        draft.place(index.clone(), self.user.as_str(), None);
        draft.place(indexes_of(self.user), index.as_str(), None);
    }

    /// Of a board that begins anew the newest periods are kept.
    fn note(
        &self,
        draft: &mut Draft<ProgressRecord>,
        head: &mut Head,
        measure: u32,
        period: String,
        city: Option<&str>,
    ) {
        let periods = head.record.boards.entry(measure).or_default();
        match city {
            Some(city) => drop(periods.insert(period, city.to_owned())),
            None => drop(periods.remove(&period)),
        }
        while periods.len() > limits::BOARD_PERIODS_LEN_MAX {
            let Some((period, city)) = periods.pop_first() else { break };
            indexes(measure, &period, Some(&city)).iter().for_each(|index| self.leave(draft, index));
        }
        if periods.is_empty() {
            head.record.boards.remove(&measure);
        }
    }
}

/// Where one stands who stands in this city; `None`: nowhere.
fn indexes(measure: u32, period: &str, city: Option<&str>) -> Vec<Index> {
    let Some(city) = city else { return Vec::new() };
    let of_city = (!city.is_empty()).then(|| index_of_city(measure, period, city));
    [index(measure, period)].into_iter().chain(of_city).collect()
}
