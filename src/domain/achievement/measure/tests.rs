//! What measures count, and what they forget.

use super::*;
use crate::domain::achievement::bounds::GROUPS_LEN_MAX;
use crate::domain::achievement::ids::VariableName;
use crate::domain::achievement::number::VALUE_MAX;
use crate::domain::achievement::term::Keys;

const NOW: &str = "2026-11-22T12:00:00Z";

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn runs() -> VariableName {
    VariableName::parse("runs").unwrap()
}

fn measure(evaluation: Evaluation) -> Measure {
    Measure {
        id: MeasureId::new(1),
        term: Term::Literal { variable: runs(), keys: Keys::Every },
        evaluation,
        zone: None,
        valid: (None, None),
        timespan_days: None,
        group: Group::None,
        pick: Pick::Sum,
    }
}

fn change(key: &str, by: f64, at_text: &str) -> Move {
    Move { variable: runs(), key: key.to_owned(), by, at: at(at_text) }
}

/// The value of the current period after these moves.
fn counted(measure: &Measure, moves: &[Move], now: &str) -> Option<f64> {
    let mut periods = Periods::new();
    for change in moves {
        measure.take(&mut periods, change, Tz::UTC, at(now)).unwrap();
    }
    let period = period_of(at(now), measure.evaluation, Tz::UTC);
    measure.value(&periods, period, at(now), Tz::UTC)
}

#[test]
fn goals_group_and_pick() {
    let moves = [
        change("a", 5.0, "2026-11-20T10:00:00Z"),
        change("b", 3.0, "2026-11-20T20:00:00Z"),
        change("a", 1.5, "2026-11-21T10:00:00Z"),
        change("c", 9.0, "2026-11-21T10:00:00Z"),
        change("c", -9.0, "2026-11-21T10:00:00Z"),
    ];
    let date = Group::Date("YYYY-MM-DD".to_owned());
    for (group, pick, timespan_days, expected) in [
        (Group::None, Pick::Sum, None, 9.5),
        (Group::None, Pick::Sum, Some(2), 1.5),
        (Group::Key, Pick::Max, None, 6.5),
        (Group::Key, Pick::Min, None, 3.0),
        (date.clone(), Pick::Max, None, 8.0),
        (date.clone(), Pick::Min, None, 1.5),
        (Group::Key, Pick::Max, Some(2), 1.5),
        (Group::Key, Pick::Min, Some(3), 3.0),
        (date, Pick::Max, Some(3), 8.0),
    ] {
        let measure = Measure { group, pick, timespan_days, ..measure(Evaluation::Immediately) };
        assert_eq!(counted(&measure, &moves, NOW), Some(expected), "{measure:?}");
    }
}

#[test]
fn what_is_taken_back_is_no_value() {
    let there_and_back = [change("a", 5.1, NOW), change("a", -5.1, NOW)];
    for group in [Group::None, Group::Key] {
        for timespan_days in [None, Some(7)] {
            let pick = if group == Group::None { Pick::Sum } else { Pick::Min };
            let measure = Measure { group: group.clone(), pick, timespan_days, ..measure(Evaluation::Immediately) };
            assert_eq!(counted(&measure, &there_and_back, NOW), None, "{measure:?}");
            assert_eq!(counted(&measure, &[], NOW), None);
        }
    }
}

#[test]
fn timespan_forgets() {
    let week = Measure { timespan_days: Some(7), ..measure(Evaluation::Immediately) };
    let mut periods = Periods::new();
    let first = at("2026-11-16T00:00:00Z");
    week.take(&mut periods, &change("", 4.0, "2026-11-16T00:00:00Z"), Tz::UTC, first).unwrap();
    for (now, expected) in
        [("2026-11-16T12:00:00Z", Some(4.0)), ("2026-11-22T23:59:59Z", Some(4.0)), ("2026-11-23T00:00:00Z", None)]
    {
        assert_eq!(week.value(&periods, Period::All, at(now), Tz::UTC), expected, "{now}");
    }
    // What is over is not kept, and not counted when it comes late or is taken back late.
    let later = at("2026-11-24T00:00:00Z");
    for late in [change("", -4.0, "2026-11-16T00:00:00Z"), change("", 1.0, "2026-11-17T23:00:00Z")] {
        assert_eq!(week.take(&mut periods, &late, Tz::UTC, later), Ok(None));
    }
    week.take(&mut periods, &change("", 2.0, "2026-11-24T00:00:00Z"), Tz::UTC, later).unwrap();
    let day = day_number(later, Tz::UTC);
    assert_eq!(periods, Periods::from([(Period::All, State::Days([(day, 2.0)].into()))]));
}

#[test]
fn the_current_period_and_the_one_before_are_kept() {
    let weekly = measure(Evaluation::Weekly);
    let mut periods = Periods::new();
    for (moment, by) in [("2026-11-05T10:00:00Z", 1.0), ("2026-11-12T10:00:00Z", 2.0), ("2026-11-19T10:00:00Z", 4.0)] {
        weekly.take(&mut periods, &change("", by, moment), Tz::UTC, at(moment)).unwrap();
    }
    let kept: Vec<String> = periods.keys().map(Period::to_string).collect();
    assert_eq!(kept, ["2026-11-09", "2026-11-16"]);
    // Late, but not too late.
    let late = change("", 8.0, "2026-11-15T23:59:00Z");
    assert_eq!(weekly.take(&mut periods, &late, Tz::UTC, at(NOW)), Ok(Period::parse("2026-11-09")));
    let too_late = change("", 8.0, "2026-11-08T23:59:00Z");
    assert_eq!(weekly.take(&mut periods, &too_late, Tz::UTC, at(NOW)), Ok(None));
    let before = Period::parse("2026-11-09").unwrap();
    assert_eq!(weekly.value(&periods, before, at(NOW), Tz::UTC), Some(10.0));
}

#[test]
fn only_valid_days_count() {
    let date = |text: &str| text.parse::<NaiveDate>().ok();
    let valid = (date("2026-11-20"), date("2026-11-21"));
    let measure = Measure { valid, zone: Some(Tz::Europe__Helsinki), ..measure(Evaluation::Immediately) };
    for (moment, expected) in [
        ("2026-11-19T21:59:59Z", None),
        ("2026-11-19T22:00:00Z", Some(1.0)),
        ("2026-11-21T21:59:59Z", Some(1.0)),
        ("2026-11-21T22:00:00Z", None),
    ] {
        assert_eq!(counted(&measure, &[change("", 1.0, moment)], NOW), expected, "{moment}");
    }
}

#[test]
fn too_many_groups_keep_those_that_matter() {
    let groups = GROUPS_LEN_MAX as u32;
    for (pick, expected) in [(Pick::Max, f64::from(groups + 10)), (Pick::Min, 1.0)] {
        let measure = Measure { group: Group::Key, pick, ..measure(Evaluation::Immediately) };
        let mut periods = Periods::new();
        let mut take = |key: u32, by: f64| {
            let change = change(&key.to_string(), by, NOW);
            measure.take(&mut periods, &change, Tz::UTC, at(NOW)).unwrap();
        };
        (1..=groups + 10).for_each(|key| take(key, f64::from(key)));
        // One that was forgotten is taken back: it was 1 or the largest.
        let forgotten = if pick == Pick::Max { 1 } else { groups + 10 };
        take(forgotten, -f64::from(forgotten));
        let Some(State::Groups(kept)) = periods.get(&Period::All) else { panic!("{periods:?}") };
        assert_eq!(kept.len(), GROUPS_LEN_MAX);
        assert_eq!(measure.value(&periods, Period::All, at(NOW), Tz::UTC), Some(expected));
    }
}

#[test]
fn a_sum_that_would_not_be_exact_is_refused() {
    let measure = measure(Evaluation::Immediately);
    let mut periods = Periods::from([(Period::All, State::Sum(VALUE_MAX - 1.0))]);
    assert_eq!(measure.take(&mut periods, &change("", 3.0, NOW), Tz::UTC, at(NOW)), Err(Beyond));
    assert_eq!(measure.take(&mut periods, &change("", 1.0, NOW), Tz::UTC, at(NOW)), Ok(Some(Period::All)));
}

#[test]
fn what_counts_alike_has_one_text() {
    let all = measure(Evaluation::Immediately);
    assert_eq!(all.canonical(), "runs; Immediately");
    // Where days turn makes no difference to a sum of all times.
    assert_eq!(Measure { zone: Some(Tz::Asia__Kolkata), ..all.clone() }.canonical(), all.canonical());
    let others = [
        measure(Evaluation::Daily),
        Measure { zone: Some(Tz::Asia__Kolkata), ..measure(Evaluation::Daily) },
        Measure { timespan_days: Some(7), ..all.clone() },
        Measure { valid: (NaiveDate::from_ymd_opt(2026, 1, 1), None), ..all.clone() },
        Measure { valid: (None, NaiveDate::from_ymd_opt(2026, 1, 1)), ..all.clone() },
        Measure { group: Group::Key, pick: Pick::Max, ..all.clone() },
        Measure { group: Group::Key, pick: Pick::Min, ..all.clone() },
        Measure { group: Group::Date("MM".to_owned()), pick: Pick::Min, ..all.clone() },
        all,
    ];
    let texts: std::collections::BTreeSet<String> = others.iter().map(Measure::canonical).collect();
    assert_eq!(texts.len(), others.len(), "{texts:?}");
}
