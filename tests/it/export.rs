//! An export: everything of a user in one file, read back.

use std::io::{Cursor, Read as _};
use std::time::Duration;

use reqwest::Method;
use runnity::domain::user::Visibility;
use runnity::tracks;
use serde_json::{Value, json};
use zip::ZipArchive;

use crate::support::{Site, StoreKind, on_each_store, send};

on_each_store!(an_export_has_everything_and_is_read_back);

async fn an_export_has_everything_and_is_read_back(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    site.post(&aino, "/api/tokens", json!({ "label": "My app" })).await;
    site.post(&aino, "/api/friends", json!({ "user": eero.id })).await;
    let (first, _) = site.run(&aino, Visibility::Private).await;
    site.record_each(Duration::from_millis(900), &aino, first, 250).await;
    let shared = site.post(&aino, "/api/share-links", json!({ "run": first.to_string() })).await.data();
    site.post(&aino, &format!("/api/runs/{first}/finish"), json!({})).await;
    let (second, _) = site.run(&aino, Visibility::Public).await;
    let (others, _) = site.run(&eero, Visibility::Public).await;
    let event = json!({ "name": "Rotation", "date": "2026-11-21", "time": "12:00", "start": { "latitude": 60.1, "longitude": 24.9 } });
    let event = site.post(&aino, "/api/events", event).await;
    assert_eq!(event.status, 201, "{event:?}");
    let invitations = format!("{}/invitations", event.header("location"));
    let vesa = site.runner("Vesa").await;
    let invited = site.post(&aino, &invitations, json!({ "users": [eero.id, vesa.id] })).await;
    assert!(invited.status < 300, "{invited:?}");
    let joined = site.post(&vesa, &format!("{}/participants", event.header("location")), json!({})).await;
    assert_eq!(joined.status, 201, "{joined:?}");
    for (owner, name, member) in [(&aino, "Runners", &eero), (&eero, "His", &aino)] {
        let group = site.post(owner, "/api/groups", json!({ "name": name })).await;
        let members = format!("{}/members", group.header("location"));
        assert_eq!(site.post(owner, &members, json!({ "user": member.id })).await.status, 201);
    }

    let reply = site.get(&aino, "/api/users/me/export").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/zip"), "{reply:?}");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"runnity-export.zip\"");
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    assert!(!text.contains(&aino.token) && !text.contains(shared["secret"].as_str().unwrap()));
    let mut zip = ZipArchive::new(Cursor::new(reply.body.clone())).unwrap();
    let mut names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    names.sort();
    let of_run = |run| [format!("runs/{run}.gpx"), format!("runs/{run}.json")];
    let mut expected = [vec!["runnity.json".to_owned()], of_run(first).to_vec(), of_run(second).to_vec()].concat();
    expected.sort();
    assert_eq!(names, expected);
    let mut read = |name: &str| {
        let mut content = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut content).unwrap();
        content
    };
    let account: Value = serde_json::from_slice(&read("runnity.json")).unwrap();
    assert_eq!(account["account"]["name"], "Aino");
    assert_eq!(account["account"]["id"], aino.id);
    assert!(account["tokens"].as_array().unwrap().iter().any(|token| token["label"] == "My app"));
    assert_eq!(account["friends"][0]["user"]["id"], eero.id);
    assert_eq!(account["share_links"][0]["id"], shared["id"]);
    assert_eq!(account["events"][0]["name"], "Rotation");
    assert_eq!(account["groups"][0]["name"], "Runners");
    assert_eq!(account["group_invitations"][0]["name"], "His");
    let sent = account["invitations_sent"].as_array().unwrap();
    let to = |sent: &Value| sent["invitations"][0]["user"]["id"].clone();
    assert_eq!(sent.iter().map(to).collect::<Vec<_>>(), [json!(eero.id), json!(eero.id)], "{sent:?}");
    assert_eq!((&sent[0]["group"], &sent[1]["event"]), (&account["groups"][0]["id"], &account["events"][0]["id"]));
    let own = account["own_events"].as_array().unwrap();
    let participants = own[0]["participants"].as_array().unwrap();
    assert_eq!((own.len(), &own[0]["event"]), (1, &account["events"][0]["id"]));
    assert_eq!(
        participants.iter().map(|it| it["user"]["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["Aino", "Vesa"]
    );
    assert_eq!(own[0]["invitations"][0]["user"]["id"], eero.id);
    assert!(account["news"].is_array());
    let runs: Vec<_> = account["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    assert_eq!(runs, [second.to_string(), first.to_string()]);
    assert!(!account.to_string().contains(&others.to_string()));
    let fixes = tracks::gpx::parse(&read(&format!("runs/{first}.gpx"))).unwrap();
    let shown = site.get(&aino, &format!("/api/runs/{first}/fixes?page_size=5000")).await.data();
    let times: Vec<String> = fixes.iter().map(|fix| fix.time.to_string()).collect();
    let expected: Vec<_> = shown.as_array().unwrap().iter().map(|fix| fix["time"].as_str().unwrap()).collect();
    assert_eq!((times.len(), times), (250, expected.iter().map(|time| (*time).to_owned()).collect()));
    let told: Value = serde_json::from_slice(&read(&format!("runs/{first}.json"))).unwrap();
    assert_eq!(told, shown);
    assert_eq!(fixes[7].place.latitude.degrees(), shown[7]["latitude"].as_f64().unwrap());

    assert_eq!(send(site.ask(Method::GET, "/api/users/me/export")).await.status, 401);
    assert_eq!(site.get(&aino, "/api/users/me/export?format=xml").await.status, 400);
    let by_link = site.ask(Method::GET, "/api/users/me/export").bearer_auth(shared["secret"].as_str().unwrap());
    assert_eq!(send(by_link).await.status, 403);
    // A file that nobody takes to its end makes room for others.
    for _ in 0..8 {
        let begun = site.ask(Method::GET, "/api/users/me/export").bearer_auth(&aino.token).send().await.unwrap();
        drop(begun);
    }
    let again = async {
        while site.get(&aino, "/api/users/me/export").await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    crate::support::within(again).await;
}
