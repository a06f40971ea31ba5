//! Topics: what is kept, how it is replayed, and when a cursor is lost.

use super::*;

fn is_lost(replay: &Replay) -> bool {
    matches!(replay, Replay::Lost { .. })
}

async fn append(store: &Arc<dyn Backend>, topic: &str, keep: Keep, count: u64) -> Vec<Cursor> {
    let mut cursors = Vec::new();
    for n in 0..count {
        cursors.extend(store.commit(commit().append(topic, keep, n.to_string())).await.unwrap().cursors);
    }
    cursors
}

pub async fn offsets_count_from_one_without_a_gap<F: Factory>() {
    let store = F::make().await.store();
    let first = append(&store, "", Keep::Newest(100), 3).await;
    let many = commit().append("", Keep::Newest(100), "d").append("b", Keep::Everything, "e");
    let second = store.commit(many.append("", Keep::Newest(100), "f")).await.unwrap().cursors;
    assert_eq!(first.iter().map(|cursor| cursor.offset).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(second.iter().map(|cursor| cursor.offset).collect::<Vec<_>>(), [4, 1, 5], "in the order of the appends");
    let (changes, top) = replay_all(&store, "").await;
    assert_eq!(offsets(&changes), [1, 2, 3, 4, 5]);
    assert_eq!(changes.iter().map(|change| &change.payload[..]).collect::<Vec<_>>(), [b"0", b"1", b"2", b"d", b"f"]);
    assert_eq!(top, second[2]);
    match replay_after(&store, &run().topic(""), &first[1]).await {
        Replay::Changes { changes, .. } => assert_eq!(offsets(&changes), [3, 4, 5]),
        Replay::Lost { .. } => panic!("lost"),
    }
}

pub async fn topics_do_not_mix<F: Factory>() {
    let store = F::make().await.store();
    let owners = [run(), AggregateId::new("run", "7\0"), AggregateId::new("run", "70"), AggregateId::new("event", "7")];
    for (at, owner) in owners.iter().enumerate() {
        for name in ["", "fixes", "fixes\0"] {
            let payload = format!("{at}{name}");
            store.commit(Commit::on(owner.clone()).append(name, Keep::Everything, payload)).await.unwrap();
        }
    }
    for (at, owner) in owners.iter().enumerate() {
        for name in ["", "fixes", "fixes\0"] {
            match store.replay(&owner.topic(name), &Since::Oldest, 10).await.unwrap() {
                Replay::Changes { changes, .. } => {
                    assert_eq!(changes, [Change { offset: 1, payload: format!("{at}{name}").into() }]);
                }
                Replay::Lost { .. } => panic!("lost"),
            }
        }
    }
}

pub async fn a_replay_answers_at_most_its_limit<F: Factory>() {
    let store = F::make().await.store();
    let cursors = append(&store, "log", Keep::Everything, 10).await;
    let topic = run().topic("log");
    let mut since = Since::Oldest;
    let mut pages = Vec::new();
    loop {
        match store.replay(&topic, &since, 4).await.unwrap() {
            Replay::Changes { changes, top } => {
                assert_eq!(top, cursors[9], "the top is told on every page");
                let Some(last) = changes.last() else { break };
                since = Since::Cursor(Cursor { epoch: top.epoch, offset: last.offset });
                pages.push(offsets(&changes));
            }
            Replay::Lost { .. } => panic!("lost"),
        }
    }
    assert_eq!(pages, [vec![1, 2, 3, 4], vec![5, 6, 7, 8], vec![9, 10]]);
}

pub async fn a_replay_without_a_limit_to_speak_of_only_tells_the_top<F: Factory>() {
    let store = F::make().await.store();
    let topic = run().topic("log");
    let Replay::Changes { changes, top } = store.replay(&topic, &Since::Oldest, 0).await.unwrap() else {
        panic!("lost")
    };
    assert_eq!((changes.len(), top.offset), (0, 0), "a topic that was never written");
    let unwritten = replay_after(&store, &topic, &top).await;
    assert!(matches!(unwritten, Replay::Changes { changes, .. } if changes.is_empty()));
    let cursors = append(&store, "log", Keep::Everything, 3).await;
    let Replay::Changes { changes, top: now } = store.replay(&topic, &Since::Oldest, 0).await.unwrap() else {
        panic!("lost")
    };
    assert_eq!((changes.len(), &now), (0, &cursors[2]));
    assert_eq!(now.epoch, top.epoch, "the first change starts no new epoch");
    let all = replay_after(&store, &topic, &top).await;
    assert!(matches!(all, Replay::Changes { changes, .. } if changes.len() == 3), "from before the first change on");
}

pub async fn only_the_newest_changes_are_kept<F: Factory>() {
    let store = F::make().await.store();
    append(&store, "t", Keep::Newest(3), 10).await;
    let (changes, top) = replay_all(&store, "t").await;
    assert_eq!((offsets(&changes), top.offset), (vec![8, 9, 10], 10));
    let mut many = commit();
    for n in 0..20 {
        many = many.append("t", Keep::Newest(3), n.to_string());
    }
    store.commit(many).await.unwrap();
    assert_eq!(offsets(&replay_all(&store, "t").await.0), [28, 29, 30]);
}

pub async fn a_cursor_before_what_is_kept_is_lost<F: Factory>() {
    let store = F::make().await.store();
    let cursors = append(&store, "t", Keep::Newest(3), 10).await;
    let topic = run().topic("t");
    for cursor in &cursors {
        let lost = is_lost(&replay_after(&store, &topic, cursor).await);
        // After 7 comes 8, which is the oldest that is kept.
        assert_eq!(lost, cursor.offset < 7, "{}", cursor.offset);
    }
    let start = Cursor { epoch: cursors[0].epoch.clone(), offset: 0 };
    match replay_after(&store, &topic, &start).await {
        Replay::Lost { top } => assert_eq!(top, cursors[9]),
        Replay::Changes { .. } => panic!("not lost"),
    }
}

pub async fn a_bound_that_moves_trims_at_once_and_never_brings_back<F: Factory>() {
    let store = F::make().await.store();
    let mut kept = Vec::new();
    for keep in [Keep::Newest(5), Keep::Newest(2), Keep::Newest(4), Keep::Latest, Keep::Everything] {
        append(&store, "t", keep, 6).await;
        store.commit(commit().append("t", keep, "x")).await.unwrap();
        kept.push(offsets(&replay_all(&store, "t").await.0));
    }
    assert_eq!(kept[..4], [vec![3, 4, 5, 6, 7], vec![13, 14], vec![18, 19, 20, 21], vec![28]]);
    assert_eq!(kept[4], (28..=35).collect::<Vec<_>>());
    store.commit(commit().append("t", Keep::Newest(100), "x")).await.unwrap();
    assert_eq!(offsets(&replay_all(&store, "t").await.0), (28..=36).collect::<Vec<_>>());
    assert!(is_lost(
        &replay_after(&store, &run().topic("t"), &Cursor { offset: 26, ..epoch_of(&store, "t").await }).await
    ));
}

async fn epoch_of(store: &Arc<dyn Backend>, topic: &str) -> Cursor {
    replay_all(store, topic).await.1
}

pub async fn only_the_latest_change_is_kept<F: Factory>() {
    let store = F::make().await.store();
    append(&store, "t", Keep::Latest, 5).await;
    let (changes, top) = replay_all(&store, "t").await;
    assert_eq!(changes, [Change { offset: 5, payload: "4".into() }]);
    assert_eq!(top.offset, 5);
}

pub async fn an_ephemeral_change_is_not_kept<F: Factory>() {
    let store = F::make().await.store();
    let before = epoch_of(&store, "t").await;
    let cursors = append(&store, "t", Keep::Nothing, 3).await;
    let mixed = store.commit(commit().put("k", "v").append("t", Keep::Nothing, "x")).await.unwrap().cursors;
    for cursor in cursors.iter().chain(&mixed) {
        assert_eq!(*cursor, before, "at 0 of the store's epoch");
    }
    assert_eq!(replay_all(&store, "t").await, (vec![], before));
}

pub async fn a_log_is_never_trimmed<F: Factory>() {
    let store = F::make().await.store();
    let mut all = commit();
    for n in 0..2_000 {
        all = all.append("log", Keep::Everything, n.to_string());
    }
    store.commit(all).await.unwrap();
    append(&store, "log", Keep::Everything, 5).await;
    let (changes, top) = replay_all(&store, "log").await;
    assert_eq!(offsets(&changes), (1..=2_005).collect::<Vec<_>>());
    assert_eq!(top.offset, 2_005);
}

pub async fn a_cleared_topic_starts_a_new_epoch<F: Factory>() {
    let store = F::make().await.store();
    let old = append(&store, "t", Keep::Newest(10), 4).await;
    append(&store, "other", Keep::Newest(10), 1).await;
    store.commit(commit().clear("t")).await.unwrap();
    let (changes, top) = replay_all(&store, "t").await;
    assert_eq!((changes.len(), top.offset), (0, 0));
    assert_ne!(top.epoch, old[0].epoch);
    let topic = run().topic("t");
    let before_first = Cursor { offset: 0, ..old[0].clone() };
    for cursor in old.iter().chain([&before_first]) {
        assert!(is_lost(&replay_after(&store, &topic, cursor).await), "{}", cursor.offset);
    }
    let new = append(&store, "t", Keep::Newest(10), 2).await;
    assert_eq!((new[0].offset, &new[0].epoch), (1, &top.epoch));
    let after = replay_after(&store, &topic, &top).await;
    assert!(matches!(after, Replay::Changes { changes, .. } if offsets(&changes) == [1, 2]));
    assert_eq!(replay_all(&store, "other").await.0.len(), 1, "other topics are left alone");
    store.commit(commit().clear("t")).await.unwrap();
    assert_ne!(epoch_of(&store, "t").await.epoch, top.epoch, "and again");
}

pub async fn a_commit_clears_before_it_appends<F: Factory>() {
    let store = F::make().await.store();
    let old = append(&store, "log", Keep::Everything, 3_000).await;
    let compacted = commit().append("log", Keep::Everything, "all of it, in short").clear("log");
    let new = store.commit(compacted).await.unwrap().cursors;
    assert_ne!(new[0].epoch, old[0].epoch);
    let (changes, top) = replay_all(&store, "log").await;
    assert_eq!(changes, [Change { offset: 1, payload: "all of it, in short".into() }]);
    assert_eq!(top, new[0]);
}

pub async fn a_trimmed_topic_lives_on<F: Factory>() {
    let mut factory = F::make().await;
    let store = factory.store();
    for (name, keep) in [("few", Keep::Newest(10)), ("many", Keep::Newest(100)), ("log", Keep::Everything)] {
        let topic = run().topic(name);
        let old = append(&store, name, keep, 70).await;
        let kept = replay_all(&store, name).await;
        for until in [0, kept.0[0].offset - 1] {
            store.commit(commit().trim(name, until)).await.unwrap();
            assert_eq!(replay_all(&store, name).await, kept, "{name}: nothing is kept up to there");
        }
        store.commit(commit().trim(name, 67)).await.unwrap();
        store.commit(commit().trim(name, 66)).await.unwrap();
        let (changes, top) = replay_all(&store, name).await;
        assert_eq!((offsets(&changes), &top), (vec![68, 69, 70], &old[69]), "{name}");
        assert!(is_lost(&replay_after(&store, &topic, &old[65]).await), "{name}");
        assert!(!is_lost(&replay_after(&store, &topic, &old[66]).await), "{name}");
        append(&store, name, keep, 1).await;
        assert_eq!(offsets(&replay_all(&store, name).await.0), [68, 69, 70, 71], "{name}");

        store.commit(commit().trim(name, u64::MAX)).await.unwrap();
        let (changes, top) = replay_all(&store, name).await;
        assert_eq!((changes.len(), top.offset, &top.epoch), (0, 71, &old[0].epoch), "{name}: all is forgotten");
        assert!(!is_lost(&replay_after(&store, &topic, &top).await), "{name}: who has all has missed nothing");
    }
    store.commit(commit().trim("never written", 7)).await.unwrap();
    assert_eq!(epoch_of(&store, "never written").await.offset, 0);
    drop(store);
    factory.reopen().await;
    let store = factory.store();
    for (name, keep) in [("few", Keep::Newest(10)), ("many", Keep::Newest(100)), ("log", Keep::Everything)] {
        assert_eq!(append(&store, name, keep, 1).await[0].offset, 72, "{name}: after a restart too");
        assert_eq!(offsets(&replay_all(&store, name).await.0), [72], "{name}");
    }
}

pub async fn a_commit_trims_before_it_appends<F: Factory>() {
    let store = F::make().await.store();
    append(&store, "t", Keep::Newest(10), 4).await;
    let both = commit().append("t", Keep::Newest(10), "new").trim("t", u64::MAX);
    assert_eq!(store.commit(both).await.unwrap().cursors[0].offset, 5);
    assert_eq!(offsets(&replay_all(&store, "t").await.0), [5]);
    let anew = commit().trim("t", 5).clear("t").append("t", Keep::Newest(10), "first");
    assert_eq!(store.commit(anew).await.unwrap().cursors[0].offset, 1);
    assert_eq!(offsets(&replay_all(&store, "t").await.0), [1]);
}

pub async fn a_cursor_above_the_top_is_lost<F: Factory>() {
    let store = F::make().await.store();
    let cursors = append(&store, "t", Keep::Newest(10), 2).await;
    for offset in [3, 4, 1_000, u64::MAX] {
        let above = Cursor { offset, ..cursors[0].clone() };
        assert!(is_lost(&replay_after(&store, &run().topic("t"), &above).await), "{offset}");
        assert!(is_lost(&replay_after(&store, &run().topic("never written"), &above).await), "{offset}");
    }
}

pub async fn a_cursor_of_another_epoch_is_lost<F: Factory>() {
    let store = F::make().await.store();
    let cursors = append(&store, "t", Keep::Newest(10), 2).await;
    for offset in 0..4 {
        let foreign = Cursor { epoch: runnity::backend::Epoch("notours?".into()), offset };
        match replay_after(&store, &run().topic("t"), &foreign).await {
            Replay::Lost { top } => assert_eq!(top, cursors[1]),
            Replay::Changes { .. } => panic!("not lost"),
        }
    }
}
