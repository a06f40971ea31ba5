//! Rights that end while somebody listens.

use runnity::app::users::{ChangeUser, NewUser};
use runnity::domain::user::Visibility;
use serde_json::json;

use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(
    a_run_made_private_is_closed_to_those_who_may_not_see_it_any_more,
    a_changed_password_closes_the_sockets_of_the_old_tokens,
);

async fn a_run_made_private_is_closed_to_those_who_may_not_see_it_any_more(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (run, channel) = site.run(&runner, Visibility::Public).await;
    let mut spectator = site.spectator().await;
    spectator.subscribe(&channel).await;
    let (mut owner, _) = site.connected(&runner).await;
    owner.subscribe(&channel).await;
    site.app.set_visibility(&runner.identity, run, Visibility::Private).await.unwrap();
    site.record(&runner, run, 2).await;

    assert_eq!(spectator.push(&channel).await["pub"]["data"]["type"], "changed");
    assert_eq!(spectator.push(&channel).await["unsubscribe"]["code"], 2000);
    assert_eq!(owner.push(&channel).await["pub"]["data"]["type"], "changed");
    for _ in 0..2 {
        assert_eq!(owner.push(&channel).await["pub"]["data"]["type"], "fixes");
    }
    // The spectator's next line is the answer to its next command: no fix came to it.
    spectator.send(json!({ "id": 77, "subscribe": { "channel": channel } }).to_string()).await;
    let line = spectator.next().await;
    assert_eq!((&line["id"], &line["error"]["code"]), (&json!(77), &json!(102)));
}

async fn a_changed_password_closes_the_sockets_of_the_old_tokens(kind: StoreKind) {
    let site = Site::start(kind).await;
    let new = NewUser { name: "Aino".into(), password: "correct horse".into(), visibility: None };
    let token = site.app.sign_up(new).await.unwrap().1.reveal().to_owned();
    let runner = site.holder_of(&token).await;
    let (phone, _) = site.connected(&runner).await;
    let (watch, _) = site.connected(&runner).await;
    let other = site.runner("Eero").await;
    let (mut bystander, _) = site.connected(&other).await;

    let change = ChangeUser {
        password: Some("battery staple".into()),
        current_password: Some("correct horse".into()),
        visibility: None,
    };
    site.app.change_user(&runner.identity, change).await.unwrap();
    assert_eq!(phone.closed().await, 3500);
    assert_eq!(watch.closed().await, 3500);
    assert_eq!(site.connect_code(&runner).await, 3500, "and they do not come back");
    bystander.subscribe("open").await;
}
