//! An instance dies as its machine's power goes (SIGKILL), with everybody who was connected to it.

use tokio::time::Instant;

use super::node::Process;
use super::phone::{Manner, Phone};
use super::spectator::Spectator;
use super::world::{Runner, World, all_send, client};
use crate::support::redis_server::RedisServer;
use crate::support::until;

const SPECTATORS: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_of_an_instance_that_is_killed_come_back_on_the_other() {
    let redis = RedisServer::start().await;
    let (mut dies, lives) = (Process::start(&redis.url()), Process::start(&redis.url()));
    let hosts = [dies.host.clone(), lives.host.clone()];
    let runner = Runner::new(&client(), &dies.host, "Aino").await;
    let other = Runner::new(&client(), &dies.host, "Eero").await;
    let spectators: Vec<_> = (0..SPECTATORS).map(|_| Spectator::start(&hosts, &runner)).collect();
    until(|| spectators.iter().all(|it| it.story().begun == 1)).await;
    let phones = vec![Phone::start(&hosts, runner, Manner::Rest), Phone::start(&hosts, other, Manner::Socket)];
    all_send(&phones.iter().collect::<Vec<_>>()).await;

    dies.kill();
    let killed = Instant::now();
    until(|| spectators.iter().all(|it| it.story().recovered == 1)).await;
    println!("all {SPECTATORS} have come back after {:?}", killed.elapsed());
    all_send(&phones.iter().collect::<Vec<_>>()).await;
    let mut world = World::of(&hosts[1..], phones, vec![spectators, Vec::new()]);
    let sent = world.finish().await;
    for story in world.spectators[0].iter().map(Spectator::story) {
        story.is_right(sent[0]);
        assert_eq!((story.begun, story.recovered, story.told), (1, 1, 0), "by its cursor: {story:?}");
        assert_eq!(story.heard, (0..sent[0]).collect::<Vec<_>>(), "each once and in order");
    }
}
