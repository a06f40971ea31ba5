//! What members of one room hear in different manners, and what is said beside publications.

use super::*;
use crate::app::channels::ClientInfo;
use crate::live::hub::group::{Group, Manner, Said, What};
use crate::live::protocol::Publication;

#[tokio::test]
async fn patches_begin_with_a_whole_publication_for_each() {
    let world = World::new();
    let delta = Terms { delta: true, ..Terms::default() };
    let data = |number: u64| format!(r#""a text that is long enough for a patch of it to be shorter: {number}""#);
    let publication = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["push"]["pub"].clone();
    let mut early = world.client().await;
    let joining = world.hub.begin(entrance(), early.connection.clone(), delta).await.unwrap();
    let _early = joining.finish(0, reply(0)).unwrap();
    early.next().await;
    world.append(data(1));
    assert_eq!(publication(&early.next().await)["data"], data(1), "a text, as all that it hears");

    // While this one reads its state, two come; the state covers the first.
    let mut late = world.client().await;
    let joining = world.hub.begin(entrance(), late.connection.clone(), delta).await.unwrap();
    for number in 2..=4 {
        world.append(data(number));
        let heard = publication(&early.next().await);
        assert_eq!((&heard["delta"], &heard["offset"]), (&true.into(), &number.into()), "{heard}");
    }
    let _late = joining.finish(2, reply(2)).unwrap();
    assert_eq!(late.next().await, "state 2");
    let first = publication(&late.next().await);
    assert_eq!((&first["data"], first.get("delta")), (&data(3).into(), None));
    let second = publication(&late.next().await);
    world.append(data(5));
    let third = publication(&late.next().await);
    assert_eq!((&second["delta"], &third["delta"]), (&true.into(), &true.into()));
    assert_eq!((&second["offset"], &third["offset"]), (&4.into(), &5.into()));
    assert_eq!(third, publication(&early.next().await), "one patch for all");

    // After a gap that cannot be filled nobody is inside, and nothing is built on what was before it.
    world.store.deafen(true);
    world.append(data(6));
    world.store.forget(&entrance().topic, true);
    world.store.deafen(false);
    world.append(data(1));
    assert!(early.next().await.contains(r#""code":2500"#));
    let joining = world.hub.begin(entrance(), early.connection.clone(), delta).await.unwrap();
    let _again = joining.finish(1, reply(1)).unwrap();
    early.next().await;
    world.append(data(2));
    assert_eq!(publication(&early.next().await)["data"], data(2));
}

/// What passes is covered by no state; what is kept after it may be.
#[tokio::test]
async fn a_patch_is_of_what_was_heard_last() {
    let data = |number: u64| format!("\"a text that is long enough for a patch of it to be shorter: {number}\"");
    let publication = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["push"]["pub"].clone();
    let passing = AggregateId::new("run", "1").topic("passing");
    let entrance = Entrance { passing: Some(passing.clone()), ..entrance() };
    let delta = Terms { delta: true, ..Terms::default() };
    // Before the state is read, and when the state is ahead of what the room has heard.
    for is_ahead in [false, true] {
        let world = World::new();
        let (mut witness, mut client) = (world.client().await, world.client().await);
        let begin = |client: &Client| world.hub.begin(entrance.clone(), client.connection.clone(), delta);
        let _witness = begin(&witness).await.unwrap().finish(0, reply(0)).unwrap();
        assert_eq!(witness.next().await, "state 0");
        let mut joining = Some(begin(&client).await.unwrap());
        let mut inside = is_ahead.then(|| joining.take().unwrap().finish(1, reply(1)).unwrap());
        world.store.pass(&passing, data(7));
        assert_eq!(publication(&witness.next().await)["data"], data(7));
        world.append(data(1));
        assert_eq!(publication(&witness.next().await)["delta"], true);
        if let Some(joining) = joining {
            inside = Some(joining.finish(1, reply(1)).unwrap());
        }
        assert_eq!(client.next().await, "state 1");
        world.append(data(2));
        world.append(data(3));
        assert_eq!(publication(&client.next().await)["data"], data(7));
        let first = publication(&client.next().await);
        assert_eq!((&first["offset"], &first["data"], first.get("delta")), (&2.into(), &data(2).into(), None));
        let second = publication(&client.next().await);
        assert_eq!((&second["offset"], &second["delta"]), (&3.into(), &true.into()));
        drop(inside);
    }

    // All in one group. What is covered may stand anywhere in it.
    let manner = Manner { form: Form::Json, by_number: false, delta: true };
    for (offsets, covered, has_base, patches, is_base) in [
        (&[0, 5, 6][..], 5, false, &[false, false][..], true),
        (&[0, 5, 6], 5, true, &[true, false], true),
        (&[5, 0, 6], 5, true, &[false, true], true),
        (&[0, 5], 5, false, &[false], false),
        (&[0, 5], 5, true, &[true], false),
        (&[5], 5, true, &[], false),
        (&[6, 0], 5, true, &[true, true], true),
    ] {
        let said = |(index, &offset): (usize, &u64)| {
            let publication = Publication { data: data(index as u64).into(), offset, ..Publication::default() };
            Said { offset, what: What::Published(publication) }
        };
        let said = offsets.iter().enumerate().map(said).collect();
        let group = Group::new(Label { name: "stream".into(), number: 1 }, Some(data(9).into()), said);
        let frame = group.after(covered, manner, has_base);
        let text = String::from_utf8_lossy(&frame);
        let pushes = text.split(r#"{"push""#).skip(1);
        let is_patch = |push: &str| push.contains(r#""delta":true"#);
        assert_eq!(pushes.map(is_patch).collect::<Vec<_>>(), patches, "{offsets:?} {covered} {has_base}");
        assert_eq!(group.is_base_after(covered, has_base), is_base, "{offsets:?} {covered} {has_base}");
    }
}

#[test]
fn all_that_is_told_counts_in_bytes() {
    let text = |len: usize| "x".repeat(len);
    let info = || ClientInfo {
        user: text(1),
        client: text(20),
        conn_info: Some(text(300).into()),
        chan_info: Some(text(4_000).into()),
    };
    let tags = vec![(text(50_000), text(600_000))];
    let publication = Publication { data: text(7_000_000).into(), info: Some(info()), tags, ..Publication::default() };
    for (what, bytes) in
        [(What::Published(publication), 7_654_321), (What::Joined(info()), 4_321), (What::Left(info()), 4_321)]
    {
        assert_eq!(Said { offset: 0, what }.bytes(), bytes);
    }
}

#[tokio::test]
async fn who_comes_and_goes_is_told_between_publications() {
    let world = World::new();
    let (mut client, mut late) = (world.client().await, world.client().await);
    let presence = AggregateId::new("run", "1").topic("presence");
    let telling = Entrance { presence: Some(presence.clone()), ..entrance() };
    let begin = |client: &Client| world.hub.begin(telling.clone(), client.connection.clone(), Terms::default());
    let _early = begin(&client).await.unwrap().finish(0, reply(0)).unwrap();
    let joining = begin(&late).await.unwrap();
    client.next().await;
    for (client_id, offset) in [("a", 1), ("b", 2)] {
        world.store.append(&presence, format!(r#"{{"joined":{{"user":"","client":"{client_id}"}}}}"#));
        let said = format!(r#"{{"push":{{"channel":"stream","join":{{"info":{{"client":"{client_id}"}}}}}}}}"#);
        assert_eq!(client.next().await, said);
        world.append(offset.to_string());
        assert_eq!(client.next_offset().await, offset);
    }
    world.store.append(&presence, "what nobody can read".to_owned());
    world.store.append(&presence, r#"{"left":{"user":"1","client":"a"}}"#.to_owned());
    assert!(client.next().await.contains(r#""leave":{"info":{"user":"1","client":"a"}}"#));
    // Who comes and goes is covered by no state: it is heard whatever that covers.
    let _late = joining.finish(1, reply(1)).unwrap();
    assert_eq!(late.next().await, "state 1");
    let mut heard = Vec::new();
    for _ in 0..4 {
        let text = late.next().await;
        heard.push(["join", "leave", "pub"].into_iter().find(|kind| text.contains(kind)).unwrap());
    }
    assert_eq!(heard, ["join", "join", "pub", "leave"]);
}

#[tokio::test]
async fn who_misses_what_passes_is_told_and_who_misses_a_coming_is_not() {
    let world = World::new();
    let mut client = world.client().await;
    let topic = |name| AggregateId::new("run", "1").topic(name);
    let (presence, passing) = (topic("presence"), topic("passing"));
    let entrance = Entrance { presence: Some(presence.clone()), passing: Some(passing.clone()), ..entrance() };
    let begin = || world.hub.begin(entrance.clone(), client.connection.clone(), Terms::default());
    let inside = begin().await.unwrap().finish(0, reply(0)).unwrap();
    world.store.lose(&presence);
    world.store.pass(&passing, "1".to_owned());
    world.store.pass(&passing, "2".to_owned());
    let joining = begin().await.unwrap();
    world.store.lose(&passing);
    assert_eq!(client.next().await, "state 0");
    for said in 1..=2 {
        assert_eq!(client.next().await, format!(r#"{{"push":{{"channel":"stream","pub":{{"data":{said}}}}}}}"#));
    }
    assert!(client.next().await.contains(r#""unsubscribe":{"code":2500"#));
    assert!(inside.has_ended());
    assert_eq!(joining.finish(0, reply(0)).err(), Some(Spoiled), "nor may it miss that");
}

#[tokio::test]
async fn each_hears_in_its_own_manner() {
    let world = World::new();
    let terms = Terms { by_number: true, ..Terms::default() };
    let (mut plain, mut numbered) = (world.client().await, world.client().await);
    let _plain = world.join(&plain).await;
    let joining = world.hub.begin(entrance(), numbered.connection.clone(), terms).await.unwrap();
    let number = joining.number();
    let _numbered = joining.finish(0, reply(0)).unwrap();
    plain.next().await;
    numbered.next().await;
    world.append("1");
    assert_eq!(plain.next().await, r#"{"push":{"channel":"stream","pub":{"data":1,"offset":1}}}"#);
    assert_eq!(numbered.next().await, format!(r#"{{"push":{{"id":{number},"pub":{{"data":1,"offset":1}}}}}}"#));
}
