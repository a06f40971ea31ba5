//! Listening: who hears what, in which order, and what becomes of those who cannot keep up.

use runnity::limits;

use super::*;

pub async fn changes_are_heard_in_order<F: Factory>() {
    let store = F::make().await.store();
    store.commit(commit().append("t", Keep::Newest(10), "before")).await.unwrap();
    let mut heard = store.subscribe(&run().topic("t")).await.unwrap();
    let mut cursors = Vec::new();
    for n in 0..20 {
        let both = commit().append("t", Keep::Newest(10), format!("{n}a")).append("other", Keep::Latest, "");
        cursors.extend(store.commit(both.append("t", Keep::Newest(10), format!("{n}b"))).await.unwrap().cursors);
    }
    for n in 0..20 {
        for (at, letter) in [(0, "a"), (2, "b")] {
            let Heard::Change { cursor, payload } = next(&mut heard).await else { panic!("a gap") };
            assert_eq!((&cursor, &payload[..]), (&cursors[3 * n + at], format!("{n}{letter}").as_bytes()));
        }
    }
    assert!(heard.try_next().is_none());
}

pub async fn a_log_is_not_heard<F: Factory>() {
    let store = F::make().await.store();
    let mut log = store.subscribe(&run().topic("log")).await.unwrap();
    let mut live = store.subscribe(&run().topic("live")).await.unwrap();
    let both = commit().append("log", Keep::Everything, "x").append("live", Keep::Latest, "y");
    store.commit(both).await.unwrap();
    assert_eq!(next_change(&mut live).await, (1, "y".into()));
    assert!(log.try_next().is_none());
}

pub async fn an_ephemeral_change_is_heard<F: Factory>() {
    let store = F::make().await.store();
    let mut heard = store.subscribe(&run().topic("t")).await.unwrap();
    for payload in ["a", "b"] {
        store.commit(commit().append("t", Keep::Nothing, payload)).await.unwrap();
        assert_eq!(next_change(&mut heard).await, (0, payload.into()));
    }
    store.commit(commit().put("k", "v").append("t", Keep::Nothing, "with a put")).await.unwrap();
    assert_eq!(next_change(&mut heard).await, (0, "with a put".into()));
    let refused = commit().expect("k", Version::ABSENT).append("t", Keep::Nothing, "never");
    assert!(matches!(store.commit(refused).await, Err(CommitError::Conflict)), "an expectation is not overlooked");
    assert!(heard.try_next().is_none());
}

pub async fn a_refused_commit_is_not_heard<F: Factory>() {
    let store = F::make().await.store();
    let mut heard = store.subscribe(&run().topic("t")).await.unwrap();
    let refused = commit().expect("k", Version(5)).append("t", Keep::Newest(5), "never");
    assert!(matches!(store.commit(refused).await, Err(CommitError::Conflict)));
    store.commit(commit().append("t", Keep::Newest(5), "first")).await.unwrap();
    assert_eq!(next_change(&mut heard).await, (1, "first".into()));
}

pub async fn who_falls_behind_hears_of_a_gap_and_delays_nobody<F: Factory>() {
    let store = F::make().await.store();
    let (topic, keep) = (run().topic("t"), Keep::Newest(100_000));
    let mut slow = store.subscribe(&topic).await.unwrap();
    let mut quick = store.subscribe(&topic).await.unwrap();
    let total = limits::SUBSCRIPTION_LEN_MAX as u64 + 500;
    let mut written = 0;
    while written < total {
        let part = 50.min(total - written);
        let many = (0..part).fold(commit(), |many, n| many.append("t", keep, (written + n + 1).to_string()));
        // Nobody reads `slow`, and yet this returns, and `quick` hears all.
        within(Duration::from_secs(10), store.commit(many)).await.unwrap();
        for _ in 0..part {
            written += 1;
            assert_eq!(next_change(&mut quick).await.0, written);
        }
    }
    let mut last = Cursor { offset: 0, ..replay_all(&store, "t").await.1 };
    while let Heard::Change { cursor, .. } = next(&mut slow).await {
        assert_eq!(cursor.offset, last.offset + 1, "no gap before it is told");
        last = cursor;
    }
    assert!(last.offset < total);
    let Replay::Changes { changes, .. } = replay_after(&store, &topic, &last).await else { panic!("lost") };
    assert_eq!(offsets(&changes), (last.offset + 1..=total).collect::<Vec<_>>(), "a replay fills the gap");
    store.commit(commit().append("t", keep, "after")).await.unwrap();
    assert_eq!(next_change(&mut slow).await, (total + 1, "after".into()), "and it goes on");
}

pub async fn who_subscribes_and_then_reads_misses_nothing<F: Factory>() {
    const WRITERS: u64 = 8;
    const APPENDS: u64 = 200;
    let store = F::make().await.store();
    let topic = run().topic("t");
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..APPENDS {
                store.commit(commit().append("t", Keep::Newest(10_000), format!("{writer}:{n}"))).await.unwrap();
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let readers = (0..6_u64).map(|reader| {
        let (store, topic) = (store.clone(), topic.clone());
        tokio::spawn(async move {
            // Each comes in at another moment.
            while replay_all(&store, "t").await.1.offset < reader * WRITERS * APPENDS / 8 {
                tokio::task::yield_now().await;
            }
            follow(&store, &topic, WRITERS * APPENDS).await
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        let payloads = reader.await.unwrap();
        for writer in 0..WRITERS {
            let mine = payloads.iter().filter_map(|payload| payload.strip_prefix(&format!("{writer}:")));
            assert!(mine.eq((0..APPENDS).map(|n| n.to_string()).collect::<Vec<_>>()), "each writer's in its order");
        }
    }
    futures::future::try_join_all(writers).await.unwrap();
}

/// Subscribes first, reads second, drops what the reading covers; the payloads up to offset `until`.
async fn follow(store: &Arc<dyn Backend>, topic: &Topic, until: u64) -> Vec<String> {
    let text = |payload: Bytes| String::from_utf8(payload.into()).unwrap();
    let mut heard = store.subscribe(topic).await.unwrap();
    let (changes, mut top) = replay_all(store, "t").await;
    assert_eq!(offsets(&changes), (1..=top.offset).collect::<Vec<_>>());
    let mut payloads: Vec<_> = changes.into_iter().map(|change| text(change.payload)).collect();
    while top.offset < until {
        match next(&mut heard).await {
            Heard::Change { cursor, .. } if cursor.offset <= top.offset => {}
            Heard::Change { cursor, payload } => {
                assert_eq!(cursor.offset, top.offset + 1);
                payloads.push(text(payload));
                top = cursor;
            }
            Heard::Gap => {
                let Replay::Changes { changes, top: now } = replay_after(store, topic, &top).await else {
                    panic!("lost")
                };
                payloads.extend(changes.into_iter().map(|change| text(change.payload)));
                top = now;
            }
        }
    }
    payloads
}

pub async fn a_subscription_ends_when_it_is_dropped<F: Factory>() {
    let store = F::make().await.store();
    let topic = run().topic("t");
    let first = store.subscribe(&topic).await.unwrap();
    let mut second = store.subscribe(&topic).await.unwrap();
    drop(first);
    store.commit(commit().append("t", Keep::Latest, "x")).await.unwrap();
    assert_eq!(next_change(&mut second).await, (1, "x".into()));
    drop(second);
    store.commit(commit().append("t", Keep::Latest, "unheard")).await.unwrap();
    let mut third = store.subscribe(&topic).await.unwrap();
    store.commit(commit().append("t", Keep::Latest, "y")).await.unwrap();
    assert_eq!(next_change(&mut third).await, (3, "y".into()));
}

pub async fn all_who_listen_hear<F: Factory>() {
    let store = F::make().await.store();
    let mut all = Vec::new();
    for _ in 0..50 {
        all.push(store.subscribe(&run().topic("t")).await.unwrap());
    }
    store.commit(commit().append("t", Keep::Newest(5), "x")).await.unwrap();
    for heard in &mut all {
        assert_eq!(next_change(heard).await, (1, "x".into()));
        assert!(heard.try_next().is_none());
    }
}
