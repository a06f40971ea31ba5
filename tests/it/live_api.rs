//! The live protocol's server API, as the operator's other back ends call it.

mod users;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, Site, StoreKind, on_each_store, send};
use runnity::domain::user::Visibility;

on_each_store!(
    what_the_back_end_publishes_is_heard_and_kept,
    a_key_makes_a_publication_count_once,
    an_older_version_is_not_published,
    a_notice_is_told_to_those_who_watch_a_run_and_to_a_user,
    a_broadcast_answers_for_each_channel,
    a_history_is_read_by_pages_and_removed,
    who_is_where_is_told,
    a_batch_answers_each_command_in_its_place,
    only_the_operator_may_call,
    what_cannot_be_done_is_said_in_this_api_s_words,
);

/// Calls a method with the key → the answer's body.
async fn call(site: &Site, method: &str, body: Value) -> Value {
    let reply = send(site.ask(Method::POST, &format!("/api/{method}")).header("X-API-Key", API_KEY).json(&body)).await;
    assert_eq!(reply.status, 200, "{method}: {reply:?}");
    reply.json()
}

async fn result(site: &Site, method: &str, body: Value) -> Value {
    let answer = call(site, method, body).await;
    assert!(answer["error"].is_null(), "{method}: {answer}");
    answer["result"].clone()
}

async fn code(site: &Site, method: &str, body: Value) -> u64 {
    let answer = call(site, method, body).await;
    answer["error"]["code"].as_u64().unwrap_or_else(|| panic!("no error: {answer}"))
}

async fn what_the_back_end_publishes_is_heard_and_kept(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut listener = site.spectator().await;
    let state = listener.subscribe("news").await;
    let said = result(&site, "publish", json!({ "channel": "news", "data": { "a": 1 }, "tags": { "b": "c" } })).await;
    assert_eq!(said, json!({ "offset": 1, "epoch": state["epoch"] }));
    let heard = listener.push("news").await;
    assert_eq!(heard["pub"], json!({ "data": { "a": 1 }, "offset": 1, "tags": { "b": "c" } }));
    // As it came, in base64.
    result(&site, "publish", json!({ "channel": "news", "b64data": "WzEsIDJd", "data": null })).await;
    assert_eq!(listener.push("news").await["pub"]["data"], json!([1, 2]));
    // What is not for keeping is heard all the same.
    let passing = json!({ "channel": "news", "data": "now", "tags": { "b": "d" }, "skip_history": true });
    assert_eq!(result(&site, "publish", passing).await["offset"], 2);
    assert_eq!(listener.push("news").await["pub"], json!({ "data": "now", "tags": { "b": "d" } }));
    let history = result(&site, "history", json!({ "channel": "news", "limit": 10 })).await;
    assert_eq!(history["publications"].as_array().unwrap().len(), 2);
    assert_eq!(history["publications"][0], heard["pub"]);
    assert_eq!((&history["offset"], &history["epoch"]), (&json!(2), &state["epoch"]));
}

async fn a_key_makes_a_publication_count_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (_, run) = site.run(&runner, Visibility::Private).await;
    for channel in ["news", run.as_str(), &format!("#{}", runner.id)] {
        let publication = json!({ "channel": channel, "data": "hyvä", "idempotency_key": "k1" });
        let first = result(&site, "publish", publication.clone()).await;
        assert!(first["offset"].as_u64().unwrap() > 0, "{first}");
        assert_eq!(result(&site, "publish", publication.clone()).await, first);
        let top = result(&site, "history", json!({ "channel": channel })).await;
        assert_eq!((&top["offset"], &top["epoch"]), (&first["offset"], &first["epoch"]), "{channel}");
        // Said meanwhile by others: the answer is the first one's all the same, and whatever comes with the key.
        let meanwhile = result(&site, "publish", json!({ "channel": channel, "data": "b" })).await;
        assert_eq!(meanwhile["offset"].as_u64(), first["offset"].as_u64().map(|offset| offset + 1));
        let other = json!({ "channel": channel, "data": "other", "idempotency_key": "k1" });
        assert_eq!(result(&site, "publish", other.clone()).await, first);
        let broadcast = json!({ "channels": [channel], "data": 1, "idempotency_key": "k1" });
        assert_eq!(result(&site, "broadcast", broadcast).await["responses"][0]["result"], first);
        let top = result(&site, "history", json!({ "channel": channel })).await;
        assert_eq!(top["offset"], meanwhile["offset"]);
        let long = json!({ "channel": channel, "data": 1, "idempotency_key": "k".repeat(256) });
        assert_eq!(code(&site, "publish", long).await, 107);
    }
}

async fn an_older_version_is_not_published(kind: StoreKind) {
    let site = Site::start(kind).await;
    for (version, epoch, offset) in [(7, "a", 1), (6, "a", 1), (7, "a", 1), (9, "a", 2), (1, "b", 3), (1, "b", 3)] {
        let said = json!({ "channel": "news", "data": version, "version": version, "version_epoch": epoch });
        assert_eq!(result(&site, "publish", said).await["offset"], offset, "{version} {epoch}");
    }
    // What has none is not asked for it.
    assert_eq!(result(&site, "publish", json!({ "channel": "news", "data": 0 })).await["offset"], 4);
    // Many at once: the last that stands is the newest.
    let many = (1..=8).map(|version| {
        let (site, said) = (&site, json!({ "channel": "race", "data": version, "version": version }));
        async move { result(site, "publish", said).await }
    });
    futures::future::join_all(many).await;
    let page = result(&site, "history", json!({ "channel": "race", "limit": -1 })).await;
    let heard: Vec<u64> =
        page["publications"].as_array().unwrap().iter().map(|it| it["data"].as_u64().unwrap()).collect();
    assert!(heard.is_sorted() && heard.last() == Some(&8), "{heard:?}");
    // Forgotten with what the channel has kept.
    site.advance(runnity::limits::OPEN_HISTORY_KEEP + std::time::Duration::from_secs(1)).await;
    crate::support::within(async {
        loop {
            let said = json!({ "channel": "race", "data": 1, "version": 1 });
            if result(&site, "publish", said).await["offset"] == heard.len() + 1 {
                break;
            }
            site.advance(std::time::Duration::from_millis(500)).await;
        }
    })
    .await;
}

async fn a_notice_is_told_to_those_who_watch_a_run_and_to_a_user(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (id, run) = site.run(&runner, Visibility::Public).await;
    let own = format!("#{}", runner.id);
    let (mut phone, _) = site.connected(&runner).await;
    let mut spectator = site.spectator().await;
    let state = spectator.subscribe(&run).await;
    for channel in [&run, &own] {
        let said = result(&site, "publish", json!({ "channel": channel, "data": { "cheer": "Hyvä!" } })).await;
        let listener = if *channel == run { &mut spectator } else { &mut phone };
        let mut heard = listener.push(channel).await;
        while heard["pub"]["data"]["type"] != "notice" {
            heard = listener.push(channel).await;
        }
        assert_eq!(heard["pub"]["offset"], said["offset"]);
        assert_eq!(heard["pub"]["data"]["data"], json!({ "cheer": "Hyvä!" }));
        assert_eq!(heard["pub"]["data"]["at"], "2026-11-21T09:00:00.000Z");
        assert_eq!(code(&site, "publish", json!({ "channel": channel, "data": 1, "tags": { "a": "b" } })).await, 107);
        assert_eq!(code(&site, "history_remove", json!({ "channel": channel })).await, 108);
        assert_eq!(code(&site, "publish", json!({ "channel": channel, "data": 1, "skip_history": true })).await, 108);
    }
    // The run goes on after it, without a gap.
    site.record(&runner, id, 1).await;
    let next = spectator.push(&run).await;
    assert_eq!(next["pub"]["offset"], state["offset"].as_u64().unwrap() + 2);
    let state = site.spectator().await.subscribe(&run).await;
    assert_eq!(state["offset"], next["pub"]["offset"]);
}

async fn a_broadcast_answers_for_each_channel(kind: StoreKind) {
    let site = Site::start(kind).await;
    let no_run = "run:0192f000-0000-7000-8000-000000000000";
    let broadcast = json!({ "channels": ["a", no_run, "b"], "data": 1 });
    let responses = result(&site, "broadcast", broadcast).await["responses"].clone();
    assert_eq!(responses[0]["result"]["offset"], 1);
    assert_eq!(responses[1]["error"]["code"], 102);
    assert_eq!(responses[2]["result"]["offset"], 1);
    assert_eq!(code(&site, "broadcast", json!({ "channels": [], "data": 1 })).await, 107);
    assert_eq!(code(&site, "broadcast", json!({ "channels": vec!["a"; 1_001], "data": 1 })).await, 107);
}

async fn a_history_is_read_by_pages_and_removed(kind: StoreKind) {
    let site = Site::start(kind).await;
    for number in 1..=5 {
        result(&site, "publish", json!({ "channel": "news", "data": number })).await;
    }
    let mut listener = site.spectator().await;
    listener.subscribe("news").await;
    let offsets = |page: &Value| -> Vec<u64> {
        page["publications"].as_array().unwrap().iter().map(|it| it["offset"].as_u64().unwrap()).collect()
    };
    let epoch = result(&site, "history", json!({ "channel": "news" })).await["epoch"].clone();
    for (query, expected) in [
        (json!({}), vec![]),
        (json!({ "limit": -1 }), vec![1, 2, 3, 4, 5]),
        (json!({ "limit": 2 }), vec![1, 2]),
        (json!({ "limit": 2, "reverse": true }), vec![5, 4]),
        (json!({ "limit": 2, "since": { "offset": 2, "epoch": epoch } }), vec![3, 4]),
    ] {
        let mut query = query;
        query["channel"] = json!("news");
        assert_eq!(offsets(&result(&site, "history", query.clone()).await), expected, "{query}");
    }
    let since = json!({ "offset": 1, "epoch": "another" });
    assert_eq!(code(&site, "history", json!({ "channel": "news", "limit": 2, "since": since })).await, 112);

    result(&site, "history_remove", json!({ "channel": "news" })).await;
    let page = result(&site, "history", json!({ "channel": "news", "limit": -1 })).await;
    assert_eq!((offsets(&page), &page["offset"]), (vec![], &json!(5)));
    // Who listens has missed nothing.
    result(&site, "publish", json!({ "channel": "news", "data": 6 })).await;
    assert_eq!(listener.push("news").await["pub"]["offset"], 6);
}

async fn who_is_where_is_told(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (_, run) = site.run(&runner, Visibility::Public).await;
    let (mut phone, connected) = site.connected(&runner).await;
    let mut spectator = site.spectator().await;
    for client in [&mut phone, &mut spectator] {
        client.subscribe("news").await;
        client.subscribe(&run).await;
    }
    let presence = result(&site, "presence", json!({ "channel": "news" })).await["presence"].clone();
    assert_eq!(presence.as_object().unwrap().len(), 2);
    let id = connected["client"].as_str().unwrap();
    assert_eq!(presence[id], json!({ "client": id, "user": runner.id }));
    let stats = result(&site, "presence_stats", json!({ "channel": run })).await;
    assert_eq!(stats, json!({ "num_clients": 2, "num_users": 2 }));
    assert_eq!(code(&site, "presence", json!({ "channel": run })).await, 108, "nobody is told who watches");

    let listed = result(&site, "channels", json!({})).await["channels"].clone();
    assert_eq!(listed, json!({ "news": { "num_clients": 2 }, &run: { "num_clients": 2 } }));
    let listed = result(&site, "channels", json!({ "pattern": "run:*" })).await["channels"].clone();
    assert_eq!(listed, json!({ &run: { "num_clients": 2 } }));

    let nodes = result(&site, "info", json!({})).await["nodes"].clone();
    assert_eq!(nodes.as_array().unwrap().len(), 1);
    // The user's own channel is one of them.
    assert_eq!((&nodes[0]["num_clients"], &nodes[0]["num_subs"]), (&json!(2), &json!(5)), "{nodes}");
    assert_eq!((&nodes[0]["num_users"], &nodes[0]["num_channels"]), (&json!(2), &json!(2)), "{nodes}");
}

async fn a_batch_answers_each_command_in_its_place(kind: StoreKind) {
    let site = Site::start(kind).await;
    for parallel in [false, true] {
        let channel = format!("news{parallel}");
        let commands = json!([
            { "publish": { "channel": channel, "data": 1 } },
            { "rest": {} },
            { "presence_stats": { "channel": "news" } },
            { "publish": { "channel": "" } },
        ]);
        let answer = call(&site, "batch", json!({ "commands": commands, "parallel": parallel })).await;
        let replies = &answer["replies"];
        assert_eq!(replies[0]["publish"]["offset"], 1, "{answer}");
        assert_eq!(replies[1]["error"]["code"], 104);
        assert_eq!(replies[2]["presence_stats"], json!({ "num_clients": 0, "num_users": 0 }));
        assert_eq!(replies[3]["error"]["code"], 107);
    }
    assert_eq!(code(&site, "batch", json!({ "commands": vec![json!({ "info": {} }); 1_001] })).await, 107);
}

async fn only_the_operator_may_call(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let admin = site.app.ensure_admin(None).await.unwrap().expect("the first start's token");
    let (_, session) = site.app.open_session(admin.reveal()).await.unwrap();
    let bearer = |secret: &str| ("Authorization", format!("Bearer {secret}"));
    for (header, status) in [
        (("X-API-Key", API_KEY.to_owned()), 200),
        (("Authorization", format!("apikey {API_KEY}")), 200),
        (bearer(admin.reveal()), 200),
        (("X-API-Key", "another".to_owned()), 401),
        (("Authorization", "apikey another".to_owned()), 401),
        (bearer("another"), 401),
        (bearer(API_KEY), 401),
        (("X-Nothing", "at all".to_owned()), 401),
        (("Cookie", format!("runnity_session={}", session.reveal())), 401),
        (bearer(&runner.token), 403),
    ] {
        let request = site.ask(Method::POST, "/api/info").header(header.0, &header.1);
        assert_eq!(send(request).await.status, status, "{header:?}");
    }
    let reply = send(site.ask(Method::GET, "/api/info").header("X-API-Key", API_KEY)).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "POST, OPTIONS"));
    assert_eq!(reply.json()["error"], json!({ "code": 107, "message": "bad request: method: must be POST" }));
}

async fn what_cannot_be_done_is_said_in_this_api_s_words(kind: StoreKind) {
    let site = Site::start(kind).await;
    let no_run = "run:0192f000-0000-7000-8000-000000000000";
    for (method, body, expected, status) in [
        ("publish", json!({ "channel": no_run, "data": 1 }), 102, 404),
        ("publish", json!({ "channel": "", "data": 1 }), 107, 400),
        ("publish", json!({ "channel": "x".repeat(256), "data": 1 }), 107, 400),
        ("publish", json!({ "channel": "a" }), 107, 400),
        ("publish", json!({ "channel": 1, "data": 1 }), 107, 400),
        ("publish", json!({ "channel": "a", "b64data": "!" }), 107, 400),
        ("publish", json!({ "channel": "a", "b64data": "e30x" }), 107, 400),
        ("publish", json!({ "channel": "plain:a", "data": 1, "version": 7 }), 108, 400),
        ("publish", json!({ "channel": "a", "data": 1, "version": 7, "skip_history": true }), 108, 400),
        ("publish", json!({ "channel": "a", "data": 1, "version": 7, "version_epoch": "x".repeat(256) }), 107, 400),
        ("publish", json!([]), 107, 400),
        ("history", json!({ "channel": "a", "limit": 1, "since": { "offset": 9 } }), 112, 416),
        ("presence", json!({ "channel": "plain:a" }), 108, 400),
        ("disconnect", json!({}), 107, 400),
        ("rpc", json!({ "method": "a" }), 104, 404),
        ("map_publish", json!({ "channel": "a" }), 104, 404),
    ] {
        assert_eq!(code(&site, method, body.clone()).await, expected, "{method} {body}");
        let request = site.ask(Method::POST, &format!("/api/{method}")).header("X-API-Key", API_KEY);
        let reply = send(request.header("X-Centrifugo-Error-Mode", "transport").json(&body)).await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(expected)), "{method}");
    }
    for (body, field) in [
        (json!({ "channel": 1 }), "channel"),
        (json!({ "channel": "a", "data": 1, "tags": { "b": 1 } }), "tags.b"),
        (json!({ "channel": "a", "data": 1, "tags": { "b": "c".repeat(4096) } }), "tags"),
        (json!({ "channel": "a", "data": 1, "skip_history": "no" }), "skip_history"),
        (json!({ "channel": "a" }), "data"),
    ] {
        let message = call(&site, "publish", body).await["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("bad request: {field}: ")), "{message}");
    }
    let big = site.ask(Method::POST, "/api/publish").header("X-API-Key", API_KEY).body(vec![b' '; 3 << 20]);
    let big = send(big).await;
    assert_eq!((big.status, &big.json()["error"]["code"]), (413, &json!(107)));
    let garbled = site.ask(Method::POST, "/api/publish").header("X-API-Key", API_KEY).body("{");
    assert_eq!(send(garbled).await.json()["error"]["code"], 107);
    // Our own resources stand beside it.
    assert_eq!(send(site.ask(Method::GET, "/api/runs")).await.status, 200);
}
