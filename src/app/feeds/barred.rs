//! Where a run was shown and may be seen no more: kept with what has changed that, so that it is told whoever crashes.
//!
//! Who has just committed it tells it as all that moves, too. It is told twice then, which changes nothing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::app::feeds::{COUNTS_ZOOM, Shown, Telling, Word, cell_topic, event_topic};
use crate::app::follow_ups::{self, FollowUp};
use crate::app::runs::RunRecord;
use crate::app::transact::Draft;
use crate::app::{App, AppError};
use crate::backend::AggregateId;
use crate::domain::cell::Cell;
use crate::domain::ids::{EventId, RunId};
use crate::domain::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barred {
    /// Of the run's own topic, as in a [`Word`].
    offset: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<u64>,
    /// Its cell that has a feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cell: Option<String>,
}

impl Barred {
    /// `None`: it was not shown before, or may be seen wherever it was. One that is over may be seen, too: it is shown no more.
    pub(super) fn of(before: &RunRecord, after: Option<&RunRecord>) -> Option<Self> {
        let was = Shown::of(before)?;
        let is = match after {
            Some(after) => Some(Shown::of(after)?),
            None => None,
        };
        let offset = after.map_or(before.offset + 1, |after| after.offset);
        let event = was.event.filter(|(event, _)| is.and_then(|is| is.event).is_none_or(|(is, _)| is != *event));
        let event = event.map(|(event, _)| event.number());
        let cell = was.cell.filter(|_| is.is_none_or(|is| is.cell.is_none())).map(|cell| cell.to_string());
        (event.is_some() || cell.is_some()).then_some(Self { offset, event, cell })
    }

    /// What is to be told, and on what.
    fn tellings(&self, run: RunId) -> Result<HashMap<AggregateId, Vec<Telling>>, AppError> {
        let mut topics = Vec::new();
        if let Some(event) = self.event {
            topics.push(event_topic(EventId::new(event).ok_or(AppError::Internal)?));
        }
        if let Some(cell) = &self.cell {
            let cell = Cell::parse(cell).ok_or(AppError::Internal)?;
            topics.extend([cell_topic(cell), cell_topic(cell.at(COUNTS_ZOOM))]);
        }
        let word = Word { run, offset: self.offset, number: Word::AT_ONCE, spot: None };
        let mut tellings: HashMap<_, Vec<Telling>> = HashMap::new();
        for topic in topics {
            tellings.entry(topic.aggregate.clone()).or_default().push((topic, HashMap::from([(run, word)])));
        }
        Ok(tellings)
    }
}

/// Has it told, whatever happens to this instance, where the run may be seen no more. For whoever decides on a change of a run that
/// may take it from somebody's sight; `after`, it is so, with its offset (`None`: it is gone).
pub(in crate::app) fn barred(
    draft: &mut Draft<RunRecord>,
    before: &RunRecord,
    after: Option<&RunRecord>,
    now: Timestamp,
) -> Result<(), AppError> {
    let Some(barred) = Barred::of(before, after) else { return Ok(()) };
    let (number, follow_up) = (barred.offset, FollowUp::barred(&before.run, barred));
    follow_ups::add(draft, number, &follow_up, now.max(before.run.heard_at))
}

impl App {
    /// Says where the run is not to be seen any more.
    pub(in crate::app) async fn tell_barred(&self, run: RunId, barred: &Barred) -> Result<(), AppError> {
        for (aggregate, words) in barred.tellings(run)? {
            self.tell_feeds_of(aggregate, &words).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fix::{Fix, Readings};
    use crate::domain::geo::Place;
    use crate::domain::ids::UserId;
    use crate::domain::run::{FinishReason, Run};
    use crate::domain::user::Visibility;

    const AT: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    /// Shown on the map and in event 17, by its offset 3.
    fn shown() -> RunRecord {
        let owner = UserId::parse("aino").unwrap();
        let mut run = Run::planned(RunId::from_u128(7), owner, Visibility::Public, None, AT);
        run.start(AT).unwrap();
        run.tally.position = Some(Fix::new(AT, Place::new(60.17, 24.94).unwrap(), Readings::default()).unwrap());
        run.event = EventId::new(17);
        RunRecord { offset: 3, number: Some(1), ..RunRecord::new(run) }
    }

    #[test]
    fn what_is_told_is_where_it_may_be_seen_no_more() {
        let before = shown();
        let after = |change: fn(&mut RunRecord)| {
            let mut after = RunRecord { offset: 4, ..before.clone() };
            change(&mut after);
            Barred::of(&before, Some(&after)).map(|barred| (barred.offset, barred.event, barred.cell.is_some()))
        };
        assert_eq!(after(|it| it.run.visibility = Visibility::Friends), Some((4, None, true)));
        assert_eq!(after(|it| it.run.event = None), Some((4, Some(17), false)));
        assert_eq!(after(|_| {}), None);
        assert_eq!(after(|it| assert!(it.run.pause(AT).unwrap())), None);
        assert_eq!(after(|it| assert!(it.run.finish(AT, FinishReason::Owner).unwrap())), None, "it may be seen");
        let gone = Barred::of(&before, None).unwrap();
        assert_eq!((gone.offset, gone.event, gone.cell.is_some()), (4, Some(17), true));
        // In the event, and in two cells of one part of the map.
        let tellings = gone.tellings(before.run.id).unwrap();
        let mut lens: Vec<_> = tellings.values().map(Vec::len).collect();
        lens.sort_unstable();
        assert_eq!(lens, [1, 2]);
        let hidden = RunRecord { number: None, run: Run { visibility: Visibility::Private, ..shown().run }, ..shown() };
        assert_eq!(Barred::of(&hidden, None), None, "it was shown nowhere");
    }
}
