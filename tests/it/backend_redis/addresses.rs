//! The ways to a Redis: TLS, sockets, users, databases; and what is no way.

use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use runnity::backend::{Backend as _, Heard};
use tempfile::TempDir;

use super::{hear, open_at, refused_at, said, say, topic};
use crate::support::process::free_port;
use crate::support::redis_server::{Options, RedisServer};
use crate::support::within;

/// An authority's certificate, one for this machine, and one for a client, as files.
fn certificates() -> TempDir {
    let folder = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("written");
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "the authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key")).expect("signed");
    write("ca.pem", authority.pem());
    for name in ["server", "client"] {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
        write(&format!("{name}.pem"), params.signed_by(&key, &authority).expect("signed").pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
    folder
}

async fn with_tls(folder: &Path) -> (RedisServer, u16) {
    let port = free_port();
    let file = |name: &str| folder.join(name).display().to_string();
    let args = [
        ("--tls-port", port.to_string()),
        ("--tls-ca-cert-file", file("ca.pem")),
        ("--tls-cert-file", file("server.pem")),
        ("--tls-key-file", file("server.key")),
    ];
    let args = args.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect();
    (RedisServer::start_with(Options { args, ..Options::default() }).await, port)
}

#[tokio::test]
async fn redis_is_reached_by_tls_when_both_sides_are_trusted() {
    let folder = certificates();
    let (server, port) = with_tls(folder.path()).await;
    let at = folder.path().display();
    let trusted = format!("rediss://127.0.0.1:{port}?ca={at}/ca.pem");
    let url = format!("{trusted}&cert={at}/client.pem&key={at}/client.key");
    let store = open_at(&url).await;
    let mut heard = store.subscribe(&topic()).await.unwrap();
    say(&store, "hello").await;
    assert!(matches!(hear(&mut heard).await, Heard::Change { .. }));
    let table = [
        (format!("rediss://127.0.0.1:{port}"), "?ca="),
        (trusted, "?cert="),
        (url.replace("127.0.0.1", "localhost"), "the host as the certificate has it"),
        (url.replace(&port.to_string(), &server.port().to_string()), "does it speak TLS there"),
        (url.replace("client.key", "missing.key"), "a file that it names cannot be read"),
        (url.split("&key").next().unwrap().to_owned(), "cert and key belong together"),
        (format!("rediss://127.0.0.1:{port}#insecure"), "nothing may stand after a #"),
        (format!("redis://127.0.0.1:{}?ca={at}/ca.pem", server.port()), "requires a URL with the `rediss://`"),
    ];
    for (url, expected) in table {
        let sentence = refused_at(&url).await;
        assert!(sentence.contains(expected), "{url}: {sentence}");
    }
}

#[tokio::test]
async fn two_worlds_in_two_databases_of_one_redis_do_not_hear_each_other() {
    let server = RedisServer::start().await;
    let first = open_at(&server.url()).await;
    let second = open_at(&format!("redis+unix://{}?db=1", server.socket().display())).await;
    let mut heard = second.subscribe(&topic()).await.unwrap();
    say(&first, "in the first").await;
    assert_eq!(say(&second, "in the second").await.cursors[0].offset, 1);
    let Heard::Change { payload, .. } = hear(&mut heard).await else { panic!("a gap") };
    assert_eq!(payload, "in the second");
    let third = open_at(&format!("{}/1", server.url())).await;
    assert_eq!(say(&third, "by another way").await.cursors[0].offset, 2);
    let Heard::Change { payload, .. } = hear(&mut heard).await else { panic!("a gap") };
    assert_eq!(payload, "by another way");
}

#[tokio::test]
async fn a_user_needs_no_more_rights_than_it_uses() {
    let server = RedisServer::start().await;
    let rights = ["~{runnity:*", "resetchannels", "&{runnity:*", "+@all", "-@dangerous", "+info"];
    server.ask(&[&["ACL", "SETUSER", "runner", "on", ">p@ss"][..], &rights].concat()).await;
    let url = format!("redis://runner:p%40ss@127.0.0.1:{}", server.port());
    let store = open_at(&url).await;
    let mut heard = store.subscribe(&topic()).await.unwrap();
    say(&store, "hello").await;
    assert!(matches!(hear(&mut heard).await, Heard::Change { .. }));
    let socket = server.socket();
    let by_socket = open_at(&format!("redis+unix://{}?user=runner&pass=p%40ss", socket.display())).await;
    say(&by_socket, "hello").await;
    for command in ["xadd", "zrevrange", "publish", "hincrby"] {
        server.ask(&["ACL", "SETUSER", "runner", &format!("-{command}")]).await;
        let sentence = refused_at(&url).await;
        assert!(sentence.contains(&command.to_uppercase()) && !sentence.contains("ss"), "{sentence}");
        server.ask(&["ACL", "SETUSER", "runner", &format!("+{command}")]).await;
    }
    for rights in [&["resetkeys", "~other"][..], &["~*", "resetchannels", "&other"], &["&*", "-evalsha"]] {
        server.ask(&[&["ACL", "SETUSER", "runner"], rights].concat()).await;
        let sentence = refused_at(&url).await;
        assert!(sentence.contains("it needs ~{runnity:*") && !sentence.contains("p@ss"), "{rights:?}: {sentence}");
    }
}

#[tokio::test]
async fn a_redis_without_a_needed_command_is_refused() {
    let args = ["--rename-command", "ZADD", ""].map(str::to_owned).to_vec();
    let server = RedisServer::start_with(Options { args, ..Options::default() }).await;
    let sentence = refused_at(&server.url()).await;
    assert!(sentence.contains("ZADD"), "{sentence}");
}

#[tokio::test]
async fn a_cluster_is_refused() {
    let args = ["--cluster-enabled", "yes"].map(str::to_owned).to_vec();
    let server = RedisServer::start_with(Options { args, ..Options::default() }).await;
    let hosts = format!("127.0.0.1:{}", server.port());
    for url in [format!("redis://{hosts}"), format!("redis+cluster://{hosts}")] {
        let sentence = refused_at(&url).await;
        assert!(sentence.contains("part of a cluster, which is not supported"), "{sentence}");
    }
}

#[tokio::test]
async fn a_replica_is_refused_though_it_could_be_written_to() {
    let primary = RedisServer::start().await;
    let args = ["--replica-read-only", "no"].map(str::to_owned).to_vec();
    let replica =
        RedisServer::start_with(Options { replicaof: Some(primary.port()), args, ..Options::default() }).await;
    let sentence = refused_at(&replica.url()).await;
    assert!(sentence.contains("give the URL of the primary"), "{sentence}");
}

#[tokio::test]
async fn a_parameter_that_is_misspelt_is_refused_and_not_repeated() {
    let sentence = refused_at("rediss://127.0.0.1?secret=1").await;
    assert!(sentence.contains("ca, cert, key") && !sentence.contains("secret="), "{sentence}");
}

#[tokio::test]
async fn where_a_name_leads_is_asked_again_when_redis_has_become_a_replica() {
    let (server, other) = (RedisServer::start().await, RedisServer::start().await);
    let store = open_at(&server.url()).await;
    say(&store, "before").await;
    server.ask(&["REPLICAOF", "127.0.0.1", &other.port().to_string()]).await;
    within(async { while store.commit(said("never")).await.is_ok() {} }).await;
    server.ask(&["REPLICAOF", "NO", "ONE"]).await;
    super::say_at_last(&store, "after").await;
    assert!(store.counts().reconnects.get() > 0);
}
