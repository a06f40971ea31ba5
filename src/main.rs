//! The command line → Config → store → server; signals.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use runnity::app::Settings;
use runnity::app::achievements;
use runnity::app::documents;
use runnity::app::metrics::Metrics;
use runnity::app::tokens::TokenSecret;
use runnity::backend::embedded::Embedded;
use runnity::backend::{Backend, BackendError, RedisStore};
use runnity::clock::Clock;
use runnity::config::{self, Command, CommandLine};
use runnity::domain::ids::UserId;
use runnity::domain::user::{Level, Visibility};
use runnity::http;
use runnity::instance::{self, Instance};
use runnity::simulate::plan::Plan;
use runnity::simulate::report::Report;
use runnity::{app::App, copy, demo, descriptors, live, probe, simulate, tracks};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The store that the operator chose.
enum Store {
    Embedded(Arc<Embedded>),
    Redis(Arc<RedisStore>),
}

fn main() -> ExitCode {
    let line = CommandLine::parse();
    let filter = EnvFilter::try_from_env("RUNNITY_LOG").unwrap_or_else(|_| EnvFilter::new("warn,runnity=info"));
    // Whatever is asked for: below this level these libraries print whole messages and heads, tokens and places included.
    let filter = ["tungstenite=info", "tokio_tungstenite=info", "hyper=info", "hyper_util=info", "reqwest=info"]
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&error.into()),
    };
    let done = runtime.block_on(async {
        match line.command.unwrap_or(Command::Serve(line.serve)) {
            Command::Serve(serve) => run_server(serve).await,
            Command::Demo(demo) => run_demo(demo).await,
            Command::Simulate(simulate) => run_simulation(simulate).await,
            Command::Health(health) => ask_health(health).await,
            Command::User(user) => make_users(user).await,
            Command::Token(token) => make_token(token).await,
            Command::Copy(stores) => copy_store(stores).await,
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

fn complain(error: &Failure) -> ExitCode {
    eprintln!("runnity: {error}");
    ExitCode::FAILURE
}

/// Whatever is logged: this must be seen.
fn warn_of_open_channels() {
    let line = "!".repeat(80);
    eprintln!("{line}");
    eprintln!("!! --open-channels: everyone who can reach this server may subscribe to, read and publish");
    eprintln!("!! on any channel but runs' and users' own, without an account. FOR DEVELOPMENT ONLY.");
    eprintln!("{line}");
}

async fn run_server(serve: config::Serve) -> Result<(), Failure> {
    let clock = Clock::system();
    let backend = Store::open(&serve.store, clock.clone()).await?;
    let settings = Settings {
        open_channels: serve.open_channels,
        token_secret: serve.token_secret.clone(),
        api_key: serve.api_key.clone(),
        rates: serve.requests.rates(),
    };
    if settings.open_channels {
        warn_of_open_channels();
    }
    if settings.token_secret.as_ref().is_some_and(TokenSecret::is_weak) {
        tracing::warn!("--token-secret is short and could be guessed: 32 random characters or more are better");
    }
    let options = instance::Options {
        web: serve.pages.web_demo(),
        http: serve.pages.http(),
        leave: serve.leave_s,
        drain: serve.drain_s,
        live: live::Options {
            connections_max: descriptors::make_room(serve.connections.all_max),
            connections_per_address: serve.connections.per_address,
            trusted_proxies: serve.connections.trusted_proxies.clone(),
            positions_every: serve.tick_ms,
            ..live::Options::default()
        },
    };
    let listener = instance::listen(serve.listen).await?;
    let app = App::with_metrics(backend.shared(), clock, settings, backend.metrics());
    // Before anybody is let in, who might be the first to take the admin's name.
    let token = app.ensure_admin(serve.admin_token.as_deref()).await?;
    if backend.is_of_one_process() {
        app.take_duties().await?;
    }
    if let Some(catalogue) = &serve.catalogue
        && app.ensure_catalogue(catalogue).await?
    {
        tracing::info!(achievements = catalogue.achievements.len(), "the store has a catalogue now");
    }
    let instance = Instance::start(app, listener, options).await?;
    if let Some(token) = token {
        println!("admin token, shown this once: {}", token.reveal());
    }
    println!("Runnity is at http://{}", instance.address());
    stop_signal().await?;
    let sockets = instance.live().connections_len();
    let (leave, drain) = (serve.leave_s.as_secs_f64(), serve.drain_s.as_secs_f64());
    tracing::info!(
        "stopping: after {leave} s, {sockets} sockets are told over {drain} s to reconnect; a second signal stops at once"
    );
    tokio::select! {
        () = instance.shutdown() => {}
        again = stop_signal() => again?,
    }
    backend.close().await?;
    Ok(())
}

async fn run_demo(demo: config::Demo) -> Result<(), Failure> {
    // Its name is nobody else's, and it goes away however this ends.
    let folder = tempfile::Builder::new().prefix("runnity-demo-").tempdir()?;
    let clock = Clock::system();
    let backend = Arc::new(Embedded::open(&folder.path().join("data"), clock.clone())?);
    let options = instance::Options {
        web: demo.pages.web_demo(),
        http: http::Options { demo_course: true, ..demo.pages.http() },
        drain: Duration::ZERO,
        ..instance::Options::default()
    };
    let app = App::new(backend.clone(), clock.clone(), Settings::default());
    let token = app.ensure_admin(None).await?;
    app.ensure_catalogue(&achievements::starter()?).await?;
    for (id, name) in demo::PEOPLE {
        let id = UserId::parse(id).ok_or("a user of the demo has no id")?;
        app.make_user_of(id, name.to_owned(), Level::User, None, Visibility::Public).await?;
    }
    let instance = Instance::start(app, instance::listen(demo.listen).await?, options).await?;
    let stop = CancellationToken::new();
    let server = format!("http://{}", instance.local_address());
    let mut plans = demo::plans(usize::from(demo.runners));
    let runners = async {
        let tokens = demo::events::hold(&server, &mut plans, clock.now()).await?;
        let options = simulate::Options {
            server: server.clone(),
            transport: simulate::Transport::WebSocket,
            visibility: documents::visibility_name(Visibility::Public),
            speed: 1.0,
            watch: false,
            tokens,
        };
        simulate::run(options, plans, Arc::new(Report::default()), stop.clone()).await
    };
    if let Some(token) = token {
        println!("admin token, of this demo alone: {}", token.reveal());
    }
    println!("Runnity's demo is at http://{} (Ctrl-C ends it)", instance.address());
    let done = tokio::select! {
        done = runners => done.map_err(Failure::from),
        signal = stop_signal() => signal,
    };
    stop.cancel();
    instance.shutdown().await;
    backend.close().await?;
    folder.close()?;
    done
}

async fn run_simulation(simulation: config::Simulate) -> Result<(), Failure> {
    let stop = CancellationToken::new();
    let tokens = match &simulation.tokens {
        Some(path) => std::fs::read_to_string(path)?.lines().map(str::to_owned).collect(),
        None => Vec::new(),
    };
    let options = simulate::Options {
        server: simulation.server.clone(),
        transport: match simulation.transport {
            config::Transport::Http => simulate::Transport::Http,
            config::Transport::Websocket => simulate::Transport::WebSocket,
        },
        visibility: documents::visibility_name(match simulation.visibility {
            config::Sight::Public => Visibility::Public,
            config::Sight::Friends => Visibility::Friends,
            config::Sight::Private => Visibility::Private,
        }),
        speed: simulation.speed,
        watch: simulation.visibility == config::Sight::Public,
        tokens,
    };
    let report = Arc::new(Report::default());
    let mut progress = tokio::time::interval(Duration::from_secs(1));
    let end = simulation.seconds.map(|seconds| tokio::time::Instant::now() + Duration::from_secs(seconds));
    let mut running = std::pin::pin!(simulate::run(options, plans(&simulation)?, report.clone(), stop.clone()));
    let done = loop {
        tokio::select! {
            done = &mut running => break done,
            _ = progress.tick() => {
                eprint!("\r{}  ", report.progress());
                if end.is_some_and(|end| end <= tokio::time::Instant::now()) {
                    stop.cancel();
                }
            }
            signal = stop_signal() => { signal?; stop.cancel(); }
        }
    };
    eprintln!();
    println!("{report}");
    Ok(done?)
}

fn plans(simulation: &config::Simulate) -> Result<Vec<Plan>, Failure> {
    let read =
        |path: &std::path::PathBuf| tracks::parse_file(path).map_err(|error| format!("{}: {error}", path.display()));
    let files = match simulation.files.is_empty() {
        true => tracks::recorded::all().into_iter().filter(|it| it.on_foot).map(|it| it.fixes).collect(),
        false => simulation.files.iter().map(read).collect::<Result<Vec<_>, _>>()?,
    };
    Ok(simulate::plan::share_out(&files, usize::try_from(simulation.runners)?))
}

async fn ask_health(health: config::Health) -> Result<(), Failure> {
    let own = || format!("http://{}", instance::local_address(health.listen));
    let what = if health.live { probe::Question::Live } else { probe::Question::Ready };
    probe::ask(&health.server.unwrap_or_else(own), what).await?;
    println!("{what}");
    Ok(())
}

async fn make_users(user: config::User) -> Result<(), Failure> {
    let (backend, app) = open(&user.store).await?;
    let level = if user.admin { Level::Admin } else { Level::User };
    for number in 1..=user.count {
        let name = if user.count == 1 { user.name.clone() } else { format!("{} {number}", user.name) };
        let (made, token) = app.add_user(&name, level).await?;
        println!("{} {}", made.id, token.reveal());
    }
    app.workers.close().await;
    backend.close().await?;
    Ok(())
}

async fn make_token(token: config::Token) -> Result<(), Failure> {
    let (backend, app) = open(&token.store).await?;
    let (user, secret) = app.new_token(&token.name).await?;
    println!("{} {}", user.id, secret.reveal());
    app.workers.close().await;
    backend.close().await?;
    Ok(())
}

async fn copy_store(stores: config::Copy) -> Result<(), Failure> {
    println!("{}", copy::run(&stores.from, &stores.to, Clock::system()).await?);
    Ok(())
}

async fn open(store: &config::Store) -> Result<(Store, Arc<App>), Failure> {
    let clock = Clock::system();
    let store = Store::open(store, clock.clone()).await?;
    let app = App::new(store.shared(), clock, Settings::default());
    Ok((store, app))
}

impl Store {
    async fn open(chosen: &config::Store, clock: Clock) -> Result<Self, Failure> {
        Ok(match &chosen.redis {
            Some(url) => {
                let store = RedisStore::open(url).await?;
                store.keep_time(clock).await?;
                Self::Redis(Arc::new(store))
            }
            None => Self::Embedded(Arc::new(Embedded::open(&chosen.data, clock)?)),
        })
    }

    fn shared(&self) -> Arc<dyn Backend> {
        match self {
            Self::Embedded(store) => store.clone(),
            Self::Redis(store) => store.clone(),
        }
    }

    fn is_of_one_process(&self) -> bool {
        matches!(self, Self::Embedded(_))
    }

    fn metrics(&self) -> Metrics {
        match self {
            Self::Embedded(_) => Metrics::default(),
            Self::Redis(store) => Metrics::default().with_store(store.counts()),
        }
    }

    async fn close(&self) -> Result<(), BackendError> {
        match self {
            Self::Embedded(store) => store.close().await,
            Self::Redis(store) => store.close().await,
        }
    }
}

/// Returns when the process is asked to end.
async fn stop_signal() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
