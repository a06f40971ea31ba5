//! `set` on the user: what is there and of its kind, and nothing else.

use super::*;
use crate::domain::habit::newcomer;

fn text(text: &str) -> Scalar {
    Scalar::Text(text.to_owned())
}

#[test]
fn set_puts_what_fits_and_leaves_all_else_alone() {
    let number = Scalar::Number;
    let yes = Scalar::Bool(true);
    for (path, value, set) in [
        ("stats.hp", number(3.5), Set::Stats),
        ("stats.exp", number(-1.0), Set::Stats),
        ("stats.gp", number(1e6), Set::Stats),
        ("stats.lvl", number(7.0), Set::Stats),
        ("stats.hp", text("3.5"), Set::Nothing),
        ("stats.hp", yes.clone(), Set::Nothing),
        ("stats.hp", Scalar::Null, Set::Nothing),
        ("stats.hp", number(50.0), Set::Nothing),
        ("stats.hp", number(1e300), Set::Nothing),
        ("stats.hp", number(f64::NAN), Set::Nothing),
        ("stats.lvl", number(0.0), Set::Nothing),
        ("stats.lvl", number(101.0), Set::Nothing),
        ("stats.lvl", number(2.5), Set::Nothing),
        ("stats.mp", number(1.0), Set::Nothing),
        ("stats.hp.x", number(1.0), Set::Nothing),
        ("stats", number(1.0), Set::Nothing),
        ("items.weapon", number(7.0), Set::Head),
        ("items.weapon", number(8.0), Set::Nothing),
        ("items.armor", number(7.0), Set::Nothing),
        ("items.armor", number(-1.0), Set::Nothing),
        ("items.armor", text("3"), Set::Nothing),
        ("items.currentPet", text("Wolf-Base"), Set::Other),
        ("items.pets", text("Wolf-Base"), Set::Nothing),
        ("preferences.dayStart", number(23.0), Set::Head),
        ("preferences.dayStart", number(24.0), Set::Nothing),
        ("preferences.dayStart", text("4"), Set::Nothing),
        ("preferences.timezoneOffset", number(-120.0), Set::Head),
        ("preferences.hair", text("black"), Set::Other),
        ("preferences.hair", number(3.0), Set::Other),
        ("preferences.hair", yes.clone(), Set::Nothing),
        ("preferences.showHelm", Scalar::Bool(false), Set::Other),
        ("preferences.showHelm", text("false"), Set::Nothing),
        ("preferences.wings", text("yes"), Set::Nothing),
        ("preferences", text("none"), Set::Nothing),
        ("flags.rest", yes.clone(), Set::Head),
        ("flags.rest", number(1.0), Set::Nothing),
        ("flags.dropsEnabled", yes.clone(), Set::Head),
        ("flags.ads", text("hide"), Set::Other),
        ("party.current", text("x"), Set::Nothing),
        ("lastCron", number(1_372_000_000_000.0), Set::Head),
        ("lastCron", text("new"), Set::Nothing),
        ("lastCron", text("yesterday"), Set::Nothing),
        ("lastCron", number(9e15), Set::Nothing),
        ("tags.0.name", text("dawn"), Set::Tags),
        ("tags.3.name", text("night"), Set::Nothing),
        ("tags.-1.name", text("night"), Set::Nothing),
        ("tags.length", number(0.0), Set::Nothing),
        ("tags.0.name", number(1.0), Set::Nothing),
        ("profile.name", text("<b>Aino</b>\u{0}"), Set::Other),
        ("custom.anything", text("x"), Set::Nothing),
    ] {
        let before = newcomer::board(7, 8, Timestamp::from_millis(0)).hero;
        let mut hero = before.clone();
        let parts: Vec<&str> = path.split('.').collect();
        assert_eq!(hero.set(&parts, &value), Ok(set), "{path} {value:?}");
        assert_eq!(hero != before, set != Set::Nothing, "{path} {value:?}");
        assert_eq!(hero.earned, before.earned);
    }
}

#[test]
fn long_text_is_refused_in_words() {
    let mut hero = newcomer::board(7, 8, Timestamp::from_millis(0)).hero;
    assert!(hero.set(&["profile", "blurb"], &text(&"x".repeat(PROPERTY_BYTES_MAX + 1))).is_err());
    assert!(hero.set(&["tags", "0", "name"], &text(&"x".repeat(TAG_NAME_BYTES_MAX + 1))).is_err());
}

#[test]
fn the_first_turn_can_be_asked_for_again() {
    let mut hero = Hero::new(1);
    hero.last_turn = LastTurn::At { at: Timestamp::from_millis(5), day: Some(0) };
    assert_eq!(hero.set(&["lastCron"], &text("new")), Ok(Set::Head));
    assert_eq!(hero.last_turn, LastTurn::Never);
}
