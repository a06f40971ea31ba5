//! What channels keep: pages of it, and coming back to it.

use runnity::app::AppError;
use runnity::app::channels::Announcement;
use runnity::app::runs::NewRun;
use runnity::backend::{Cursor, Epoch, Index, Range, Replay, Since};
use runnity::limits;

use super::*;
use crate::support::on_each_store;

on_each_store!(
    history_is_read_page_by_page_in_both_directions,
    a_position_that_is_not_known_is_told,
    who_was_away_gets_all_or_nothing,
    what_is_too_old_is_not_shown_and_the_place_lives_on,
    what_is_too_old_is_forgotten,
    a_page_is_bounded_in_bytes,
    a_publication_says_who_published_it,
    plain_channels_keep_nothing,
    a_runs_channel_shows_its_changes_as_they_are,
);

fn some(limit: usize) -> HistoryQuery {
    HistoryQuery { limit: Some(limit), ..HistoryQuery::default() }
}

fn at(page: &HistoryPage, offset: u64) -> Cursor {
    Cursor { offset, ..page.top.clone() }
}

async fn history_is_read_page_by_page_in_both_directions(kind: StoreKind) {
    let world = World::new(kind).await;
    let channel = world.channel("a:b");
    let count = limits::REPLAY_LEN + 8;
    world.publish_many(&channel, count).await;
    let all = world.history(&channel, HistoryQuery::default()).await;
    assert_eq!(offsets(&all.publications), (1..=count as u64).collect::<Vec<_>>());
    assert_eq!(all.publications.last().unwrap().data, count.to_string());
    assert_eq!(all.top.offset, count as u64);

    for reverse in [false, true] {
        let mut pages = Vec::new();
        let mut since = None;
        loop {
            let page = world.history(&channel, HistoryQuery { limit: Some(7), since, reverse }).await;
            let Some(last) = page.publications.last() else { break };
            assert!(page.publications.len() <= 7);
            since = Some(at(&page, last.offset));
            pages.extend(offsets(&page.publications));
        }
        if reverse {
            pages.reverse();
        }
        assert_eq!(pages, offsets(&all.publications), "{reverse}");
    }
    let newest = world.history(&channel, HistoryQuery { limit: Some(2), reverse: true, since: None }).await;
    assert_eq!(offsets(&newest.publications), [count as u64, count as u64 - 1]);
    let place = world.history(&channel, some(0)).await;
    assert_eq!((place.publications.len(), place.top), (0, all.top));
}

async fn a_position_that_is_not_known_is_told(kind: StoreKind) {
    let world = World::new(kind).await;
    let channel = world.channel("smallhistory:a");
    world.publish_many(&channel, 5).await;
    let page = world.history(&channel, HistoryQuery::default()).await;
    assert_eq!(offsets(&page.publications), [4, 5], "this namespace keeps two");
    let foreign = Cursor { epoch: Epoch("abcdefgh".into()), offset: 5 };
    for (since, reverse, found) in [
        (at(&page, 0), false, None),
        (at(&page, 2), false, None),
        (at(&page, 3), false, Some(vec![4, 5])),
        (at(&page, 5), false, Some(vec![])),
        (at(&page, 6), false, None),
        (foreign.clone(), false, None),
        (foreign, true, None),
        (at(&page, 0), true, Some(vec![])),
        (at(&page, 2), true, Some(vec![])),
        (at(&page, 5), true, Some(vec![4])),
        (at(&page, 6), true, Some(vec![5, 4])),
        (at(&page, 7), true, None),
        (at(&page, u64::MAX), true, None),
        (at(&page, u64::MAX), false, None),
        (Cursor { epoch: Epoch("".into()), offset: 4 }, false, Some(vec![5])),
    ] {
        let query = HistoryQuery { limit: None, since: Some(since.clone()), reverse };
        let answer = world.app.history(&channel, &query).await;
        match found {
            Some(found) => assert_eq!(offsets(&answer.unwrap().publications), found, "{since:?} {reverse}"),
            None => assert!(matches!(answer, Err(AppError::Unrecoverable)), "{since:?} {reverse}"),
        }
    }
}

async fn who_was_away_gets_all_or_nothing(kind: StoreKind) {
    let world = World::new(kind).await;
    let channel = world.channel("a");
    let (_, start) =
        world.app.recover(&channel, &Cursor { epoch: Epoch("".into()), offset: 0 }).await.unwrap().unwrap();
    assert_eq!(start.offset, 0, "before the first one too");
    world.publish_many(&channel, 101).await;
    let recover = |offset: u64| {
        let (world, channel, start) = (&world, &channel, &start);
        async move {
            let since = Cursor { offset, ..start.clone() };
            let found = world.app.recover(channel, &since).await.unwrap();
            found.map(|(publications, top)| (offsets(&publications), top.offset))
        }
    };
    assert_eq!(recover(0).await, None, "the first is forgotten");
    assert_eq!(recover(1).await, Some(((2..=101).collect(), 101)));
    assert_eq!(recover(101).await, Some((vec![], 101)));
    assert_eq!(recover(102).await, None);
    let foreign = Cursor { epoch: Epoch("abcdefgh".into()), offset: 101 };
    assert_eq!(world.app.recover(&channel, &foreign).await.unwrap(), None);
}

async fn what_is_too_old_is_not_shown_and_the_place_lives_on(kind: StoreKind) {
    let world = World::new(kind).await;
    let channel = world.channel("a");
    world.publish_many(&channel, 2).await;
    let first = world.history(&channel, HistoryQuery::default()).await;
    world.clock.advance(limits::OPEN_HISTORY_KEEP / 2);
    world.publish(&channel, "3").await;
    let old = at(&first, 1);
    assert!(world.app.recover(&channel, &old).await.unwrap().is_some());

    world.clock.advance(limits::OPEN_HISTORY_KEEP / 2);
    let page = world.history(&channel, HistoryQuery::default()).await;
    assert_eq!((offsets(&page.publications), page.top.offset), (vec![3], 3));
    assert_eq!(world.app.recover(&channel, &old).await.unwrap(), None, "2 is gone");
    assert!(world.app.recover(&channel, &at(&first, 2)).await.unwrap().is_some());
    let since = HistoryQuery { since: Some(old), ..HistoryQuery::default() };
    assert!(matches!(world.app.history(&channel, &since).await, Err(AppError::Unrecoverable)));

    world.clock.advance(limits::OPEN_HISTORY_KEEP);
    let page = world.history(&channel, HistoryQuery { reverse: true, ..HistoryQuery::default() }).await;
    assert_eq!((page.publications.len(), &page.top), (0, &at(&first, 3)), "the same life goes on");
    assert!(world.app.recover(&channel, &at(&first, 3)).await.unwrap().is_some(), "who has all has missed nothing");
    world.publish(&channel, "4").await;
    assert_eq!(offsets(&world.history(&channel, some(9)).await.publications), [4]);
}

async fn what_is_too_old_is_forgotten(kind: StoreKind) {
    let world = World::new(kind).await;
    let channel = world.channel("a/b");
    let kept = async || match world.backend.replay(&channel.topic(), &Since::Oldest, 100).await.unwrap() {
        Replay::Changes { changes, top } => (changes.len(), top.offset),
        Replay::Lost { .. } => panic!("lost"),
    };
    let due = async || world.backend.range(&Range::all(Index::new("due/housekeeping"), 9)).await.unwrap().members.len();
    world.publish_many(&channel, 3).await;
    world.clock.advance(limits::OPEN_HISTORY_KEEP - Duration::from_secs(1));
    world.publish(&channel, "4").await;
    world.clock.advance(Duration::from_secs(2));
    world.app.act_on_due(world.clock.now()).await.unwrap();
    assert_eq!((kept().await, due().await), ((4, 4), 1), "not as long as something is shown");
    world.clock.advance(limits::OPEN_HISTORY_KEEP);
    world.app.act_on_due(world.clock.now()).await.unwrap();
    assert_eq!((kept().await, due().await), ((0, 4), 0), "and nothing has to be looked at again");
    let top = world.history(&channel, some(0)).await.top;
    assert!(world.app.recover(&channel, &top).await.unwrap().is_some());
    world.publish(&channel, "5").await;
    assert_eq!((kept().await, due().await), ((1, 5), 1));

    // An instance whose clock is late calls nothing old that is not, and comes again.
    let (late, late_clock) = world.instance(-60_000).await;
    world.clock.advance(limits::OPEN_HISTORY_KEEP);
    late.act_on_due(world.clock.now()).await.unwrap();
    assert_eq!((kept().await, due().await), ((1, 5), 1));
    late_clock.advance(limits::OPEN_HISTORY_KEEP * 3);
    late.act_on_due(late_clock.now()).await.unwrap();
    assert_eq!((kept().await, due().await), ((0, 5), 0));
}

async fn a_page_is_bounded_in_bytes(kind: StoreKind) {
    let world = World::new(kind).await;
    let channel = world.channel("a");
    let large = format!("\"{}\"", "x".repeat(60_000));
    for _ in 0..10 {
        world.publish(&channel, &large).await;
    }
    // Tags count as the data does.
    let tagged = world.channel("b");
    let announcement =
        Announcement { data: "1".into(), tags: vec![("b".to_owned(), "x".repeat(60_000))], ..Announcement::default() };
    for _ in 0..10 {
        world.app.announce(&tagged, &announcement).await.unwrap();
    }
    for (channel, reverse, first) in
        [(&channel, false, 1), (&channel, true, 10), (&tagged, false, 1), (&tagged, true, 10)]
    {
        let page = world.history(channel, HistoryQuery { reverse, ..HistoryQuery::default() }).await;
        assert_eq!((page.publications.len(), page.publications[0].offset), (4, first));
    }
    let huge = format!("\"{}\"", "x".repeat(limits::RECOVERY_BYTES_MAX));
    world.publish(&channel, &huge).await;
    let page = world.history(&channel, HistoryQuery { reverse: true, ..HistoryQuery::default() }).await;
    assert_eq!(offsets(&page.publications), [11], "one at least");
}

async fn a_publication_says_who_published_it(kind: StoreKind) {
    let world = World::new(kind).await;
    let channel = world.channel("a");
    let info = ClientInfo { conn_info: Some(r#"{"name": "Aino"}"#.into()), ..client("42", "c") };
    world.app.publish(&Caller::Anonymous, &channel, Grounds::Name, b"{\n}", Some(info.clone())).await.unwrap();
    let page = world.history(&channel, some(1)).await;
    assert_eq!((&page.publications[0].data[..], &page.publications[0].info), (&b"{ }"[..], &Some(info)));
    for bad in ["", "{", "1 2", "nothing"] {
        let refused = world.app.publish(&Caller::Anonymous, &channel, Grounds::Name, bad.as_bytes(), None).await;
        assert!(matches!(refused, Err(AppError::Invalid { .. })), "{bad}");
    }
}

async fn plain_channels_keep_nothing(kind: StoreKind) {
    let world = World::new(kind).await;
    let channel = world.channel("plain:a");
    world.publish(&channel, "1").await;
    assert!(matches!(world.app.history(&channel, &some(1)).await, Err(AppError::NotAvailable)));
    let start = Cursor { epoch: Epoch("".into()), offset: 0 };
    assert_eq!(world.app.recover(&channel, &start).await.unwrap(), None);
}

async fn a_runs_channel_shows_its_changes_as_they_are(kind: StoreKind) {
    let world = World::new(kind).await;
    let (identity, _) = world.user("Aino").await;
    let run = world.app.new_run(&identity, NewRun::default()).await.unwrap();
    let channel = world.channel(&format!("run:{}", run.id));
    let page = world.history(&channel, HistoryQuery::default()).await;
    let first: serde_json::Value = serde_json::from_slice(&page.publications[0].data).unwrap();
    assert_eq!(first["type"], "started");
    world.clock.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(world.history(&channel, HistoryQuery::default()).await, page, "as long as they are kept");
}
