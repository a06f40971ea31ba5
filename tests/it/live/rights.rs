//! Rights that end while somebody listens.

use runnity::app::users::{ChangeUser, NewUser};
use runnity::domain::user::Visibility;
use serde_json::json;

use super::world::{Runner, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_made_private_is_closed_to_those_who_may_not_see_it_any_more() {
    let world = World::new().await;
    let runner = world.runner("Aino").await;
    let (run, channel) = world.run(&runner, Visibility::Public).await;
    let mut spectator = world.spectator().await;
    spectator.subscribe(&channel).await;
    let (mut owner, _) = world.connected(&runner).await;
    owner.subscribe(&channel).await;
    world.app.set_visibility(&runner.identity, run, Visibility::Private).await.unwrap();
    world.record(&runner, run, 2).await;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_password_closes_the_sockets_of_the_old_tokens() {
    let world = World::new().await;
    let new = NewUser { name: "Aino".into(), password: "correct horse".into(), visibility: None };
    let token = world.app.sign_up(new).await.unwrap().1.reveal().to_owned();
    let runner = Runner { identity: world.app.authenticate(&token).await.unwrap(), token };
    let (phone, _) = world.connected(&runner).await;
    let (watch, _) = world.connected(&runner).await;
    let other = world.runner("Eero").await;
    let (mut bystander, _) = world.connected(&other).await;

    let change = ChangeUser {
        password: Some("battery staple".into()),
        current_password: Some("correct horse".into()),
        visibility: None,
    };
    world.app.change_user(&runner.identity, change).await.unwrap();
    assert_eq!(phone.closed().await, 3500);
    assert_eq!(watch.closed().await, 3500);
    assert_eq!(world.connect_code(&runner).await, 3500, "and they do not come back");
    bystander.subscribe("open").await;
}
