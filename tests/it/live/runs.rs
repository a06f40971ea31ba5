//! A run as spectators see it, and the runner's own channel.

use runnity::app::runs::{NewRun, Transition};
use runnity::domain::user::Visibility;
use serde_json::json;

use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(
    a_spectator_is_told_the_state_and_then_every_change,
    connect_and_subscribe_may_come_in_one_frame,
    a_runner_sends_fixes_by_publishing,
    a_user_hears_its_own_channel_unasked,
);

async fn a_spectator_is_told_the_state_and_then_every_change(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (run, channel) = site.run(&runner, Visibility::Public).await;
    site.record(&runner, run, 5).await;
    let mut spectator = site.spectator().await;
    let state = spectator.subscribe(&channel).await;
    assert_eq!(state["recoverable"], true);
    assert_eq!(state["positioned"], true);
    assert_eq!(state["epoch"].as_str().unwrap().len(), 8);
    assert_eq!(state["data"]["type"], "snapshot");
    assert_eq!(state["data"]["run"]["fixes"], 5);
    assert_eq!(state["data"]["track"]["fixes"].as_array().unwrap().len(), 5);
    assert!(state.get("publications").is_none() && state.get("recovered").is_none());

    let mut offset = state["offset"].as_u64().unwrap();
    for _ in 0..3 {
        site.record(&runner, run, 1).await;
        let push = spectator.push(&channel).await;
        offset += 1;
        assert_eq!(push["pub"]["offset"], offset);
        assert_eq!(push["pub"]["data"]["type"], "fixes");
    }
    site.app.transition(&runner.identity, run, Transition::Finish).await.unwrap();
    assert_eq!(spectator.push(&channel).await["pub"]["data"]["type"], "finished");
}

async fn connect_and_subscribe_may_come_in_one_frame(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (_, channel) = site.run(&runner, Visibility::Public).await;
    let mut client = site.socket().await;
    let connect = json!({ "id": 1, "connect": { "token": runner.token, "name": "js", "version": "5" } });
    let subscribe = json!({ "id": 2, "subscribe": { "channel": channel, "flag": 1 } });
    client
        .send(format!("{connect}\n{subscribe}\n{}", json!({ "id": 3, "subscribe": { "channel": "run:none" } })))
        .await;
    let connected = client.next().await;
    assert_eq!(connected["id"], 1, "nothing comes before it");
    let result = &connected["connect"];
    assert_eq!(result["client"].as_str().unwrap().len(), 36);
    assert_eq!((&result["ping"], &result["pong"]), (&json!(25), &json!(true)));
    assert!(result["version"].is_string() && result.get("expires").is_none());
    assert_eq!(client.reply(2).await["subscribe"]["data"]["run"]["state"], "live");
    assert_eq!(client.reply(3).await["error"]["code"], 102);
}

async fn a_runner_sends_fixes_by_publishing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let (run, channel) = site.run(&runner, Visibility::Public).await;
    let (mut phone, _) = site.connected(&runner).await;
    let mut spectator = site.spectator().await;
    spectator.subscribe(&channel).await;
    let fix =
        json!({ "time": site.clock.now().to_string(), "latitude": 60.17, "longitude": 24.94, "heart_rate_bpm": 150 });
    let reply = phone.ask("publish", json!({ "channel": channel, "data": { "fixes": [fix] } })).await;
    assert!(reply["publish"].is_object(), "{reply}");
    let caller = runnity::app::users::Caller::Anonymous;
    assert_eq!(site.app.run(&caller, run).await.unwrap().fixes, 1, "it was stored before it was acknowledged");
    let data = &spectator.push(&channel).await["pub"]["data"];
    assert_eq!(data["fixes"][0]["latitude"], 60.17);
    assert!(!data.to_string().contains("heart"));
}

async fn a_user_hears_its_own_channel_unasked(kind: StoreKind) {
    let site = Site::start(kind).await;
    let runner = site.runner("Aino").await;
    let own = format!("#{}", runner.identity.user);
    let (mut client, connected) = site.connected(&runner).await;
    let sub = &connected["subs"][&own];
    assert_eq!((&sub["recoverable"], &sub["positioned"]), (&json!(true), &json!(true)));
    let offset = sub["offset"].as_u64().unwrap_or(0);

    let run = site.app.new_run(&runner.identity, NewRun::default()).await.unwrap();
    let push = client.push(&own).await;
    assert_eq!(push["pub"]["data"]["type"], "run_started");
    assert_eq!(push["pub"]["data"]["run"], run.id);
    drop(client);

    // Away for a while: what was missed comes with the reply to connect.
    let id = runnity::domain::ids::RunId::parse(&run.id).unwrap();
    site.app.transition(&runner.identity, id, Transition::Finish).await.unwrap();
    let mut again = site.socket().await;
    let subs = json!({ own.clone(): { "recover": true, "epoch": sub["epoch"], "offset": offset + 1 } });
    let reply = again.ask("connect", json!({ "token": runner.token, "subs": subs })).await;
    let sub = &reply["connect"]["subs"][&own];
    if sub["publications"].is_array() {
        assert_eq!(sub["publications"][0]["data"]["type"], "run_finished");
    } else {
        // The follow-up was carried out after the reply.
        assert_eq!(again.push(&own).await["pub"]["data"]["type"], "run_finished");
    }
    assert_eq!(sub["recovered"], true);
}
