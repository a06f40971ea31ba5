//! Tokens that the operator's back end signs: who they let in, for how long, and what they say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runnity::app::AppError;
use runnity::app::tokens::ServerSub;
use runnity::app::users::{ChangeUser, NewUser, Shown};
use runnity::limits;
use serde_json::{Value, json};

use super::*;
use crate::support::{on_each_store, signed, signed_with};

on_each_store!(
    a_signed_token_says_who_is_there,
    without_free_form_channels_only_our_users_are_known,
    a_token_is_good_for_its_time,
    what_a_token_tells_others_is_json_and_bounded,
    a_subscriptions_token_is_for_one_user_and_one_channel,
    a_changed_password_ends_tokens_that_were_signed_before,
    a_signed_token_opens_no_session_and_ends_none,
    a_guest_has_a_channel_of_its_own,
);

/// Seconds since 1970, so many from now.
fn from_now(world: &World, seconds: i64) -> i64 {
    world.clock.now().as_millis() / 1_000 + seconds
}

async fn code(world: &World, claims: Value) -> &'static str {
    match world.app.connection_token(&signed(&claims)).await {
        Ok(_) => "in",
        Err(AppError::Unauthenticated) => "invalid",
        Err(AppError::Expired) => "expired",
        Err(other) => panic!("{other}"),
    }
}

async fn a_signed_token_says_who_is_there(kind: StoreKind) {
    let world = World::new(kind).await;
    let credential = world.app.connection_token(&signed(&json!({ "sub": "42" }))).await.unwrap();
    assert!(matches!(credential.caller, Caller::Guest(_)), "nobody here is called 42");
    assert_eq!((credential.caller.user(), credential.expires_at, credential.info), ("42", None, None));
    assert_eq!(world.app.own_channel(&credential.caller).unwrap().name(), "#42");
    let nobody = world.app.connection_token(&signed(&json!({ "sub": "" }))).await.unwrap();
    assert!(matches!(nobody.caller, Caller::Anonymous));

    let (aino, token) = world.user("Aino").await;
    let ours = world.app.connection_token(&signed(&json!({ "sub": aino.user.as_str() }))).await.unwrap();
    assert_eq!(ours.caller.identity().unwrap().user, aino.user);
    let own = world.app.connection_token(&token).await.unwrap();
    assert_eq!(own.caller.identity().unwrap().user, aino.user, "and our own tokens are good as before");
    assert!(matches!(world.app.connection_token("nonsense").await, Err(AppError::Unauthenticated)));
    assert!(matches!(
        world.app.connection_token(&signed_with("another", &json!({ "sub": "42" }))).await,
        Err(AppError::Unauthenticated)
    ));
}

async fn without_free_form_channels_only_our_users_are_known(kind: StoreKind) {
    let world = World::with(kind, Settings { open_channels: false, ..settings() }).await;
    assert_eq!(code(&world, json!({ "sub": "42" })).await, "invalid");
    assert_eq!(code(&world, json!({})).await, "in");
    let (aino, _) = world.user("Aino").await;
    assert_eq!(code(&world, json!({ "sub": aino.user.as_str() })).await, "in");

    let world = World::with(kind, Settings::default()).await;
    assert_eq!(code(&world, json!({})).await, "invalid", "no secret, no signed tokens");
    let refused = world.app.subscription_token(&Caller::Anonymous, "a", &signed(&json!({ "channel": "a" })));
    assert!(matches!(refused, Err(AppError::Forbidden)));
}

async fn a_token_is_good_for_its_time(kind: StoreKind) {
    let world = World::new(kind).await;
    let (past, soon, never) = (from_now(&world, -1), from_now(&world, 10), 0);
    for (claims, expected) in [
        (json!({ "exp": soon }), "in"),
        (json!({ "exp": past }), "expired"),
        (json!({ "exp": from_now(&world, 0) }), "expired"),
        (json!({ "exp": soon as f64 + 0.5 }), "in"),
        (json!({ "exp": past, "expire_at": soon }), "expired"),
        (json!({ "exp": soon, "expire_at": past }), "expired"),
        (json!({ "exp": 1e300 }), "in"),
        (json!({ "exp": -1e300 }), "expired"),
        (json!({ "exp": "tomorrow" }), "invalid"),
        (json!({ "nbf": soon }), "invalid"),
        (json!({ "nbf": past }), "in"),
        (json!({ "sub": 42 }), "invalid"),
        (json!({ "sub": "a b" }), "invalid"),
        (json!([]), "invalid"),
        (json!("42"), "invalid"),
    ] {
        assert_eq!(code(&world, claims.clone()).await, expected, "{claims}");
    }
    for (claims, ends_at) in [
        (json!({ "exp": soon }), Some(soon)),
        (json!({ "exp": soon, "expire_at": soon + 5 }), Some(soon + 5)),
        (json!({ "exp": soon, "expire_at": never }), None),
    ] {
        let credential = world.app.connection_token(&signed(&claims)).await.unwrap();
        assert_eq!(credential.expires_at.map(|at| at.as_millis() / 1_000), ends_at, "{claims}");
    }
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(code(&world, json!({ "exp": soon })).await, "expired");
}

async fn what_a_token_tells_others_is_json_and_bounded(kind: StoreKind) {
    let world = World::new(kind).await;
    let claims = json!({
        "sub": "42",
        "info": { "name": "Aino\n" },
        "channels": ["a", "b", "a"],
        "subs": { "b": { "b64info": STANDARD.encode("{\n}"), "data": [1] }, "c": {} },
    });
    let credential = world.app.connection_token(&signed(&claims)).await.unwrap();
    assert_eq!(credential.info.unwrap(), r#"{"name":"Aino\n"}"#);
    let sub = |channel: &str, info: Option<&'static str>, data: Option<&'static str>| ServerSub {
        channel: channel.into(),
        info: info.map(Into::into),
        data: data.map(Into::into),
    };
    assert_eq!(credential.subs, [sub("a", None, None), sub("b", Some("{ }"), Some("[1]")), sub("c", None, None)]);

    let many: Vec<String> = (0..=limits::CHANNELS_LEN_MAX).map(|number| number.to_string()).collect();
    for bad in [
        json!({ "b64info": "%" }),
        json!({ "b64info": STANDARD.encode("no JSON") }),
        json!({ "info": "x".repeat(limits::CLIENT_INFO_BYTES_MAX) }),
        json!({ "channels": many }),
        json!({ "channels": "a" }),
        json!({ "subs": [] }),
    ] {
        assert_eq!(code(&world, bad.clone()).await, "invalid", "{bad}");
    }
}

async fn a_subscriptions_token_is_for_one_user_and_one_channel(kind: StoreKind) {
    let world = World::new(kind).await;
    let guest = world.app.connection_token(&signed(&json!({ "sub": "42" }))).await.unwrap().caller;
    let soon = from_now(&world, 10);
    let grant = |claims: Value| world.app.subscription_token(&guest, "a", &signed(&claims));
    let good = grant(json!({ "sub": "42", "channel": "a", "exp": soon, "info": 1 })).unwrap();
    assert_eq!((good.info.unwrap(), good.expires_at.unwrap().as_millis()), ("1".into(), soon * 1_000));
    let past = from_now(&world, -1);
    assert!(matches!(grant(json!({ "sub": "42", "channel": "a", "exp": past })), Err(AppError::Expired)));
    for stolen in
        [json!({ "sub": "43", "channel": "a" }), json!({ "sub": "42", "channel": "b" }), json!({ "channel": "a" })]
    {
        assert!(matches!(grant(stolen.clone()), Err(AppError::Unauthenticated)), "{stolen}");
    }
    for bad in [json!({ "sub": "42" }), json!({ "sub": "42", "channel": "a", "b64info": "%" })] {
        assert!(matches!(grant(bad.clone()), Err(AppError::Forbidden)), "{bad}");
    }
    for none in ["", "a.b.c", &signed_with("x", &json!({ "sub": "42", "channel": "a" }))] {
        assert!(matches!(world.app.subscription_token(&guest, "a", none), Err(AppError::Forbidden)), "{none}");
    }
}

async fn a_changed_password_ends_tokens_that_were_signed_before(kind: StoreKind) {
    let world = World::new(kind).await;
    let new = NewUser { name: "Aino".into(), password: "correct horse".into(), visibility: None };
    let token = world.app.sign_up(new).await.unwrap().1;
    let aino = world.app.authenticate(token.reveal()).await.unwrap();
    let claims = |iat: i64| json!({ "sub": aino.user.as_str(), "iat": iat });
    let before = from_now(&world, 0);
    let old = world.app.connection_token(&signed(&claims(before))).await.unwrap();
    let old = old.caller.identity().unwrap().clone();
    assert!(matches!(old.credential, Shown::Signed { .. }));
    assert!(world.app.still_good(&old).await.unwrap());

    world.clock.advance(Duration::from_millis(2_500));
    let change = ChangeUser {
        password: Some("battery staple".into()),
        current_password: Some("correct horse".into()),
        ..ChangeUser::default()
    };
    world.app.change_user(&aino, change).await.unwrap();
    assert!(!world.app.still_good(&old).await.unwrap());
    assert_eq!(code(&world, claims(before)).await, "invalid");
    assert_eq!(code(&world, json!({ "sub": aino.user.as_str() })).await, "invalid", "nobody knows how old it is");
    assert_eq!(code(&world, claims(from_now(&world, 0))).await, "in");
}

async fn a_signed_token_opens_no_session_and_ends_none(kind: StoreKind) {
    let world = World::new(kind).await;
    let (aino, _) = world.user("Aino").await;
    let token = signed(&json!({ "sub": aino.user.as_str() }));
    assert!(matches!(world.app.open_session(&token).await, Err(AppError::Unauthenticated)));
    assert!(matches!(world.app.authenticate(&token).await, Err(AppError::Unauthenticated)), "it is for sockets");
    let identity = world.app.connection_token(&token).await.unwrap().caller.identity().unwrap().clone();
    assert!(matches!(world.app.log_out(&identity).await, Err(AppError::Forbidden)));
}

async fn a_guest_has_a_channel_of_its_own(kind: StoreKind) {
    let world = World::new(kind).await;
    let guest = world.app.connection_token(&signed(&json!({ "sub": "42" }))).await.unwrap().caller;
    let other = world.app.connection_token(&signed(&json!({ "sub": "43" }))).await.unwrap().caller;
    let own = world.app.open_channel(&guest, "#42", Grounds::Name).await.unwrap().channel;
    world.app.publish(&guest, &own, Grounds::Name, b"1", None).await.unwrap();
    assert_eq!(world.history(&own, HistoryQuery::default()).await.publications.len(), 1);
    assert!(matches!(world.app.open_channel(&other, "#42", Grounds::Name).await, Err(AppError::Forbidden)));
    assert!(matches!(world.app.publish(&other, &own, Grounds::Name, b"1", None).await, Err(AppError::Forbidden)));
    assert!(matches!(world.app.open_channel(&Caller::Anonymous, "#42", Grounds::Name).await, Err(AppError::Forbidden)));

    let (aino, _) = world.user("Aino").await;
    let caller = Caller::User(aino.clone());
    let own = world.app.open_channel(&caller, &format!("#{}", aino.user), Grounds::Name).await.unwrap().channel;
    assert_eq!(own, Channel::User(aino.user.clone()), "our own users' is the product's");
    assert!(matches!(world.app.publish(&caller, &own, Grounds::Name, b"1", None).await, Err(AppError::Forbidden)));
}
