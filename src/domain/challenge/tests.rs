//! A challenge's rules, in tables of who does what when.

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

/// From second 10 to 100; `aino` has made it, and these take part besides.
fn challenge(kind: Kind, operator: Operator, target: Option<f64>, others: &[&str]) -> Challenge {
    let mut challenge = Challenge {
        id: ChallengeId::new(7).unwrap(),
        creator: Some(user("aino")),
        title: "Who is first".to_owned(),
        kind,
        operator,
        target,
        created_at: at(0),
        starts_at: at(10),
        expires_at: at(100),
        started_at: None,
        ended_at: None,
        cancelled_at: None,
        people: BTreeMap::from([(user("aino"), Part::new("Aino".to_owned(), Answer::Accepted))]),
        finished: 0,
        winner: None,
    };
    for other in others {
        assert_eq!(challenge.invite(&user(other), other, 200, at(1)), Ok(true));
        assert_eq!(challenge.accept(&user(other), at(2)), Ok(true));
    }
    challenge
}

fn order(challenge: &Challenge) -> Vec<(u32, &str)> {
    challenge.standings().iter().map(|it| (it.position, it.user.as_str())).collect()
}

#[test]
fn it_turns_by_the_clock_once() {
    let mut challenge = challenge(Kind::First, Operator::Geq, Some(5.0), &["eero"]);
    for (second, state) in [(9, State::ComeUp), (10, State::Current), (99, State::Current), (100, State::Passed)] {
        assert_eq!(challenge.state_at(at(second)), state, "{second}");
    }
    assert!(!challenge.start(at(9)) && !challenge.expire(at(500)), "it has not started");
    assert!(challenge.start(at(10)) && !challenge.start(at(11)));
    assert!(!challenge.expire(at(99)) && challenge.expire(at(101)) && !challenge.expire(at(102)));
    assert_eq!((challenge.ended_at, challenge.turns_at()), (Some(at(100)), None));
    assert!(challenge.accepted().all(|(_, part)| part.accomplishment == Accomplishment::Failed));
}

#[test]
fn invitations_are_answered_while_it_is_open() {
    let mut challenge = challenge(Kind::First, Operator::Geq, Some(5.0), &[]);
    let eero = user("eero");
    assert_eq!(challenge.accept(&eero, at(1)), Err(ChallengeError::NotInvited));
    assert_eq!(challenge.invite(&eero, "Eero", 2, at(1)), Ok(true));
    assert_eq!(challenge.invite(&eero, "Eero", 2, at(1)), Ok(false));
    assert_eq!(challenge.invite(&user("ukko"), "Ukko", 2, at(1)), Err(ChallengeError::Full));
    assert_eq!(challenge.reject(&eero, at(2)), Ok(true));
    assert_eq!(challenge.reject(&eero, at(2)), Ok(false));
    assert_eq!(challenge.accept(&eero, at(3)), Ok(true), "one may think again");
    assert_eq!(challenge.reject(&user("aino"), at(3)), Err(ChallengeError::Creator));
    assert_eq!(challenge.reject(&eero, at(100)), Err(ChallengeError::Over));
    assert_eq!(challenge.accept(&eero, at(100)), Ok(false), "said before");
    assert_eq!(challenge.cancel(at(50)), Ok(true));
    assert_eq!(challenge.cancel(at(51)), Ok(false));
    assert_eq!(challenge.invite(&eero, "Eero", 9, at(52)), Err(ChallengeError::Cancelled));
}

#[test]
fn a_target_is_reached_once_and_the_first_has_won() {
    let mut challenge = challenge(Kind::First, Operator::Geq, Some(5.0), &["eero", "ukko"]);
    let [aino, eero] = [user("aino"), user("eero")];
    let moved = Brought { moved: true, finished: false };
    let finished = Brought { moved: true, finished: true };
    assert_eq!(challenge.value_is(&eero, Some(4.9), 1, at(20)), moved);
    assert_eq!(challenge.value_is(&eero, Some(5.0), 2, at(21)), finished);
    assert_eq!(challenge.value_is(&eero, Some(5.0), 2, at(22)), Brought::default(), "said twice");
    assert_eq!(challenge.value_is(&eero, Some(1.0), 1, at(22)), Brought::default(), "an older one");
    assert_eq!(challenge.value_is(&eero, Some(2.0), 3, at(23)), moved, "a run was withheld");
    assert_eq!(challenge.value_is(&eero, Some(9.0), 4, at(24)), moved);
    assert_eq!(challenge.value_is(&aino, Some(12.0), 1, at(25)), finished);
    assert_eq!(challenge.value_is(&user("nobody"), Some(12.0), 1, at(25)), Brought::default());
    assert_eq!(challenge.winner, Some(eero.clone()));
    assert_eq!(order(&challenge), [(1, "eero"), (2, "aino"), (3, "ukko")]);
    challenge.start(at(30));
    challenge.expire(at(100));
    let failed = challenge.accepted().filter(|(_, part)| part.accomplishment == Accomplishment::Failed);
    assert_eq!(failed.map(|(user, _)| user.as_str()).collect::<Vec<_>>(), ["ukko"]);
    assert_eq!(challenge.value_is(&aino, Some(99.0), 9, at(101)), Brought::default(), "it is over");
}

#[test]
fn the_most_at_the_end_has_won() {
    let mut challenge = challenge(Kind::Most, Operator::Geq, None, &["eero", "ukko", "veikko"]);
    for (who, value) in [("aino", 5.0), ("eero", 5.0), ("ukko", 7.5)] {
        assert!(!challenge.value_is(&user(who), Some(value), 1, at(20)).finished);
    }
    assert_eq!(order(&challenge), [(1, "ukko"), (2, "eero"), (3, "aino"), (4, "veikko")]);
    challenge.value_is(&user("ukko"), None, 2, at(30));
    challenge.start(at(30));
    challenge.expire(at(100));
    assert_eq!(challenge.winner, Some(user("eero")));
    let of = |who: &str| challenge.people[&user(who)].accomplishment;
    assert_eq!((of("aino"), of("ukko")), (Accomplishment::Finished, Accomplishment::Failed));
}

#[test]
fn the_least_is_best_where_less_is_better() {
    let mut challenge = challenge(Kind::First, Operator::Leq, Some(300.0), &["eero", "ukko"]);
    assert!(!challenge.value_is(&user("aino"), Some(310.0), 1, at(20)).finished);
    assert!(!challenge.value_is(&user("eero"), None, 1, at(20)).finished, "nothing is not little");
    assert_eq!(order(&challenge), [(1, "aino"), (2, "ukko"), (3, "eero")]);
    assert!(challenge.value_is(&user("ukko"), Some(299.0), 1, at(21)).finished);
    assert_eq!(order(&challenge), [(1, "ukko"), (2, "aino"), (3, "eero")]);
}

#[test]
fn who_is_struck_was_never_there() {
    let mut challenge = challenge(Kind::First, Operator::Geq, Some(5.0), &["eero", "ukko"]);
    challenge.value_is(&user("aino"), Some(6.0), 1, at(20));
    challenge.value_is(&user("eero"), Some(7.0), 1, at(21));
    assert!(challenge.strike(&user("aino")).is_some());
    assert_eq!((challenge.creator.as_ref(), challenge.winner.as_ref()), (None, Some(&user("eero"))));
    assert!(challenge.strike(&user("eero")).is_some());
    assert_eq!((challenge.winner.as_ref(), order(&challenge)), (None, vec![(1, "ukko")]));
    assert!(challenge.value_is(&user("ukko"), Some(7.0), 1, at(22)).finished);
    assert_eq!(challenge.winner, Some(user("ukko")));
    assert!(challenge.strike(&user("aino")).is_none());
}
