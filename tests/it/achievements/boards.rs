//! Leaderboards: who stands where, as values move, and who sees whom there.

use std::time::Duration;

use futures::{StreamExt as _, stream};
use reqwest::Method;
use runnity::app::{App, Settings};
use runnity::backend::{AggregateId, Index, Range};
use runnity::domain::ids::UserId;
use runnity::domain::user::{Level, Visibility};
use serde_json::{Value, json};

use super::counted::Counted;
use super::world::{achievement, admin, befriend, by, goal, increased, try_increase, user, value};
use crate::support::{Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    who_has_more_stands_first_on_both_instances,
    a_part_around_oneself_tells_ones_position,
    what_falls_comes_down_and_what_goes_is_off,
    boards_of_weeks_begin_anew,
    the_best_time_stands_first,
    friends_groups_and_cities_compare_among_themselves,
    whoever_is_not_to_be_seen_leaves_no_gap,
    a_deleted_account_stands_on_no_board,
    a_thousand_users_are_paged_in_order,
    an_increase_moves_no_more_than_its_boards,
    what_is_asked_for_wrongly_is_named,
);

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A variable with boards that users may move themselves.
async fn board(site: &Site, root: &Runner, name: &str) -> String {
    let new = json!({ "name": name, "increase_permission": "own", "leaderboard": true });
    assert_eq!(site.post(root, "/api/variables", new).await.status, 201);
    format!("/api/variables/{name}/leaderboard")
}

async fn runners<const N: usize>(site: &Site, names: [&str; N]) -> [Runner; N] {
    let mut made = Vec::new();
    for name in names {
        made.push(site.runner(name).await);
    }
    made.try_into().ok().expect("as many as there are names")
}

/// Each position with the name and the value.
fn told(board: &Value) -> Vec<(u64, String, f64)> {
    let standings = board["standings"].as_array().expect("standings").iter();
    let told = |it: &Value| {
        let name = it["user"]["name"].as_str().expect("a name").to_owned();
        (it["position"].as_u64().expect("a position"), name, it["value"].as_f64().expect("a value"))
    };
    standings.map(told).collect()
}

fn rows(rows: &[(u64, &str, f64)]) -> Vec<(u64, String, f64)> {
    rows.iter().map(|(position, name, value)| (*position, (*name).to_owned(), *value)).collect()
}

async fn seen(site: &Site, reader: &Runner, path: &str) -> Vec<(u64, String, f64)> {
    told(&site.get(reader, path).await.data())
}

async fn change(site: &Site, runner: &Runner, body: Value) {
    let changed = site.ask(Method::PATCH, "/api/users/me").bearer_auth(&runner.token).json(&body);
    send(changed).await.data();
}

/// Until everything that is due has been done.
async fn settled(site: &Site) {
    let due = Range::all(Index::new("due"), 1_000);
    within(async {
        loop {
            site.app.act_on_due(site.clock.now()).await.expect("acted on");
            let members = site.app.backend.range(&due).await.expect("read").members;
            if !members.iter().any(|(at_ms, _)| *at_ms <= site.clock.now().as_millis()) {
                break;
            }
        }
    })
    .await;
}

async fn who_has_more_stands_first_on_both_instances(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let root = admin(&site).await;
    let [aino, eero, ilse, otso] = runners(&site, ["Aino", "Eero", "Ilse", "Otso"]).await;
    let path = board(&site, &root, "laps").await;
    let id =
        achievement(&site, &root, json!({ "name": "rounds", "relevance": "global", "goals": [goal("laps", "5")] }))
            .await;
    other.app.increase(&by(&aino), &user(&aino), value("laps", 3.5), None).await.unwrap();
    increased(&site, &eero, "laps", 8.0).await;
    for runner in [&ilse, &otso] {
        other.app.increase(&by(runner), &user(runner), value("laps", 5.0), None).await.unwrap();
    }
    // Of two who have as much, the one whose id comes last in the alphabet, as in gengine.
    let (first, second) = if ilse.id > otso.id { ("Ilse", "Otso") } else { ("Otso", "Ilse") };
    let expected = rows(&[(1, "Eero", 8.0), (2, first, 5.0), (3, second, 5.0), (4, "Aino", 3.5)]);
    for site in [&site, &other] {
        for path in [path.clone(), format!("/api/achievements/{id}/leaderboard")] {
            let shown = site.get(&aino, &path).await.data();
            assert_eq!(told(&shown), expected);
            assert_eq!((&shown["total"], &shown["period"], &shown["me"]), (&json!(4), &json!("all"), &Value::Null));
            let second = site.get(&aino, &format!("{path}?page=2&page_size=3")).await.data();
            assert_eq!((told(&second), &second["total"]), (expected[3..].to_vec(), &json!(4)));
            assert!(seen(site, &aino, &format!("{path}?page=3&page_size=3")).await.is_empty());
        }
    }
}

async fn a_part_around_oneself_tells_ones_position(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let path = board(&site, &root, "laps").await;
    let names = ["A", "B", "C", "D", "E", "F", "G"].map(|name| format!("Runner {name}"));
    let all = runners(&site, names.each_ref().map(String::as_str)).await;
    for (runner, laps) in all.iter().zip([70.0, 60.0, 50.0, 40.0, 30.0, 20.0]) {
        increased(&site, runner, "laps", laps).await;
    }
    let around = |runner: usize, size: usize| {
        let path = format!("{path}?around=me&page_size={size}");
        let runner = &all[runner];
        let site = &site;
        async move { site.get(runner, &path).await.data() }
    };
    let shown = around(3, 5).await;
    let expected =
        [(2, &*names[1], 60.0), (3, &names[2], 50.0), (4, &names[3], 40.0), (5, &names[4], 30.0), (6, &names[5], 20.0)];
    assert_eq!(told(&shown), rows(&expected));
    assert_eq!(
        (&shown["me"]["position"], &shown["me"]["value"], &shown["total"]),
        (&json!(4), &json!(40.0), &json!(6))
    );
    assert_eq!(told(&around(0, 3).await), rows(&[(1, &names[0], 70.0), (2, &names[1], 60.0)]));
    // Who has nothing stands nowhere.
    let shown = around(6, 5).await;
    assert_eq!((told(&shown), &shown["me"], &shown["total"]), (Vec::new(), &Value::Null, &json!(6)));
}

async fn what_falls_comes_down_and_what_goes_is_off(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let [aino, eero] = runners(&site, ["Aino", "Eero"]).await;
    let path = board(&site, &root, "laps").await;
    increased(&site, &aino, "laps", 5.0).await;
    increased(&site, &eero, "laps", 3.0).await;
    increased(&site, &aino, "laps", -4.0).await;
    assert_eq!(seen(&site, &aino, &path).await, rows(&[(1, "Eero", 3.0), (2, "Aino", 1.0)]));
    // A run counts, and is deleted.
    let (run, _) = site.run(&aino, Visibility::Public).await;
    site.record_together(&aino, run, 150).await;
    let finish = site.ask(Method::POST, &format!("/api/runs/{run}/finish")).bearer_auth(&aino.token);
    assert_eq!(send(finish).await.status, 201);
    let runs = "/api/variables/runs/leaderboard";
    within(async { while seen(&site, &eero, runs).await != rows(&[(1, "Aino", 1.0)]) {} }).await;
    let delete = site.ask(Method::DELETE, &format!("/api/runs/{run}")).bearer_auth(&aino.token);
    assert_eq!(send(delete).await.status, 204);
    within(async { while !seen(&site, &eero, runs).await.is_empty() {} }).await;
    assert_eq!(site.get(&eero, runs).await.data()["total"], 0);
}

async fn boards_of_weeks_begin_anew(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let [aino, eero] = runners(&site, ["Aino", "Eero"]).await;
    let path = board(&site, &root, "laps").await;
    let weekly =
        json!({ "name": "weekly", "evaluation": "weekly", "relevance": "global", "goals": [goal("laps", "5")] });
    let id = achievement(&site, &root, weekly).await;
    increased(&site, &aino, "laps", 5.0).await;
    let (week, of_achievement) = (format!("{path}?period=week"), format!("/api/achievements/{id}/leaderboard"));
    let last = site.get(&aino, &week).await.data()["period"].as_str().unwrap().to_owned();
    site.advance(WEEK).await;
    increased(&site, &eero, "laps", 3.0).await;
    for path in [&week, &of_achievement] {
        assert_eq!(seen(&site, &aino, path).await, rows(&[(1, "Eero", 3.0)]), "{path}");
    }
    let before = rows(&[(1, "Aino", 5.0)]);
    assert_eq!(seen(&site, &aino, &format!("{path}?period=week:{last}")).await, before);
    assert_eq!(seen(&site, &aino, &format!("{of_achievement}?period={last}")).await, before);
    assert_eq!(seen(&site, &aino, &path).await, rows(&[(1, "Aino", 5.0), (2, "Eero", 3.0)]));
    // Of old weeks one is taken off when one moves in newer ones.
    for _ in 0..14 {
        site.advance(WEEK).await;
        increased(&site, &aino, "laps", 1.0).await;
    }
    assert!(seen(&site, &aino, &format!("{path}?period=week:{last}")).await.is_empty());
    assert_eq!(seen(&site, &aino, &week).await, rows(&[(1, "Aino", 1.0)]));
}

async fn the_best_time_stands_first(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let [aino, eero, ilse] = runners(&site, ["Aino", "Eero", "Ilse"]).await;
    board(&site, &root, "lap_s").await;
    let mut best = goal("lap_s", "60");
    best["operator"] = json!("leq");
    best["group_by_key"] = json!(true);
    best["maxmin"] = json!("min");
    let id = achievement(&site, &root, json!({ "name": "fast", "relevance": "global", "goals": [best] })).await;
    for (runner, key, seconds) in [(&aino, "a", 90.0), (&aino, "b", 80.0), (&eero, "a", 70.0), (&ilse, "a", 95.0)] {
        let mut lap = value("lap_s", seconds);
        lap[0].key = key.to_owned();
        site.app.increase(&by(runner), &user(runner), lap, None).await.unwrap();
    }
    let path = format!("/api/achievements/{id}/leaderboard");
    let expected = rows(&[(1, "Eero", 70.0), (2, "Aino", 80.0), (3, "Ilse", 95.0)]);
    assert_eq!(seen(&site, &aino, &path).await, expected);
    let shown = site.get(&ilse, &format!("{path}?around=me&page_size=3")).await.data();
    assert_eq!((told(&shown), &shown["me"]["position"]), (expected[1..].to_vec(), &json!(3)));
}

async fn friends_groups_and_cities_compare_among_themselves(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let [aino, eero, ilse, otso] = runners(&site, ["Aino", "Eero", "Ilse", "Otso"]).await;
    let path = board(&site, &root, "laps").await;
    befriend(&site, &aino, &eero).await;
    for (runner, city) in [(&aino, "Turku"), (&ilse, "TURKU "), (&otso, "Åbo")] {
        change(&site, runner, json!({ "city": city })).await;
    }
    for (runner, laps) in [(&aino, 2.0), (&eero, 1.0), (&ilse, 3.0), (&otso, 4.0)] {
        increased(&site, runner, "laps", laps).await;
    }
    let among = |relevance: &str| format!("{path}?relevance={relevance}");
    assert_eq!(seen(&site, &aino, &among("friends")).await, rows(&[(1, "Aino", 2.0), (2, "Eero", 1.0)]));
    assert_eq!(seen(&site, &aino, &among("city")).await, rows(&[(1, "Ilse", 3.0), (2, "Aino", 2.0)]));
    assert_eq!(site.get(&eero, &among("city")).await.status, 400);
    let group = site.post(&aino, "/api/groups", json!({ "name": "Turku runners" })).await.data();
    let of_group = format!("{path}?group={}", group["id"].as_str().unwrap());
    assert_eq!(seen(&site, &aino, &of_group).await, rows(&[(1, "Aino", 2.0)]));
    assert_eq!(site.get(&aino, &format!("{of_group}&around=me")).await.data()["me"]["position"], 1);

    // Whoever moves house is seen there, and here no more, though nothing is counted.
    change(&site, &ilse, json!({ "city": "Åbo" })).await;
    assert_eq!(seen(&site, &aino, &among("city")).await, rows(&[(1, "Aino", 2.0)]));
    settled(&site).await;
    assert_eq!(seen(&site, &ilse, &among("city")).await, rows(&[(1, "Otso", 4.0), (2, "Ilse", 3.0)]));
    assert_eq!(site.get(&aino, &among("city")).await.data()["total"], 1);
    increased(&site, &ilse, "laps", 2.0).await;
    assert_eq!(seen(&site, &otso, &among("city")).await, rows(&[(1, "Ilse", 5.0), (2, "Otso", 4.0)]));
}

async fn whoever_is_not_to_be_seen_leaves_no_gap(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let root = admin(&site).await;
    let [aino, eero, ilse, otso] = runners(&site, ["Aino", "Eero", "Ilse", "Otso"]).await;
    let path = board(&site, &root, "laps").await;
    for (runner, laps) in [(&aino, 1.0), (&eero, 2.0), (&ilse, 3.0), (&otso, 4.0)] {
        increased(&other, runner, "laps", laps).await;
    }
    change(&site, &ilse, json!({ "visibility": "private" })).await;
    let without = rows(&[(1, "Otso", 4.0), (2, "Eero", 2.0), (3, "Aino", 1.0)]);
    assert_eq!(seen(&site, &aino, &path).await, without);
    settled(&site).await;
    let shown = site.get(&aino, &format!("{path}?around=me")).await.data();
    assert_eq!((told(&shown), &shown["total"], &shown["me"]["position"]), (without.clone(), &json!(3), &json!(3)));
    // She has a position for herself alone, wherever it goes on; the other instance may still know her as she was.
    increased(&other, &ilse, "laps", 0.5).await;
    let own = site.get(&ilse, &format!("{path}?around=me")).await.data();
    assert_eq!((&own["me"]["position"], &own["me"]["value"]), (&json!(2), &json!(3.5)));
    assert_eq!(told(&own), without);
    assert_eq!(site.get(&aino, &path).await.data()["total"], 3);

    let block = site.ask(Method::PUT, &format!("/api/friends/{}", aino.id)).bearer_auth(&otso.token);
    send(block.json(&json!({ "state": "blocked" }))).await.data();
    let shown = site.get(&aino, &format!("{path}?around=me")).await.data();
    assert_eq!(told(&shown), rows(&[(1, "Eero", 2.0), (2, "Aino", 1.0)]));
    assert_eq!((&shown["total"], &shown["me"]["position"]), (&json!(2), &json!(2)));
    assert_eq!(seen(&site, &aino, &path).await, rows(&[(1, "Eero", 2.0), (2, "Aino", 1.0)]));
    assert_eq!(seen(&site, &eero, &path).await, without, "others see him");

    change(&site, &ilse, json!({ "visibility": "friends" })).await;
    settled(&site).await;
    assert_eq!(seen(&site, &eero, &path).await[1], (2, "Ilse".to_owned(), 3.5));
}

async fn a_deleted_account_stands_on_no_board(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let [aino, eero] = runners(&site, ["Aino", "Eero"]).await;
    let path = board(&site, &root, "laps").await;
    change(&site, &aino, json!({ "city": "Turku" })).await;
    increased(&site, &aino, "laps", 5.0).await;
    increased(&site, &eero, "laps", 3.0).await;
    let names = Range::all(Index::new(format!("boards/of/{}", aino.id)), 100);
    let boards = site.app.backend.range(&names).await.unwrap().members;
    assert_eq!(boards.len(), 6, "of all times, of the week and of the month, each for all and for Turku: {boards:?}");
    site.app.end_account(&aino.identity, None, None).await.unwrap();
    assert_eq!(seen(&site, &eero, &path).await, rows(&[(1, "Eero", 3.0)]), "not for a moment");
    settled(&site).await;
    site.app.act_on_due(site.clock.now()).await.unwrap();
    for (_, name) in boards {
        let left = site.app.backend.range(&Range::all(Index::new(name.clone()), 100)).await.unwrap().members;
        assert!(left.iter().all(|(_, member)| **member != *aino.id), "{name}");
    }
    assert!(site.app.backend.range(&names).await.unwrap().members.is_empty());
    assert_eq!(site.get(&eero, &path).await.data()["total"], 1);
    let progress = site.app.backend.read(&[AggregateId::new("user", &aino.id).key("progress")]).await.unwrap();
    assert!(progress[0].value.is_none());
}

async fn a_thousand_users_are_paged_in_order(kind: StoreKind) {
    const USERS: usize = 1_000;
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let path = board(&site, &root, "laps").await;
    let (app, caller) = (&site.app, by(&root));
    let made = stream::iter(0..USERS).map(|number| {
        let caller = &caller;
        async move {
            let made = app.make_user(format!("u{number}"), Level::User, None, Visibility::Public).await;
            let user = UserId::parse(&made.expect("a user").0.id).expect("an id");
            // Every value is that of two.
            let laps = value("laps", (number / 2) as f64);
            app.increase(caller, &user, [laps, value("laps", 1.0)].concat(), None).await.expect("increased");
        }
    });
    within(made.buffer_unordered(64).collect::<Vec<()>>()).await;
    let mut all = Vec::new();
    for page in 1..=5 {
        let shown = site.get(&root, &format!("{path}?page={page}&page_size=200")).await.data();
        assert_eq!(shown["total"], USERS);
        all.extend(told(&shown));
    }
    assert_eq!(all.len(), USERS);
    let mut names: Vec<&String> = all.iter().map(|(_, name, _)| name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), USERS, "each once");
    for (at, (position, name, value)) in all.iter().enumerate() {
        let number: usize = name[1..].parse().expect("a number");
        assert_eq!((*position, *value), (at as u64 + 1, (number / 2) as f64 + 1.0), "{name}");
        assert_eq!(*value, ((USERS - 1 - at) / 2) as f64 + 1.0);
    }
}

async fn an_increase_moves_no_more_than_its_boards(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let aino = site.runner("Aino").await;
    board(&site, &root, "laps").await;
    for number in 0..5 {
        let rule =
            json!({ "name": format!("rule {number}"), "relevance": "global", "goals": [goal("laps", "1000000")] });
        achievement(&site, &root, rule).await;
    }
    let new = json!({ "name": "jumps", "increase_permission": "own" });
    assert_eq!(site.post(&root, "/api/variables", new).await.status, 201);
    achievement(&site, &root, json!({ "name": "jumper", "goals": [goal("jumps", "1000000")] })).await;
    let store = Counted::on(site.store.open().await);
    let app = App::new(store.clone(), site.clock.clone(), Settings::default());
    let caller = by(&aino);
    let increase = |name: &'static str| app.increase(&caller, &aino.identity.user, value(name, 1.0), None);
    increase("laps").await.unwrap();
    increase("jumps").await.unwrap();
    for (name, moves) in [("jumps", 0), ("laps", 3)] {
        store.take();
        increase(name).await.unwrap();
        let counts = store.take();
        let commits: Vec<_> =
            counts.commits.iter().map(|it| (it.puts.len(), it.moves.len(), it.appends.len())).collect();
        // The week's, the month's and that of all times, which the five achievements share.
        assert_eq!((commits, counts.read.len()), (vec![(2, moves, 0)], 2), "{name}");
    }
}

async fn what_is_asked_for_wrongly_is_named(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (root, aino) = (admin(&site).await, site.runner("Aino").await);
    let path = board(&site, &root, "laps").await;
    let weekly =
        json!({ "name": "weekly", "evaluation": "weekly", "relevance": "group", "goals": [goal("laps", "5")] });
    let weekly = achievement(&site, &root, weekly).await;
    let weekly = format!("/api/achievements/{weekly}/leaderboard");
    for (path, field) in [
        (format!("{path}?relevance=world"), "relevance"),
        (format!("{path}?relevance=city"), "relevance"),
        (format!("{path}?relevance=group"), "group"),
        (format!("{path}?relevance=friends&group=k3v9x2m7q1ab"), "group"),
        (format!("{path}?group=%20"), "group"),
        (weekly.clone(), "group"),
        (format!("{path}?period=year"), "period"),
        (format!("{path}?period=2026-11-16"), "period"),
        (format!("{path}?period=week:tea"), "period"),
        (format!("{path}?period=all:2026-11-16"), "period"),
        (format!("{weekly}?relevance=global&period=all"), "period"),
        (format!("{weekly}?relevance=global&period=2026-11-31"), "period"),
        (format!("{path}?around=you"), "around"),
        (format!("{path}?around=me&page=2"), "page"),
        (format!("{path}?page=0"), "page"),
        (format!("{path}?page_size=201"), "page_size"),
    ] {
        let reply = site.get(&aino, &path).await;
        let told = reply.json();
        assert_eq!((reply.status, told["error"]["field"].as_str()), (400, Some(field)), "{path}: {told}");
    }
    let own = achievement(&site, &root, json!({ "name": "own", "goals": [goal("laps", "5")] })).await;
    let closed = json!({ "name": "closed", "relevance": "global", "view": "own", "goals": [goal("laps", "5")] });
    let closed = achievement(&site, &root, closed).await;
    let hidden = json!({ "name": "hidden", "relevance": "global", "hidden": true, "goals": [goal("laps", "5")] });
    let hidden = achievement(&site, &root, hidden).await;
    assert_eq!(site.post(&root, "/api/variables", json!({ "name": "plain" })).await.status, 201);
    for path in [
        format!("/api/achievements/{own}/leaderboard"),
        format!("/api/achievements/{closed}/leaderboard"),
        format!("/api/achievements/{hidden}/leaderboard"),
        "/api/achievements/999999/leaderboard".to_owned(),
        "/api/variables/plain/leaderboard".to_owned(),
        "/api/variables/tea/leaderboard".to_owned(),
        "/api/variables/TEA/leaderboard".to_owned(),
        format!("{path}?group=aaaaaaaaaaaa"),
    ] {
        assert_eq!(site.get(&aino, &path).await.status, 404, "{path}");
    }
    assert_eq!(send(site.ask(Method::GET, &path)).await.status, 401);
    assert!(try_increase(&site, &aino, "laps", 1.0).await.is_ok());
}
