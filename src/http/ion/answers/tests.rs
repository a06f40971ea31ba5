//! Bodies, letter by letter, from outcomes that were made up.

use super::*;
use crate::app::documents::{AchievedDocument, GainedProperty, GainedReward, Translations, ValueDocument};

const AT: &str = "2016-04-02T12:10:52.901Z";

fn unlocked(id: u64, name: &str, period: Option<&str>, new_levels: &[u32]) -> UnlockedDocument {
    let level = new_levels.last().copied().unwrap_or_default();
    UnlockedDocument {
        achievement: AchievedDocument {
            id,
            name: name.to_owned(),
            title: Translations::new(),
            category: String::new(),
            hidden: false,
            maxlevel: level,
            level,
            period: period.map(str::to_owned),
        },
        view: ViewName::Everyone,
        levels_achieved: (1..=level).map(|level| (level, AT.to_owned())).collect(),
        new_levels: new_levels
            .iter()
            .map(|level| (*level, GainsDocument { level: Some(*level), ..GainsDocument::default() }))
            .collect(),
    }
}

fn written(outcome: Outcome, form: Form) -> String {
    serde_json::to_string(&Reached::of(outcome, form, None)).unwrap()
}

#[test]
fn the_documents_example_is_written_word_for_word() {
    let outcome = Outcome { unlocked: vec![unlocked(1, "invite_users", None, &[1])], errors: Vec::new() };
    let example = r#"{
  "achievements": {
    "1": {
      "levels_achieved": {
        "1": "2016-04-02T12:10:52.901000"
      },
      "achievementcategory": "",
      "level": 1,
      "new_levels": {
        "1": {
          "rewards": {},
          "properties": {},
          "level": 1
        }
      },
      "internal_name": "invite_users",
      "hidden": false,
      "maxlevel": 1,
      "id": 1
    }
  },
  "achievement_errors": {}
}"#;
    let without_blanks: String = example.split_whitespace().collect();
    assert_eq!(written(outcome, Form::Maps), without_blanks);
    assert_eq!(written(Outcome::default(), Form::Maps), r#"{"achievements":{},"achievement_errors":{}}"#);
    assert_eq!(written(Outcome::default(), Form::Lists), r#"{"achievements":[],"achievement_errors":[]}"#);
}

#[test]
fn lists_have_the_members_of_later_versions() {
    let mut recurring = unlocked(12, "weekly_run", Some("2026-11-16T00:00:00Z"), &[1]);
    let text = ValueDocument::Text("100 m".to_owned());
    let translated = Some(Translations::from([("en".to_owned(), "A badge".to_owned())]));
    let gains = recurring.new_levels.get_mut(&1).unwrap();
    gains.rewards.insert(
        3,
        GainedReward { id: 3, reward_id: 1, name: "badge".to_owned(), value: Some(text), value_translated: None },
    );
    gains.properties.insert(
        2,
        GainedProperty {
            property_id: 2,
            name: "xp".to_owned(),
            is_variable: false,
            value: Some(ValueDocument::Whole(100)),
            value_translated: translated,
        },
    );
    let error = "Cannot evaluate formular: 5*foo( (there is no function foo)".to_owned();
    let outcome = Outcome { unlocked: vec![recurring], errors: vec![AchievementFault { id: 10, error }] };
    let expected = concat!(
        r#"{"achievements":[{"id":12,"view_permission":"everyone","internal_name":"weekly_run","maxlevel":1,"hidden":false,"#,
        r#""achievementcategory":"","level":1,"levels_achieved":{"1":"2016-04-02T12:10:52.901000"},"new_levels":{"1":{"rewards":"#,
        r#"{"3":{"id":3,"reward_id":1,"name":"badge","value":"100 m","value_translated":null}},"properties":{"2":{"property_id":2,"#,
        r#""name":"xp","is_variable":false,"value":100,"value_translated":{"en":"A badge"}}},"level":1}},"#,
        r#""achievement_date":"2026-11-16T00:00:00+00:00"}],"achievement_errors":[{"error":"#,
        r#""Cannot evaluate formular: 5*foo( (there is no function foo)","id":10}]}"#
    );
    assert_eq!(written(outcome.clone(), Form::Lists), expected);
    assert!(
        written(outcome, Form::Maps)
            .ends_with(r#""achievement_errors":{"10":"Cannot evaluate formular: 5*foo( (there is no function foo)"}}"#)
    );
}

#[test]
fn of_two_periods_the_newest_stands_in_the_map() {
    let weeks = ["2026-11-16T00:00:00Z", "2026-11-09T00:00:00Z"];
    let unlocked = vec![unlocked(12, "new", Some(weeks[0]), &[1]), unlocked(12, "old", Some(weeks[1]), &[1])];
    let outcome = Outcome { unlocked, errors: Vec::new() };
    let text = written(outcome.clone(), Form::Maps);
    assert!(text.contains("\"new\"") && !text.contains("\"old\""), "{text}");
    let text = written(outcome, Form::Lists);
    assert!(text.contains("\"new\"") && text.contains("\"old\""), "{text}");
}

#[test]
fn who_was_made_is_told_beside_the_two() {
    let reached = Reached::of(Outcome::default(), Form::Maps, Some("k3v0m2x9q1aa".to_owned()));
    let text = serde_json::to_string(&reached).unwrap();
    assert_eq!(text, r#"{"achievements":{},"achievement_errors":{},"user":"k3v0m2x9q1aa"}"#);
}

#[test]
fn moments_are_in_utc_without_a_zone() {
    assert_eq!(moment("2026-11-21T19:31:24.719+02:00"), "2026-11-21T17:31:24.719000");
    assert_eq!(moment("2026-11-21T17:31:24Z"), "2026-11-21T17:31:24.000000");
    assert_eq!(period("2026-11-16T00:00:00+05:30"), "2026-11-15T18:30:00+00:00");
}

#[test]
fn refusals_have_gengines_codes() {
    let table: [(AppError, u16, &str); 11] = [
        (AppError::Unauthenticated, 401, "invalid_token"),
        (AppError::Forbidden, 403, "forbidden"),
        (AppError::NotFound("user"), 404, "user_not_found"),
        (AppError::NotFound("variable"), 404, "variable_not_found"),
        (AppError::NotFound("achievement"), 404, "achievement_not_found"),
        (AppError::invalid("value", "is too large"), 400, "invalid_value"),
        (AppError::invalid("increases[3].value", "is too large"), 400, "invalid_value"),
        (AppError::invalid("city", "is too long"), 400, "invalid_input"),
        (AppError::conflict("the group a is full"), 409, "conflict"),
        (AppError::TooOften { retry_after_s: 7 }, 429, "too_many_requests"),
        (AppError::Busy, 503, "unavailable"),
    ];
    for (error, status, code) in table {
        let error = Error::from(error);
        assert_eq!((error.status.as_u16(), &*error.code), (status, code));
        let response = error.response(&HeaderMap::new());
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers().contains_key("retry-after"), status == 429 || status == 503);
    }
    let told = Error::no_such_user().when_missing("get_messages.user_not_found", "no");
    assert_eq!(told.code, "get_messages.user_not_found");
    assert_eq!(Error::invalid_value().when_missing("x", "x").code, "invalid_value");
}
