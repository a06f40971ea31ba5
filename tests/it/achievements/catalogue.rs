//! A whole catalogue goes out and comes in.

use futures::future;
use reqwest::Method;
use runnity::app::achievements::starter;
use runnity::app::documents::Reference;
use serde_json::{Value, json};

use super::authoring::{admin, ask};
use crate::support::{Reply, Runner, Site, StoreKind, on_each_store, send};

on_each_store!(
    starter_is_valid_and_has_thirty,
    a_new_store_gets_one_catalogue_and_keeps_it,
    export_imports_to_the_same,
    a_file_adds_or_replaces_and_what_is_named_keeps_its_number,
    a_faulty_file_changes_nothing,
    yaml_that_is_none_or_grows_is_refused,
);

const PATH: &str = "/api/catalogue";

async fn send_yaml(site: &Site, who: &Runner, method: Method, yaml: impl Into<String>) -> Reply {
    let request = site.ask(method, PATH).bearer_auth(&who.token).header("content-type", "application/yaml");
    send(request.body(yaml.into())).await
}

fn ids(achievements: &Value) -> Vec<(String, u64)> {
    let achievements = achievements.as_array().unwrap().iter();
    achievements.map(|it| (it["name"].as_str().unwrap().to_owned(), it["id"].as_u64().unwrap())).collect()
}

async fn starter_is_valid_and_has_thirty(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    assert!(site.app.ensure_catalogue(&starter().unwrap()).await.unwrap());
    let all = site.get(&root, "/api/achievements?page_size=200").await.data();
    assert!(all.as_array().unwrap().len() >= 30, "{}", all.as_array().unwrap().len());
    // The Ion document's example.
    let first = site.get(&root, "/api/achievements/1").await.data();
    let told = ["name", "category", "maxlevel", "hidden", "rewards", "properties"].map(|member| first[member].clone());
    assert_eq!(told, [json!("invite_users"), json!(""), json!(1), json!(false), json!([]), json!([])]);
    // Everything can be worked out, at every level.
    for rule in site.app.rules().all() {
        assert!(rule.title.contains_key("en"), "{} has no title", rule.name);
        for level in 1..=rule.maxlevel {
            for goal in &rule.goals {
                assert!(site.app.rules().target(goal, level).unwrap().is_some(), "{} {level}", rule.name);
            }
        }
    }
}

async fn a_new_store_gets_one_catalogue_and_keeps_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let root = admin(&site).await;
    let catalogue = starter().unwrap();
    // Two instances start at once.
    let (one, two) = future::join(site.app.ensure_catalogue(&catalogue), other.app.ensure_catalogue(&catalogue)).await;
    assert!(one.unwrap() != two.unwrap());
    let count = catalogue.achievements.len();
    assert_eq!(site.app.rules().all().count(), count);
    // Whoever empties it means it.
    let emptied = ask(&site, &root, Method::PUT, PATH, &json!({"version": 1})).await.data();
    assert_eq!(emptied, json!({"variables": 0, "rewards": 0, "achievements": 0}));
    assert!(!site.app.ensure_catalogue(&catalogue).await.unwrap());
    assert_eq!(site.app.rules().all().count(), 0);
}

async fn export_imports_to_the_same(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    site.app.ensure_catalogue(&starter().unwrap()).await.unwrap();
    let exported = site.get(&root, PATH).await;
    let (catalogue, tag) = (exported.data(), exported.header("etag").to_owned());
    let known = site.get(&root, "/api/achievements?page_size=200").await.data();
    // A file has no numbers, and names what it refers to.
    assert!(catalogue["achievements"].as_array().unwrap().iter().all(|it| it["id"].is_null()));
    let file: runnity::app::documents::CatalogueDocument = serde_json::from_value(catalogue.clone()).unwrap();
    let mut references =
        file.achievements.iter().flat_map(|it| it.requires.iter().chain(it.rewards.iter().map(|it| &it.reward)));
    assert!(references.all(|reference| matches!(reference, Reference::Name(_))));

    // Into the same, as JSON and as YAML: nothing is another, and there is no new version.
    assert_eq!(ask(&site, &root, Method::PUT, PATH, &catalogue).await.status, 200);
    let yaml = site.get(&root, "/api/catalogue?format=yaml").await;
    assert_eq!(yaml.header("content-type"), "application/yaml");
    let yaml = String::from_utf8(yaml.body).unwrap();
    assert_eq!(send_yaml(&site, &root, Method::PUT, yaml.clone()).await.status, 200);
    assert_eq!(site.get(&root, PATH).await.header("etag"), tag);
    assert_eq!(site.get(&root, "/api/achievements?page_size=200").await.data(), known);
    let json = site.get(&root, "/api/catalogue?format=json").await;
    assert_eq!(json.json(), catalogue);

    // Into another server: the same again.
    let elsewhere = Site::start(kind).await;
    let other = admin(&elsewhere).await;
    assert_eq!(send_yaml(&elsewhere, &other, Method::PUT, yaml).await.status, 200);
    assert_eq!(elsewhere.get(&other, PATH).await.data(), catalogue);
}

async fn a_file_adds_or_replaces_and_what_is_named_keeps_its_number(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    let yaml = "
version: 1
variables: [{name: laps}]
rewards: [{name: badge}]
achievements:
  - &ten
    name: ten
    goals:
      - {condition: {term: {type: literal, variable: laps}}, goal: 10*level}
    rewards: [{reward: badge, value: 'no ${level}'}]
  - {<<: *ten, name: after, requires: [ten]}
";
    let put_in = send_yaml(&site, &root, Method::POST, yaml).await;
    assert_eq!(put_in.data(), json!({"variables": 1, "rewards": 1, "achievements": 2}));
    let before = ids(&site.get(&root, "/api/achievements").await.data());
    let more = json!({"version": 1, "achievements": [
        {"name": "more", "goals": [{"condition": {"term": {"type": "literal", "variable": "laps"}}, "goal": "1"}], "requires": ["after"]},
        {"name": "ten", "maxlevel": 7, "goals": [{"condition": {"term": {"type": "literal", "variable": "laps"}}, "goal": "10*level"}]},
    ]});
    assert_eq!(ask(&site, &root, Method::POST, PATH, &more).await.data()["achievements"], 3);
    let after = ids(&site.get(&root, "/api/achievements").await.data());
    assert_eq!(after[..2], before[..]);
    let ten = site.get(&root, &format!("/api/achievements/{}", before[0].1)).await.data();
    assert_eq!((&ten["maxlevel"], &ten["rewards"]), (&json!(7), &json!([])));

    // In the place of all: what goes may not be needed by what stays.
    let mut rest = more.clone();
    let refused = ask(&site, &root, Method::PUT, PATH, &rest).await;
    assert_eq!(refused.status, 422);
    rest["variables"] = json!([{"name": "laps"}]);
    rest["achievements"][0]["requires"] = json!(["ten"]);
    let replaced = ask(&site, &root, Method::PUT, PATH, &rest).await;
    assert_eq!(replaced.data(), json!({"variables": 1, "rewards": 0, "achievements": 2}));
    let left = ids(&site.get(&root, "/api/achievements").await.data());
    assert_eq!(left, [after[0].clone(), after[2].clone()]);
    let stale = site.ask(Method::PUT, PATH).bearer_auth(&root.token).header("if-match", put_in.header("etag"));
    assert_eq!(send(stale.json(&rest)).await.status, 412);
}

/// A circle may be told from each of its members on.
fn turned(circle: &str) -> Vec<String> {
    let mut names: Vec<&str> = circle.split(" → ").collect();
    names.pop();
    let turn = |first: usize| {
        let around = names.iter().cycle().skip(first).take(names.len() + 1);
        around.copied().collect::<Vec<_>>().join(" → ")
    };
    (0..names.len()).map(turn).collect()
}

async fn a_faulty_file_changes_nothing(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    site.app.ensure_catalogue(&starter().unwrap()).await.unwrap();
    let good = site.get(&root, PATH).await;
    let with = |pointer: &str, value: Value| {
        let mut file = good.data();
        *file.pointer_mut(pointer).unwrap() = value;
        file
    };
    for (file, at) in [
        (with("/version", json!(2)), "version"),
        (
            with("/achievements/3/goals/0/condition/term/variable", json!("rnus")),
            "achievements[3].goals[0].condition.term.variable",
        ),
        (with("/achievements/2/name", json!("first_run")), "achievements[2].name"),
        (with("/achievements/5/goals/0/goal", json!("5*foo(")), "achievements[5].goals[0].goal"),
        (with("/achievements/5/rewards/0/reward", json!("gold")), "achievements[5].rewards[0].reward"),
        (with("/rewards/0/name", json!("gold")), "achievements[1].rewards[0].reward"),
        (with("/variables/0/name", json!("runs")), "variables[0].name"),
        (with("/variables", json!([])), "achievements[1].properties[0].name"),
    ] {
        for method in [Method::PUT, Method::POST] {
            // What a file leaves out is still there when it adds.
            if method == Method::POST && ["/variables", "achievements[1]"].iter().any(|it| at.starts_with(it)) {
                continue;
            }
            let refused = ask(&site, &root, method.clone(), PATH, &file).await;
            assert_eq!(refused.status, 422, "{method} {at}");
            let faults = refused.json()["error"]["faults"].take();
            assert_eq!(faults[0]["at"], at, "{method}: {faults}");
        }
    }
    let mut circle = good.data();
    for (index, required) in [(1, "regular"), (2, "hundred_runs"), (3, "first_run")] {
        circle["achievements"][index]["requires"] = json!([required]);
    }
    let mut feeding = good.data();
    feeding["achievements"][1]["goals"][0]["condition"]["term"]["variable"] = json!("xp");
    for (file, at, told) in [
        (circle, "requires", ["first_run → regular → hundred_runs → first_run"].as_slice()),
        (feeding, "variables", &["first_run → first_run"]),
    ] {
        for method in [Method::PUT, Method::POST] {
            let refused = ask(&site, &root, method.clone(), PATH, &file).await;
            let fault = refused.json()["error"]["faults"][0].take();
            let problem = fault["problem"].as_str().unwrap_or_default();
            assert!(
                refused.status == 422 && fault["at"].as_str().is_some_and(|it| it.ends_with(at)),
                "{method} {fault}"
            );
            assert!(told.iter().any(|told| turned(told).contains(&problem.to_owned())), "{method} {problem}");
        }
    }
    let still = site.get(&root, PATH).await;
    assert_eq!((still.data(), still.header("etag")), (good.data(), good.header("etag")));
    for (body, status) in [(json!({}), 400), (json!({"version": 1, "tea": 1}), 400), (json!([]), 400)] {
        assert_eq!(ask(&site, &root, Method::PUT, PATH, &body).await.status, status, "{body}");
    }
}

async fn yaml_that_is_none_or_grows_is_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let root = admin(&site).await;
    // Ten to the ninth, if it were written out.
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{items}]\n");
    }
    let deep = format!("version: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    let table = [
        "version: [",
        "- version: 1",
        "version: one",
        "version: 1\nversion: 1",
        "%",
        "",
        &bomb,
        &deep,
        "version: 1\ntea: 2",
    ];
    for yaml in table {
        let refused = send_yaml(&site, &root, Method::PUT, yaml).await;
        assert_eq!(refused.status, 400, "{:.80}", yaml);
    }
    assert_eq!(
        site.get(&root, PATH).await.data(),
        json!({"version": 1, "variables": [], "rewards": [], "achievements": []})
    );
}
