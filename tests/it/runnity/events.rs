//! Events in the Runnity family: each example of its document, its defaults and filters, and what it says to bad input.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{assert_error, call, invalid_token, log_in};
use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    event_is_created_and_stands_in_its_bucket_member_by_member,
    what_is_required_and_has_a_default_is_filled_in,
    events_are_relative_to_the_date_and_time_that_are_asked_for,
    private_events_are_listed_for_whom_they_concern_alone,
    lists_are_filtered_by_name_and_by_place,
    participants_are_names_or_objects_and_buckets_have_pages,
    parameters_mean_the_same_in_query_form_and_json,
    missing_and_bad_parameters_of_events_are_named_and_nothing_changes,
    events_are_private_calls,
);

const START: &str = "latitude=60.17&longtitude=24.94";

fn not_found() -> Value {
    json!({"code": 404, "message": "Events not found"})
}

/// A new event → its number.
async fn new_event(site: &Site, runner: &Runner, query: &str) -> u64 {
    let path = format!("/event/new?id={}&{START}&{query}", runner.token);
    let reply = call(site, Method::POST, &path).await;
    assert_eq!(reply.status, 202, "{query}: {reply:?}");
    reply.json()["_id"].as_u64().expect("a number")
}

async fn list(site: &Site, runner: &Runner, query: &str) -> Reply {
    call(site, Method::GET, &format!("/event/list?id={}&{query}", runner.token)).await
}

/// The numbers in each bucket: come up, passed, current.
async fn buckets(site: &Site, runner: &Runner, query: &str) -> [Vec<u64>; 3] {
    let reply = list(site, runner, query).await;
    if reply.status == 404 {
        assert_error(&reply, 404, not_found(), query);
        return Default::default();
    }
    let document = reply.json();
    assert_eq!((reply.status, document.as_object().map(Map::len)), (200, Some(3)), "{query}: {document}");
    ["comeUp", "passed", "current"].map(|name| {
        let bucket = document[name].as_array().expect("a bucket");
        bucket.iter().map(|event| event["_id"].as_u64().expect("a number")).collect()
    })
}

async fn event_is_created_and_stands_in_its_bucket_member_by_member(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    let session = log_in(&site, &aino).await;
    assert_error(&list(&site, &aino, "").await, 404, not_found(), "no event yet");
    let query = "name=Morning+run&date=2026-11-25&time=18:00&private=false";
    let created = call(&site, Method::POST, &format!("/event/new?id={session}&{query}&{START}")).await;
    let mut body = created.json();
    let number = body.as_object_mut().unwrap().remove("_id").unwrap();
    assert_eq!((created.status, body), (202, json!({"success": {"code": 202, "message": "Event created"}})));
    assert!((1..=9).contains(&number.as_u64().unwrap()), "the first number lies behind a gap of 1 to 9");

    let member = |status: &str, is_creator: bool| {
        json!({
            "_id": number, "private": false, "name": "Morning run", "date": "2026-11-25", "hour": "18:00:00",
            "latitude": 60.17, "longtitude": 24.94, "participants": ["Aino"], "status": status,
            "isCreator": is_creator,
        })
    };
    let listed = list(&site, &aino, "").await;
    assert_eq!(listed.json(), json!({"comeUp": [member("come up", true)], "passed": [], "current": []}));
    assert_eq!(listed.header("access-control-allow-origin"), "*");
    let text = String::from_utf8(listed.body.clone()).unwrap();
    let order: Vec<usize> =
        ["_id", "private", "name", "date", "hour", "latitude", "longtitude", "participants", "status", "isCreator"]
            .iter()
            .map(|name| text.find(&format!("\"{name}\"")).expect("a member"))
            .collect();
    assert!(order.is_sorted(), "in the document's order: {text}");

    assert_eq!(list(&site, &ben, "").await.json()["comeUp"], json!([member("come up", false)]));
    site.advance(Duration::from_secs(4 * 24 * 3_600 + 9 * 3_600)).await;
    assert_eq!(
        list(&site, &aino, "").await.json(),
        json!({"comeUp": [], "passed": [], "current": [member("current", true)]})
    );
    site.advance(Duration::from_secs(6 * 3_600)).await;
    assert_eq!(
        list(&site, &aino, "").await.json(),
        json!({"comeUp": [], "passed": [member("passed", true)], "current": []})
    );

    let towards = "name=Away&date=2026-12-24&private=0&deslatitude=60.18&deslongtitude=24.95";
    new_event(&site, &aino, towards).await;
    let shown = list(&site, &aino, "name=away").await.json()["comeUp"][0].take();
    assert_eq!((&shown["deslatitude"], &shown["deslongtitude"]), (&json!(60.18), &json!(24.95)));
}

async fn what_is_required_and_has_a_default_is_filled_in(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    let number = new_event(&site, &aino, "name=Now").await;
    let shown = list(&site, &aino, "").await.json()["current"][0].take();
    assert_eq!(
        (&shown["date"], &shown["hour"], &shown["private"], &shown["_id"]),
        (&json!("2026-11-21"), &json!("09:00:00"), &json!(true), &json!(number)),
        "current, and private"
    );
    assert_eq!(buckets(&site, &ben, "").await, [const { Vec::<u64>::new() }; 3]);
    // Its creator's time zone, unless another is given.
    let zone = site.ask(Method::PATCH, "/api/users/me").bearer_auth(&aino.token);
    send(zone.json(&json!({"time_zone": "Europe/Helsinki"}))).await.data();
    for (name, query, date, hour, starts_at) in [
        ("home", "", "2026-11-21", "11:00:00", "2026-11-21T09:00:00.000Z"),
        ("evening", "&time=18:30:15", "2026-11-21", "18:30:15", "2026-11-21T16:30:15.000Z"),
        ("empty", "&time=&date=&private=", "2026-11-21", "11:00:00", "2026-11-21T09:00:00.000Z"),
        ("away", "&time_zone=America/New_York&date=2027-07-01", "2027-07-01", "04:00:00", "2027-07-01T08:00:00.000Z"),
    ] {
        let number = new_event(&site, &aino, &format!("name={name}{query}")).await;
        let event = site.get(&aino, &format!("/api/events/{number}")).await.data();
        assert_eq!(
            (&event["date"], &event["time"], &event["starts_at"], &event["private"], &event["duration_s"]),
            (&json!(date), &json!(hour), &json!(starts_at), &json!(true), &json!(21_600)),
            "{name}"
        );
    }
}

async fn events_are_relative_to_the_date_and_time_that_are_asked_for(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let mut numbers = Vec::new();
    for day in [24, 22, 23] {
        numbers
            .push(new_event(&site, &aino, &format!("name=Day+{day}&date=2026-11-{day}&time=12:00&private=no")).await);
    }
    let [last, first, second] = numbers[..] else { panic!("three") };
    assert_eq!(buckets(&site, &aino, "").await, [vec![first, second, last], vec![], vec![]], "nearest first");
    let at = |query: &'static str| buckets(&site, &aino, query);
    assert_eq!(at("date=2026-11-23&time=12:00").await, [vec![last], vec![first], vec![second]]);
    assert_eq!(at("date=2026-11-23&time=18:00").await, [vec![last], vec![second, first], vec![]], "over is over");
    assert_eq!(at("date=2026-11-25").await, [vec![], vec![last, second, first], vec![]], "at the time that it is");
    assert_eq!(at("time=23:59").await, [vec![first, second, last], vec![], vec![]], "on the day that it is");
    assert_eq!(
        at("date=2026-11-22&time=13:30&time_zone=Europe/Helsinki").await,
        [vec![first, second, last], vec![], vec![]]
    );
    assert_eq!(
        at("date=2026-11-22&time=14:00&time_zone=Europe/Helsinki").await,
        [vec![second, last], vec![], vec![first]]
    );
    let shown = list(&site, &aino, "date=2026-11-25").await.json();
    assert_eq!(shown["passed"][0]["status"], "passed", "as it is then, not as it is now");
    // Cancelled is in no bucket.
    let cancelled = send(site.ask(Method::DELETE, &format!("/api/events/{first}")).bearer_auth(&aino.token)).await;
    assert_eq!(cancelled.status, 204);
    assert_eq!(buckets(&site, &aino, "").await, [vec![second, last], vec![], vec![]]);
}

async fn private_events_are_listed_for_whom_they_concern_alone(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben, cai) = (site.runner("Aino").await, site.runner("Ben").await, site.runner("Cai").await);
    let public = new_event(&site, &aino, "name=Public&time=12:00&private=false").await;
    let private = new_event(&site, &aino, &format!("name=Private&time=13:00&invite=BEN,{}", cai.id)).await;
    let outsider = site.runner("Outsider").await;
    for (runner, yes) in [(&aino, true), (&ben, true), (&cai, true), (&outsider, false)] {
        let all = if yes { vec![public, private] } else { vec![public] };
        for query in ["", "private=true", "private=1", "private=YES", "private="] {
            assert_eq!(buckets(&site, runner, query).await[0], all, "{query}");
        }
        for query in ["private=false", "private=0", "private=no", "private=OFF"] {
            assert_eq!(buckets(&site, runner, query).await[0], [public], "{query}");
        }
        let found = buckets(&site, runner, "name=Private").await[0].len();
        assert_eq!(found, usize::from(yes), "a search tells no more than the list");
    }
    let declined = site.ask(Method::PUT, &format!("/api/events/{private}/invitations/me")).bearer_auth(&cai.token);
    send(declined.json(&json!({"state": "declined"}))).await.data();
    assert_eq!(buckets(&site, &cai, "").await[0], [public]);
}

async fn lists_are_filtered_by_name_and_by_place(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let here = new_event(&site, &aino, "name=T%C3%B6%C3%B6l%C3%B6+Bay&time=12:00").await;
    let query = "name=Far&time=13:00&latitude=61.5&longitude=23.76&deslatitude=60.17&deslongitude=24.94";
    let far = call(&site, Method::POST, &format!("/event/new?id={}&{query}", aino.token)).await.json()["_id"]
        .as_u64()
        .unwrap();
    for (query, expected) in [
        ("name=bay", vec![here]),
        ("name=%C3%B6L%C3%96", vec![here]),
        ("name=A", vec![here, far]),
        ("name=tea", vec![]),
        (START, vec![here]),
        ("latitude=60.2&longitude=24.9", vec![here]),
        ("latitude=60.2&longtitude=24.9&radius_km=1", vec![]),
        ("latitude=60.17&longtitude=24.94&radius_km=200", vec![here, far]),
        ("deslatitude=60.17&deslongtitude=24.94", vec![far]),
        ("deslatitude=61.5&deslongtitude=23.76", vec![]),
        ("latitude=0&longtitude=-180", vec![]),
    ] {
        assert_eq!(buckets(&site, &aino, query).await[0], expected, "{query}");
    }
}

async fn participants_are_names_or_objects_and_buckets_have_pages(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, ben) = (site.runner("Aino").await, site.runner("Ben").await);
    let mut numbers = Vec::new();
    for hour in 10..15 {
        numbers.push(new_event(&site, &aino, &format!("name=E&time={hour}:00&private=false")).await);
    }
    site.post(&ben, &format!("/api/events/{}/participants", numbers[0]), json!({})).await.data();
    let first = |query: &'static str| async { list(&site, &aino, query).await.json()["comeUp"][0].take() };
    for query in ["", "participants=string"] {
        assert_eq!(first(query).await["participants"], json!(["Aino", "Ben"]));
    }
    let objects = json!([{"id": aino.id, "name": "Aino"}, {"id": ben.id, "name": "Ben"}]);
    assert_eq!(first("participants=object").await["participants"], objects);
    let mut paged = Vec::new();
    for page in 1..=4 {
        paged.extend(buckets(&site, &aino, &format!("page={page}&page_size=2")).await[0].clone());
    }
    assert_eq!(paged, numbers);
    assert_error(&list(&site, &aino, "page=9&page_size=500").await, 404, not_found(), "beyond the end");
}

async fn parameters_mean_the_same_in_query_form_and_json(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (aino, _) = (site.runner("Aino").await, site.runner("Ben").await);
    let pairs =
        format!("id={}&{START}&name=Same&date=2026-12-01&time=18:00&private=false&capacity=5&invite=Ben", aino.token);
    let json = json!({
        "id": aino.token, "latitude": "60.17", "longitude": 24.94, "name": "Same", "date": "2026-12-01", "time": "18:00",
        "private": false, "capacity": 5, "invite": ["Ben"], "nonsense": {},
    });
    let post = || site.ask(Method::POST, "/event/new");
    let form = post().header("Content-Type", "application/x-www-form-urlencoded").body(pairs.clone());
    let replies = [
        call(&site, Method::POST, &format!("/event/new?{pairs}")).await,
        send(form).await,
        send(post().json(&json)).await,
    ];
    let mut shown = Vec::new();
    for reply in replies {
        assert_eq!(reply.status, 202, "{reply:?}");
        let path = format!("/api/events/{}", reply.json()["_id"]);
        let mut event = site.get(&aino, &path).await.data();
        assert_eq!(site.get(&aino, &format!("{path}/invitations")).await.data()[0]["user"]["name"], "Ben");
        event.as_object_mut().unwrap().remove("id");
        shown.push(event);
    }
    assert!(shown[0] == shown[1] && shown[1] == shown[2], "{shown:?}");
    let header = send(site.ask(Method::GET, "/event/list").bearer_auth(&aino.token)).await;
    assert_eq!(header.json()["comeUp"].as_array().map(Vec::len), Some(3));
}

async fn missing_and_bad_parameters_of_events_are_named_and_nothing_changes(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let fault = |message: &str, names: Value| json!({"code": 303, "message": message, "parameters": names});
    let missing = |names| fault("Missing parameters", names);
    let invalid = |names| fault("Invalid parameters", names);
    let nameless = [
        ("", missing(json!(["name", "latitude", "longtitude"]))),
        ("name=&latitude=1&longtitude=2", missing(json!(["name"]))),
        ("name=+&latitude=&longtitude=2", missing(json!(["name", "latitude"]))),
        ("name=E&latitude=1", missing(json!(["longtitude"]))),
        ("name=E&name=E&latitude=1&longtitude=2", invalid(json!(["name"]))),
    ];
    for (query, error) in nameless {
        let reply = call(&site, Method::POST, &format!("/event/new?id={}&{query}", aino.token)).await;
        assert_error(&reply, 400, error, query);
    }
    let both = [
        ("date=2026-02-29", "date"),
        ("date=2026-13-01", "date"),
        ("date=tomorrow", "date"),
        ("date=2026-1-1", "date"),
        ("time=25:61", "time"),
        ("time=24:00", "time"),
        ("time=6pm", "time"),
        ("time=18:00&time=18:00", "time"),
        ("time_zone=Europe/Atlantis", "time_zone"),
        ("private=maybe", "private"),
        ("private=2", "private"),
        ("deslatitude=91&deslongtitude=1", "deslatitude"),
        ("deslatitude=1&deslongtitude=x", "deslongtitude"),
    ];
    let only_new = [
        ("date=1066-10-14", "date"),
        ("capacity=0", "capacity"),
        ("capacity=1e9", "capacity"),
        ("duration_s=-1", "duration_s"),
        ("duration_s=59", "duration_s"),
        ("invite=nobody-of-this-name", "invite"),
    ];
    let long = format!("name={}", "x".repeat(101));
    let only_list = [
        ("page=0", "page"),
        ("page=99999999999999999999999999999", "page"),
        ("page_size=501", "page_size"),
        ("page_size=1e9", "page_size"),
        ("page_size=0", "page_size"),
        ("participants=all", "participants"),
        ("radius_km=0", "radius_km"),
        ("radius_km=NaN", "radius_km"),
        ("radius_km=201", "radius_km"),
        ("latitude=91&longtitude=1", "latitude"),
        (&long, "name"),
    ];
    for (query, name) in both.iter().chain(&only_new) {
        let path = format!("/event/new?id={}&name=E&{START}&{query}", aino.token);
        assert_error(&call(&site, Method::POST, &path).await, 400, invalid(json!([name])), query);
    }
    for (query, name) in both.iter().chain(&only_list) {
        assert_error(&list(&site, &aino, query).await, 400, invalid(json!([name])), query);
    }
    for (query, name) in [("deslatitude=1", "deslongtitude"), ("deslongitude=1", "deslatitude")] {
        let path = format!("/event/new?id={}&name=E&{START}&{query}", aino.token);
        assert_error(&call(&site, Method::POST, &path).await, 400, missing(json!([name])), query);
        assert_error(&list(&site, &aino, query).await, 400, missing(json!([name])), query);
    }
    assert_error(&list(&site, &aino, "latitude=1").await, 400, missing(json!(["longtitude"])), "half a place");
    assert_eq!(site.get(&aino, "/api/events").await.data(), json!([]), "nothing was made");
}

async fn events_are_private_calls(kind: StoreKind) {
    let site = Site::start(kind).await;
    let aino = site.runner("Aino").await;
    let session = log_in(&site, &aino).await;
    for (method, path) in [(Method::POST, "/event/new"), (Method::GET, "/event/list")] {
        for id in ["", "?id=", "?id=wrong", "?id=admin.AAAA"] {
            let reply = call(&site, method.clone(), &format!("{path}{id}")).await;
            assert_error(&reply, 401, invalid_token(), &format!("{path}{id}"));
        }
        let twice = call(&site, method.clone(), &format!("{path}?id={session}&id={session}")).await;
        let invalid = json!({"code": 303, "message": "Invalid parameters", "parameters": ["id"]});
        assert_error(&twice, 400, invalid, "id twice");
    }
    let foreign = site.ask(Method::POST, &format!("/event/new?name=E&{START}"));
    let foreign =
        foreign.header("Cookie", format!("runnity_session={session}")).header("Origin", "https://evil.example.org");
    assert_eq!(send(foreign).await.status, 403);
    let by_cookie = site.ask(Method::GET, "/event/list").header("Cookie", format!("runnity_session={session}"));
    assert_error(&send(by_cookie).await, 404, not_found(), "known, and nothing there");
    for (method, path, allowed) in
        [(Method::GET, "/event/new", "POST, OPTIONS"), (Method::HEAD, "/event/list", "GET, OPTIONS")]
    {
        let reply = call(&site, method, path).await;
        assert_eq!((reply.status, reply.header("allow")), (405, allowed), "{path}");
    }
    let lost = call(&site, Method::GET, "/event/17").await;
    assert_error(&lost, 404, json!({"code": 404, "message": "Not found"}), "no such call");
}
