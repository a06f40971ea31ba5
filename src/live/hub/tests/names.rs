//! One name, two channels.

use super::*;
use crate::domain::ids::UserId;

#[tokio::test]
async fn channels_of_one_name_are_kept_apart() {
    let world = World::new();
    let account = Entrance::to(Channel::User(UserId::parse("42").unwrap()));
    let guests = Entrance { presence: None, ..Entrance::to(Channel::Open("#42".into())) };
    assert_eq!(account.name, guests.name);
    let (mut user, mut guest) = (world.client().await, world.client().await);
    let mut inside = Vec::new();
    for (client, entrance) in [(&user, &account), (&guest, &guests)] {
        let begun = world.hub.begin(entrance.clone(), client.connection.clone(), Terms::default()).await;
        inside.push(begun.unwrap().finish(0, text(b"state")).unwrap());
    }
    assert_eq!(world.hub.rooms_len(), 2);
    assert_ne!(world.hub.rights_seen(&account.topic), world.hub.rights_seen(&guests.topic));
    world.store.append(&account.topic, "\"of the account\"".into());
    assert_eq!(user.next().await, "state");
    assert!(user.next().await.contains("of the account"));

    // Who leaves a channel of that name has heard nothing of the other, and leaves that alone.
    inside.remove(1).leave(&text(b"good-bye"));
    assert_eq!((guest.next().await, guest.next().await), ("state".into(), "good-bye".into()));
    world.store.append(&account.topic, "\"rights\"".into());
    assert!(user.next().await.contains("rights"));
}
