//! Commits that fail or conflict: what is at hand of boards is never another than what is stored, and nothing counts twice.

use futures::future::join_all;
use runnity::app::AppError;
use runnity::app::habits::Submitted;
use runnity::backend::Range;
use runnity::domain::habit::numbers::Direction;
use runnity::domain::habit::task::TaskKind;

use super::watched::{Fate, Watched};
use super::{add, all_of, apply, id, known, picture, score};
use crate::support::{Site, StoreKind, on_each_store, within};

on_each_store!(
    a_commit_that_fails_leaves_the_board_as_it_is_stored,
    a_batch_of_several_commits_that_breaks_off_is_sent_again_and_counts_once,
    many_that_find_the_board_changed_do_not_all_read_it,
    an_account_that_is_deleted_amid_operations_leaves_nothing,
);

async fn a_commit_that_fails_leaves_the_board_as_it_is_stored(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (app, store) = Watched::on(&site).await;
    apply(&app, &runner, vec![add("h", "habit")]).await;
    let mut scored = 0;
    for (round, fate) in [Fate::NotCarriedOut, Fate::CarriedOut, Fate::NotCarriedOut].into_iter().enumerate() {
        let one = |name: &str| vec![known(score("h", Direction::Up), &format!("{name}{round}"))];
        store.fail_after(0, fate);
        let failed = app.apply_habits(&runner.identity, one("first"), None).await;
        assert!(matches!(failed, Err(AppError::Unavailable)), "{fate:?} {failed:?}");
        // Another one, which goes by what is at hand, and then the first once more.
        let next = app.apply_habits(&runner.identity, one("next"), None).await.unwrap();
        scored += 1 + u64::from(fate == Fate::CarriedOut);
        assert_eq!(next.board.hero.earned.habits_scored, scored, "{fate:?}");
        let again = app.apply_habits(&runner.identity, one("first"), None).await.unwrap();
        scored += u64::from(fate == Fate::NotCarriedOut);
        assert_eq!(again.board.hero.earned.habits_scored, scored, "{fate:?}");
        let fresh = site.idle_app().await;
        assert_eq!(picture(&apply(&fresh, &runner, Vec::new()).await), picture(&again));
    }
}

async fn a_batch_of_several_commits_that_breaks_off_is_sent_again_and_counts_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (app, store) = Watched::on(&site).await;
    let before = apply(&app, &runner, vec![add("h", "habit")]).await.v;
    let batch: Vec<Submitted> = (0..2_300).map(|it| known(score("h", Direction::Up), &format!("o{it}"))).collect();
    for (fate, stored) in [(Fate::NotCarriedOut, 1_000), (Fate::CarriedOut, 2_000)] {
        store.fail_after(1, fate);
        if stored == 2_000 {
            // The first thousand is there and writes nothing, so the second part is the first commit.
            store.fail_after(0, fate);
        }
        let broken = app.apply_habits(&runner.identity, batch.clone(), None).await;
        assert!(matches!(broken, Err(AppError::Unavailable)), "{broken:?}");
        let fresh = site.idle_app().await;
        assert_eq!(apply(&fresh, &runner, Vec::new()).await.board.hero.earned.habits_scored, stored);
    }
    let whole = app.apply_habits(&runner.identity, batch.clone(), Some(before)).await.unwrap();
    assert_eq!((whole.board.hero.earned.habits_scored, whole.errors.len()), (2_300, 0));
    assert!(whole.was_modified);
    let again = app.apply_habits(&runner.identity, batch, Some(whole.v)).await.unwrap();
    assert_eq!((again.v, again.was_modified, again.effects.len()), (whole.v, false, 0));
}

async fn many_that_find_the_board_changed_do_not_all_read_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (app, store) = Watched::on(&site).await;
    let ops = (0..91).map(|number| add(&format!("t{number}"), "todo")).chain([add("h", "habit")]).collect();
    apply(&app, &runner, ops).await;
    store.tasks_read();
    for _ in 0..3 {
        // Elsewhere, so that what is at hand here is old.
        apply(&site.app, &runner, vec![score("h", Direction::Up)]).await;
        let sent = (0..30).map(|_| apply(&app, &runner, vec![score("h", Direction::Up)]));
        within(join_all(sent)).await;
        // Once, and once more where they were too quick.
        let read = store.tasks_read();
        assert!((101..=3 * 101).contains(&read), "{read}");
    }
    let after = apply(&app, &runner, Vec::new()).await;
    assert_eq!(after.board.hero.earned.habits_scored, 93);
}

async fn an_account_that_is_deleted_amid_operations_leaves_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let runner = site.runner("Aino").await;
    apply(&site.app, &runner, vec![add("h", "habit")]).await;
    let sent = (0..40).map(|number| {
        let app = if number % 2 == 0 { &site.app } else { &other.app };
        let ops = vec![
            known(add(&format!("t{number}"), "todo"), &format!("a{number}")),
            known(score("h", Direction::Up), &format!("s{number}")),
        ];
        app.apply_habits(&runner.identity, ops, None)
    });
    let (sent, deleted) =
        within(futures::future::join(join_all(sent), site.app.delete_account(&runner.identity, None, None))).await;
    deleted.unwrap();
    for outcome in sent {
        assert!(matches!(outcome, Ok(_) | Err(AppError::NotFound("user"))), "{outcome:?}");
    }
    // What was under way when the account ended is swept by a due time.
    site.advance(std::time::Duration::from_secs(24 * 3_600)).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    for index in [all_of(&runner), runnity::backend::Index::new(format!("habits/ops/{}", runner.id))] {
        assert_eq!(site.app.backend.range(&Range::all(index, 10)).await.unwrap().members, []);
    }
    let user = runnity::backend::AggregateId::new("user", &runner.id);
    let keys = [user.key("habits"), user.key("habits/t/h"), user.key("habits/t/t0"), user.key("habits/tags")];
    assert!(site.app.backend.read(&keys).await.unwrap().iter().all(|it| it.value.is_none()));
    let second = site.runner("Bela").await;
    assert!(apply(&site.app, &second, Vec::new()).await.board.task(&id("h")).is_none());
    assert_eq!(apply(&site.app, &second, Vec::new()).await.board.tasks(TaskKind::Todo).count(), 1);
}
