//! Accounts: names, passwords, tokens, sessions, the admin.

use runnity::app::AppError;
use runnity::app::users::{Caller, ChangeUser, NewUser};
use runnity::domain::user::{Level, Visibility};

use crate::support::{Site, StoreKind, on_each_store};

on_each_store!(
    of_many_who_want_a_name_at_once_one_gets_it,
    a_wrong_name_and_a_wrong_password_are_told_alike,
    a_changed_password_replaces_all_tokens_and_sessions,
    log_in_that_is_under_way_does_not_outlive_a_changed_password,
    logging_out_ends_the_session_and_no_other,
    session_opens_no_session,
    secrets_that_are_none_are_refused,
    first_start_makes_an_admin_and_shows_its_token_once,
    operators_admin_token_is_the_one_that_was_given_last,
    default_visibility_is_what_new_runs_have,
);

fn new_user(name: &str) -> NewUser {
    NewUser { name: name.to_owned(), password: "correct horse".to_owned(), visibility: None }
}

async fn of_many_who_want_a_name_at_once_one_gets_it(kind: StoreKind) {
    let site = Site::start(kind).await;
    let names = ["Aino", "AINO", " aino ", "aINO", "Aino", "aino"];
    let tries = names.map(|name| site.app.sign_up(new_user(name)));
    let made = futures::future::join_all(tries).await;
    assert_eq!(made.iter().filter(|it| it.is_ok()).count(), 1);
    for refused in made.into_iter().filter_map(Result::err) {
        assert!(matches!(&refused, AppError::Conflict { .. }), "{refused}");
    }
    assert!(site.app.log_in("aino", "correct horse".to_owned(), None, None).await.is_ok());
}

async fn a_wrong_name_and_a_wrong_password_are_told_alike(kind: StoreKind) {
    let site = Site::start(kind).await;
    site.app.sign_up(new_user("Aino")).await.unwrap();
    for (name, password) in [("Aino", "wrong horse"), ("Nobody", "correct horse"), ("", ""), ("admin", "")] {
        let refused = site.app.log_in(name, password.to_owned(), None, None).await.unwrap_err();
        assert!(matches!(refused, AppError::Unauthenticated), "{name}");
    }
}

async fn a_changed_password_replaces_all_tokens_and_sessions(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (_, first) = site.app.sign_up(new_user("Aino")).await.unwrap();
    let (_, second) = site.app.log_in("Aino", "correct horse".to_owned(), None, None).await.unwrap();
    let (identity, session) = site.app.open_session(first.reveal()).await.unwrap();
    let change = |current: Option<&str>| ChangeUser {
        password: Some("a new password".to_owned()),
        current_password: current.map(str::to_owned),
        ..ChangeUser::default()
    };
    for current in [None, Some("wrong horse")] {
        let refused = site.app.change_user(&identity, change(current)).await.unwrap_err();
        assert!(matches!(refused, AppError::Invalid { field, .. } if field == "current_password"));
        assert!(site.app.authenticate(second.reveal()).await.is_ok());
    }
    let (_, token) = site.app.change_user(&identity, change(Some("correct horse"))).await.unwrap();
    for old in [first, second, session] {
        assert!(site.app.authenticate(old.reveal()).await.is_err());
    }
    assert!(!site.app.still_good(&identity).await.unwrap());
    assert!(site.app.authenticate(token.unwrap().reveal()).await.is_ok());
    assert!(site.app.log_in("Aino", "correct horse".to_owned(), None, None).await.is_err());
}

async fn log_in_that_is_under_way_does_not_outlive_a_changed_password(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (_, mut token) = site.app.sign_up(new_user("Aino")).await.unwrap();
    let passwords = ["correct horse", "another horse", "a third horse", "a fourth horse"];
    for pair in passwords.windows(2) {
        let identity = site.app.authenticate(token.reveal()).await.unwrap();
        let change = ChangeUser {
            password: Some(pair[1].to_owned()),
            current_password: Some(pair[0].to_owned()),
            ..ChangeUser::default()
        };
        let log_in = || site.app.log_in("Aino", pair[0].to_owned(), None, None);
        let (changed, one, two, session) = tokio::join!(
            site.app.change_user(&identity, change),
            log_in(),
            log_in(),
            site.app.open_session(token.reveal()),
        );
        let secrets = [one.map(|it| it.1), two.map(|it| it.1), session.map(|it| it.1)];
        for secret in secrets.into_iter().flatten() {
            assert!(site.app.authenticate(secret.reveal()).await.is_err(), "it came from the old password");
        }
        token = changed.unwrap().1.unwrap();
    }
}

async fn logging_out_ends_the_session_and_no_other(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (_, token) = site.app.sign_up(new_user("Aino")).await.unwrap();
    let (one, one_session) = site.app.open_session(token.reveal()).await.unwrap();
    let (_, other_session) = site.app.open_session(token.reveal()).await.unwrap();
    site.app.log_out(&one).await.unwrap();
    assert!(site.app.authenticate(one_session.reveal()).await.is_err());
    assert!(site.app.authenticate(other_session.reveal()).await.is_ok());
    // Shown the token, every session that it opened ends; the token itself stays.
    let identity = site.app.authenticate(token.reveal()).await.unwrap();
    site.app.log_out(&identity).await.unwrap();
    assert!(site.app.authenticate(other_session.reveal()).await.is_err());
    assert!(site.app.authenticate(token.reveal()).await.is_ok());
}

async fn session_opens_no_session(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (_, token) = site.app.sign_up(new_user("Aino")).await.unwrap();
    let (_, session) = site.app.open_session(token.reveal()).await.unwrap();
    assert!(matches!(site.app.open_session(session.reveal()).await, Err(AppError::Unauthenticated)));
}

async fn secrets_that_are_none_are_refused(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (user, token) = site.app.sign_up(new_user("Aino")).await.unwrap();
    let cut = &token.reveal()[..token.reveal().len() - 1];
    let others = token.reveal().replace(&user.id, "admin");
    for bad in ["", ".", "x", "..", &format!("{}.", user.id), cut, &others, &"x".repeat(10_000)] {
        assert!(site.app.authenticate(bad).await.is_err(), "{bad}");
    }
}

async fn first_start_makes_an_admin_and_shows_its_token_once(kind: StoreKind) {
    let site = Site::start(kind).await;
    let taken = site.app.sign_up(new_user(" ADMIN ")).await;
    assert!(matches!(taken, Err(AppError::Conflict { .. })), "nobody is faster");
    assert!(matches!(site.app.add_user("admin", Level::User).await, Err(AppError::Conflict { .. })));
    let token = site.app.ensure_admin(None).await.unwrap().expect("a token on an empty store");
    assert!(site.app.ensure_admin(None).await.unwrap().is_none());
    let admin = site.app.authenticate(token.reveal()).await.unwrap();
    assert_eq!(site.app.user(&admin).await.unwrap().level, "admin");
    assert!(matches!(site.app.sign_up(new_user("Admin")).await, Err(AppError::Conflict { .. })));
}

async fn operators_admin_token_is_the_one_that_was_given_last(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (first, second) = ("an.operators-first-token", "an-operators-second-token");
    assert!(site.app.ensure_admin(Some(first)).await.unwrap().is_none());
    assert_eq!(site.app.authenticate(first).await.unwrap().user.as_str(), "admin");
    site.app.ensure_admin(Some(second)).await.unwrap();
    assert!(site.app.authenticate(first).await.is_err());
    assert!(site.app.authenticate(second).await.is_ok());
    site.app.ensure_admin(None).await.unwrap();
    assert!(site.app.authenticate(second).await.is_err(), "a token that is given no more is good no more");
}

async fn default_visibility_is_what_new_runs_have(kind: StoreKind) {
    let site = Site::start(kind).await;
    let (user, token) = site.app.sign_up(new_user("Aino")).await.unwrap();
    assert_eq!(user.visibility, "friends");
    let identity = site.app.authenticate(token.reveal()).await.unwrap();
    let planned = || runnity::app::runs::NewRun { planned: true, ..Default::default() };
    assert_eq!(site.app.new_run(&identity, planned()).await.unwrap().visibility, "friends");
    let change = ChangeUser { visibility: Some(Visibility::Private), ..ChangeUser::default() };
    let (user, token) = site.app.change_user(&identity, change).await.unwrap();
    assert_eq!((user.visibility, token.is_none()), ("private", true));
    let run = site.app.new_run(&identity, planned()).await.unwrap();
    assert_eq!(run.visibility, "private");
    let id = run.id.parse_run();
    assert!(matches!(site.app.run(&Caller::Anonymous, id).await, Err(AppError::NotFound("run"))));
}

trait ParseRun {
    fn parse_run(&self) -> runnity::domain::ids::RunId;
}

impl ParseRun for String {
    fn parse_run(&self) -> runnity::domain::ids::RunId {
        runnity::domain::ids::RunId::parse(self).expect("a run's id")
    }
}
