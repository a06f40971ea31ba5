//! Commits: whole or not at all, once, and only when what they expect is so.

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub async fn a_commit_is_read_back<F: Factory>() {
    let store = F::make().await.store();
    let keys = [run().head(), run().key("absent"), run().key("b")];
    assert_eq!(store.read(&keys).await.unwrap(), vec![Versioned::ABSENT; 3]);
    let version = store.commit(commit().put("", "head").put("b", "second")).await.unwrap().version;
    let found = store.read(&keys).await.unwrap();
    assert_eq!(found[0], Versioned { version, value: Some("head".into()) });
    assert_eq!(found[1], Versioned::ABSENT);
    assert_eq!(found[2], Versioned { version, value: Some("second".into()) });
}

pub async fn values_of_any_size_and_keys_of_any_letters_are_kept<F: Factory>() {
    let store = F::make().await.store();
    let big = Bytes::from((0..1_000_000_u32).map(|n| n as u8).collect::<Vec<_>>());
    let names = ["", "\0", "a\0b", "a/b", "a:b", "{a}", "ä", "\u{10FFFF}", "*", "a b\r\n", &"long".repeat(100)];
    // The same letters, cut apart at another place, are another key.
    let aggregates = [AggregateId::new("run", "1"), AggregateId::new("run", "1\0"), AggregateId::new("run/1", "")];
    for (at, aggregate) in aggregates.iter().enumerate() {
        let mut all = Commit::on(aggregate.clone()).append("big", Keep::Everything, big.clone()).put("empty", "");
        for name in names {
            all = all.put(name, format!("{at}{name}"));
        }
        store.commit(all.put("big", big.clone())).await.unwrap();
    }
    for (at, aggregate) in aggregates.iter().enumerate() {
        for name in names {
            assert_eq!(
                read(&store, aggregate, name).await.value.unwrap(),
                format!("{at}{name}"),
                "{aggregate} {name:?}"
            );
        }
        assert_eq!(read(&store, aggregate, "big").await.value.unwrap(), big);
        assert_eq!(read(&store, aggregate, "empty").await.value, Some(Bytes::new()), "empty is not absent");
        let replay = store.replay(&aggregate.topic("big"), &Since::Oldest, 1).await.unwrap();
        assert!(matches!(replay, Replay::Changes { changes, .. } if changes[0].payload == big));
    }
}

pub async fn one_failed_expectation_writes_nothing<F: Factory>() {
    let store = F::make().await.store();
    let version = store.commit(commit().put("a", "1").place("index", "m", 1)).await.unwrap().version;
    let refused = commit()
        .expect("a", version)
        .expect("b", Version(version.0 + 1))
        .put("a", "2")
        .put("c", "new")
        .place("index", "m", 2)
        .append("topic", Keep::Newest(10), "x")
        .clear("other")
        .once("key", "record", DAY);
    let (_, before) = replay_all(&store, "other").await;
    assert!(matches!(store.commit(refused.clone()).await, Err(CommitError::Conflict)));
    assert_eq!(text(&store, "a").await.unwrap(), "1");
    assert_eq!(text(&store, "c").await, None);
    assert_eq!(replay_all(&store, "topic").await.1.offset, 0);
    assert_eq!(replay_all(&store, "other").await.1, before, "not cleared");
    let range = runnity::backend::Range::all(Index::new("index"), 10);
    assert_eq!(store.range(&range).await.unwrap().members, vec![(1, "m".into())]);
    // And the same with nothing left to refuse goes through.
    let mut allowed = refused;
    allowed.expect.truncate(1);
    store.commit(allowed).await.unwrap();
    assert_eq!(text(&store, "a").await.unwrap(), "2");
}

pub async fn an_expectation_holds_for_absent_present_and_remade_keys<F: Factory>() {
    let store = F::make().await.store();
    let is = |version| commit().expect("k", version).put("k", "v");
    let refused = async |version| matches!(store.commit(is(version)).await, Err(CommitError::Conflict));
    assert!(refused(Version(1)).await, "absent, expected present");
    let first = store.commit(is(Version::ABSENT)).await.unwrap().version;
    assert!(refused(Version::ABSENT).await, "present, expected absent");
    let second = store.commit(is(first)).await.unwrap().version;
    assert_ne!(first, second);
    assert!(refused(first).await, "an old version");
    store.commit(commit().expect("k", second).delete("k")).await.unwrap();
    assert_eq!(read(&store, &run(), "k").await, Versioned::ABSENT);
    assert!(refused(second).await, "deleted, expected present");
    let third = store.commit(is(Version::ABSENT)).await.unwrap().version;
    assert!(third != first && third != second, "a key made anew is told apart");
    assert!(refused(second).await);
    assert_eq!(read(&store, &run(), "k").await.version, third);
}

pub async fn no_version_is_given_twice<F: Factory>() {
    let store = F::make().await.store();
    let writers = (0..8).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut versions = Vec::new();
            for n in 0..25 {
                let one = Commit::on(AggregateId::new("run", &writer.to_string()));
                let one = if n % 3 == 2 { one.delete("k") } else { one.put("k", "v") };
                versions.push(store.commit(one).await.unwrap().version);
            }
            versions
        })
    });
    let mut versions: Vec<_> = futures::future::try_join_all(writers).await.unwrap().concat();
    assert!(!versions.contains(&Version::ABSENT));
    versions.sort();
    versions.dedup();
    assert_eq!(versions.len(), 200);
}

pub async fn puts_of_one_commit_share_its_version_and_the_last_one_counts<F: Factory>() {
    let store = F::make().await.store();
    let all = commit().put("a", "1").put("b", "1").put("a", "2").put("c", "1").delete("c").delete("d").put("d", "2");
    let version = store.commit(all).await.unwrap().version;
    let found = store.read(&["a", "b", "c", "d"].map(|name| run().key(name))).await.unwrap();
    assert_eq!(
        found.iter().map(|found| found.version).collect::<Vec<_>>(),
        [version, version, Version::ABSENT, version]
    );
    assert_eq!(text(&store, "a").await.unwrap(), "2");
}

pub async fn an_idempotency_key_writes_once<F: Factory>() {
    let store = F::make().await.store();
    let first = commit().once("key", "first", DAY).once("fresh", "", DAY).append("topic", Keep::Everything, "x");
    store.commit(first.clone()).await.unwrap();
    let again = commit().once("other", "other", DAY).once("key", "second", DAY).put("k", "v");
    match store.commit(again).await {
        Err(CommitError::Repeated(seen)) => {
            assert_eq!(seen.len(), 1, "only the key that was seen");
            assert_eq!((&*seen[0].key, &*seen[0].record), ("key", &b"first"[..]), "what was recorded the first time");
            assert!(seen[0].keep <= DAY && seen[0].keep > DAY / 2, "{:?}", seen[0].keep);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(text(&store, "k").await, None);
    store.commit(commit().once("other", "other", DAY).put("k", "v")).await.expect("the other key was not spent");
    assert!(matches!(store.commit(first).await, Err(CommitError::Repeated(seen)) if seen.len() == 2));
    assert_eq!(replay_all(&store, "topic").await.0.len(), 1);
}

pub async fn an_idempotency_key_writes_once_when_sent_at_the_same_time<F: Factory>() {
    let store = F::make().await.store();
    for round in 0..10 {
        let key = format!("key {round}");
        let sent = (0..20).map(|_| store.commit(commit().once(&key, "r", DAY).append("topic", Keep::Everything, "x")));
        let answers = futures::future::join_all(sent).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        let repeated =
            |answer: &&Result<_, _>| matches!(answer, Err(CommitError::Repeated(seen)) if seen[0].record == "r");
        assert_eq!(answers.iter().filter(repeated).count(), 19);
    }
    assert_eq!(replay_all(&store, "topic").await.0.len(), 10);
}

pub async fn an_idempotency_key_counts_before_the_expectations<F: Factory>() {
    let store = F::make().await.store();
    let create = commit().once("key", "made", DAY).expect("k", Version::ABSENT).put("k", "v");
    store.commit(create.clone()).await.unwrap();
    assert!(matches!(store.commit(create).await, Err(CommitError::Repeated(_))), "not Conflict");
}

pub async fn an_idempotency_key_belongs_to_its_aggregate<F: Factory>() {
    let store = F::make().await.store();
    store.commit(commit().once("key", "", DAY).put("k", "v")).await.unwrap();
    let other = Commit::on(AggregateId::new("run", "8")).once("key", "", DAY).put("k", "v");
    store.commit(other).await.expect("another aggregate, another key");
}

pub async fn an_idempotency_key_of_a_refused_commit_is_not_spent<F: Factory>() {
    let store = F::make().await.store();
    let refused = commit().once("key", "", DAY).expect("k", Version(99)).put("k", "v");
    assert!(matches!(store.commit(refused).await, Err(CommitError::Conflict)));
    store.commit(commit().once("key", "", DAY).put("k", "v")).await.unwrap();
}

pub async fn an_idempotency_key_expires<F: Factory>() {
    let mut factory = F::make().await;
    let store = factory.store();
    let send = |key: &str, keep| store.commit(commit().once(key, "r", keep).append("topic", Keep::Everything, "x"));
    send("short", DAY).await.unwrap();
    send("long", 3 * DAY).await.unwrap();
    factory.advance(DAY / 2).await;
    assert!(matches!(send("short", DAY).await, Err(CommitError::Repeated(_))), "a repeat does not fail for half a day");
    factory.advance(DAY).await;
    send("short", DAY).await.expect("as new");
    assert!(matches!(send("short", DAY).await, Err(CommitError::Repeated(_))), "and known again from then on");
    // Whatever is swept away by many new keys, those that live are not.
    for n in 0..50 {
        send(&n.to_string(), DAY).await.unwrap();
    }
    for key in ["short", "long", "0", "49"] {
        assert!(matches!(send(key, DAY).await, Err(CommitError::Repeated(_))), "{key}");
    }
    factory.advance(2 * DAY).await;
    for key in ["short", "long", "0", "49"] {
        send(key, DAY).await.expect(key);
    }
}

pub async fn five_writers_times_ten_conditional_increments_make_fifty<F: Factory>() {
    let store = F::make().await.store();
    let increment = async |store: Arc<dyn Backend>| {
        for _ in 0..10 {
            commit_again_and_again(&store, async || {
                let found = read(&store, &run(), "counter").await;
                let count = found.value.map_or(0, |value| std::str::from_utf8(&value).unwrap().parse::<u32>().unwrap());
                commit().expect("counter", found.version).put("counter", (count + 1).to_string())
            })
            .await;
        }
    };
    futures::future::join_all((0..5).map(|_| increment(store.clone()))).await;
    assert_eq!(text(&store, "counter").await.unwrap(), "50");
}

pub async fn an_empty_commit_is_a_success<F: Factory>() {
    let store = F::make().await.store();
    let made = store.commit(commit()).await.unwrap();
    assert_eq!((made.version, made.cursors.len()), (Version::ABSENT, 0));
    let made = store.commit(commit().expect("k", Version::ABSENT)).await.unwrap();
    assert_eq!(made.version, Version::ABSENT, "nothing was put");
}
