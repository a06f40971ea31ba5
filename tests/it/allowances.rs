//! How often one caller may ask: by token and by address, in the words of each family.

use std::time::Duration;

use reqwest::Method;
use runnity::app::allowances::Rates;
use runnity::backend::{AggregateId, Commit, Index, Move};
use runnity::domain::ids::RunId;
use serde_json::{Value, json};

use crate::support::{API_KEY, Reply, Site, StoreKind, on_each_store, send};

on_each_store!(
    each_family_refuses_in_its_own_form,
    what_is_left_is_told_and_true,
    who_lets_us_look_at_much_pays_for_it,
    what_the_api_says_of_itself_is_counted_and_sent_once,
    a_good_token_is_counted_for_itself_and_a_made_up_one_for_its_address,
    this_machine_itself_and_the_operators_back_end_are_not_counted,
);

const HOME: &str = "192.0.2.1";
const AWAY: &str = "192.0.2.2";
/// Ten seconds' worth may come at once.
const BURST: usize = 10;

fn rates(per_token: u32, per_address: u32) -> Rates {
    Rates { per_token, per_address }
}

async fn ask(site: &Site, method: Method, path: &str, address: &str, token: Option<&str>) -> Reply {
    let request = site.ask(method, path).header("X-Forwarded-For", address);
    send(match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    })
    .await
}

/// Asks until it is refused → how often it was not.
async fn spend(site: &Site, path: &str, address: &str, token: Option<&str>) -> usize {
    let mut served = 0;
    while ask(site, Method::GET, path, address, token).await.status != 429 {
        served += 1;
        assert!(served < 1_000, "never refused");
    }
    served
}

async fn each_family_refuses_in_its_own_form(kind: StoreKind) {
    let site = Site::start_counting(kind, rates(0, 1)).await;
    spend(&site, "/api/runs", HOME, None).await;
    let rest = ask(&site, Method::GET, "/api/runs", HOME, None).await;
    let document = rest.json();
    assert_eq!((rest.status, &document["meta"]["status"]), (429, &json!(429)));
    assert_eq!(document["error"]["type"], "TooManyRequests");
    let runnity = ask(&site, Method::POST, "/run/new", HOME, None).await;
    let body = json!({"error": {"code": 429, "message": "Too many requests"}});
    assert_eq!((runnity.status, runnity.json()), (429, body));
    let live = ask(&site, Method::POST, "/api/info", HOME, None).await;
    let body = json!({"error": {"code": 111, "message": "too many requests"}});
    assert_eq!((live.status, live.json()), (429, body));
    for reply in [&rest, &runnity, &live] {
        assert_eq!(reply.header("retry-after"), "1");
        assert_eq!(reply.header("ratelimit"), "\"address\";r=0;t=10");
    }
    let options = ask(&site, Method::OPTIONS, "/api/runs", HOME, None).await;
    assert_eq!(options.status, 204, "a browser may ask whether it may ask");
    for path in ["/", "/health", "/health/ready"] {
        assert_eq!(ask(&site, Method::GET, path, HOME, None).await.status, 200, "{path} is not counted");
    }
    assert_eq!(ask(&site, Method::GET, "/api/runs", AWAY, None).await.status, 200, "others are not refused");
}

async fn what_is_left_is_told_and_true(kind: StoreKind) {
    let site = Site::start_counting(kind, rates(0, 1)).await;
    let first = ask(&site, Method::GET, "/api/runs", HOME, None).await;
    assert_eq!(first.header("ratelimit-policy"), "\"address\";q=10;w=10");
    assert_eq!(first.header("ratelimit"), "\"address\";r=9;t=1");
    assert!(first.header("access-control-expose-headers").contains("RateLimit"), "pages elsewhere may read it");
    assert_eq!(spend(&site, "/api/runs", HOME, None).await, 9);
    let refused = ask(&site, Method::GET, "/api/runs", HOME, None).await;
    let wait_s: u64 = refused.header("retry-after").parse().expect("seconds");
    site.advance(Duration::from_secs(wait_s)).await;
    assert_eq!(ask(&site, Method::GET, "/api/runs", HOME, None).await.status, 200);
    assert_eq!(ask(&site, Method::GET, "/api/runs", HOME, None).await.status, 429);
    site.advance(Duration::from_secs(10)).await;
    assert_eq!(spend(&site, "/api/runs", HOME, None).await, BURST);
}

async fn who_lets_us_look_at_much_pays_for_it(kind: StoreKind) {
    let site = Site::start_counting(kind, rates(0, 1)).await;
    let mut commit = Commit::on(AggregateId::new("runs", "of nobody"));
    commit.moves = (0..450_u128)
        .map(|number| {
            let member = RunId::from_u128(number + 1).to_string().into();
            Move { index: Index::new("runs/public"), member, score: Some(0) }
        })
        .collect();
    site.app.backend.commit(commit).await.unwrap();
    let reply = ask(&site, Method::GET, "/api/runs", HOME, None).await;
    assert_eq!((reply.status, reply.data()), (200, json!([])));
    // One turn for the request, and one for each 50 beyond the first 200.
    assert_eq!(reply.header("ratelimit"), "\"address\";r=4;t=6");
    let again = ask(&site, Method::GET, "/api/runs", HOME, None).await;
    assert_eq!((again.status, again.header("ratelimit")), (200, "\"address\";r=0;t=12"), "two are owed");
    let refused = ask(&site, Method::GET, "/api/users/me", HOME, None).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "3"));
    site.advance(Duration::from_secs(3)).await;
    assert_eq!(ask(&site, Method::GET, "/api/users/me", HOME, None).await.status, 401, "a second is a turn");
    assert_eq!(ask(&site, Method::GET, "/api/users/me", HOME, None).await.status, 429, "and no more than one");
}

async fn what_the_api_says_of_itself_is_counted_and_sent_once(kind: StoreKind) {
    for path in ["/api/openapi.json", "/api/asyncapi.json", "/docs", "/docs/errors", "/docs/errors/Conflict"] {
        let site = Site::start_counting(kind, rates(0, 1)).await;
        let ask = async |name: &str, value: &str| {
            send(site.ask(Method::GET, path).header("X-Forwarded-For", HOME).header(name, value)).await
        };
        let whole = ask("Accept-Encoding", "identity").await;
        let tag = whole.header("etag");
        assert!(tag.starts_with('"'), "{path}: {tag} is strong");
        assert_eq!((whole.status, whole.header("cache-control")), (200, "no-cache"), "{path}");
        let compressed = ask("Accept-Encoding", "gzip").await;
        assert_eq!(compressed.header("content-encoding"), "gzip", "{path}");
        assert_ne!(compressed.header("etag"), tag, "{path}: other bytes");
        assert!(compressed.body.len() < whole.body.len(), "{path}");
        for known in [tag, compressed.header("etag"), "*"] {
            let known = ask("If-None-Match", known).await;
            assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, tag), "{path}");
        }
        assert_eq!(ask("If-None-Match", "\"other\"").await.status, 200, "{path}");
        assert_eq!(spend(&site, path, HOME, None).await, BURST - 6, "{path}");
        let refused = ask("If-None-Match", tag).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, "1"), "{path}");
    }
}

async fn a_good_token_is_counted_for_itself_and_a_made_up_one_for_its_address(kind: StoreKind) {
    let site = Site::start_counting(kind, rates(2, 1)).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    let me = "/api/users/me";
    for runner in [&aino, &ben] {
        // The first says that it is good.
        assert_eq!(ask(&site, Method::GET, me, HOME, Some(&runner.token)).await.status, 200);
    }
    let told = ask(&site, Method::GET, me, HOME, Some(&aino.token)).await;
    assert_eq!(told.header("ratelimit"), "\"token\";r=19;t=1");
    assert_eq!(spend(&site, me, HOME, Some(&aino.token)).await, 19);
    assert_eq!(ask(&site, Method::GET, me, AWAY, Some(&aino.token)).await.status, 429, "wherever it is used");
    let by_id = site.ask(Method::GET, &format!("/logout?id={}", aino.token)).header("X-Forwarded-For", AWAY);
    assert_eq!(send(by_id).await.status, 429, "however it is shown");
    assert_eq!(ask(&site, Method::GET, me, HOME, Some(&ben.token)).await.status, 200, "another's is another's");
    // The turns of good ones were given back when they were found so.
    let mut served = 0;
    while ask(&site, Method::GET, me, HOME, Some(&format!("made.up-{served}"))).await.status == 401 {
        served += 1;
    }
    assert_eq!(served, BURST);
    assert_eq!(ask(&site, Method::GET, me, HOME, Some(&ben.token)).await.status, 200, "a good one passes them by");
}

async fn this_machine_itself_and_the_operators_back_end_are_not_counted(kind: StoreKind) {
    let site = Site::start_counting(kind, rates(1, 1)).await;
    for _ in 0..3 * BURST {
        let reply = send(site.ask(Method::GET, "/api/runs")).await;
        assert_eq!((reply.status, reply.has("ratelimit")), (200, false));
    }
    for _ in 0..3 * BURST {
        let request = site.ask(Method::POST, "/api/info").header("X-Forwarded-For", HOME).header("X-API-Key", API_KEY);
        assert_eq!(send(request.json(&Value::Null)).await.status, 200);
    }
    let request = || site.ask(Method::POST, "/api/info").header("X-Forwarded-For", HOME).header("X-API-Key", "wrong");
    for _ in 0..BURST {
        assert_eq!(send(request()).await.status, 401);
    }
    assert_eq!(send(request()).await.status, 429, "a wrong key is a guess");
}
