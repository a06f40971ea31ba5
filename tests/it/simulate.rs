//! Simulated phones against a whole server, with a real recorded run, over both transports.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use runnity::app::runs::{NewRun, Page, RunFilter, Transition};
use runnity::app::users::Caller;
use runnity::clock::Clock;
use runnity::domain::fix::Fix;
use runnity::domain::ids::RunId;
use runnity::simulate::plan::{Plan, share_out};
use runnity::simulate::report::Report;
use runnity::simulate::{self, Options, Transport};
use runnity::tracks;
use tokio_util::sync::CancellationToken;

use crate::support::{Site, StoreKind, on_each_store, within};

on_each_store!(
    phones_that_run_again_go_on_with_what_they_find_over_http,
    phones_that_run_again_go_on_with_what_they_find_over_the_socket,
    phones_send_a_recorded_run_over_http_and_a_spectator_sees_it,
    phones_send_a_recorded_run_over_the_socket_and_a_spectator_sees_it,
    when_phones_are_stopped_the_spectator_still_sees_what_they_have_sent,
);

async fn site(kind: StoreKind) -> Site {
    let site = Site::start(kind).await;
    // The phones' fixes bear the real time.
    let ahead = Clock::system().now().seconds_since(site.clock.now());
    site.advance(Duration::from_secs_f64(ahead.max(0.0))).await;
    site
}

fn track() -> Vec<Fix> {
    tracks::parse_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tracks/los-gatos.gpx")).unwrap()
}

fn options(site: &Site, transport: Transport, speed: f64) -> Options {
    let server = format!("http://{}", site.host);
    Options { server, transport, visibility: "public", speed, watch: true, tokens: Vec::new() }
}

async fn simulated(kind: StoreKind, transport: Transport) {
    let site = site(kind).await;
    let track = track();
    let fixes = track.len();
    let plans: Vec<Plan> = share_out(&[track], 3);
    let report = Arc::new(Report::default());
    let options = options(&site, transport, 5_000.0);
    simulate::run(options, plans, report.clone(), CancellationToken::new()).await.unwrap();
    let told = report.to_string();
    let all = fixes * 3;
    assert!(told.contains(&format!("sent {all}, acknowledged {all}, seen {all}")), "{told}");
    assert!(told.contains("p99"), "{told}");
    let page = Page { page: 1, size: 10 };
    let runs = site.app.runs(&Caller::Anonymous, RunFilter::default(), page).await.unwrap();
    assert_eq!(runs.len(), 3);
    for run in runs {
        assert_eq!((run.state, run.fixes), ("finished", fixes as u64));
        assert!((run.totals.distance_m - 12_799.0).abs() < 20.0, "{}", run.totals.distance_m);
    }
}

/// A phone that runs again and again, whose runs are ended by somebody else.
async fn interrupted(kind: StoreKind, transport: Transport) {
    let site = site(kind).await;
    let runner = site.runner("Aino").await;
    let identity = site.app.authenticate(&runner.token).await.unwrap();
    // As if the answer that told of this run had been lost.
    let in_the_way = site.app.new_run(&identity, NewRun::default()).await.unwrap().id;
    let plan = Plan { name: "Aino".to_owned(), fixes: track(), behind_s: 0.0, again: true, event: None };
    let options = Options { watch: false, tokens: vec![runner.token], ..options(&site, transport, 20.0) };
    let stop = CancellationToken::new();
    let running = tokio::spawn(simulate::run(options, vec![plan], Arc::new(Report::default()), stop.clone()));
    let mut ended = Vec::new();
    for _ in 0..3 {
        let run = within(async {
            loop {
                let page = Page { page: 1, size: 10 };
                let runs = site.app.runs(&Caller::Anonymous, RunFilter::default(), page).await.unwrap();
                match runs.into_iter().find(|run| run.state == "live" && run.fixes > 2) {
                    Some(run) => break run,
                    None => tokio::task::yield_now().await,
                }
            }
        });
        let run = run.await;
        let id = RunId::parse(&run.id).unwrap();
        site.app.transition(&identity, id, Transition::Finish).await.unwrap();
        ended.push(run.id);
    }
    assert_eq!(ended[0], in_the_way, "it goes on with the run that is there");
    ended.dedup();
    assert_eq!(ended.len(), 3, "and begins the next when one is over");
    stop.cancel();
    within(running).await.unwrap().unwrap();
}

async fn phones_that_run_again_go_on_with_what_they_find_over_http(kind: StoreKind) {
    interrupted(kind, Transport::Http).await;
}

async fn phones_that_run_again_go_on_with_what_they_find_over_the_socket(kind: StoreKind) {
    interrupted(kind, Transport::WebSocket).await;
}

async fn phones_send_a_recorded_run_over_http_and_a_spectator_sees_it(kind: StoreKind) {
    simulated(kind, Transport::Http).await;
}

async fn phones_send_a_recorded_run_over_the_socket_and_a_spectator_sees_it(kind: StoreKind) {
    simulated(kind, Transport::WebSocket).await;
}

async fn when_phones_are_stopped_the_spectator_still_sees_what_they_have_sent(kind: StoreKind) {
    let site = site(kind).await;
    let report = Arc::new(Report::default());
    let stop = CancellationToken::new();
    let plans = share_out(&[track()], 5);
    let running = simulate::run(options(&site, Transport::Http, 500.0), plans, report.clone(), stop.clone());
    let running = tokio::spawn(running);
    within(async {
        while report.is_all_seen() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    stop.cancel();
    within(running).await.unwrap().unwrap();
    assert!(report.is_all_seen(), "{report}");
}
