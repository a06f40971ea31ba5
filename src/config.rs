//! What the operator typed → values that cannot be wrong.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::app::achievements;
use crate::app::allowances::Rates;
use crate::app::api_key::ApiKey;
use crate::app::documents::CatalogueDocument;
use crate::app::tokens::TokenSecret;
use crate::backend::RedisUrl;
use crate::http::{Options, Tiles, WebDemo};
use crate::limits;
use crate::peer::TrustedProxies;

/// Characters of an operator's admin token or API key, at least: 22 characters of base64 hold 128 bits.
const ADMIN_TOKEN_LEN_MIN: usize = 22;

/// The live run server: phones send positions, spectators watch them move.
#[derive(Debug, Parser)]
#[command(name = "runnity", version, args_conflicts_with_subcommands = true)]
pub struct CommandLine {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: Serve,
}

#[derive(Debug, Subcommand)]
#[allow(clippy::large_enum_variant)] // there is one of them, once
pub enum Command {
    /// Serve HTTP, WebSocket and the web-demo on one port (the same as no command at all).
    Serve(Serve),
    /// Serve a throw-away store with simulated runners who replay real recorded tracks.
    Demo(Demo),
    /// Send recorded tracks to a server as phones would, and measure what spectators see.
    Simulate(Simulate),
    /// Ask a running server whether requests may be sent to it, for a container's health check.
    Health(Health),
    /// Make accounts, in Redis or in an embedded store that no server has open.
    User(User),
    /// Make a new token for an account, in Redis or in an embedded store that no server has open.
    Token(Token),
    /// Copy a store that no server has open into another, empty one. Started again, it goes on where it was broken off.
    Copy(Copy),
}

#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// Where to listen.
    #[arg(long, env = "RUNNITY_LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub store: Store,
    /// The admin's token; without it, the first start makes one and shows it once.
    #[arg(long, env = "RUNNITY_ADMIN_TOKEN", hide_env_values = true, value_parser = admin_token)]
    pub admin_token: Option<String>,
    /// Development only: everyone who is connected may subscribe to and publish on any other channel.
    #[arg(long, env = "RUNNITY_OPEN_CHANNELS")]
    pub open_channels: bool,
    /// The secret with which your own back end signs connection and subscription tokens (JWT, HS256).
    #[arg(long, env = "RUNNITY_TOKEN_SECRET", hide_env_values = true, value_parser = token_secret)]
    pub token_secret: Option<TokenSecret>,
    /// The key with which your own back ends call the live protocol's server API (header X-API-Key at /api/publish …).
    #[arg(long, env = "RUNNITY_API_KEY", hide_env_values = true, value_parser = api_key)]
    pub api_key: Option<ApiKey>,
    /// What can be achieved on a store that never had a catalogue: a JSON or YAML file, or `starter` for the one that is built in.
    #[arg(long, env = "RUNNITY_CATALOGUE", value_name = "FILE|starter", value_parser = catalogue)]
    pub catalogue: Option<Arc<CatalogueDocument>>,
    #[command(flatten)]
    pub pages: Pages,
    #[command(flatten)]
    pub connections: Connections,
    #[command(flatten)]
    pub requests: Requests,
    /// Milliseconds between two frames of where many runners are (channels positions: and map:).
    #[arg(long, env = "RUNNITY_TICK_MS", value_name = "MS", default_value = "1000", value_parser = tick)]
    pub tick_ms: Duration,
    /// Seconds for which it still serves at the end, while /health/ready tells load balancers to turn elsewhere.
    #[arg(long, env = "RUNNITY_LEAVE_S", default_value = "0", value_parser = seconds)]
    pub leave_s: Duration,
    /// Seconds over which the sockets are told to reconnect elsewhere at the end.
    #[arg(long, env = "RUNNITY_DRAIN_S", default_value = "30", value_parser = seconds)]
    pub drain_s: Duration,
}

/// How many may be connected.
#[derive(Clone, Debug, Args)]
pub struct Connections {
    /// Real-time connections at once; more are told to come later.
    #[arg(id = "connections", long = "connections", env = "RUNNITY_CONNECTIONS", value_name = "COUNT",
          default_value_t = limits::CONNECTIONS_LEN, value_parser = connections)]
    pub all_max: usize,
    /// Of those, how many may come from one IPv4 address, or from the first 64 bits of an IPv6 address. This machine's own do
    /// not count.
    #[arg(long = "connections-per-address", env = "RUNNITY_CONNECTIONS_PER_ADDRESS", value_name = "COUNT",
          default_value_t = limits::CONNECTIONS_PER_ADDRESS, value_parser = connections)]
    pub per_address: usize,
    /// The load balancers whose X-Forwarded-For says whose connection or request it is: networks and addresses, with commas between them.
    #[arg(long, env = "RUNNITY_TRUSTED_PROXIES", value_name = "CIDR,…", default_value = "", hide_default_value = true)]
    pub trusted_proxies: TrustedProxies,
}

/// How often one caller may ask.
#[derive(Clone, Copy, Debug, Args)]
pub struct Requests {
    /// Requests a second by one token or session, over time; ten seconds' worth may come at once. 0: as many as there are.
    #[arg(id = "requests_per_token", long = "requests-per-token", env = "RUNNITY_REQUESTS_PER_TOKEN", value_name = "COUNT",
          default_value_t = limits::REQUESTS_PER_TOKEN, value_parser = requests)]
    pub per_token: u32,
    /// Requests a second by all who show no good token, from one IPv4 address, or from the first 64 bits of an IPv6 address; ten
    /// seconds' worth may come at once. This machine's own do not count. 0: as many as there are.
    #[arg(id = "requests_per_address", long = "requests-per-address", env = "RUNNITY_REQUESTS_PER_ADDRESS", value_name = "COUNT",
          default_value_t = limits::REQUESTS_PER_ADDRESS_S, value_parser = requests)]
    pub per_address: u32,
}

/// Where everything is kept.
#[derive(Clone, Debug, Args)]
pub struct Store {
    /// Folder of the embedded store.
    #[arg(long, env = "RUNNITY_DATA", default_value = "./data")]
    pub data: PathBuf,
    /// Keep everything in this Redis instead, and share it with other instances: redis://user:password@host:6379/0,
    /// rediss:// for TLS, redis+unix:///path, or redis+sentinel://host,host/name for one that sentinels watch.
    #[arg(long, env = "RUNNITY_REDIS", hide_env_values = true, value_name = "URL")]
    pub redis: Option<RedisUrl>,
}

#[derive(Clone, Debug, Args)]
pub struct Pages {
    /// The base map instead of the built-in one: a PMTiles file, or a URL with {z}, {x} and {y}.
    #[arg(long, env = "RUNNITY_TILES", value_parser = Tiles::read)]
    pub tiles: Option<Tiles>,
    /// Who must be named on that map.
    #[arg(long, env = "RUNNITY_TILES_ATTRIBUTION", requires = "tiles")]
    pub tiles_attribution: Option<String>,
    /// Serve the web-demo from this folder instead of the one that is built in, while developing it.
    #[arg(long, env = "RUNNITY_WEB")]
    pub web: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// Where to listen.
    #[arg(long, env = "RUNNITY_LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// How many runners are on the course in central Helsinki, beside those on the tracks' own ground.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub runners: u16,
    #[command(flatten)]
    pub pages: Pages,
}

#[derive(Clone, Debug, Args)]
pub struct Simulate {
    /// The server, for example http://127.0.0.1:8000
    #[arg(long)]
    pub server: String,
    /// How many runners; they share the files among them.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub runners: u32,
    /// How many times faster than it was run. Whatever the speed, no fix lies in the future.
    #[arg(long, default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// How phones send.
    #[arg(long, value_enum, default_value_t = Transport::Http)]
    pub transport: Transport,
    /// Who may see the runs.
    #[arg(long, value_enum, default_value_t = Sight::Public)]
    pub visibility: Sight,
    /// End after so many seconds, tracks run to their end or not.
    #[arg(long)]
    pub seconds: Option<u64>,
    /// A file with one token per line, one for each runner; without it, accounts are made.
    #[arg(long)]
    pub tokens: Option<PathBuf>,
    /// GPX and TCX files; without any, the recorded runs that are built in.
    pub files: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    Http,
    Websocket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sight {
    Public,
    Friends,
    Private,
}

#[derive(Clone, Debug, Args)]
pub struct Health {
    /// The server, for example http://127.0.0.1:8000; without it, the one that listens here.
    #[arg(long)]
    pub server: Option<String>,
    /// Where that one listens.
    #[arg(long, env = "RUNNITY_LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// Ask only whether the process answers, whatever its store does.
    #[arg(long)]
    pub live: bool,
}

#[derive(Clone, Debug, Args)]
pub struct User {
    #[command(flatten)]
    pub store: Store,
    /// Make so many accounts instead of one: the name is followed by a number. They have no password.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: u32,
    /// The account is an admin's.
    #[arg(long)]
    pub admin: bool,
    /// Its display name.
    pub name: String,
}

#[derive(Clone, Debug, Args)]
pub struct Token {
    #[command(flatten)]
    pub store: Store,
    /// The account's name.
    pub name: String,
}

#[derive(Clone, Debug, Args)]
pub struct Copy {
    /// The store that is copied, and stays as it is: a folder, or the URL of a Redis.
    #[arg(long, env = "RUNNITY_COPY_FROM", hide_env_values = true)]
    pub from: Place,
    /// The store that it goes into: a folder, or the URL of a Redis, as in redis://user:password@host:6379/0
    #[arg(long, env = "RUNNITY_COPY_TO", hide_env_values = true)]
    pub to: Place,
}

/// Where a store is.
#[derive(Clone, Debug)]
pub enum Place {
    Folder(PathBuf),
    /// Whether it is a URL that can be used shows when it is opened; no complaint shows the password so.
    Redis(RedisUrl),
}

impl From<OsString> for Place {
    fn from(text: OsString) -> Self {
        match text.to_str().filter(|text| text.contains("://")).map(str::parse) {
            Some(Ok(url)) => Self::Redis(url),
            _ => Self::Folder(text.into()),
        }
    }
}

impl Requests {
    pub fn rates(self) -> Rates {
        Rates { per_token: self.per_token, per_address: self.per_address }
    }
}

impl Pages {
    pub fn http(&self) -> Options {
        Options {
            tiles: self.tiles.clone().unwrap_or_default(),
            attribution: self.tiles_attribution.clone(),
            demo_course: false,
        }
    }

    pub fn web_demo(&self) -> WebDemo {
        self.web.clone().map_or(WebDemo::Embedded, WebDemo::Folder)
    }
}

fn api_key(text: &str) -> Result<ApiKey, String> {
    admin_token(text).map(|key| ApiKey::new(&key))
}

fn admin_token(text: &str) -> Result<String, String> {
    if text.len() < ADMIN_TOKEN_LEN_MIN {
        return Err(format!("must have at least {ADMIN_TOKEN_LEN_MIN} characters, so that it cannot be guessed"));
    }
    if text.chars().any(|letter| !letter.is_ascii_graphic()) {
        return Err("must be of printable ASCII characters without blanks, so that it fits into a header".to_owned());
    }
    Ok(text.to_owned())
}

fn token_secret(text: &str) -> Result<TokenSecret, String> {
    match text {
        "" => Err("must not be empty".to_owned()),
        _ => Ok(TokenSecret::new(text)),
    }
}

fn catalogue(text: &str) -> Result<Arc<CatalogueDocument>, String> {
    let read = if text == "starter" {
        achievements::starter()
    } else {
        let file = std::fs::read(text).map_err(|error| format!("cannot be read: {error}"))?;
        achievements::parse_catalogue(&file)
    };
    read.map(Arc::new).map_err(|error| error.to_string())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let time = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let most = limits::DRAIN_MAX;
    time.filter(|time| *time <= most).ok_or_else(|| format!("must be a number of seconds from 0 to {}", most.as_secs()))
}

fn tick(text: &str) -> Result<Duration, String> {
    let (least, most) = (limits::TICK_MIN, limits::TICK_MAX);
    let time = text.parse().ok().map(Duration::from_millis).filter(|time| (least..=most).contains(time));
    time.ok_or_else(|| format!("must be a whole number from {} to {}", least.as_millis(), most.as_millis()))
}

fn connections(text: &str) -> Result<usize, String> {
    let most = limits::CONNECTIONS_LEN_MAX;
    let count = text.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| format!("must be a number from 1 to {most}"))
}

fn requests(text: &str) -> Result<u32, String> {
    let most = limits::REQUESTS_PER_S_MAX;
    text.parse().ok().filter(|count| *count <= most).ok_or_else(|| format!("must be a number from 0 to {most}"))
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.01..=10_000.0).contains(&speed) => Ok(speed),
        _ => Err("must be a number from 0.01 to 10000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn no_command_is_serve() {
        let line = CommandLine::try_parse_from(["runnity", "--listen", "127.0.0.1:9", "--drain-s", "0.5"]).unwrap();
        assert!(line.command.is_none());
        assert_eq!(line.serve.listen.port(), 9);
        assert_eq!(line.serve.drain_s, Duration::from_millis(500));
        assert_eq!(line.serve.tick_ms, limits::TICK);
    }

    #[test]
    fn connections_are_bounded_unless_the_operator_says_otherwise() {
        let line = CommandLine::try_parse_from(["runnity"]).unwrap();
        assert_eq!(line.serve.connections.all_max, limits::CONNECTIONS_LEN);
        assert_eq!(line.serve.connections.per_address, limits::CONNECTIONS_PER_ADDRESS);
        assert_eq!(line.serve.connections.trusted_proxies, TrustedProxies::default());
        let proxies = ["runnity", "--connections", "9", "--trusted-proxies", "10.0.0.0/8,192.0.2.1"];
        let line = CommandLine::try_parse_from(proxies).unwrap();
        assert_eq!(line.serve.connections.all_max, 9);
        assert_eq!(line.serve.connections.trusted_proxies, "10.0.0.0/8,192.0.2.1/32".parse().unwrap());
    }

    #[test]
    fn requests_are_bounded_unless_the_operator_says_otherwise() {
        let line = CommandLine::try_parse_from(["runnity"]).unwrap();
        let (per_token, per_address) = (limits::REQUESTS_PER_TOKEN, limits::REQUESTS_PER_ADDRESS_S);
        assert_eq!(line.serve.requests.rates(), Rates { per_token, per_address });
        let none = ["runnity", "--requests-per-token", "0", "--requests-per-address", "0"];
        let line = CommandLine::try_parse_from(none).unwrap();
        assert_eq!(line.serve.requests.rates(), Rates::default());
    }

    #[test]
    fn a_password_is_not_shown() {
        let line = CommandLine::try_parse_from(["runnity", "--redis", "redis://:hush-hush@nowhere:6379/0"]).unwrap();
        assert!(line.serve.store.redis.is_some());
        assert!(!format!("{line:?}").contains("hush"));
    }

    #[test]
    fn a_secret_is_not_printed() {
        let line = CommandLine::try_parse_from(["runnity", "--token-secret", "hush-hush"]).unwrap();
        assert!(!format!("{line:?}").contains("hush"));
        let line = CommandLine::try_parse_from(["runnity", "--api-key", "hush-hush-hush-hush-hush"]).unwrap();
        assert!(!format!("{line:?}").contains("hush"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for bad in [
            &["--listen", "nowhere"][..],
            &["--admin-token", "short"],
            &["--token-secret", ""],
            &["--api-key", "short"],
            &["--drain-s", "-1"],
            &["--drain-s", "soon"],
            &["--drain-s", "3600.5"],
            &["--drain-s", "1e18"],
            &["--leave-s", "-1"],
            &["--tick-ms", "249"],
            &["--tick-ms", "5001"],
            &["--tick-ms", "1e3"],
            &["--connections", "0"],
            &["--connections", "1000001"],
            &["--connections-per-address", "many"],
            &["--trusted-proxies", "10.0.0.0/33"],
            &["--requests-per-token", "-1"],
            &["--requests-per-address", "1000001"],
            &["health", "--listen", "nowhere"],
            &["demo", "--runners", "0"],
            &["simulate"],
            &["simulate", "--server", "x", "--speed", "0"],
            &["user", "--count", "0", "A"],
            &["copy", "--from", "./data"],
        ] {
            assert!(CommandLine::try_parse_from(["runnity"].iter().chain(bad)).is_err(), "{bad:?}");
        }
    }
}
