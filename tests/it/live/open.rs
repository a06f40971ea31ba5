//! Free-form channels on the socket: history, patches, who said it, who is there.

use serde_json::{Value, json};

use crate::support::{Client, Site, StoreKind, on_each_store, signed};

on_each_store!(
    history_is_read_by_pages,
    a_publication_says_who_made_it,
    who_is_not_inside_cannot_publish_or_look,
    who_comes_and_goes_is_told,
    who_is_away_recovers_what_was_said,
    patches_follow_a_whole_publication,
    what_was_missed_comes_as_patches_too,
);

/// A client whose token says that it is this guest, and its id.
async fn guest(site: &Site, name: &str) -> (Client, String) {
    let mut client = site.socket().await;
    let token = signed(&json!({ "sub": name, "info": { "name": name } }));
    let reply = client.ask("connect", json!({ "token": token })).await;
    let id = reply["connect"]["client"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned();
    (client, id)
}

async fn publish(client: &mut Client, channel: &str, data: Value) {
    let reply = client.ask("publish", json!({ "channel": channel, "data": data })).await;
    assert!(reply["publish"].is_object(), "{reply}");
}

fn data(publications: &Value) -> Vec<Value> {
    publications.as_array().unwrap().iter().map(|publication| publication["data"].clone()).collect()
}

async fn history_is_read_by_pages(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    let epoch = client.subscribe("open").await["epoch"].clone();
    for number in 1..=5 {
        publish(&mut client, "open", json!(number)).await;
    }
    for (query, expected) in [
        (json!({}), json!([])),
        (json!({ "limit": -1 }), json!([1, 2, 3, 4, 5])),
        (json!({ "limit": 2 }), json!([1, 2])),
        (json!({ "limit": 2, "reverse": true }), json!([5, 4])),
        (json!({ "limit": 2, "since": { "offset": 2, "epoch": epoch } }), json!([3, 4])),
        (json!({ "limit": 9, "since": { "offset": 5, "epoch": epoch } }), json!([])),
        (json!({ "limit": 2, "since": { "offset": 4, "epoch": epoch }, "reverse": true }), json!([3, 2])),
    ] {
        let mut command = query.clone();
        command["channel"] = json!("open");
        let page = client.ask("history", command).await["history"].clone();
        let found = if page["publications"].is_null() { vec![] } else { data(&page["publications"]) };
        assert_eq!((json!(found), &page["offset"], &page["epoch"]), (expected, &json!(5), &epoch), "{query}");
    }
    let unknown = json!({ "channel": "open", "limit": 1, "since": { "offset": 6, "epoch": epoch } });
    assert_eq!(client.error("history", unknown).await, 112);
}

async fn a_publication_says_who_made_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut hearer = site.spectator().await;
    hearer.subscribe("open").await;
    let (mut speaker, id) = guest(&site, "42").await;
    speaker.subscribe("open").await;
    publish(&mut speaker, "open", json!("by name")).await;
    let publication = hearer.push("open").await["pub"].clone();
    assert_eq!(publication["info"], json!({ "user": "42", "client": id, "conn_info": { "name": "42" } }));
    speaker.ask("unsubscribe", json!({ "channel": "open" })).await;

    let token = signed(&json!({ "sub": "42", "channel": "open", "info": { "seat": 7 } }));
    speaker.ask("subscribe", json!({ "channel": "open", "token": token })).await;
    publish(&mut speaker, "open", json!("by seat")).await;
    let publication = hearer.push("open").await["pub"].clone();
    let info = json!({ "user": "42", "client": id, "conn_info": { "name": "42" }, "chan_info": { "seat": 7 } });
    assert_eq!(publication["info"], info);
    let page = hearer.ask("history", json!({ "channel": "open", "limit": 1, "reverse": true })).await;
    assert_eq!(page["history"]["publications"][0]["info"], info, "and it is kept with it");
}

async fn who_is_not_inside_cannot_publish_or_look(kind: StoreKind) {
    let site = Site::start(kind).await;
    let mut client = site.spectator().await;
    for (command, body) in [
        ("publish", json!({ "channel": "open", "data": 1 })),
        ("history", json!({ "channel": "open", "limit": 1 })),
        ("presence", json!({ "channel": "open" })),
        ("presence_stats", json!({ "channel": "open" })),
    ] {
        assert_eq!(client.error(command, body).await, 103, "{command}");
    }
    publish(&mut client, "plain:open", json!("anybody may")).await;
}

async fn who_comes_and_goes_is_told(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut first, first_id) = guest(&site, "1").await;
    first.subscribe("open").await;
    assert_eq!(first.any_push("open").await["join"]["info"]["client"], first_id, "one's own coming too");

    let (mut second, second_id) = guest(&site, "2").await;
    second.subscribe("open").await;
    let join = first.any_push("open").await["join"].clone();
    assert_eq!(join["info"], json!({ "user": "2", "client": second_id, "conn_info": { "name": "2" } }));
    let clients = first.ask("presence", json!({ "channel": "open" })).await["presence"]["presence"].clone();
    assert_eq!(clients.as_object().unwrap().len(), 2);
    assert_eq!(clients[&second_id], join["info"]);
    let stats = first.ask("presence_stats", json!({ "channel": "open" })).await["presence_stats"].clone();
    assert_eq!(stats, json!({ "num_clients": 2, "num_users": 2 }));

    second.ask("unsubscribe", json!({ "channel": "open" })).await;
    assert_eq!(first.any_push("open").await["leave"]["info"]["client"], second_id);
    second.subscribe("open").await;
    assert_eq!(first.any_push("open").await["join"]["info"]["client"], second_id);
    drop(second);
    assert_eq!(first.any_push("open").await["leave"]["info"]["client"], second_id, "who just breaks off has left too");
    let stats = first.ask("presence_stats", json!({ "channel": "open" })).await["presence_stats"].clone();
    assert_eq!(stats, json!({ "num_clients": 1, "num_users": 1 }));
}

async fn who_is_away_recovers_what_was_said(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut client, mut speaker) = (site.spectator().await, site.spectator().await);
    for channel in ["open", "smallhistory:open"] {
        speaker.subscribe(channel).await;
        publish(&mut speaker, channel, json!(0)).await;
        let state = client.subscribe(channel).await;
        assert_eq!(
            (&state["recoverable"], &state["positioned"], &state["offset"]),
            (&true.into(), &true.into(), &1.into())
        );
        client.ask("unsubscribe", json!({ "channel": channel })).await;
        for number in 1..=3 {
            publish(&mut speaker, channel, json!(number)).await;
        }
        let recover = json!({ "channel": channel, "recover": true, "epoch": state["epoch"], "offset": 1, "flag": 2 });
        let reply = client.ask("subscribe", recover).await;
        if channel == "open" {
            assert_eq!(reply["subscribe"]["recovered"], true, "{reply}");
            assert_eq!(data(&reply["subscribe"]["publications"]), [1, 2, 3]);
        } else {
            assert_eq!(reply["error"]["code"], 112, "two are kept, and three were missed");
        }
    }
}

fn long(number: usize) -> Value {
    json!({ "text": "a publication that is long enough for a patch of it to be shorter", "number": number })
}

async fn patches_follow_a_whole_publication(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut speaker, mut plain) = (site.spectator().await, site.spectator().await);
    speaker.subscribe("open").await;
    let (mut early, mut late) = (site.spectator().await, site.spectator().await);
    plain.subscribe("open").await;
    let delta = json!({ "channel": "open", "delta": "fossil" });
    assert_eq!(early.ask("subscribe", delta.clone()).await["subscribe"]["delta"], true);
    publish(&mut speaker, "open", long(1)).await;
    assert_eq!(late.ask("subscribe", delta).await["subscribe"]["delta"], true);
    for number in 2..=3 {
        publish(&mut speaker, "open", long(number)).await;
    }
    publish(&mut speaker, "open", json!(4)).await;

    let mut heard = Vec::new();
    for client in [&mut early, &mut late] {
        let mut publications = Vec::new();
        while publications.last().is_none_or(|last: &Value| last["offset"] != 4) {
            publications.push(client.push("open").await["pub"].clone());
        }
        heard.push(publications);
    }
    for publications in heard {
        assert!(publications[0].get("delta").is_none(), "whole, but a text all the same");
        let whole: Value = serde_json::from_str(publications[0]["data"].as_str().unwrap()).unwrap();
        assert_eq!(json!(whole["number"]), publications[0]["offset"]);
        let (last, patches) = publications[1..].split_last().unwrap();
        for patch in patches {
            assert_eq!(patch["delta"], true);
            assert!(patch["data"].as_str().unwrap().len() < long(1).to_string().len(), "{patch}");
        }
        assert_eq!((&last["data"], last.get("delta")), (&json!("4"), None), "a patch would be longer");
    }
    for number in 1..=3 {
        assert_eq!(plain.push("open").await["pub"]["data"], long(number), "others hear it as it is");
    }
    // Elsewhere nobody is promised patches.
    let refused = early.ask("subscribe", json!({ "channel": "another", "delta": "xdelta" })).await;
    assert!(refused["subscribe"].get("delta").is_none());
}

async fn what_was_missed_comes_as_patches_too(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (mut client, mut speaker) = (site.spectator().await, site.spectator().await);
    speaker.subscribe("open").await;
    publish(&mut speaker, "open", long(1)).await;
    let state = client.subscribe("open").await;
    client.ask("unsubscribe", json!({ "channel": "open" })).await;
    for number in 2..=4 {
        publish(&mut speaker, "open", long(number)).await;
    }
    let recover =
        json!({ "channel": "open", "recover": true, "epoch": state["epoch"], "offset": 1, "delta": "fossil" });
    let reply = client.ask("subscribe", recover).await["subscribe"].clone();
    let publications = reply["publications"].as_array().unwrap();
    assert_eq!(publications[0]["data"], long(2).to_string());
    let is_patch: Vec<bool> = publications.iter().map(|publication| publication["delta"] == true).collect();
    assert_eq!(is_patch, [false, true, true]);
    // What comes next does not build on the reply.
    let heard = client.publish_and_hear("open", &long(5)).await;
    assert_eq!((&heard["data"], heard.get("delta")), (&json!(long(5).to_string()), None));
}
