//! Where Redis is, as the operator typed it. It may hold a password, so it is never shown.
//!
//! | form | what it is |
//! |---|---|
//! | `redis://user:password@host:6379/0` | a Redis, and the number of a database in it |
//! | `rediss://…` | the same by TLS |
//! | `redis+unix:///path?db=0&user=…&pass=…` | the same by a socket of this machine |
//! | `redis+sentinel://user:password@host:26379,host:26379/name/0` | sentinels, the name that they know the primary by, and the database; `rediss+sentinel://` when they and the primary speak TLS |
//!
//! With TLS, the system's authorities are trusted, or those in the file `?ca=`; `?cert=` and `?key=` are the files of our own
//! certificate, where Redis wants one. `?sentinel_user=` and `?sentinel_password=` are for the sentinels themselves: user and
//! password before the hosts are for Redis. What has a meaning in a URL is written `%40` and so on inside a password.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use redis::io::tcp::TcpSettings;
use redis::{
    Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion, TlsCertificates,
};

use super::OpenError;
use super::sentinels::Sentinels;

const SENTINEL_PORT: u16 = 26379;

/// What may stand after the `?`.
const PARAMETERS: [&str; 8] = ["ca", "cert", "key", "sentinel_user", "sentinel_password", "db", "user", "pass"];

/// It is read when the store is opened, so that no error names it.
#[derive(Clone)]
pub struct RedisUrl(String);

/// How Redis is found.
pub struct Address {
    way: Way,
    pub database: i64,
}

enum Way {
    Fixed(Client),
    /// The address in it is that of a sentinel.
    Sentinels(Sentinels, Box<Settings>),
}

/// The Redis that is to be written to.
pub struct Primary {
    pub client: Client,
    /// Where the sentinels say that it is.
    pub place: Option<(String, u16)>,
}

/// All of a connection but its place.
struct Settings {
    info: ConnectionInfo,
    certificates: Option<TlsCertificates>,
}

#[derive(Default)]
struct Parameters {
    certificates: Option<TlsCertificates>,
    sentinel_user: Option<String>,
    sentinel_password: Option<String>,
}

impl RedisUrl {
    pub(super) fn address(&self) -> Result<Address, OpenError> {
        let (scheme, rest) = self.0.split_once("://").ok_or_else(|| unusable("it has no scheme"))?;
        match scheme {
            "redis+sentinel" => Address::by_sentinels("redis", rest),
            "rediss+sentinel" => Address::by_sentinels("rediss", rest),
            "redis+cluster" | "rediss+cluster" => Err(OpenError::Cluster),
            _ => {
                let settings = Settings::read(&self.0)?.0;
                let database = settings.info.redis_settings().db();
                Ok(Address { way: Way::Fixed(settings.client()?), database })
            }
        }
    }
}

impl Address {
    /// User and password, hosts, name and database.
    fn by_sentinels(scheme: &str, rest: &str) -> Result<Self, OpenError> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, rest) = rest.rsplit_once('@').map_or(("", rest), |(user, rest)| (user, rest));
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (name, database) = path.split_once('/').unwrap_or((path, ""));
        let name = percent_decode_str(name).decode_utf8().ok().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| unusable("the name of the primary is missing after the sentinels"))?;
        let mut sentinels = Vec::new();
        let mut of_redis = None;
        for host in hosts.split(',') {
            let url = format!("{scheme}://{user}@{}/{database}?{query}", with_port(host));
            let (settings, parameters) = Settings::read(&url)?;
            sentinels.push(settings.of_sentinel(&parameters).client()?);
            of_redis = Some(settings);
        }
        let settings = of_redis.ok_or_else(|| unusable("there is no sentinel in it"))?;
        let database = settings.info.redis_settings().db();
        let sentinels = Sentinels { clients: sentinels, name: name.into_owned() };
        Ok(Self { way: Way::Sentinels(sentinels, Box::new(settings)), database })
    }

    /// The sentinels, if it is they who know the primary.
    pub fn sentinels(&self) -> Option<&Sentinels> {
        match &self.way {
            Way::Fixed(_) => None,
            Way::Sentinels(sentinels, _) => Some(sentinels),
        }
    }

    /// Whom to write to now.
    pub async fn primary(&self) -> Result<Primary, OpenError> {
        match &self.way {
            Way::Fixed(client) => Ok(Primary { client: client.clone(), place: None }),
            Way::Sentinels(sentinels, settings) => {
                let place = sentinels.primary().await?;
                Ok(Primary { client: settings.at(place.clone()).client()?, place: Some(place) })
            }
        }
    }
}

impl Settings {
    fn read(url: &str) -> Result<(Self, Parameters), OpenError> {
        let url = redis::parse_redis_url(url).ok_or_else(|| unusable("it is not the URL of a Redis"))?;
        if url.fragment().is_some() {
            return Err(unusable("nothing may stand after a #"));
        }
        let parameters = Parameters::read(url.query_pairs())?;
        let info = url.into_connection_info().map_err(|error| unusable(&reason(&error)))?;
        let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        // Answers are waited for one by one: nothing is gained by holding small packets back.
        let info = info.set_redis_settings(settings).set_tcp_settings(TcpSettings::default().set_nodelay(true));
        let certificates = parameters.certificates.clone();
        Ok((Self { info, certificates }, parameters))
    }

    fn client(&self) -> Result<Client, OpenError> {
        let info = self.info.clone();
        let client = match &self.certificates {
            Some(certificates) => Client::build_with_tls(info, certificates.clone()),
            None => Client::open(info),
        };
        client.map_err(|error| unusable(&reason(&error)))
    }

    /// The same at another place.
    fn at(&self, (host, port): (String, u16)) -> Self {
        let address = match self.info.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
            }
            _ => ConnectionAddr::Tcp(host, port),
        };
        Self { info: self.info.clone().set_addr(address), certificates: self.certificates.clone() }
    }

    /// A sentinel has its own users, no databases, and the older protocol alone before version 6.2.
    fn of_sentinel(&self, parameters: &Parameters) -> Self {
        let mut redis = redis::RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP2);
        if let Some(user) = &parameters.sentinel_user {
            redis = redis.set_username(user);
        }
        if let Some(password) = &parameters.sentinel_password {
            redis = redis.set_password(password);
        }
        Self { info: self.info.clone().set_redis_settings(redis), certificates: self.certificates.clone() }
    }
}

impl Parameters {
    fn read<'a>(
        pairs: impl Iterator<Item = (std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)>,
    ) -> Result<Self, OpenError> {
        let (mut read, mut ca, mut cert, mut key) = (Self::default(), None, None, None);
        for (name, value) in pairs {
            match &*name {
                "ca" => ca = Some(file(&value)?),
                "cert" => cert = Some(file(&value)?),
                "key" => key = Some(file(&value)?),
                "sentinel_user" => read.sentinel_user = Some(value.into_owned()),
                "sentinel_password" => read.sentinel_password = Some(value.into_owned()),
                // It may be a part of a password: it is not repeated.
                other if !PARAMETERS.contains(&other) => {
                    return Err(unusable(&format!(
                        "of what stands after the ?, only {} are known",
                        PARAMETERS.join(", ")
                    )));
                }
                _ => {}
            }
        }
        let client_tls = match (cert, key) {
            (Some(client_cert), Some(client_key)) => Some(ClientTlsConfig { client_cert, client_key }),
            (None, None) => None,
            _ => return Err(unusable("cert and key belong together")),
        };
        if ca.is_some() || client_tls.is_some() {
            read.certificates = Some(TlsCertificates { client_tls, root_cert: ca });
        }
        Ok(read)
    }
}

fn file(path: &str) -> Result<Vec<u8>, OpenError> {
    std::fs::read(path).map_err(|error| unusable(&format!("a file that it names cannot be read: {}", error.kind())))
}

fn with_port(host: &str) -> String {
    // The colons of an IPv6 address stand in brackets.
    let name_end = host.rfind(']').unwrap_or(0);
    if host[name_end..].contains(':') { host.to_owned() } else { format!("{host}:{SENTINEL_PORT}") }
}

fn unusable(reason: &str) -> OpenError {
    OpenError::Url(reason.to_owned())
}

/// What is wrong with it, without any part of it.
fn reason(error: &redis::RedisError) -> String {
    let text = error.to_string();
    text.split(" - ").next().unwrap_or_default().to_owned()
}

impl FromStr for RedisUrl {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisUrl(…)")
    }
}
