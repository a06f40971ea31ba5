//! What outlives a restart, and what tells a wiped store from one that is quiet.

use runnity::backend::{Range, Standing};

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub async fn a_restart_keeps_everything<F: Factory>() {
    let mut factory = F::make().await;
    let store = factory.store();
    for n in 0..30 {
        let all = commit().put("k", n.to_string()).put(&format!("k{n}"), "v").place("i", &format!("m{n}"), -n);
        let all = all.append("newest", Keep::Newest(7), n.to_string()).append("log", Keep::Everything, n.to_string());
        store.commit(all.append("latest", Keep::Latest, n.to_string())).await.unwrap();
    }
    let look = async |store: &Arc<dyn Backend>| {
        let mut topics = Vec::new();
        for topic in ["newest", "log", "latest", "never written"] {
            topics.push(replay_all(store, topic).await);
        }
        let range = Range { count: true, ..Range::all(Index::new("i"), usize::MAX) };
        let keys: Vec<_> = (0..30).map(|n| run().key(&format!("k{n}"))).chain([run().key("k")]).collect();
        (topics, store.range(&range).await.unwrap(), store.read(&keys).await.unwrap())
    };
    let before = look(&store).await;
    drop(store);
    factory.reopen().await;
    let after = look(&factory.store()).await;
    assert_eq!(after, before);
    assert_eq!(after.1.standing, Some(Standing { rank: 0, total: 30 }));
    assert_eq!(after.0[0].0.len(), 7);
}

pub async fn versions_and_offsets_go_on_after_a_restart<F: Factory>() {
    let mut factory = F::make().await;
    let write = async |store: Arc<dyn Backend>| {
        store.commit(commit().put("k", "v").append("t", Keep::Newest(3), "x")).await.unwrap()
    };
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(write(factory.store()).await);
        // The last version given was to a key that is gone.
        all.push(factory.store().commit(commit().delete("k").append("t", Keep::Newest(3), "y")).await.unwrap());
        factory.reopen().await;
    }
    let mut versions: Vec<_> = all.iter().map(|made| made.version).collect();
    versions.sort();
    versions.dedup();
    assert_eq!(versions.len(), 8, "none is given twice");
    assert_eq!(all.iter().map(|made| made.cursors[0].offset).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
    assert!(all.iter().all(|made| made.cursors[0].epoch == all[0].cursors[0].epoch));
    assert_eq!(offsets(&replay_all(&factory.store(), "t").await.0), [6, 7, 8]);
}

pub async fn idempotency_keys_outlive_a_restart<F: Factory>() {
    let mut factory = F::make().await;
    let create = commit().once("key", "made", DAY).put("k", "v");
    factory.store().commit(create.clone()).await.unwrap();
    factory.reopen().await;
    let again = factory.store().commit(create).await;
    assert!(matches!(again, Err(CommitError::Repeated(seen)) if seen[0].record == "made"));
}

pub async fn a_wiped_store_has_a_new_epoch<F: Factory>() {
    let mut factory = F::make().await;
    let write = async |store: Arc<dyn Backend>| {
        store.commit(commit().append("t", Keep::Newest(3), "x")).await.unwrap().cursors.remove(0)
    };
    let old = write(factory.store()).await;
    let unwritten = replay_all(&factory.store(), "unwritten").await.1;
    factory.wipe().await;
    let store = factory.store();
    let quiet = Cursor { offset: 0, ..old.clone() };
    for (topic, cursor) in [("t", &old), ("t", &quiet), ("unwritten", &unwritten)] {
        let lost = matches!(replay_after(&store, &run().topic(topic), cursor).await, Replay::Lost { .. });
        assert!(lost, "{topic} {}", cursor.offset);
    }
    let new = write(store.clone()).await;
    assert_eq!(new.offset, old.offset);
    assert_ne!(new.epoch, old.epoch);
    let lost = matches!(replay_after(&store, &run().topic("t"), &old).await, Replay::Lost { .. });
    assert!(lost, "the same offset of another life");
}

pub async fn a_cleared_topic_stays_cleared_after_a_restart<F: Factory>() {
    let mut factory = F::make().await;
    let many = (0..5_000).fold(commit(), |many, n| many.append("log", Keep::Everything, n.to_string()));
    factory.store().commit(many).await.unwrap();
    factory.store().commit(commit().clear("log").clear("never written")).await.unwrap();
    let cleared = replay_all(&factory.store(), "log").await;
    let other = replay_all(&factory.store(), "never written").await;
    factory.reopen().await;
    assert_eq!(replay_all(&factory.store(), "log").await, cleared);
    assert_eq!(replay_all(&factory.store(), "never written").await, other);
    let again = factory.store().commit(commit().append("log", Keep::Everything, "first")).await.unwrap();
    assert_eq!((again.cursors[0].offset, &again.cursors[0].epoch), (1, &cleared.1.epoch));
}
