//! What a challenge cannot be: the member that is wrong is named, and nothing is made.

use serde_json::{Value, json};

use super::{fault, field, made, ten_laps, titles};
use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(what_is_wrong_with_a_challenge_is_named);

async fn what_is_wrong_with_a_challenge_is_named(kind: StoreKind) {
    let site = Site::start(kind).await;
    field(&site).await;
    let (aino, eero) = (site.runner("Aino").await, site.runner("Eero").await);
    let table: &[(&str, Value, &str)] = &[
        ("title", json!(""), "title"),
        ("title", json!("x".repeat(101)), "title"),
        ("title", json!(null), "title"),
        ("kind", json!("last"), "kind"),
        ("kind", json!("most"), "target"),
        ("variable", json!("tea"), "variable"),
        ("variable", json!(null), "achievement"),
        ("achievement", json!("ten_laps"), "variable"),
        ("goal", json!(1), "goal"),
        ("target", json!(null), "target"),
        ("target", json!(0), "target"),
        ("target", json!(-5), "target"),
        ("target", json!(1e300), "target"),
        ("target", json!("ten"), "target"),
        ("users", json!([]), "users"),
        ("users", json!([&aino.id]), "users"),
        ("users", json!(["Eero", "nobody at all"]), "users[1]"),
        ("users", json!(vec!["Eero"; 101]), "users"),
        ("group", json!("nothing"), "group"),
        ("group", json!("not an id"), "group"),
        ("starts_at", json!("2026-11-21T08:00:00Z"), "starts_at"),
        ("starts_at", json!("2028-11-21T08:00:00Z"), "starts_at"),
        ("starts_at", json!("tomorrow"), "starts_at"),
        ("starts_at", json!("2026-11-23T08:00:00Z"), "expires_at"),
        ("expires_at", json!("2026-11-21T09:00:00Z"), "expires_at"),
        ("expires_at", json!("2028-11-21T09:00:00Z"), "expires_at"),
        ("expires_at", json!("99999-01-01T00:00:00Z"), "expires_at"),
        ("prize", json!("a cake"), "prize"),
    ];
    for (name, value, field) in table {
        let mut new = ten_laps(&[&eero]);
        new[name] = value.clone();
        let refused = site.post(&aino, "/api/challenges", new).await;
        let said = fault(&refused);
        assert_eq!((refused.status, &said["field"]), (400, &json!(field)), "{name}: {value}: {said}");
    }
    assert_eq!(titles(&site, &aino, "").await, [""; 0]);
    let path = made(&site, &aino, ten_laps(&[&eero])).await;
    for (query, field) in [
        ("state=tea", "state"),
        ("by=eero", "by"),
        ("to=eero", "to"),
        ("by=me&to=me", "to"),
        ("page=0", "page"),
        ("tea=1", "tea"),
    ] {
        let refused = site.get(&aino, &format!("/api/challenges?{query}")).await;
        assert_eq!((refused.status, &fault(&refused)["field"]), (400, &json!(field)), "{query}");
    }
    for (users, field) in
        [(json!(["nobody at all"]), "users[0]"), (json!([&aino.id]), "users"), (json!("Eero"), "users")]
    {
        let refused = site.post(&aino, &format!("{path}/invitations"), json!({ "users": users })).await;
        assert_eq!((refused.status, &fault(&refused)["field"]), (400, &json!(field)), "{users}");
    }
    for path in ["/api/challenges/0", "/api/challenges/tea", "/api/challenges/-1/accept", "/api/challenges/1/win"] {
        assert_eq!(site.get(&aino, path).await.status, 404, "{path}");
    }
}
