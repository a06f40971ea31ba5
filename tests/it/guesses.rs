//! Guessing of passwords and tokens, through two instances.

use std::time::Duration;

use reqwest::Method;
use runnity::app::AppError;
use runnity::app::allowances::Rates;
use runnity::app::users::NewUser;
use runnity::limits;
use runnity::peer::Origin;
use serde_json::json;

use crate::support::{Client, Reply, Site, StoreKind, on_each_store, send};

on_each_store!(
    guessing_a_password_is_slowed_on_all_instances_together,
    many_guesses_at_once_are_counted_before_they_are_looked_at,
    the_owner_is_not_locked_out_by_who_guesses_elsewhere,
    one_address_cannot_try_many_names,
    address_that_has_to_wait_leaves_nothing_at_names,
    sign_ups_from_one_address_are_slowed,
    wrong_tokens_are_slowed_wherever_they_are_shown,
    what_is_counted_is_forgotten_and_removed,
    nothing_that_is_counted_names_anybody,
    what_was_counted_at_a_name_goes_with_its_account,
);

const PASSWORD: &str = "correct horse";
const GUESSER: &str = "192.0.2.66";
const OWNER: &str = "192.0.2.1";

async fn sites(kind: StoreKind) -> [Site; 2] {
    let site = Site::start_counting(kind, Rates::default()).await;
    let new = NewUser { name: "Aino".to_owned(), password: PASSWORD.to_owned(), visibility: None };
    site.app.sign_up(new).await.expect("an account");
    let another = site.another().await;
    [site, another]
}

async fn log_in(site: &Site, address: &str, name: &str, password: &str) -> Reply {
    let request = site.ask(Method::POST, "/api/tokens").header("X-Forwarded-For", address);
    send(request.json(&json!({"name": name, "password": password}))).await
}

fn origin(address: &str) -> Option<Origin> {
    Some(Origin::of(address.parse().expect("an address")))
}

async fn guessing_a_password_is_slowed_on_all_instances_together(kind: StoreKind) {
    let sites = sites(kind).await;
    for attempt in 0..=limits::GUESSES_OF_NAME_FROM_ADDRESS.free as usize {
        assert_eq!(log_in(&sites[attempt % 2], GUESSER, "Aino", "wrong horse").await.status, 401);
    }
    let mut last_s = 0;
    for round in 0..4 {
        for site in &sites {
            let refused = log_in(site, GUESSER, " AINO ", PASSWORD).await;
            assert_eq!((refused.status, &refused.json()["error"]["type"]), (429, &json!("TooManyRequests")));
        }
        let wait_s: u64 = log_in(&sites[0], GUESSER, "Aino", PASSWORD).await.header("retry-after").parse().unwrap();
        assert!(wait_s > last_s, "{wait_s} s after {last_s} s");
        last_s = wait_s;
        sites[0].advance(Duration::from_secs(wait_s)).await;
        assert_eq!(log_in(&sites[round % 2], GUESSER, "Aino", "wrong horse").await.status, 401, "after the wait");
    }
}

async fn many_guesses_at_once_are_counted_before_they_are_looked_at(kind: StoreKind) {
    let sites = sites(kind).await;
    let guesses = (0..60).map(|number| log_in(&sites[number % 2], GUESSER, "Aino", "wrong horse"));
    let replies = futures::future::join_all(guesses).await;
    let looked_at = replies.iter().filter(|reply| reply.status == 401).count();
    let refused = replies.iter().filter(|reply| reply.status == 429).count();
    assert_eq!((looked_at, refused), (limits::GUESSES_OF_NAME_FROM_ADDRESS.free as usize + 1, 60 - looked_at));
}

async fn the_owner_is_not_locked_out_by_who_guesses_elsewhere(kind: StoreKind) {
    let [site, another] = sites(kind).await;
    assert_eq!(log_in(&site, OWNER, "Aino", PASSWORD).await.status, 201);
    for number in 0..40 {
        log_in(&site, &format!("198.51.100.{number}"), "Aino", "wrong horse").await;
    }
    assert_eq!(log_in(&another, OWNER, "Aino", PASSWORD).await.status, 201, "at home nobody waits for others");
    let new_place = "203.0.113.7";
    let refused = log_in(&another, new_place, "Aino", PASSWORD).await;
    assert_eq!(refused.status, 429, "elsewhere the owner is told to wait");
    let wait_s: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!(wait_s <= 60, "{wait_s}");
    site.advance(Duration::from_secs(wait_s)).await;
    // Others are always faster.
    for number in 40..60 {
        log_in(&another, &format!("198.51.100.{number}"), "Aino", "wrong horse").await;
    }
    assert_eq!(log_in(&site, new_place, "Aino", PASSWORD).await.status, 201, "and has a turn that nobody takes");
}

async fn one_address_cannot_try_many_names(kind: StoreKind) {
    let [site, another] = sites(kind).await;
    for number in 0..=limits::GUESSES_OF_ADDRESS.free {
        let guess = site.app.log_in(&format!("Name {number}"), PASSWORD.to_owned(), None, origin(GUESSER)).await;
        assert!(matches!(guess, Err(AppError::Unauthenticated)), "{guess:?}");
    }
    assert_eq!(log_in(&another, GUESSER, "Aino", PASSWORD).await.status, 429);
    assert_eq!(log_in(&another, OWNER, "Aino", PASSWORD).await.status, 201);
}

async fn address_that_has_to_wait_leaves_nothing_at_names(kind: StoreKind) {
    let [site, another] = sites(kind).await;
    assert_eq!(log_in(&site, GUESSER, "Aino", PASSWORD).await.status, 201);
    for number in 0..=limits::GUESSES_OF_ADDRESS.free {
        let _ = site.app.log_in(&format!("Name {number}"), PASSWORD.to_owned(), None, origin(GUESSER)).await;
    }
    let counted = async || {
        let due = runnity::backend::Range::all(runnity::backend::Index::new("due/housekeeping"), 1_000);
        let due = site.app.backend.range(&due).await.unwrap().members;
        due.iter().filter(|(_, member)| member.starts_with("guesses-old/")).count()
    };
    let before = counted().await;
    for number in 0..5 {
        assert_eq!(log_in(&another, GUESSER, &format!("Made up {number}"), PASSWORD).await.status, 429);
    }
    assert_eq!(counted().await, before);
    assert_eq!(log_in(&another, GUESSER, "Aino", PASSWORD).await.status, 201, "who is at home there does not wait");
}

async fn sign_ups_from_one_address_are_slowed(kind: StoreKind) {
    let [site, another] = sites(kind).await;
    let sign_up = |site: &Site, address: &str| {
        // Counted, whatever comes of it.
        let body = json!({"name": "Mika", "password": "short"});
        send(site.ask(Method::POST, "/api/users").header("X-Forwarded-For", address).json(&body))
    };
    for number in 0..=limits::SIGN_UPS_OF_ADDRESS.free {
        assert_eq!(sign_up([&site, &another][number as usize % 2], GUESSER).await.status, 400);
    }
    let refused = sign_up(&another, GUESSER).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "1"));
    assert_eq!(sign_up(&site, OWNER).await.status, 400, "others are not");
    site.advance(Duration::from_secs(1)).await;
    assert_eq!(sign_up(&site, GUESSER).await.status, 400);
}

async fn wrong_tokens_are_slowed_wherever_they_are_shown(kind: StoreKind) {
    let sites = sites(kind).await;
    let aino = sites[0].runner("Another Aino").await;
    let me = |site: &Site, address: &str, token: &str| {
        let request = site.ask(Method::GET, "/api/users/me").header("X-Forwarded-For", address);
        send(request.bearer_auth(token))
    };
    for _ in 0..3 * limits::GUESSES_OF_TOKENS.free {
        assert_eq!(me(&sites[0], GUESSER, "revoked.token").await.status, 401, "one is one, however often it is shown");
    }
    assert_eq!(me(&sites[0], GUESSER, &aino.token).await.status, 200);
    for number in 0..=limits::GUESSES_OF_TOKENS.free as usize {
        me(&sites[number % 2], GUESSER, &format!("admin.{number}")).await;
    }
    let refused = me(&sites[1], GUESSER, "admin.another").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "1"));
    let login = sites[1].ask(Method::GET, "/login/admin.one-more").header("X-Forwarded-For", GUESSER);
    assert_eq!(send(login).await.status, 429);
    let handshake = tokio_tungstenite::tungstenite::client::ClientRequestBuilder::new(
        format!("ws://{}/connection/websocket", sites[1].host).parse().expect("an address"),
    );
    let mut client = Client::by(&sites[1].host, handshake.with_header("X-Forwarded-For", GUESSER)).await;
    let reply = client.ask("connect", json!({"token": "admin.over-the-socket"})).await;
    assert_eq!(reply["error"]["code"], 111, "{reply}");
    assert_eq!(me(&sites[0], GUESSER, &aino.token).await.status, 200, "one that was good here lately is no guess");
    assert_eq!(me(&sites[1], OWNER, &aino.token).await.status, 200);
    sites[0].advance(Duration::from_secs(1)).await;
    assert_eq!(me(&sites[1], GUESSER, "admin.after-the-wait").await.status, 401);
}

async fn what_is_counted_is_forgotten_and_removed(kind: StoreKind) {
    let [site, another] = sites(kind).await;
    for number in 0..8 {
        log_in(&site, GUESSER, "Aino", "wrong horse").await;
        log_in(&site, &format!("198.51.100.{number}"), &format!("Nobody {number}"), "wrong horse").await;
    }
    assert_eq!(log_in(&another, GUESSER, "Aino", PASSWORD).await.status, 429);
    let counted = |kind: &str, what: String| {
        runnity::backend::AggregateId::new(
            "guesses",
            &format!("{kind}-{}", runnity::app::users::credential::hash(&what)),
        )
    };
    let keys = [
        counted("name", "aino".to_owned()).head(),
        counted("name", "nobody 3".to_owned()).head(),
        counted("passwords", format!("{:?}", origin(GUESSER).expect("one"))).head(),
    ];
    let there = || async {
        let values = site.app.backend.read(&keys).await.expect("values");
        values.into_iter().filter(|value| value.value.is_some()).count()
    };
    assert_eq!(there().await, 3);
    site.advance(Duration::from_secs(24 * 60 * 60)).await;
    site.app.act_on_due(site.clock.now()).await.expect("done");
    assert_eq!(there().await, 0, "nothing is left of them");
    assert_eq!(log_in(&another, GUESSER, "Aino", PASSWORD).await.status, 201);
}

async fn nothing_that_is_counted_names_anybody(kind: StoreKind) {
    let [site, _] = sites(kind).await;
    log_in(&site, GUESSER, "Secret Name", "wrong horse").await;
    let range = runnity::backend::Range::all(runnity::backend::Index::new("due/housekeeping"), 100);
    let due = site.app.backend.range(&range).await.expect("members").members;
    let all: Vec<String> = due.iter().map(|(_, member)| member.to_string()).collect();
    assert!(all.iter().any(|member| member.starts_with("guesses-old/name-")), "{all:?}");
    for secret in ["secret", "192.0.2", "3221226050"] {
        assert!(all.iter().all(|member| !member.to_lowercase().contains(secret)), "{secret} in {all:?}");
    }
}

async fn what_was_counted_at_a_name_goes_with_its_account(kind: StoreKind) {
    let [site, another] = sites(kind).await;
    let token = log_in(&site, OWNER, "Aino", PASSWORD).await.data()["token"].as_str().expect("a token").to_owned();
    for number in 0..40 {
        log_in(&site, &format!("198.51.100.{number}"), "Aino", "wrong horse").await;
    }
    let aino = another.holder_of(&token).await;
    site.advance(Duration::from_secs(60)).await;
    another.app.delete_account(&aino.identity, Some(PASSWORD.to_owned()), None).await.expect("deleted");
    let key = runnity::app::users::credential::hash("aino");
    let key = runnity::backend::AggregateId::new("guesses", &format!("name-{key}")).head();
    assert!(site.app.backend.read(&[key]).await.expect("a value")[0].value.is_none());
}
