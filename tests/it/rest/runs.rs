//! The runs resource: what can be changed of a run, its end for good, and which runs a list shows.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use runnity::backend::{Index, Key, Range, Since};
use serde_json::{Value, json};

use super::{fix, ids, live_run};
use crate::support::{Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    run_is_changed_in_part_or_as_a_whole,
    of_two_writes_at_once_the_second_is_told,
    deleted_run_is_gone_everywhere,
    deleted_live_run_frees_its_runner,
    lists_are_of_a_period_and_in_an_order,
    runs_are_found_near_a_place,
    runs_of_friends_are_listed,
    fields_add_what_is_left_out,
    lost_answer_does_not_make_a_second_run,
    odd_questions_are_refused_by_name,
);

const HELSINKI: (f64, f64) = (60.17, 24.94);

fn ask(site: &Site, runner: &Runner, method: Method, path: &str) -> RequestBuilder {
    site.ask(method, path).bearer_auth(&runner.token)
}

/// A planned run → its path.
async fn planned(site: &Site, runner: &Runner, body: Value) -> String {
    let mut body = body;
    body["state"] = json!("planned");
    site.post(runner, "/api/runs", body).await.header("location").to_owned()
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().expect("an id")
}

async fn run_is_changed_in_part_or_as_a_whole(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let home = json!({"latitude": 60.2, "longitude": 24.9});
    let run = planned(&site, &aino, json!({"destination": home})).await;
    let write = |method: Method, body: Value| send(ask(&site, &aino, method, &run).json(&body));
    let changed = write(Method::PATCH, json!({"visibility": "private"})).await;
    assert_eq!((changed.status, &changed.data()["destination"]), (200, &home), "what is left out stays");
    let nowhere = write(Method::PATCH, json!({"destination": null})).await.data();
    assert_eq!((&nowhere["destination"], &nowhere["visibility"]), (&Value::Null, &json!("private")));
    let whole = write(Method::PUT, json!({"visibility": "friends", "destination": home})).await.data();
    assert_eq!((&whole["destination"], &whole["visibility"]), (&home, &json!("friends")));
    let without = write(Method::PUT, json!({"visibility": "friends"})).await.data();
    assert_eq!(without["destination"], Value::Null, "what is left out is none");
    let missing = write(Method::PUT, json!({"destination": home})).await;
    assert_eq!((missing.status, &missing.json()["error"]["field"]), (400, &json!("visibility")));
    let bad = write(Method::PATCH, json!({"destination": {"latitude": 1}})).await;
    assert_eq!((bad.status, &bad.json()["error"]["field"]), (400, &json!("destination.longitude")));
    site.post(&aino, &format!("{run}/finish"), json!({})).await.data();
    assert_eq!(write(Method::PATCH, json!({"destination": home})).await.status, 409, "it is over");
    assert_eq!(write(Method::PATCH, json!({"visibility": "public"})).await.status, 200);
}

async fn of_two_writes_at_once_the_second_is_told(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    let run = planned(&site, &aino, json!({})).await;
    for round in 0..5 {
        let tag = site.get(&aino, &run).await.header("etag").to_owned();
        let write = |at: &Site, longitude: usize| {
            let body = json!({"destination": {"latitude": round, "longitude": longitude}});
            send(ask(at, &aino, Method::PATCH, &run).header("If-Match", &tag).json(&body))
        };
        // Together on one instance, where they may go in one commit, and on two.
        let (one, two, three) = tokio::join!(write(&site, 1), write(&site, 2), write(&other, 3));
        let mut statuses = [one.status, two.status, three.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412], "round {round}");
        let won = [&one, &two, &three].into_iter().find(|reply| reply.status == 200).expect("one of them");
        let now = other.get(&aino, &run).await;
        assert_eq!(now.data()["destination"], won.data()["destination"]);
        assert_eq!(now.header("etag").split('-').next(), won.header("etag").split('-').next(), "and says its tag");
        let lost = [&one, &two, &three].into_iter().find(|reply| reply.status == 412).expect("one of them");
        assert_eq!(lost.json()["error"]["type"], "PreconditionFailed");
    }
    for (tag, status) in [("*", 200), ("W/\"1-0\"", 412), ("\"1\"", 412), ("tea", 412), ("\"1\", \"2\"", 400)] {
        let request = ask(&site, &aino, Method::PUT, &run).header("If-Match", tag);
        assert_eq!(send(request.json(&json!({"visibility": "public"}))).await.status, status, "{tag}");
    }
    let stale = send(ask(&site, &aino, Method::DELETE, &run).header("If-Match", "\"1\"")).await;
    assert_eq!((stale.status, site.get(&aino, &run).await.status), (412, 200));
}

async fn deleted_run_is_gone_everywhere(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let (aino, mika) = (site.runner("Aino").await, site.runner("Mika").await);
    let run = live_run(&site, &aino).await;
    site.advance(Duration::from_secs(60)).await;
    site.post(&aino, &format!("{run}/fixes"), json!({"fixes": [fix(1), fix(2)]})).await.data();
    let channel = format!("run:{}", id_of(&run));
    let mut spectator = other.spectator().await;
    let reply = spectator.ask("subscribe", json!({ "channel": channel })).await;
    assert!(reply["subscribe"].is_object(), "{reply}");

    assert_eq!(send(ask(&other, &mika, Method::DELETE, &run)).await.status, 403);
    assert_eq!(send(site.ask(Method::DELETE, &run)).await.status, 401);
    let deleted = send(ask(&other, &aino, Method::DELETE, &run)).await;
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    for at in [&site, &other] {
        for path in [run.clone(), format!("{run}/fixes")] {
            assert_eq!(at.get(&aino, &path).await.status, 404, "{path}");
        }
        for list in
            ["/api/runs", "/api/runs?user=me", "/api/runs?state=live", "/api/runs?latitude=60.17&longitude=24.94"]
        {
            assert_eq!(ids(&at.get(&aino, list).await.data()), [""; 0], "{list}");
        }
    }
    assert_eq!(send(ask(&site, &aino, Method::DELETE, &run)).await.status, 404, "it is gone already");
    assert_eq!(site.post(&aino, &format!("{run}/fixes"), json!({"fixes": [fix(3)]})).await.status, 404);
    let sent_out = within(async {
        loop {
            let line = spectator.next().await;
            if line["push"]["unsubscribe"].is_object() {
                return line;
            }
        }
    });
    assert_eq!(sent_out.await["push"]["channel"], channel);
    assert_eq!(spectator.error("subscribe", json!({ "channel": channel })).await, 102);

    site.app.carry_out_follow_ups().await.unwrap();
    let aggregate = runnity::backend::AggregateId::new("run", id_of(&run));
    for topic in ["", "fixes"] {
        let replay = site.app.backend.replay(&aggregate.topic(topic), &Since::Oldest, 100).await.unwrap();
        let runnity::backend::Replay::Changes { changes, .. } = replay else { panic!("{replay:?}") };
        assert_eq!(changes, [], "{topic:?}");
    }
    site.app.act_on_due(site.clock.now()).await.unwrap();
    let head: Key = aggregate.head();
    assert_eq!(site.app.backend.read(&[head]).await.unwrap()[0].value, None);
    let indexes =
        ["runs/public", "runs/public/live", "runs/on-map", "runs/public/near", &format!("runs/of/{}", aino.id), "due"];
    for index in indexes {
        let found = site.app.backend.range(&Range::all(Index::new(index), 100)).await.unwrap();
        assert_eq!(found.members, [], "{index}");
    }
}

async fn deleted_live_run_frees_its_runner(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let (mut phone, _) = site.connected(&aino).await;
    let run = live_run(&site, &aino).await;
    assert_eq!(send(ask(&site, &aino, Method::DELETE, &run)).await.status, 204);
    let told = within(async {
        loop {
            let line = phone.next().await;
            let data = &line["push"]["pub"]["data"];
            if data["type"] == "run_deleted" {
                return data.clone();
            }
        }
    });
    assert_eq!(told.await["run"], id_of(&run));
    assert_eq!(site.post(&aino, "/api/runs", json!({})).await.status, 201, "another may begin");
}

async fn lists_are_of_a_period_and_in_an_order(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let mut runs = Vec::new();
    for metres in [30, 90, 60] {
        let run = live_run(&site, &aino).await;
        site.advance(Duration::from_secs(120)).await;
        let fixes: Vec<Value> = (0..=metres / 3).map(fix).collect();
        site.post(&aino, &format!("{run}/fixes"), json!({ "fixes": fixes })).await.data();
        site.post(&aino, &format!("{run}/finish"), json!({})).await.data();
        runs.push(id_of(&run).to_owned());
        site.advance(Duration::from_secs(24 * 60 * 60)).await;
    }
    let [first, second, third] = [&runs[0], &runs[1], &runs[2]].map(String::as_str);
    let table: [(&str, &[&str]); 11] = [
        ("", &[third, second, first]),
        ("sort=-created_at", &[third, second, first]),
        ("sort=created_at", &[first, second, third]),
        ("sort=created_at&page=2&page_size=2", &[third]),
        ("sort=-distance_m&user=me", &[second, third, first]),
        ("sort=distance_m&user=me", &[first, third, second]),
        ("sort=distance_m&user=me&page=2&page_size=1", &[third]),
        ("from=2026-11-22", &[third, second]),
        ("until=2026-11-22", &[second, first]),
        ("from=2026-11-22&until=2026-11-22&sort=created_at", &[second]),
        ("until=2026-11-21T09:00:00.000Z", &[]),
    ];
    for (query, expected) in table {
        assert_eq!(ids(&site.get(&aino, &format!("/api/runs?{query}")).await.data()), expected, "{query}");
    }
}

async fn runs_are_found_near_a_place(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, mika, outsider) = (site.runner("Aino").await, site.runner("Mika").await, site.runner("Veera").await);
    let at = |latitude: f64, longitude: f64| json!({"latitude": latitude, "longitude": longitude});
    let here = site.post(&aino, "/api/runs", at(HELSINKI.0, HELSINKI.1)).await.header("location").to_owned();
    let far = site.post(&mika, "/api/runs", at(HELSINKI.0 + 0.02, HELSINKI.1)).await.header("location").to_owned();
    let near = |radius: &str, latitude: f64| format!("/api/runs?latitude={latitude}&longitude=24.94&radius_m={radius}");
    let found = async |runner: &Runner, path: String| {
        let runs = site.get(runner, &path).await.data();
        let mut found: Vec<String> = ids(&runs).into_iter().map(str::to_owned).collect();
        found.sort();
        found
    };
    let list = |paths: &[&String]| {
        let mut ids: Vec<String> = paths.iter().map(|path| id_of(path).to_owned()).collect();
        ids.sort();
        ids
    };
    assert_eq!(found(&outsider, near("500", 60.17)).await, list(&[&here]));
    assert_eq!(found(&outsider, near("2230", 60.17)).await, list(&[&here, &far]));
    assert_eq!(found(&outsider, near("2220", 60.17)).await, list(&[&here]), "exact to metres");
    assert_eq!(found(&outsider, near("500", -60.17)).await, list(&[]));

    // The runner goes on: a mile to the north, and is found there.
    site.advance(Duration::from_secs(600)).await;
    let fixes: Vec<Value> = (1..=500).map(fix).collect();
    site.post(&aino, &format!("{here}/fixes"), json!({ "fixes": fixes })).await.data();
    assert_eq!(found(&outsider, near("500", 60.17)).await, list(&[]));
    assert_eq!(found(&outsider, near("500", 60.1835)).await, list(&[&here]));
    assert_eq!(found(&outsider, format!("{}&user={}", near("500", 60.1835), aino.id)).await, list(&[&here]));
    assert_eq!(found(&outsider, format!("{}&user={}", near("500", 60.17), aino.id)).await, list(&[]));

    // Whom it is hidden from finds it no more, and its runner does.
    send(ask(&site, &aino, Method::PATCH, &here).json(&json!({"visibility": "private"}))).await.data();
    assert_eq!(found(&outsider, near("500", 60.1835)).await, list(&[]));
    assert_eq!(found(&aino, near("500", 60.1835)).await, list(&[&here]));
    send(ask(&site, &aino, Method::PATCH, &here).json(&json!({"visibility": "public"}))).await.data();
    assert_eq!(found(&outsider, near("500", 60.1835)).await, list(&[&here]));

    // What is over is there for who asks for it, and in nobody's way.
    site.post(&aino, &format!("{here}/finish"), json!({})).await.data();
    let near_here = near("500", 60.1835);
    assert_eq!(found(&outsider, near_here.clone()).await, list(&[]));
    let index = Range::all(Index::new("runs/public/near"), 10);
    let indexed = site.app.backend.range(&index).await.unwrap().members;
    assert_eq!(indexed.iter().map(|(_, member)| &**member).collect::<Vec<_>>(), [id_of(&far)]);
    assert_eq!(found(&outsider, format!("{near_here}&state=finished")).await, list(&[&here]));
    assert_eq!(found(&outsider, format!("{near_here}&user={}", aino.id)).await, list(&[&here]));
}

async fn runs_of_friends_are_listed(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, mika, veera) = (site.runner("Aino").await, site.runner("Mika").await, site.runner("Veera").await);
    let body = json!({"latitude": HELSINKI.0, "longitude": HELSINKI.1, "visibility": "friends"});
    let hers = site.post(&aino, "/api/runs", body).await.header("location").to_owned();
    let public = live_run(&site, &veera).await;
    let friends = "/api/runs?friends=true";
    assert_eq!(ids(&site.get(&mika, friends).await.data()), [""; 0]);
    for (one, other) in [(&aino, &mika), (&mika, &aino)] {
        assert!(site.post(one, "/api/friends", json!({"user": other.id})).await.status < 300);
    }
    assert_eq!(ids(&site.get(&mika, friends).await.data()), [id_of(&hers)]);
    let near = format!("/api/runs?latitude={}&longitude={}", HELSINKI.0, HELSINKI.1);
    assert_eq!(ids(&site.get(&mika, &near).await.data()), [id_of(&hers)]);
    assert_eq!(ids(&site.get(&veera, &near).await.data()), [""; 0]);
    assert_eq!(ids(&site.get(&veera, "/api/runs").await.data()), [id_of(&public)]);
    assert_eq!(send(site.ask(Method::GET, friends)).await.status, 401, "nobody's friends");
}

async fn fields_add_what_is_left_out(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let run = live_run(&site, &aino).await;
    site.advance(Duration::from_secs(60)).await;
    site.post(&aino, &format!("{run}/fixes"), json!({"fixes": [fix(1), fix(2)]})).await.data();
    let plain = site.get(&aino, "/api/runs").await.data();
    assert!(plain[0].get("splits").is_none() && plain[0].get("start").is_none());
    let more = site.get(&aino, "/api/runs?fields=splits&fields=start").await.data();
    assert_eq!((&more[0]["splits"], &more[0]["start"]["longitude"]), (&json!([]), &json!(24.94)));
    let one = site.get(&aino, &run).await.data();
    assert!(one["splits"].is_array() && one.get("track").is_none());
    let one = site.get(&aino, &format!("{run}?fields=track&fields=start")).await.data();
    assert_eq!(one["track"]["fixes"].as_array().unwrap().len(), 2);
    assert!(one["start"]["latitude"].is_number());
    for (path, message) in [
        (format!("{run}?fields=tea"), "fields has no field tea: there are splits, start, track."),
        ("/api/runs?fields=track".to_owned(), "fields has no field track: there are splits, start."),
        ("/api/runs?fields=".to_owned(), "fields has no field : there are splits, start."),
    ] {
        let reply = site.get(&aino, &path).await;
        let error = &reply.json()["error"];
        assert_eq!((reply.status, &error["field"], &error["message"]), (400, &json!("fields"), &json!(message)));
    }
}

/// The instance that made the run has ended before it could remember what it answered.
async fn lost_answer_does_not_make_a_second_run(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    let body = json!({"latitude": 60.17, "longitude": 24.94});
    let post = |at: &Site| {
        let request = ask(at, &aino, Method::POST, "/api/runs").header("Idempotency-Key", "lost");
        send(request.json(&body))
    };
    let first = post(&site).await;
    assert_eq!(first.status, 201);
    // As it was before the answer was remembered.
    let due = site.app.backend.range(&Range::all(Index::new("due/housekeeping"), 10)).await.unwrap();
    let name = due.members.iter().find_map(|(_, member)| member.strip_prefix("posted-old/")).expect("a claim");
    let aggregate = runnity::backend::AggregateId::new("posted", name);
    let stored = site.app.backend.read(&[aggregate.head()]).await.unwrap().remove(0).value.unwrap();
    let mut record: Value = serde_json::from_slice(&stored).unwrap();
    record["answer"] = Value::Null;
    let mut commit = runnity::backend::Commit::on(aggregate.clone());
    let value = Some(record.to_string().into_bytes().into());
    commit.puts.push(runnity::backend::Put { key: aggregate.head(), value });
    site.app.backend.commit(commit).await.unwrap();

    // It waits for the first one's answer, and time goes on meanwhile.
    let mut waiting = std::pin::pin!(post(&other));
    let busy = loop {
        match tokio::time::timeout(Duration::from_millis(100), &mut waiting).await {
            Ok(busy) => break busy,
            Err(_) => site.clock.advance(Duration::from_millis(500)),
        }
    };
    assert_eq!((busy.status, busy.header("retry-after")), (409, "1"), "it may still be carried out");
    site.advance(Duration::from_secs(180)).await;
    let again = post(&other).await;
    assert_eq!((again.status, again.header("location")), (201, first.header("location")));
    let runs = site.get(&aino, "/api/runs?user=me").await.data();
    assert_eq!((runs.as_array().unwrap().len(), &runs[0]["fixes"]), (1, &json!(1)));
}

async fn odd_questions_are_refused_by_name(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let nine = "9".repeat(30);
    for (query, field) in [
        ("page=0".to_owned(), "page"),
        ("page_size=1e9".to_owned(), "page_size"),
        ("page_size=201".to_owned(), "page_size"),
        (format!("page={nine}"), "page"),
        (format!("event={nine}"), "event"),
        ("event=0".to_owned(), "event"),
        ("user=a%20b".to_owned(), "user"),
        ("sort=name".to_owned(), "sort"),
        ("sort=distance_m".to_owned(), "sort"),
        ("from=2026-02-30".to_owned(), "from"),
        ("until=25:61".to_owned(), "until"),
        ("friends=yes".to_owned(), "friends"),
        ("friends=true&user=me".to_owned(), "friends"),
        ("latitude=60".to_owned(), "longitude"),
        ("latitude=91&longitude=0".to_owned(), "latitude"),
        ("latitude=0&longitude=0&radius_m=1e9".to_owned(), "radius_m"),
        ("state=live&state=live".to_owned(), "state"),
        ("frields=splits".to_owned(), "frields"),
    ] {
        let reply = site.get(&aino, &format!("/api/runs?{query}")).await;
        assert_eq!((reply.status, &reply.json()["error"]["field"]), (400, &json!(field)), "{query}");
    }
}
