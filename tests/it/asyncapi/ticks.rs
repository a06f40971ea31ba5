//! Everything that is said of where many runners are.

use std::collections::BTreeSet;

use runnity::app::runs::{NewRun, Transition};
use runnity::domain::cell::Cell;
use runnity::domain::geo::Place;
use runnity::domain::ids::RunId;
use runnity::domain::user::Visibility;
use serde_json::{Value, json};

use super::{Document, Talk, holds};
use crate::events::{event, plan};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(frames_are_what_the_document_says);

/// The newest that was said in a channel.
fn newest<'a>(talk: &'a Talk, channel: &str) -> &'a Value {
    let said = talk.said.iter().rev().find(|line| line["push"]["channel"] == channel);
    said.map_or(&Value::Null, |line| &line["push"]["pub"]["data"])
}

async fn frames_are_what_the_document_says(kind: StoreKind) {
    let site = Site::start(kind).await;
    let document = Document::of(&site).await;
    let runner = site.runner("Aino").await;
    let event = event(&site, &runner.identity, plan("Morning run")).await;
    site.app.start_event(&runner.identity, event).await.unwrap();
    let place = Place::new(60.17, 24.94).unwrap();
    let cells = [6, 2].map(|zoom| format!("map:{}", Cell::of(place, zoom)));
    let channels = [format!("positions:{event}"), cells[0].clone(), cells[1].clone()];
    let visibility = Some(Visibility::Public);
    let new = NewRun { place: Some(place), visibility, event: Some(event), ..NewRun::default() };
    let run = RunId::parse(&site.app.new_run(&runner.identity, new).await.unwrap().id).unwrap();
    let mut talk = Talk::of(&site).await;
    talk.ask("connect", json!({})).await;
    for channel in &channels {
        talk.ask("subscribe", json!({ "channel": channel })).await;
        let picture = talk.said.iter().rev().find(|line| line["subscribe"].is_object()).unwrap().clone();
        let named = if channel.starts_with("map:") { "map" } else { "positions" };
        let names = document.sent_in(named);
        holds(&document.one_of(&names.iter().map(String::as_str).collect::<Vec<_>>()), &picture["subscribe"]["data"]);
    }
    site.app.transition(&runner.identity, run, Transition::Pause).await.unwrap();
    talk.until(|line| line["push"]["pub"]["data"]["runners"][0][4] == 1 && line["push"]["channel"] == channels[1])
        .await;
    site.app.transition(&runner.identity, run, Transition::Finish).await.unwrap();
    for channel in &channels {
        while newest(&talk, channel)["gone"].is_null() && newest(&talk, channel)["cells"][0][1] != 0 {
            let line = talk.client.next().await;
            talk.said.push(line);
        }
    }
    let mut kinds = BTreeSet::new();
    for line in &talk.said {
        let channel = line["push"]["channel"].as_str().unwrap_or_default();
        let named = channel.split(':').next().unwrap();
        if ["map", "positions"].contains(&named) {
            let names = document.sent_in(named);
            let data = &line["push"]["pub"]["data"];
            kinds.insert((named, data["type"].as_str().unwrap()));
            holds(&document.one_of(&names.iter().map(String::as_str).collect::<Vec<_>>()), data);
        }
    }
    assert_eq!(kinds, BTreeSet::from([("map", "counts"), ("map", "positions"), ("positions", "positions")]));
}
