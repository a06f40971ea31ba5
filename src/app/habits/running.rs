//! A run that is over and counts scores the tasks whose rules it meets: each once, by the rules that stand when it is counted.
//!
//! What a run has come to is said by whoever counts it for achievements.

use crate::app::habits::applying::Cause;
use crate::app::habits::{OpId, Submitted};
use crate::app::{App, AppError};
use crate::domain::habit::numbers::Direction;
use crate::domain::habit::{Board, Op};
use crate::domain::ids::{RunId, UserId};
use crate::domain::time::Timestamp;
use crate::limits;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What a run can come to, and so what a rule can be about. One that it has none of (no metre of climb) meets no rule on it.
pub const RUN_VARIABLES: [&str; 11] = [
    "best_10km_s",
    "best_1km_s",
    "best_5km_s",
    "climb_m",
    "distance_m",
    "early_runs",
    "late_runs",
    "longest_run_m",
    "moving_s",
    "runs",
    "weekend_runs",
];

impl App {
    /// `values`: those of the run's variables, by name; `finished_at`: a run is counted anew whenever its owner or an admin changes it,
    /// and when it is not remembered any more whether it was, it scores nothing. Who has no board, or no account any more, has nothing
    /// to be scored.
    pub async fn score_by_run(
        &self,
        user: &UserId,
        run: RunId,
        finished_at: Timestamp,
        values: &[(&str, f64)],
    ) -> Result<(), AppError> {
        let age_ms = self.clock.now().as_millis().saturating_sub(finished_at.as_millis());
        if age_ms >= (limits::HABIT_OP_DAYS - 1) * DAY_MS {
            return Ok(());
        }
        let Some(kept) = self.load_board(user).await? else { return Ok(()) };
        let ops = scores(&kept.board, run, values);
        if ops.is_empty() {
            return Ok(());
        }
        match self.apply_part(user, &ops, None, Cause::Run).await {
            Err(AppError::NotFound(_)) => Ok(()),
            applied => applied.map(drop),
        }
    }
}

fn scores(board: &Board, run: RunId, values: &[(&str, f64)]) -> Vec<Submitted> {
    let value = |variable: &str| values.iter().find(|(name, _)| *name == variable).map(|(_, value)| *value);
    let met = board.all_tasks().filter(|task| {
        let rule = task.rule.as_ref();
        rule.is_some_and(|rule| value(rule.variable()).is_some_and(|value| rule.is_met_by(value)))
    });
    met.map(|task| Submitted {
        op: Op::Score { id: task.id.clone(), direction: Direction::Up, run: Some(run) },
        id: Some(OpId::of_run(run, &task.id)),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::habit::day::Zone;
    use crate::domain::habit::hero::Hero;
    use crate::domain::habit::task::TaskId;
    use crate::domain::habit::tree::{Node, Tree};
    use crate::domain::habit::{Now, ops};

    #[test]
    fn rules_that_are_met_score_each_task_under_an_id_of_its_own() {
        let mut board = Board::load(Hero::new(1), []);
        let now = Now { at: Timestamp::from_millis(0), zone: Zone::UTC };
        let rule = |variable: &str, bound: &str, value| {
            Node::Tree(Tree::of([("variable", Node::text(variable)), (bound, Node::number(value))]))
        };
        for (id, kind, rule) in [
            ("far", "daily", rule("distance_m", "at_least", 5_000.0)),
            ("farther", "daily", rule("distance_m", "at_least", 5_001.0)),
            ("fast", "habit", rule("best_5km_s", "at_most", 1_500.0)),
            ("else", "habit", rule("steps", "at_least", 1.0)),
        ] {
            let task = Tree::of([("id", Node::text(id)), ("type", Node::text(kind)), ("rule", rule)]);
            ops::apply(&mut board, &Op::AddTask(task), now).unwrap();
        }
        let run = RunId::from_u128(7);
        let met = |values: &[(&str, f64)]| scores(&board, run, values);
        let ids = |submitted: &[Submitted]| {
            submitted.iter().filter_map(|it| it.id.as_ref()).map(|id| id.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&met(&[("distance_m", 5_000.0)])), [format!("run:{run}:far")]);
        let both = met(&[("distance_m", 5_000.5), ("best_5km_s", 1_500.0)]);
        assert_eq!(ids(&both), [format!("run:{run}:far"), format!("run:{run}:fast")]);
        let far = Op::Score { id: TaskId::parse("far").unwrap(), direction: Direction::Up, run: Some(run) };
        assert_eq!(both[0].op, far);
        assert_eq!(met(&[("runs", 1.0)]), []);
    }
}
