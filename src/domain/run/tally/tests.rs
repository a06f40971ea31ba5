//! What fixes add up to, case by case.

use super::super::made_up::{Dice, at, fix, live_run, place, send, steady};
use super::super::{Accepted, Run, Seen, Standing, accept, recount};
use crate::domain::fix::{Fix, Readings};
use Standing::{Counted, Implausible, Late, Near, Paused, Poor, Suspect};

fn standings(accepted: &Accepted) -> Vec<Standing> {
    accepted.kept.iter().map(|kept| kept.standing).collect()
}

fn close(actual: f64, expected: f64, tolerance: f64) {
    assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected}");
}

#[test]
fn distance_counts_from_the_last_counted_fix_at_five_metres() {
    let mut run = live_run();
    let accepted = send(
        &mut run,
        [0.0, 3.0, 4.9, 5.5, 3.0, 12.0]
            .iter()
            .zip(0..)
            .map(|(east_m, second)| fix(f64::from(second), *east_m))
            .collect(),
    );
    assert_eq!(standings(&accepted), [Counted, Near, Near, Counted, Near, Counted]);
    let distances: Vec<f64> = accepted.kept.iter().map(|kept| (kept.distance_m * 1e3).round() / 1e3).collect();
    assert_eq!(distances, [0.0, 0.0, 0.0, 5.5, 5.5, 12.0]);
    assert_eq!(run.tally.position, Some(fix(5.0, 12.0)));
}

#[test]
fn what_was_too_fast_is_decided_by_the_next_good_fix() {
    // Ten metres in two seconds are a run, a kilometre is not.
    for (case, track, expected, distance_m, east_m) in [
        (
            "spike",
            vec![0.0, 10.0, 1_000.0, 20.0, 30.0],
            vec![Counted, Counted, Implausible, Counted, Counted],
            30.0,
            30.0,
        ),
        (
            "carried",
            vec![0.0, 10.0, 1_000.0, 1_010.0, 1_020.0],
            vec![Counted, Counted, Counted, Counted, Counted],
            30.0,
            1_020.0,
        ),
        (
            "first fix is the spike",
            vec![5_000.0, 0.0, 10.0, 20.0],
            vec![Counted, Counted, Counted, Counted],
            20.0,
            20.0,
        ),
        (
            "two spikes",
            vec![0.0, 900.0, -900.0, 10.0, 20.0],
            vec![Counted, Implausible, Implausible, Counted, Counted],
            20.0,
            20.0,
        ),
        (
            "in a train",
            vec![0.0, 100.0, 200.0, 300.0, 306.0, 312.0],
            vec![Counted, Implausible, Implausible, Counted, Counted, Counted],
            12.0,
            312.0,
        ),
        ("undecided", vec![0.0, 10.0, 1_000.0], vec![Counted, Counted, Suspect], 10.0, 10.0),
    ] {
        let track: Vec<Fix> =
            track.into_iter().zip(0..).map(|(east_m, step)| fix(f64::from(step) * 2.0, east_m)).collect();
        let mut run = live_run();
        let accepted = send(&mut run, track.clone());
        assert_eq!(standings(&accepted), expected, "{case}");
        close(run.tally.distance_m, distance_m, 1e-6);
        assert_eq!(run.tally.position.unwrap().place, place(east_m, 0.0), "{case}");

        let mut one_by_one = live_run();
        for fix in track {
            let accepted = send(&mut one_by_one, vec![fix]);
            let position = one_by_one.tally.position.unwrap();
            assert_eq!(accepted.kept[0].standing == Suspect, position != fix, "{case}");
        }
        assert_eq!(one_by_one.tally, run.tally, "{case}");
    }
}

#[test]
fn run_whose_first_fix_was_a_spike_starts_at_the_second() {
    let mut run = live_run();
    let mut track = steady(100..=160, 0.0, 3.0);
    track.insert(0, fix(1.0, 5_000.0));
    send(&mut run, track);
    assert_eq!(run.tally.start, Some(place(0.0, 0.0)));
    close(run.tally.elapsed_s(), 60.0, 1e-9);
}

#[test]
fn noise_of_fixes_within_a_second_is_not_speed() {
    let mut run = live_run();
    let track = (0..100).map(|tenth| fix(f64::from(tenth) / 10.0, f64::from(tenth) * 0.3 + f64::from(tenth % 2) * 6.0));
    let accepted = send(&mut run, track.collect());
    assert!(accepted.kept.iter().all(|kept| matches!(kept.standing, Counted | Near)), "{accepted:?}");
}

#[test]
fn suspect_does_not_let_older_fixes_in() {
    let mut run = live_run();
    send(&mut run, vec![fix(0.0, 0.0), fix(10.0, 900.0)]);
    let accepted = accept(&mut run, &mut Seen::of(&[]), vec![fix(5.0, 10.0)], at(10.0)).unwrap();
    assert_eq!(standings(&accepted), [Late]);
    assert_eq!(run.tally.position, Some(fix(0.0, 0.0)));
}

#[test]
fn poor_fix_neither_counts_nor_moves_the_position() {
    let mut run = live_run();
    let with_accuracy = |seconds: f64, east_m: f64, accuracy_m: f64| {
        let readings = Readings { accuracy_m: Some(accuracy_m), ..Readings::default() };
        Fix::new(at(seconds), place(east_m, 0.0), readings).unwrap()
    };
    let accepted = send(
        &mut run,
        vec![with_accuracy(0.0, 0.0, 50.0), with_accuracy(2.0, 9.0, 50.1), with_accuracy(4.0, 18.0, 5.0)],
    );
    assert_eq!(standings(&accepted), [Counted, Poor, Counted]);
    close(run.tally.distance_m, 18.0, 1e-6);
    let poor = with_accuracy(6.0, 20.0, 500.0);
    send(&mut run, vec![poor]);
    assert_ne!(run.tally.position, Some(poor));
    assert_eq!((run.tally.fixes, run.tally.newest_at), (4, Some(at(6.0))));
}

#[test]
fn late_fix_does_not_move_the_position_back() {
    let mut run = live_run();
    send(&mut run, vec![fix(0.0, 0.0), fix(10.0, 30.0), fix(11.0, 32.0)]);
    for seconds in [5.0, 10.5, 11.0] {
        let accepted = accept(&mut run, &mut Seen::of(&[]), vec![fix(seconds, 15.0)], at(12.0)).unwrap();
        assert_eq!(standings(&accepted), [Late]);
        assert_eq!(run.tally.position, Some(fix(11.0, 32.0)));
    }
}

#[test]
fn pause_moves_the_position_and_counts_nothing() {
    let mut run = live_run();
    send(&mut run, steady(0..=100, 0.0, 3.0));
    run.pause(at(100.5)).unwrap();
    // By tram, which no runner follows.
    let accepted = send(&mut run, steady(101..=200, 300.0, 15.0));
    assert!(standings(&accepted).iter().all(|standing| *standing == Paused));
    assert_eq!(run.tally.position, Some(fix(200.0, 300.0 + 99.0 * 15.0)));
    assert_eq!(run.tally.pace_s_per_km, None);
    run.resume(at(200.5)).unwrap();
    let accepted = send(&mut run, steady(201..=301, 1_788.0, 3.0));
    assert_eq!(standings(&accepted)[..3], [Counted, Near, Counted]);
    close(run.tally.distance_m, 600.0, 6.0);
    close(run.tally.elapsed_s(), 201.0, 1e-9);
    close(run.tally.moving_s(), 200.0, 1e-9);
    close(run.tally.pace_s_per_km.unwrap(), 1_000.0 / 3.0, 1e-6);
}

#[test]
fn lift_during_a_pause_is_no_climb() {
    let mut run = live_run();
    let at_elevation = |seconds: f64, elevation_m: f64| {
        let readings = Readings { elevation_m: Some(elevation_m), ..Readings::default() };
        Fix::new(at(seconds), place(seconds * 3.0, 0.0), readings).unwrap()
    };
    send(&mut run, vec![at_elevation(0.0, 10.0), at_elevation(10.0, 20.0)]);
    run.pause(at(11.0)).unwrap();
    send(&mut run, vec![at_elevation(20.0, 500.0)]);
    run.resume(at(21.0)).unwrap();
    send(&mut run, vec![at_elevation(30.0, 900.0), at_elevation(40.0, 895.0)]);
    assert_eq!((run.tally.climb.up_m, run.tally.climb.down_m), (10.0, 5.0));
}

#[test]
fn pause_without_fixes_breaks_the_leg_too() {
    let mut run = live_run();
    send(&mut run, steady(0..=100, 0.0, 3.0));
    run.pause(at(100.5)).unwrap();
    run.resume(at(399.5)).unwrap();
    send(&mut run, steady(400..=500, 1_300.0, 3.0));
    close(run.tally.distance_m, 600.0, 6.0);
    close(run.tally.elapsed_s(), 201.0, 1e-9);
}

#[test]
fn recount_knows_the_pauses() {
    let mut run = live_run();
    let mut track = Dice(3).track(300);
    for (batch, fixes) in track.chunks(50).enumerate() {
        send(&mut run, fixes.to_vec());
        let end = fixes[49].time;
        if batch % 2 == 0 { run.pause(end.plus_millis(1)) } else { run.resume(end.plus_millis(1)) }.unwrap();
    }
    assert_eq!(run.pauses.0.len(), 3);
    Dice(4).shuffle(&mut track);
    assert_eq!(recount(&run, track.into_iter()), run.tally);
}

#[test]
fn backlog_from_before_a_pause_counts_in_the_end() {
    let mut run = live_run();
    let track = steady(0..=200, 0.0, 3.0);
    send(&mut run, track[..=100].to_vec());
    run.pause(at(201.0)).unwrap();
    send(&mut run, track[101..].to_vec());
    close(run.tally.distance_m, 300.0, 6.0);
    close(recount(&run, track.into_iter()).distance_m, 600.0, 6.0);
}

#[test]
fn standing_still_is_not_moving() {
    let mut track = steady(0..=300, 0.0, 3.0);
    // Two minutes at a traffic light, swaying as phones do.
    track.extend((301..=420).map(|second| fix(f64::from(second), 900.0 + f64::from(second % 3))));
    track.extend(steady(421..=720, 903.0, 3.0));
    let mut run = live_run();
    send(&mut run, track[..=420].to_vec());
    assert_eq!(run.tally.pace_s_per_km, None);
    send(&mut run, track[421..].to_vec());
    close(run.tally.elapsed_s(), 720.0, 1e-9);
    close(run.tally.moving_s(), 600.0, 25.0);
}

#[test]
fn tunnel_that_was_run_through_counts_as_moving() {
    let mut run = live_run();
    send(&mut run, steady(0..=60, 0.0, 3.0));
    send(&mut run, steady(660..=720, 1_980.0, 3.0));
    close(run.tally.moving_s(), 720.0, 1e-9);
    close(run.tally.distance_m, 2_160.0, 6.0);
}

#[test]
fn pace_is_that_of_the_last_half_minute_and_needs_a_few_seconds() {
    let mut run = live_run();
    send(&mut run, steady(0..=4, 0.0, 3.0));
    assert_eq!(run.tally.pace_s_per_km, None);
    send(&mut run, steady(5..=60, 15.0, 3.0));
    close(run.tally.pace_s_per_km.unwrap(), 333.333, 0.001);
    send(&mut run, steady(61..=100, 184.0, 4.0));
    close(run.tally.pace_s_per_km.unwrap(), 250.0, 0.001);
}

#[test]
fn splits_are_told_once_when_their_kilometre_is_full() {
    let mut run = live_run();
    let mut told = Vec::new();
    for batch in steady(0..=800, 0.0, 4.0).chunks(7) {
        told.extend(send(&mut run, batch.to_vec()).new_splits);
    }
    assert_eq!(told, run.tally.splits.done);
    assert_eq!(told.len(), 3);
    for split in told {
        close(split.elapsed_s, 250.0, 0.001);
        close(split.moving_s, 250.0, 0.001);
    }
}

#[test]
fn split_does_not_hold_paused_time() {
    let mut run = live_run();
    send(&mut run, steady(0..=100, 0.0, 4.0));
    run.pause(at(100.1)).unwrap();
    run.resume(at(999.9)).unwrap();
    let accepted = send(&mut run, steady(1_000..=1_200, 400.0, 4.0));
    close(accepted.new_splits[0].elapsed_s, 250.2, 0.001);
}

fn run_to(east_m: f64) -> Run {
    let mut run = live_run();
    run.destination = Some(place(east_m, 0.0));
    run
}

#[test]
fn resting_at_the_destination_is_arriving() {
    let mut run = run_to(900.0);
    assert!(!send(&mut run, steady(0..=300, 0.0, 3.0)).arrived);
    // The window takes some twenty seconds to show the rest, then a minute of it is asked for.
    let rest: Vec<bool> =
        (301..=400).map(|second| send(&mut run, vec![fix(f64::from(second), 901.0)]).arrived).collect();
    let arrived_after_s = rest.iter().position(|arrived| *arrived).unwrap();
    assert!((70..=90).contains(&arrived_after_s), "{arrived_after_s}");
    assert!(rest[arrived_after_s..].iter().all(|arrived| *arrived));
}

#[test]
fn passing_the_destination_or_resting_elsewhere_is_not() {
    let mut passing = run_to(900.0);
    assert!(!send(&mut passing, steady(0..=600, 0.0, 3.0)).arrived);
    let mut elsewhere = run_to(2_000.0);
    let accepted = send(&mut elsewhere, [steady(0..=300, 0.0, 3.0), steady(301..=600, 900.0, 0.0)].concat());
    assert!(!accepted.arrived);
}

#[test]
fn loop_must_be_run_before_it_arrives() {
    let mut run = run_to(10.0);
    assert!(!send(&mut run, steady(0..=300, 0.0, 0.0)).arrived);
    let out_and_back = [steady(301..=400, 0.0, 3.0), steady(401..=500, 300.0, -3.0)].concat();
    assert!(!send(&mut run, out_and_back).arrived);
    assert!(send(&mut run, steady(501..=600, 0.0, 0.0)).arrived);
}

#[test]
fn rest_at_the_destination_starts_anew_after_a_pause() {
    let mut run = run_to(900.0);
    send(&mut run, steady(0..=300, 0.0, 3.0));
    assert!(!send(&mut run, steady(301..=360, 900.0, 0.0)).arrived);
    run.pause(at(360.5)).unwrap();
    assert!(!send(&mut run, steady(361..=900, 900.0, 0.0)).arrived);
    run.resume(at(900.5)).unwrap();
    assert!(!send(&mut run, steady(901..=950, 900.0, 0.0)).arrived);
    assert!(send(&mut run, steady(951..=970, 900.0, 0.0)).arrived);
}
