//! What docker-compose.yml starts, without containers: Redis, two instances, and the balancer with its own configuration.

mod compose;
mod follower;
mod service;
mod stack;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use rustix::process::Signal;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::{Streamed, send, until, within};
use compose::{Compose, Image};
use follower::Follower;
use stack::{ADMIN_TOKEN, Run, Stack, down, fixes};

/// Followers who have all subscribed, some on each instance.
async fn followers(stack: &Stack, channel: &str, count: usize) -> Vec<Follower> {
    let all: Vec<_> = (0..count).map(|_| Follower::start(&stack.host, channel)).collect();
    until(|| all.iter().all(|it| it.story().subscribed == 1)).await;
    for index in 0..2 {
        assert!(stack.sockets(index).await > 0, "the balancer gives each instance its share");
    }
    all
}

/// `None`: the connection broke without an answer.
async fn statuses(requests: Vec<JoinHandle<reqwest::Result<reqwest::Response>>>) -> Vec<Option<u16>> {
    let mut statuses = Vec::new();
    for request in requests {
        let answer = within(request).await.expect("asked");
        statuses.push(answer.ok().map(|answer| answer.status().as_u16()));
    }
    statuses
}

/// Waits until every follower has heard so much, and fails if that is not all of it.
async fn all_hear(followers: &[Follower], count: usize) {
    until(|| followers.iter().all(|it| it.story().heard.len() >= count)).await;
    for story in followers.iter().map(Follower::story) {
        assert!(story.is_whole(count), "{count} publications, once and in order: {story:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_behind_one_port_serve_one_world() {
    let stack = Stack::start().await;
    let run = stack.run().await;
    let followers = followers(&stack, &run.channel, 4).await;
    for (second, host) in (0..).zip([&stack.inner[0], &stack.inner[1], &stack.host]) {
        send(stack.ask_at(host, Method::POST, &run.fixes_path).json(&fixes(second, 1))).await.data();
    }
    all_hear(&followers, 3).await;
    let everyone = [&stack.instances[0], &stack.instances[1], &stack.balancer, &stack.redis];
    for said in everyone.map(service::Service::said) {
        assert!(!said.contains(ADMIN_TOKEN) && !said.contains("admin token"), "nobody prints it: {said}");
    }
    assert!(!stack.has_written(), "an instance's container is read-only");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_an_instance_that_is_killed_come_back_on_the_other() {
    let stack = Stack::start().await;
    let run = stack.run().await;
    let followers = followers(&stack, &run.channel, 20).await;
    let reader = Reader::start(&stack, &run.path);

    // It is killed while it owes answers.
    stack.instances[0].signal(Signal::STOP);
    let ask = |method: Method, path: &str| tokio::spawn(stack.ask(method, path).json(&json!({})).send());
    let reads: Vec<_> = (0..20).map(|_| ask(Method::GET, &run.path)).collect();
    let writes: Vec<_> = (0..20).map(|_| ask(Method::POST, "/api/runs")).collect();
    until(|| [&reads, &writes].iter().all(|all| all.iter().any(JoinHandle::is_finished))).await;
    stack.instances[0].kill().await;
    for status in statuses(reads).await {
        assert_eq!(status, Some(200), "what can be asked again was asked of the other");
    }
    let writes = statuses(writes).await;
    assert!(writes.contains(&Some(409)), "there is a live run already: {writes:?}");
    assert!(writes.iter().any(|status| *status != Some(409)), "a write is never sent twice: {writes:?}");
    // It may have to be said twice: what was under way may or may not have arrived. A fix counts once.
    for second in 0..10 {
        let posted = || stack.ask(Method::POST, &run.fixes_path).json(&fixes(second, 1)).send();
        while !posted().await.is_ok_and(|answer| answer.status().is_success()) {}
    }
    all_hear(&followers, 10).await;
    assert!(followers.iter().any(|it| it.story().subscribed == 2), "some were on the other instance");
    assert_eq!(stack.sockets(1).await, 20);

    stack.balancer.says_again(&down(0), 0).await;
    stack.start_again(0).await;
    let newcomer = Follower::start(&stack.host, &run.channel);
    until(|| newcomer.story().subscribed == 1).await;
    assert_eq!(stack.sockets(0).await, 1, "whoever comes goes where there is room");
    reader.all_were_answered().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_does_not_answer_is_taken_out() {
    let stack = Stack::start().await;
    stack.instances[1].signal(Signal::STOP);
    stack.balancer.says_again(&down(1), 0).await;
    let began = tokio::time::Instant::now();
    for _ in 0..50 {
        assert_eq!(stack.get("/api/runs").await.status, 200);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "nobody waits for it");
    stack.instances[1].signal(Signal::CONT);
    stack.balancer.says_again(&stack::up(1), 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_is_away_each_family_says_so_in_its_own_words() {
    let stack = Stack::start().await;
    let run = stack.run().await;
    stack.redis.kill().await;
    for index in 0..2 {
        stack.balancer.says_again(&down(index), 0).await;
    }
    let reply = send(stack.ask(Method::POST, &run.fixes_path).json(&fixes(0, 1))).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert!(reply.json()["error"]["message"].is_string(), "{reply:?}");
    assert_eq!(stack.get("/health/ready").await.json(), json!({"ready": false}));
    assert_eq!(stack.get("/health/live").await.json(), json!({"live": true}));

    let secret = "a-token-in-a-path";
    let reply = stack.get(&format!("/login/{secret}?id={secret}")).await;
    assert_eq!(reply.status, 503, "{reply:?}");
    stack.balancer.says_again(" GET login 503 ", 0).await;
    assert!(!stack.balancer.said().contains(secret), "{}", stack.balancer.said());

    stack.redis.start();
    stack.has_ready(&stack.host).await;
    send(stack.ask(Method::POST, &run.fixes_path).json(&fixes(0, 1))).await.data();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_that_are_renewed_one_after_the_other_lose_no_request() {
    let stack = Stack::start().await;
    let run = stack.run().await;
    let followers = followers(&stack, &run.channel, 10).await;
    let reader = Reader::start(&stack, &run.path);
    let mut writers = vec![Writer::start(&stack, &run)];
    for name in ["Aino", "Bo", "Cleo"] {
        let token = stack.sign_up(name).await;
        writers.push(Writer::start(&stack, &stack.run_of(&token).await));
    }
    for index in 0..2 {
        stack.stop(index).await;
        stack.start_again(index).await;
    }
    reader.all_were_answered().await;
    let mut sent = Vec::new();
    for writer in writers {
        sent.push(writer.all_were_answered().await);
    }
    assert_eq!(stack.get(&run.path).await.data()["fixes"], sent[0], "each that was acknowledged is there once");
    all_hear(&followers, sent[0]).await;
    assert!(followers.iter().all(|it| it.story().good_byes >= 1), "nobody was cut off without a word");

    drop(followers);
    stack.balancer.stop(Signal::USR1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_counted_by_the_address_that_the_balancer_tells() {
    let stack = Stack::start_with(&[("RUNNITY_CONNECTIONS_PER_ADDRESS", "1")]).await;
    let listen = async |from: &str| {
        let client = reqwest::Client::builder().no_proxy().local_address(from.parse().ok()).build().expect("a client");
        let asked = client.get(format!("http://{}/connection/uni_sse", stack.host));
        // What the client says of itself counts for nothing.
        let mut listener = Streamed::at(asked.header("x-forwarded-for", "203.0.113.5")).await;
        let told = listener.next().await;
        (listener, told)
    };
    let (mut open, mut codes) = (Vec::new(), Vec::new());
    for from in ["127.0.0.9", "127.0.0.9", "127.0.0.9", "127.0.0.10"] {
        let (listener, told) = listen(from).await;
        open.push(listener);
        codes.push(told["disconnect"]["code"].as_u64());
    }
    assert_eq!(codes, [None, None, Some(3504), None], "one on each instance, no third; and another address");
}

/// Asks again and again, each time over a connection of its own.
struct Reader {
    stop: Arc<AtomicBool>,
    asking: JoinHandle<Vec<String>>,
}

impl Reader {
    fn start(stack: &Stack, path: &str) -> Self {
        let url = format!("http://{}{path}", stack.host);
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, mut faults) = (stop.clone(), Vec::new());
        let asking = tokio::spawn(async move {
            let mut turns = tokio::time::interval(Duration::from_millis(5));
            while !stopped.load(Ordering::Relaxed) {
                turns.tick().await;
                match stack::client().get(&url).send().await {
                    Ok(answer) if answer.status().is_success() => {}
                    Ok(answer) => faults.push(answer.status().to_string()),
                    Err(error) => faults.push(format!("{error:?}")),
                }
            }
            faults
        });
        Self { stop, asking }
    }

    async fn all_were_answered(self) {
        self.stop.store(true, Ordering::Relaxed);
        let faults = within(self.asking).await.expect("the reader's");
        assert!(faults.is_empty(), "{faults:?}");
    }
}

/// Sends fix after fix over one connection, and never one twice.
struct Writer {
    stop: Arc<AtomicBool>,
    sending: JoinHandle<Result<usize, String>>,
}

impl Writer {
    fn start(stack: &Stack, run: &Run) -> Self {
        let (client, token) = (stack::client(), run.token.clone());
        let url = format!("http://{}{}", stack.host, run.fixes_path);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let sending = tokio::spawn(async move {
            let mut turns = tokio::time::interval(Duration::from_millis(20));
            for sent in 0_usize.. {
                if stopped.load(Ordering::Relaxed) {
                    return Ok(sent);
                }
                turns.tick().await;
                let fix = fixes(i64::try_from(sent).expect("few"), 1);
                let request = client.post(&url).bearer_auth(&token).json(&fix);
                let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
                if !answer.status().is_success() {
                    return Err(format!("{} {}", answer.status(), answer.text().await.unwrap_or_default()));
                }
            }
            Err("it never ends".to_owned())
        });
        Self { stop, sending }
    }

    /// How many there were.
    async fn all_were_answered(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        within(self.sending).await.expect("the writer's").unwrap_or_else(|fault| panic!("{fault}"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_does_not_end_is_passed_on_at_once() {
    let stack = Stack::start().await;
    let run = stack.run().await;
    let hello = json!({ "subs": { run.channel.clone(): {} } });
    let request = stack.ask(Method::POST, "/connection/uni_http_stream").json(&hello);
    let mut answer = within(request.send()).await.expect("an answer");
    let mut a_line = async || while !within(answer.chunk()).await.expect("a body").expect("more").ends_with(b"\n") {};
    a_line().await;
    let mut fastest = Duration::MAX;
    for second in 0..10 {
        let began = Instant::now();
        send(stack.ask(Method::POST, &run.fixes_path).json(&fixes(second, 1))).await.data();
        a_line().await;
        fastest = fastest.min(began.elapsed());
    }
    // Held back, it takes two hundred at least.
    assert!(fastest < Duration::from_millis(150), "{fastest:?}");
}

#[test]
fn containers_have_the_time_that_an_orderly_end_takes() {
    let (compose, image) = (Compose::read(), Image::read());
    for name in ["runnity-1", "runnity-2"] {
        let service = &compose.services[name];
        let environment = service.environment(&[("RUNNITY_ADMIN_TOKEN", ADMIN_TOKEN)].into());
        let seconds = |name: &str| environment[name].parse::<f64>().expect("seconds");
        let (leave, drain) = (seconds("RUNNITY_LEAVE_S"), seconds("RUNNITY_DRAIN_S"));
        let closing = (2 * runnity::limits::CLOSING_TIME_MAX + runnity::limits::HTTP_DRAIN_MAX).as_secs_f64();
        assert!(service.stop_grace_s() >= leave + drain + closing, "{name} would be killed");
        assert!(service.read_only && !environment.contains_key("RUNNITY_DATA"));
    }
    assert_eq!(image.environment["RUNNITY_LISTEN"], "0.0.0.0:8000");
    let published: Vec<_> = compose.services.values().flat_map(|service| &service.ports).collect();
    assert_eq!(published, ["8000:8000"], "one port, the balancer's");
}
