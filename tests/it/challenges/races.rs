//! Values that come at once through two instances, twice, or from an instance that has ended.

use futures::future::join_all;
use serde_json::Value;

use super::{field, moves, says, settled, standing, standings, taken_up, ten_laps, told};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(
    two_who_finish_at_once_have_one_winner,
    what_a_dead_instance_left_is_counted_once_by_another,
    a_value_that_is_sent_again_counts_once,
);

async fn two_who_finish_at_once_have_one_winner(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let path = taken_up(&site, &[&aino, &eero], ten_laps(&[&eero])).await;
    settled(&other).await;
    let walk = |number: usize| {
        let (app, who) = if number.is_multiple_of(2) { (&site.app, &aino) } else { (&other.app, &eero) };
        moves(app, who, "laps", 1.0, None)
    };
    join_all((0..60).map(walk)).await.into_iter().for_each(|moved| moved.unwrap());
    settled(&site).await;
    settled(&other).await;
    let shown = site.get(&aino, &path).await.data();
    let winner = shown["winner"]["name"].as_str().unwrap().to_owned();
    let second = if winner == "Aino" { "Eero" } else { "Aino" };
    let order = [standing(1, &winner, 30.0), standing(2, second, 30.0)];
    assert_eq!(standings(&other, &eero, &path).await, order, "every lap of both");
    for who in [&aino, &eero] {
        let finished = told(&site, who).await.into_iter().filter(|it| it["type"] == "challenge_finished");
        let finished: Vec<(String, Value)> =
            finished.map(|it| (it["user"]["name"].as_str().unwrap().to_owned(), it["place"].clone())).collect();
        assert_eq!(finished, [(winner.clone(), 1.into()), (second.to_owned(), 2.into())], "each once, in one order");
    }
}

async fn what_a_dead_instance_left_is_counted_once_by_another(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let path = taken_up(&site, &[&aino, &eero], ten_laps(&[&eero])).await;
    // The value is stored, and nobody has brought it to the challenge yet.
    let dead = site.idle_app().await;
    for _ in 0..3 {
        moves(&dead, &eero, "laps", 4.0, None).await.unwrap();
    }
    drop(dead);
    settled(&site).await;
    settled(&site).await;
    assert_eq!(standings(&site, &aino, &path).await[0], standing(1, "Eero", 12.0));
    let heard = told(&site, &aino).await;
    let finished = heard.iter().filter(|it| it["type"] == "challenge_finished").count();
    let last = heard.iter().rev().find(|it| it["type"] == "challenge_progress").unwrap();
    assert_eq!((finished, last["value"].as_f64()), (1, Some(12.0)));
    // An acceptance that was left behind is taken up, too.
    says(&site, &eero, &path, "leave").await;
    let dead = site.idle_app().await;
    let id = runnity::domain::ids::ChallengeId::parse(path.rsplit('/').next().unwrap()).unwrap();
    dead.accept_challenge(&eero.identity, id).await.unwrap();
    moves(&dead, &eero, "laps", 1.0, None).await.unwrap();
    drop(dead);
    settled(&site).await;
    assert_eq!(standings(&site, &aino, &path).await[0], standing(1, "Eero", 13.0));
}

async fn a_value_that_is_sent_again_counts_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let path = taken_up(&site, &[&aino, &eero], ten_laps(&[&eero])).await;
    settled(&other).await;
    let send = |number: usize| {
        let app = if number.is_multiple_of(2) { &site.app } else { &other.app };
        let key = format!("lap {}", number / 4);
        let eero = &eero;
        async move { moves(app, eero, "laps", 1.0, Some(&key)).await }
    };
    join_all((0..20).map(send)).await.into_iter().for_each(|moved| moved.unwrap());
    settled(&site).await;
    settled(&other).await;
    assert_eq!(standings(&site, &aino, &path).await[0], standing(1, "Eero", 5.0));
}
