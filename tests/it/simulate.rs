//! Simulated phones against a whole server, with a real recorded run, over both transports.

use std::path::Path;
use std::sync::Arc;

use runnity::app::runs::{Page, RunFilter};
use runnity::app::users::Caller;
use runnity::clock::Clock;
use runnity::simulate::plan::{Plan, share_out};
use runnity::simulate::report::Report;
use runnity::simulate::{self, Options, Transport};
use runnity::tracks;
use tokio_util::sync::CancellationToken;

use crate::support::Site;

async fn simulated(transport: Transport) {
    let site = Site::start().await;
    // The phones' fixes bear the real time.
    let ahead = Clock::system().now().seconds_since(site.clock.now());
    site.clock.advance(std::time::Duration::from_secs_f64(ahead.max(0.0)));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tracks/los-gatos.gpx");
    let track = tracks::parse_file(&file).unwrap();
    let fixes = track.len();
    let plans: Vec<Plan> = share_out(&[track], 3);
    let report = Arc::new(Report::default());
    let options = Options {
        server: format!("http://{}", site.host),
        transport,
        visibility: "public",
        speed: 5_000.0,
        watch: true,
        tokens: Vec::new(),
    };
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phones_send_a_recorded_run_over_http_and_a_spectator_sees_it() {
    simulated(Transport::Http).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phones_send_a_recorded_run_over_the_socket_and_a_spectator_sees_it() {
    simulated(Transport::WebSocket).await;
}
