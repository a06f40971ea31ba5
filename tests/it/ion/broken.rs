//! Rules that mean nothing any more, as an older version may have left them in the store: each is told in one sentence, the rest
//! counts.

use runnity::backend::{AggregateId, Commit, Put};
use serde_json::{Value, json};

use super::{done, get, post, start};
use crate::support::{Runner, Site, StoreKind, on_each_store};

on_each_store!(rules_that_mean_nothing_are_told_in_a_sentence_each, feeding_each_other_comes_to_an_end);

/// What a rule's stored form becomes.
async fn rewrite(site: &Site, id: u64, edit: impl Fn(&mut Value)) {
    let catalogue = AggregateId::new("catalogue", "all");
    let key = catalogue.key(&format!("achievement/{id}"));
    let stored = site.app.backend.read(std::slice::from_ref(&key)).await.expect("read").pop().and_then(|it| it.value);
    let mut stored: Value = serde_json::from_slice(&stored.expect("a rule")).expect("JSON");
    edit(&mut stored["document"]);
    let mut commit = Commit::on(catalogue);
    commit.puts.push(Put { key, value: Some(stored.to_string().into()) });
    site.app.backend.commit(commit).await.expect("written");
}

/// A rule that counts a variable → its number.
async fn rule(site: &Site, admin: &Runner, name: &str, variable: &str) -> u64 {
    let term = json!({"term": {"type": "literal", "variable": variable}});
    let document = json!({"name": name, "goals": [{"condition": term, "goal": "5"}]});
    site.post(admin, "/api/achievements", document).await.data()["id"].as_u64().expect("a number")
}

#[track_caller]
fn assert_sentences(errors: &Value, expected: &[u64], about: &str) {
    let errors = errors.as_object().expect("errors");
    let mut told: Vec<u64> = errors.keys().map(|id| id.parse().expect("a number")).collect();
    told.sort_unstable();
    assert_eq!(told, expected, "{about}: {errors:?}");
    for error in errors.values() {
        let error = error.as_str().expect("a sentence");
        assert!(error.starts_with("Cannot evaluate") && !error.contains('\n') && error.len() < 800, "{about}: {error}");
    }
}

async fn rules_that_mean_nothing_are_told_in_a_sentence_each(kind: StoreKind) {
    let (first, admin) = start(kind).await;
    let formulas = [
        "5*foo(".to_owned(),
        "5/(level-1)".to_owned(),
        "5*miles".to_owned(),
        "2^2^2^2^2^2".to_owned(),
        format!("{}5{}", "(".repeat(200), ")".repeat(200)),
        "level*".repeat(5_000),
        "1e308*10^300".to_owned(),
    ];
    let mut moved = Vec::new();
    for (index, formula) in formulas.iter().enumerate() {
        let id = rule(&first, &admin, &format!("formula_{index}"), "broken").await;
        rewrite(&first, id, |it| it["goals"][0]["goal"] = json!(formula)).await;
        moved.push(id);
    }
    let requires = rule(&first, &admin, "requires_nobody", "broken").await;
    rewrite(&first, requires, |it| it["requires"] = json!([9_999])).await;
    moved.push(requires);
    // No value moves it, for there is no such variable.
    let nothing = rule(&first, &admin, "of_nothing", "broken").await;
    rewrite(&first, nothing, |it| it["goals"][0]["condition"]["term"]["variable"] = json!("no_such_thing")).await;
    let good = rule(&first, &admin, "good", "broken").await;
    let site = first.another().await;
    let aino = site.runner("Aino").await;
    let reached = done(&post(&site, &aino, &format!("/increase_value/broken/{}", aino.id), "value=5").await);
    assert_sentences(&reached["achievement_errors"], &moved, "an increase");
    assert_eq!(reached["achievements"][good.to_string()]["level"], 1, "{reached}");
    let all: Vec<u64> = moved.iter().copied().chain([nothing]).collect();
    let progress = done(&get(&site, &aino, &format!("/progress/{}", aino.id)).await);
    assert_sentences(&progress["achievement_errors"], &all, "progress");
    assert_eq!(progress["achievements"][good.to_string()]["level"], 1);
    let said = done(&post(&site, &aino, &format!("/add_or_update_user/{}", aino.id), "city=Turku").await);
    assert_sentences(&said["achievement_errors"], &all, "what is said of a user");
    assert_eq!(site.get(&aino, "/api/users/me").await.data()["city"], "Turku");
}

async fn feeding_each_other_comes_to_an_end(kind: StoreKind) {
    let (first, admin) = start(kind).await;
    let mut fed = Vec::new();
    for (name, counts, moves) in [("one", "broken", "medals"), ("two", "medals", "broken")] {
        let id = rule(&first, &admin, name, counts).await;
        let property = json!([{"id": 9_000 + id, "name": moves, "is_variable": true, "value": "5", "translations": {}, "from_level": 1}]);
        rewrite(&first, id, |it| {
            (it["properties"], it["maxlevel"], it["goals"][0]["goal"]) =
                (property.clone(), json!(100), json!("5*level"));
        })
        .await;
        fed.push(id);
    }
    let good = rule(&first, &admin, "good", "broken").await;
    let site = first.another().await;
    let aino = site.runner("Aino").await;
    let reached = done(&post(&site, &aino, &format!("/increase_value/broken/{}", aino.id), "value=5").await);
    assert_eq!(reached["achievements"][good.to_string()]["level"], 1, "{reached}");
    let told = reached["achievement_errors"].as_object().expect("errors");
    assert!(!told.is_empty() && told.keys().all(|id| fed.iter().any(|it| it.to_string() == *id)), "{reached}");
    assert!(told.values().all(|it| it.as_str().is_some_and(|it| it.starts_with("Cannot evaluate"))), "{reached}");
}
