//! The standing of fixes, batch by batch: repeats, clocks ahead, late fixes, recounts.

use super::super::made_up::{Dice, at, fix, live_run, place, send, steady};
use super::super::{Accepted, FinishReason, Run, RunError, Seen, Standing, accept, recount};

#[test]
fn fixes_of_a_run_that_does_not_run_are_refused() {
    let mut run = live_run();
    run.finish(at(1.0), FinishReason::Owner).unwrap();
    let planned = Run::planned(run.id, run.owner.clone(), run.visibility, None, at(0.0));
    for (mut run, error) in [(planned, RunError::NotStarted), (run, RunError::Finished)] {
        let before = run.clone();
        assert_eq!(accept(&mut run, &mut Seen::Unknown, vec![fix(2.0, 0.0)], at(2.0)), Err(error));
        assert_eq!(run, before);
    }
}

#[test]
fn empty_batch_is_a_sign_of_life() {
    let mut run = live_run();
    assert_eq!(accept(&mut run, &mut Seen::Unknown, vec![], at(9.0)), Ok(Accepted::default()));
    assert_eq!(run.heard_at, at(9.0));
}

#[test]
fn newer_fixes_need_no_track_and_others_do() {
    let mut run = live_run();
    send(&mut run, steady(0..=10, 0.0, 3.0));
    for seconds in [3.0, 3.5, 10.0] {
        let (before, mut seen) = (run.clone(), Seen::Unknown);
        let batch = vec![fix(12.0, 36.0), fix(seconds, 9.0)];
        assert_eq!(accept(&mut run, &mut seen, batch, at(12.0)), Err(RunError::NeedsTrack));
        assert_eq!((&run, seen), (&before, Seen::Unknown));
    }
    send(&mut run, vec![fix(11.0, 33.0)]);
    assert_eq!(run.tally.fixes, 12);
}

#[test]
fn repeated_fixes_change_nothing() {
    let mut run = live_run();
    let batch = steady(0..=20, 0.0, 3.0);
    let mut seen = Seen::of(&[]);
    accept(&mut run, &mut seen, batch.clone(), at(20.0)).unwrap();
    assert_eq!(seen, Seen::of(&batch));
    let before = run.clone();
    let again = accept(&mut run, &mut seen, batch.clone(), at(20.0)).unwrap();
    assert_eq!(again, Accepted { duplicates: 21, ..Accepted::default() });
    let from_store = accept(&mut run, &mut Seen::of(&batch), batch, at(20.0)).unwrap();
    assert_eq!(from_store.duplicates, 21);
    assert_eq!(run, before);
}

#[test]
fn fix_that_a_batch_holds_twice_is_kept_once() {
    let mut run = live_run();
    let accepted = send(&mut run, vec![fix(1.0, 0.0), fix(3.0, 9.0), fix(1.0, 0.0), fix(1.0, 8.0)]);
    assert_eq!(accepted.duplicates, 1);
    let standings: Vec<_> = accepted.kept.iter().map(|kept| kept.standing).collect();
    assert_eq!(standings, [Standing::Counted, Standing::Late, Standing::Counted]);
}

#[test]
fn same_time_at_another_place_is_not_a_repeat() {
    let mut run = live_run();
    let mut seen = Seen::of(&[]);
    accept(&mut run, &mut seen, vec![fix(1.0, 0.0)], at(1.0)).unwrap();
    let accepted = accept(&mut run, &mut seen, vec![fix(1.0, 2.0)], at(1.0)).unwrap();
    assert_eq!((accepted.duplicates, accepted.kept[0].standing), (0, Standing::Late));
}

#[test]
fn times_in_the_future_are_set_back_by_one_amount() {
    let times = |batch: &[f64], now: f64| -> Vec<f64> {
        let batch = batch.iter().map(|seconds| fix(*seconds, *seconds)).collect();
        let accepted = accept(&mut live_run(), &mut Seen::Unknown, batch, at(now)).unwrap();
        accepted.kept.iter().map(|kept| kept.fix.time.seconds_since(at(0.0))).collect()
    };
    for (case, batch, now, expected) in [
        ("past and near future stay", vec![1.0, 100.0, 160.0], 100.0, vec![1.0, 100.0, 160.0]),
        ("one fix", vec![161.0], 100.0, vec![100.0]),
        ("spacing stays", vec![3_600.0, 3_610.0, 3_630.0], 100.0, vec![70.0, 80.0, 100.0]),
        ("the past is not moved with the future", vec![90.0, 3_600.0, 3_610.0], 100.0, vec![90.0, 90.0, 100.0]),
        (
            "a clock ahead is ahead for its whole backlog",
            vec![90.0, 130.0, 170.0, 200.0],
            100.0,
            vec![-10.0, 30.0, 70.0, 100.0],
        ),
    ] {
        assert_eq!(times(&batch, now), expected, "{case}");
    }
}

#[test]
fn late_fix_completes_the_track_and_counts_in_the_end() {
    // A way around a block, and its fixes come late.
    let mut track = steady(0..=600, 0.0, 3.0);
    for (fix, north_m) in track[290..310].iter_mut().zip((0..10).chain((0..10).rev())) {
        fix.place = place(fix.time.seconds_since(at(0.0)) * 3.0, f64::from(north_m) * 4.0);
    }
    let (late, early) = (track[290..310].to_vec(), [&track[..290], &track[310..]].concat());
    let (mut run, mut seen) = (live_run(), Seen::of(&[]));
    accept(&mut run, &mut seen, early, at(600.0)).unwrap();
    let live = run.tally.clone();
    assert!((live.distance_m - 1_800.0).abs() < 6.0, "{}", live.distance_m);

    let accepted = accept(&mut run, &mut seen, late, at(601.0)).unwrap();
    assert!(accepted.kept.iter().all(|kept| kept.standing == Standing::Late && kept.distance_m == live.distance_m));
    assert_eq!(run.tally.position, live.position);
    let whole = recount(&run, track.into_iter());
    assert!(whole.distance_m > live.distance_m + 30.0, "{}", whole.distance_m);
    assert_eq!((whole.fixes, whole.position), (601, live.position));
}

#[test]
fn batches_split_and_shuffled_in_any_way_give_the_same_tally() {
    for seed in 0..30 {
        let mut dice = Dice(seed);
        let track = dice.track(600);
        let mut whole = live_run();
        let all_kept = send(&mut whole, track.clone());
        assert!(whole.tally.distance_m > 500.0);

        let (mut run, mut rest, mut seen, mut kept) = (live_run(), track.as_slice(), Seen::of(&[]), 0);
        let mut splits = Vec::new();
        while !rest.is_empty() {
            let (batch, others) = rest.split_at(rest.len().min(1 + dice.below(40)));
            rest = others;
            let mut batch = batch.to_vec();
            let repeats = dice.below(3);
            // Index `kept` is the batch's own first fix: a repeat within the batch.
            batch.extend((0..repeats).map(|_| track[dice.below(kept + 1)]));
            dice.shuffle(&mut batch);
            let (sent, now) = (batch.len(), batch.iter().map(|fix| fix.time).max().unwrap());
            let accepted = accept(&mut run, &mut seen, batch, now).unwrap();
            assert_eq!(accepted.kept.len() + accepted.duplicates, sent);
            kept += accepted.kept.len();
            splits.extend(accepted.new_splits);
        }
        assert_eq!(run.tally, whole.tally, "seed {seed}");
        assert_eq!((kept, &splits, seen), (track.len(), &all_kept.new_splits, Seen::of(&track)), "seed {seed}");
        assert_eq!(recount(&run, track.into_iter()), whole.tally, "seed {seed}");
    }
}

#[test]
fn recount_does_not_depend_on_the_order_of_the_track() {
    let mut dice = Dice(7);
    let mut track = dice.track(500);
    let run = live_run();
    let sorted = recount(&run, track.clone().into_iter());
    dice.shuffle(&mut track);
    assert_eq!(recount(&run, track.into_iter()), sorted);
}
