//! What a run counts: while it is on, its whole kilometres and the places that it comes by; in the end, all that it has come to.

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use chrono_tz::Tz;

use super::{empty, share};
use crate::app::achievements::{Contribution, Share, Source};
use crate::app::runs::{RunRecord, aggregate};
use crate::app::{App, AppError};
use crate::domain::achievement::{AchievementId, Rules};
use crate::domain::ids::{EventId, RunId, UserId};
use crate::domain::run::State;
use crate::domain::time::Timestamp;

/// Who has run less has tried the app, and not run.
const COUNTS_FROM_M: f64 = 100.0;
/// The hours of the runner's day in which an early run begins.
const EARLY: std::ops::Range<u32> = 4..7;
/// A late one begins from here on, or in the hours before the early ones.
const LATE_FROM: u32 = 21;
/// The variables of the best times, as [`BEST_OVER_M`](crate::domain::run::BEST_OVER_M) has them.
const BEST: [&str; 3] = ["best_1km_s", "best_5km_s", "best_10km_s"];

impl App {
    /// What the run has come to by now counts for this user, its runner; of one that is gone, nothing. When it is over, so does what
    /// they have come to in its event: `event`, of a run that is gone.
    pub(in crate::app) async fn count_run(
        &self,
        run: RunId,
        user: &UserId,
        event: Option<EventId>,
    ) -> Result<(), AppError> {
        let Some(account) = self.account(user).await? else { return Ok(()) };
        let catalogue = self.catalogue().await?;
        let record = self.runs.read(&aggregate(run)).await?;
        let (contribution, event) = match record.as_deref() {
            None => (empty(Source::Run(run), u64::MAX), event),
            Some(record) => {
                let event = record.run.event.filter(|_| record.run.state == State::Finished);
                (of_run(record, account.zone, &catalogue.rules)?, event)
            }
        };
        let finished_at = record.as_ref().filter(|record| record.run.state == State::Finished);
        let finished_at = finished_at.and_then(|record| record.run.finished_at);
        let shares = contribution.shares.clone();
        self.contribute(user, contribution).await?;
        if let Some(finished_at) = finished_at {
            let values: Vec<_> = shares.iter().map(|share| (share.variable.as_str(), share.value)).collect();
            self.score_by_run(user, run, finished_at, &values).await?;
        }
        if let Some(contribution) = together(run, record.as_deref())? {
            self.contribute(user, contribution).await?;
        }
        if let Some(event) = event {
            self.count_event(user, event).await?;
        }
        Ok(())
    }
}

/// All that it counts. All of it belongs to when the run began, whenever it is looked at.
fn of_run(record: &RunRecord, zone: Tz, rules: &Rules) -> Result<Contribution, AppError> {
    let (run, effect) = (&record.run, &record.effect);
    let mut contribution = Contribution { event: run.event, ..empty(Source::Run(run.id), record.offset) };
    let Some(at) = run.started_at else { return Ok(contribution) };
    contribution.withheld = effect.withheld(run);
    let is_over = run.state == State::Finished;
    if contribution.withheld.is_some() || (is_over && run.tally.distance_m < COUNTS_FROM_M) {
        return Ok(contribution);
    }
    let visited = effect.places.iter().filter_map(|id| rules.achievement(AchievementId::new(*id)?));
    for achievement in visited {
        contribution.visited.insert(achievement.id);
        contribution.shares.push(share("places_visited", &*achievement.name, 1.0, at)?);
    }
    contribution.shares.extend(if is_over { finished(record, zone, at)? } else { going_on(record, at)? });
    contribution.shares.retain(|share| share.value != 0.0);
    Ok(contribution)
}

/// The groups with which the run was run: nothing of one that does not count, and `None` of one that was nobody's but the runner's.
fn together(run: RunId, record: Option<&RunRecord>) -> Result<Option<Contribution>, AppError> {
    let Some(record) = record else { return Ok(Some(empty(Source::Together(run), u64::MAX))) };
    let Some(at) = record.run.started_at.filter(|_| !record.together.done.is_empty()) else { return Ok(None) };
    let counts = record.effect.withheld(&record.run).is_none();
    let groups = record.together.done.iter().filter(|_| counts);
    let shares = groups.map(|group| share("group_runs", &**group, 1.0, at)).collect::<Result<_, _>>()?;
    let event = record.run.event;
    Ok(Some(Contribution { shares, event, ..empty(Source::Together(run), record.offset) }))
}

fn going_on(record: &RunRecord, at: Timestamp) -> Result<Vec<Share>, AppError> {
    #[allow(clippy::cast_precision_loss)] // at most 1,000
    let whole_m = record.run.tally.splits.done.len() as f64 * 1_000.0;
    Ok(vec![share("distance_m", "", whole_m, at)?, share("longest_run_m", record.run.id.to_string(), whole_m, at)?])
}

fn finished(record: &RunRecord, zone: Tz, at: Timestamp) -> Result<Vec<Share>, AppError> {
    let (run, id) = (&record.run, record.run.id.to_string());
    let tally = &run.tally;
    let began = DateTime::<Utc>::from_timestamp_millis(at.as_millis()).unwrap_or_default().with_timezone(&zone);
    let is_early = EARLY.contains(&began.hour());
    let is_late = began.hour() >= LATE_FROM || began.hour() < EARLY.start;
    let is_at_weekend = matches!(began.weekday(), Weekday::Sat | Weekday::Sun);
    let counted = |it: bool| f64::from(u8::from(it));
    let mut shares = vec![
        share("runs", "", 1.0, at)?,
        share("distance_m", "", tally.distance_m, at)?,
        share("moving_s", "", tally.moving_s(), at)?,
        share("climb_m", "", tally.climb.up_m, at)?,
        share("longest_run_m", &*id, tally.distance_m, at)?,
        share("early_runs", "", counted(is_early), at)?,
        share("late_runs", "", counted(is_late), at)?,
        share("weekend_runs", "", counted(is_at_weekend), at)?,
    ];
    for (variable, best_s) in BEST.into_iter().zip(record.effect.best_s) {
        if let Some(best_s) = best_s {
            shares.push(share(variable, &*id, best_s, at)?);
        }
    }
    Ok(shares)
}
