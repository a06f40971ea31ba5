//! What whoever starts the demo finds: runners who run by themselves, and events with runners in them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use runnity::app::runs::Transition;
use runnity::clock::Clock;
use runnity::demo;
use runnity::domain::ids::RunId;
use runnity::simulate::plan::Plan;
use runnity::simulate::report::Report;
use runnity::simulate::{self, Options, Transport};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    three_events_are_held_and_each_window_shows_them,
    its_runners_run_in_the_event_again_and_again_until_it_is_over,
);

async fn site(kind: StoreKind) -> Site {
    let site = Site::start(kind).await;
    // The phones' fixes bear the real time.
    let ahead = Clock::system().now().seconds_since(site.clock.now());
    site.advance(Duration::from_secs_f64(ahead.max(0.0))).await;
    site
}

/// The events of a site by their names, with what `pick` says of them.
async fn events<T>(site: &Site, pick: impl Fn(&Value) -> T) -> Vec<(String, T)> {
    let listed = send(site.ask(Method::GET, "/api/events?sort=starts_at")).await.data();
    let events = listed.as_array().unwrap().iter();
    events.map(|event| (event["name"].as_str().unwrap().to_owned(), pick(event))).collect()
}

async fn three_events_are_held_and_each_window_shows_them(kind: StoreKind) {
    let site = site(kind).await;
    let mut plans = demo::plans(12);
    let tokens = demo::events::hold(&format!("http://{}", site.host), &mut plans, site.clock.now()).await.unwrap();
    assert_eq!(tokens.len(), 8);
    let told = events(&site, |event| {
        (
            event["state"].clone(),
            event["participants"].clone(),
            event["creator"]["name"].clone(),
            event["private"].clone(),
        )
    });
    let told: Vec<_> =
        told.await.into_iter().map(|(name, told)| json!([name, told.0, told.1, told.2, told.3])).collect();
    let creator = &plans[0].name;
    assert_eq!(
        json!(told),
        json!([
            ["Warm-up laps", "passed", 5, creator, false],
            ["Harbour laps", "current", 8, creator, false],
            ["Shore run", "come_up", 3, creator, false],
        ])
    );
    let body = send(site.ask(Method::GET, &format!("/event/list?id={}", tokens[7]))).await.json();
    for (bucket, name) in [("passed", "Warm-up laps"), ("current", "Harbour laps"), ("comeUp", "Shore run")] {
        let found = body.to_string();
        assert!(find(&body, bucket).is_some_and(|events| events.to_string().contains(name)), "{bucket}: {found}");
    }

    let running: Vec<&Plan> = plans.iter().filter(|plan| plan.event.is_some()).collect();
    assert_eq!(running.len(), 8, "the others run by themselves");
    assert!(plans.len() > 8);
}

/// The first member of this name, however deep.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) => members.get(name).or_else(|| members.values().find_map(|value| find(value, name))),
        Value::Array(items) => items.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

async fn its_runners_run_in_the_event_again_and_again_until_it_is_over(kind: StoreKind) {
    let site = site(kind).await;
    let server = format!("http://{}", site.host);
    let mut plans = demo::plans(3);
    plans.truncate(3);
    let tokens = demo::events::hold(&server, &mut plans, site.clock.now()).await.unwrap();
    let event = plans[0].event.unwrap();
    let (transport, visibility) = (Transport::WebSocket, "public");
    let options = Options { server, transport, visibility, speed: 1.0, watch: false, tokens: tokens.clone() };
    let stop = CancellationToken::new();
    let running = tokio::spawn(simulate::run(options, plans, Arc::new(Report::default()), stop.clone()));

    let mut watcher = site.spectator().await;
    let channel = format!("positions:{event}");
    let picture = watcher.subscribe(&channel).await;
    let mut seen = numbers(&picture["data"]);
    while seen.len() < 3 {
        seen.extend(numbers(&watcher.push(&channel).await["pub"]["data"]));
    }
    assert_eq!(seen, BTreeSet::from([1, 2, 3]), "everybody on the roster is out");

    let creator = site.holder_of(&tokens[0]).await;
    let first = live_run(&site, &creator, None).await;
    assert_eq!((&first["event"], &first["visibility"]), (&json!(event), &json!("public")));
    site.app.transition(&creator.identity, id(&first), Transition::Finish).await.unwrap();
    let second = live_run(&site, &creator, Some(&first)).await;
    assert_eq!(second["event"], event, "whoever begins anew does so in the same event");
    assert_eq!(events(&site, |_| ()).await.len(), 3, "and no event is made for it");

    let ended = site.post(&creator, &format!("/api/events/{event}/end"), Value::Null).await;
    assert_eq!(ended.status, 201, "{ended:?}");
    let _ = site.app.transition(&creator.identity, id(&second), Transition::Finish).await;
    let third = live_run(&site, &creator, Some(&second)).await;
    assert_eq!(third["event"], Value::Null, "when it is over they run on by themselves");
    stop.cancel();
    within(running).await.unwrap().unwrap();
}

/// Who is in a frame, by their numbers on the roster.
fn numbers(frame: &Value) -> BTreeSet<u64> {
    let runners = frame["runners"].as_array().into_iter().flatten();
    runners.filter_map(|row| row[0].as_u64()).collect()
}

fn id(run: &Value) -> RunId {
    RunId::parse(run["id"].as_str().unwrap()).unwrap()
}

/// The live run of this runner, once it is another one than before.
async fn live_run(site: &Site, runner: &Runner, before: Option<&Value>) -> Value {
    within(async {
        loop {
            let runs = site.get(runner, "/api/runs?user=me&state=live").await.data();
            match runs.as_array().unwrap().first() {
                Some(run) if before.is_none_or(|before| before["id"] != run["id"]) => break run.clone(),
                _ => tokio::task::yield_now().await,
            }
        }
    })
    .await
}
