//! What a block means for the events of who has blocked: on every window, at once, and whatever was under way.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use runnity::app::AppError;
use runnity::app::events::NewEvent;
use runnity::app::friends::Word;
use runnity::domain::user::Visibility;

use super::sight::{People, found, people, private, run_in, unsubscribed, user};
use super::{ALL, event, plan};
use crate::support::{Runner, Site, StoreKind, on_each_store, send, within};

on_each_store!(
    whom_the_creator_blocks_is_out_of_their_events,
    whoever_joins_while_being_blocked_is_out_in_the_end,
    invitation_is_withdrawn_from_who_has_blocked_the_creator,
);

async fn block(site: &Site, by: &Runner, whom: &Runner) {
    site.app.say_of_friend(&by.identity, &whom.identity.user, Word::Block, None).await.unwrap();
}

async fn follow_ups(site: &Site) {
    within(async { while site.app.carry_out_follow_ups().await.unwrap() > 0 {} }).await;
}

fn not_there<T: std::fmt::Debug>(answer: Result<T, AppError>) {
    assert!(matches!(answer, Err(AppError::NotFound("event"))), "{answer:?}");
}

async fn whom_the_creator_blocks_is_out_of_their_events(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let People { aino, eero, sisu } = people(&site).await;
    let vesa = site.runner("Vesa").await;
    let new = NewEvent { invite: vec![eero.id.clone(), sisu.id.clone()], ..private(&eero) };
    let secret = event(&site, &aino.identity, new).await;
    let open = event(&site, &aino.identity, plan("Open")).await;
    let over = event(&site, &aino.identity, plan("Over")).await;
    let of_others = event(&site, &sisu.identity, plan("Sisu's")).await;
    for event in [secret, open, over, of_others] {
        site.app.join_event(&eero.identity, event).await.unwrap();
    }
    site.app.join_event(&vesa.identity, open).await.unwrap();
    site.app.start_event(&aino.identity, over).await.unwrap();
    site.app.end_event(&aino.identity, over).await.unwrap();
    let run = run_in(&site, &eero, secret, Visibility::Private).await;
    let (mut inside, _) = other.connected(&eero).await;
    inside.subscribe(&format!("event:{secret}")).await;
    let (mut outside, _) = other.connected(&sisu).await;
    outside.subscribe(&format!("event:{open}")).await;
    for who in [&eero, &sisu] {
        block(&site, &aino, who).await;
    }
    // Before anybody has carried out what follows from it.
    not_there(other.app.join_event(&sisu.identity, open).await);
    not_there(other.app.leave_event(&sisu.identity, open).await);
    not_there(other.app.accept_invitation(&sisu.identity, secret).await);
    not_there(other.app.decline_invitation(&sisu.identity, secret).await);
    for (by, refused) in [
        (&vesa, site.app.invite(&vesa.identity, open, std::slice::from_ref(&sisu.id)).await.unwrap_err()),
        (&aino, site.app.invite(&aino.identity, open, std::slice::from_ref(&sisu.id)).await.unwrap_err()),
    ] {
        let is_own = matches!(&refused, AppError::Invalid { field, .. } if field == "users[0]");
        let is_told_little = matches!(refused, AppError::Conflict { run: None, .. });
        assert!(if by.id == aino.id { is_own } else { is_told_little }, "{refused}");
    }
    assert_eq!(unsubscribed(&mut inside, &format!("event:{secret}")).await, 2000);
    assert_eq!(unsubscribed(&mut outside, &format!("event:{open}")).await, 2000);
    follow_ups(&site).await;
    for (event, left) in [(secret, vec!["Aino"]), (open, vec!["Aino", "Vesa"]), (over, vec!["Aino", "Eero"])] {
        let roster = other.app.participants(&user(&aino), event, ALL).await.unwrap();
        assert_eq!(roster.iter().map(|it| it.user.name.as_str()).collect::<Vec<_>>(), left);
    }
    assert_eq!(site.app.invitations(&aino.identity, secret, ALL).await.unwrap().len(), 0);
    assert_eq!(site.app.run(&user(&eero), run).await.unwrap().event, None);
    // Sisu's own event is in the lists of both, and the one that Eero was in while it lasted.
    for (who, event) in [(&eero, secret), (&eero, open), (&sisu, secret), (&sisu, open), (&sisu, over)] {
        let found = found(&other, &user(who), event).await;
        assert!(found.is_subset(&BTreeSet::from(["list", "mine", "near"])), "{found:?}");
    }
    assert!(other.app.event(&user(&eero), over).await.is_ok(), "it was part of that");
    assert_eq!(site.app.participants(&user(&eero), of_others, ALL).await.unwrap().len(), 2, "it is not Aino's");
    // Who is not blocked any more is as anybody; who was sent away needs an invitation.
    for who in [&eero, &sisu] {
        site.app.say_of_friend(&aino.identity, &who.identity.user, Word::End, None).await.unwrap();
    }
    other.app.join_event(&sisu.identity, open).await.unwrap();
    not_there(other.app.join_event(&eero.identity, open).await);
}

async fn whoever_joins_while_being_blocked_is_out_in_the_end(kind: StoreKind) {
    let site = Site::start(kind).await;
    let other = site.another().await;
    let aino = site.runner("Aino").await;
    let open = event(&site, &aino.identity, plan("Open")).await;
    for name in ["Eero", "Sisu", "Vesa", "Iida"] {
        let who = site.runner(name).await;
        let (joined, ()) = tokio::join!(other.app.join_event(&who.identity, open), block(&site, &aino, &who));
        assert!(matches!(joined, Ok(_) | Err(AppError::NotFound("event"))), "{joined:?}");
    }
    follow_ups(&site).await;
    // One who was let in before the block, and came in after what followed from it.
    let late = site.runner("Late").await;
    site.app.join_event(&late.identity, open).await.unwrap();
    site.advance(Duration::from_secs(60)).await;
    within(async { while site.app.do_duties().await.unwrap() > 0 {} }).await;
    let roster = site.app.participants(&user(&aino), open, ALL).await.unwrap();
    assert_eq!(roster.iter().map(|it| it.user.name.as_str()).collect::<Vec<_>>(), ["Aino", "Late"]);
}

async fn invitation_is_withdrawn_from_who_has_blocked_the_creator(kind: StoreKind) {
    let site = Site::start(kind).await;
    let People { aino, eero, .. } = people(&site).await;
    let secret = event(&site, &aino.identity, private(&eero)).await;
    block(&site, &eero, &aino).await;
    let invitations = format!("/api/events/{secret}/invitations");
    // The second time it is of somebody whom she cannot know.
    for status in [204, 404] {
        let withdrawn = site.ask(Method::DELETE, &format!("{invitations}/{}", eero.id)).bearer_auth(&aino.token);
        assert_eq!(send(withdrawn).await.status, status);
    }
    assert_eq!(site.app.invitations(&aino.identity, secret, ALL).await.unwrap().len(), 0);
    assert!(site.app.event(&user(&eero), secret).await.is_err());
}
