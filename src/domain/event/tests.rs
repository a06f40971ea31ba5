//! An event under its clock and its creator's hand, and who may do what.

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::{Event, EventError, Plan, PlanChange, Standing, State, Turned};
use crate::domain::edit::Edit;
use crate::domain::geo::Place;
use crate::domain::ids::{EventId, UserId};
use crate::domain::time::Timestamp;

fn plan(date: (i32, u32, u32), time: (u32, u32), zone: &str) -> Plan {
    Plan {
        name: "Night run".to_owned(),
        description: String::new(),
        private: false,
        date: NaiveDate::from_ymd_opt(date.0, date.1, date.2).unwrap(),
        time: NaiveTime::from_hms_opt(time.0, time.1, 0).unwrap(),
        zone: zone.parse::<Tz>().unwrap(),
        duration_s: 3_600,
        start: Place::new(60.17, 24.94).unwrap(),
        destination: None,
        capacity: Some(3),
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// From 16:00 to 17:00 UTC.
fn event() -> Event {
    let plan = plan((2026, 11, 25), (18, 0), "Europe/Helsinki");
    Event::new(EventId::new(7).unwrap(), user("aino"), plan, at("2026-11-20T09:00:00Z"))
}

#[test]
fn date_and_time_are_read_in_the_events_zone() {
    for (date, time, zone, moment) in [
        ((2026, 11, 25), (18, 0), "Europe/Helsinki", "2026-11-25T16:00:00Z"),
        ((2026, 7, 25), (18, 0), "Europe/Helsinki", "2026-07-25T15:00:00Z"),
        // Shown twice: the first.
        ((2026, 10, 25), (3, 30), "Europe/Helsinki", "2026-10-25T00:30:00Z"),
        // Shown by no clock: half an hour after three is half an hour after the change.
        ((2026, 3, 29), (3, 30), "Europe/Helsinki", "2026-03-29T01:30:00Z"),
        ((2026, 3, 29), (3, 0), "Europe/Helsinki", "2026-03-29T01:00:00Z"),
        ((2026, 3, 29), (4, 0), "Europe/Helsinki", "2026-03-29T01:00:00Z"),
        // A day that was left out.
        ((2011, 12, 30), (12, 0), "Pacific/Apia", "2011-12-30T22:00:00Z"),
        ((2026, 1, 1), (0, 0), "Asia/Kathmandu", "2025-12-31T18:15:00Z"),
        ((2026, 1, 1), (0, 0), "UTC", "2026-01-01T00:00:00Z"),
    ] {
        assert_eq!(plan(date, time, zone).starts_at(), at(moment), "{date:?} {time:?} {zone}");
    }
}

#[test]
fn clock_starts_and_ends_it() {
    let mut event = event();
    let (before, start) = (at("2026-11-25T15:59:59.999Z"), at("2026-11-25T16:00:00Z"));
    assert_eq!((event.turn(before), event.state_at(before)), (Turned::default(), State::ComeUp));
    assert_eq!(event.turns_at(), Some(start));
    assert_eq!(event.turn(start.plus_millis(500)), Turned { started: true, ended: false });
    assert_eq!((event.started_at, event.turn(start.plus_millis(600))), (Some(start), Turned::default()));
    let end = at("2026-11-25T17:00:00Z");
    assert_eq!((event.turns_at(), event.state_at(end.plus_millis(-1))), (Some(end), State::Current));
    assert_eq!(event.turn(end.plus_millis(1_000)), Turned { started: false, ended: true });
    assert_eq!((event.ended_at, event.turns_at(), event.state_at(end)), (Some(end), None, State::Passed));
    assert_eq!(event.state_at(before), State::ComeUp, "looked back at");
}

#[test]
fn clock_that_was_late_does_both_at_once() {
    let mut event = event();
    assert_eq!(event.turn(at("2026-12-01T00:00:00Z")), Turned { started: true, ended: true });
    assert_eq!(event.ended_at, Some(at("2026-11-25T17:00:00Z")));
}

#[test]
fn creators_hand_changes_the_state_or_is_the_same_success() {
    use State::{Cancelled, ComeUp, Current, Passed};
    type Hand = fn(&mut Event, Timestamp) -> Result<bool, EventError>;
    let now = at("2026-11-22T09:00:00Z");
    for (state, hand, answer, after) in [
        (ComeUp, Event::start as Hand, Ok(true), Current),
        (Current, Event::start, Ok(false), Current),
        (Passed, Event::start, Err(EventError::Over), Passed),
        (Cancelled, Event::start, Err(EventError::Cancelled), Cancelled),
        (ComeUp, Event::end, Err(EventError::NotStarted), ComeUp),
        (Current, Event::end, Ok(true), Passed),
        (Passed, Event::end, Ok(false), Passed),
        (Cancelled, Event::end, Err(EventError::Cancelled), Cancelled),
        (ComeUp, Event::cancel, Ok(true), Cancelled),
        (Current, Event::cancel, Ok(true), Cancelled),
        (Passed, Event::cancel, Err(EventError::Over), Passed),
        (Cancelled, Event::cancel, Ok(false), Cancelled),
    ] {
        let mut event = event();
        match state {
            ComeUp => {}
            Current => assert!(event.start(now).unwrap()),
            Passed => assert!(event.start(now).unwrap() && event.end(now).unwrap()),
            Cancelled => assert!(event.cancel(now).unwrap()),
        }
        let before = event.clone();
        assert_eq!(hand(&mut event, now), answer, "{state:?}");
        assert_eq!(event.state_at(now), after);
        assert_eq!(event == before, answer != Ok(true));
    }
}

#[test]
fn started_early_it_ends_its_duration_later() {
    let mut event = event();
    event.start(at("2026-11-25T12:00:00Z")).unwrap();
    assert_eq!(event.turns_at(), Some(at("2026-11-25T13:00:00Z")));
}

#[test]
fn who_may_join_goes_by_how_they_stand_to_it() {
    use Standing::{Declined, Invited, Left, Nobody, Participant, Removed};
    let now = at("2026-11-22T09:00:00Z");
    for (standing, public, private) in [
        (Nobody, Ok(Some(1)), Err(EventError::NotInvited)),
        (Invited, Ok(Some(1)), Ok(Some(1))),
        (Declined, Ok(Some(1)), Err(EventError::NotInvited)),
        (Left, Ok(Some(1)), Err(EventError::NotInvited)),
        (Participant, Ok(None), Ok(None)),
        (Removed, Err(EventError::NotInvited), Err(EventError::NotInvited)),
    ] {
        for (is_private, answer) in [(false, public), (true, private)] {
            let mut event = event();
            event.plan.private = is_private;
            assert_eq!(event.join(standing, 10, now), answer, "{standing:?} {is_private}");
            if answer == Err(EventError::NotInvited) {
                assert!(!event.is_seen_by(standing), "{standing:?}");
            }
        }
    }
}

#[test]
fn a_link_that_invites_lets_in_all_but_who_was_sent_away() {
    use Standing::{Declined, Invited, Left, Nobody, Participant, Removed};
    for standing in [Nobody, Declined, Left, Invited] {
        assert_eq!(standing.let_in(), Invited, "{standing:?}");
    }
    assert_eq!((Participant.let_in(), Removed.let_in()), (Participant, Removed));
}

#[test]
fn nobody_joins_what_is_full_or_over() {
    let now = at("2026-11-22T09:00:00Z");
    let mut event = event();
    for number in 1..=3 {
        assert_eq!(event.join(Standing::Nobody, 10, now), Ok(Some(number)));
    }
    assert_eq!(event.join(Standing::Invited, 10, now), Err(EventError::Full));
    assert_eq!(event.leave(&user("aino")), Err(EventError::Creator));
    event.leave(&user("eero")).unwrap();
    assert_eq!(event.join(Standing::Nobody, 10, now), Ok(Some(4)), "a number is never given twice");
    event.plan.capacity = None;
    assert_eq!(event.join(Standing::Nobody, 3, now), Err(EventError::Full), "the house is full");
    assert_eq!(event.join(Standing::Nobody, 9, at("2026-11-25T17:00:00Z")), Err(EventError::Over));
    event.cancel(now).unwrap();
    assert_eq!(event.join(Standing::Nobody, 9, now), Err(EventError::Cancelled));
}

#[test]
fn plan_is_changed_within_what_has_happened() {
    let (before, during) = (at("2026-11-22T09:00:00Z"), at("2026-11-25T16:30:00Z"));
    let later = PlanChange { time: NaiveTime::from_hms_opt(19, 0, 0), ..PlanChange::default() };
    let capacity = |capacity| PlanChange { capacity, ..PlanChange::default() };
    let mut event = event();
    event.participants = 2;
    assert_eq!(
        {
            let plan = event.plan.changed(PlanChange::default());
            event.change(plan, before)
        },
        Ok(false)
    );
    assert_eq!(
        {
            let plan = event.plan.changed(capacity(Edit::Set(1)));
            event.change(plan, before)
        },
        Err(EventError::TooFew)
    );
    assert_eq!(
        {
            let plan = event.plan.changed(capacity(Edit::Set(2)));
            event.change(plan, before)
        },
        Ok(true)
    );
    assert_eq!(
        {
            let plan = event.plan.changed(capacity(Edit::Clear));
            event.change(plan, during)
        },
        Ok(true)
    );
    assert_eq!(event.plan.capacity, None);
    assert_eq!(
        {
            let plan = event.plan.changed(later.clone());
            event.change(plan, during)
        },
        Err(EventError::Started)
    );
    assert_eq!(
        {
            let plan = event.plan.changed(later.clone());
            event.change(plan, before)
        },
        Ok(true)
    );
    assert_eq!(event.turns_at(), Some(at("2026-11-25T17:00:00Z")));
    let plan = event.plan.changed(later);
    assert_eq!(event.change(plan, at("2026-11-26T00:00:00Z")), Err(EventError::Over));
}

#[test]
fn runs_begin_from_an_hour_before_to_the_end() {
    let event = event();
    for (moment, answer) in [
        ("2026-11-25T14:59:59Z", Err(EventError::NotStarted)),
        ("2026-11-25T15:00:00Z", Ok(())),
        ("2026-11-25T16:59:59Z", Ok(())),
        ("2026-11-25T17:00:00Z", Err(EventError::Over)),
    ] {
        assert_eq!(event.takes_runs(at(moment)), answer, "{moment}");
    }
}

#[test]
fn private_event_that_others_have_joined_stays_private() {
    let now = at("2026-11-22T09:00:00Z");
    let mut event = event();
    event.plan.private = true;
    let open = Plan { private: false, ..event.plan.clone() };
    event.enter(10).unwrap();
    assert_eq!(event.clone().change(open.clone(), now), Ok(true), "nobody but its creator was ever in it");
    event.join(Standing::Invited, 10, now).unwrap();
    assert_eq!(event.change(open.clone(), now), Err(EventError::Joined));
    event.leave(&user("eero")).unwrap();
    assert_eq!(event.change(open, now), Err(EventError::Joined), "what was run there is there still");
    assert!(event.plan.private);
}
