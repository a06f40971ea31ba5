//! Who is where: `presence`, `presence_stats`, `channels`, `info`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::history::{ClientInfo, InChannel};
use crate::app::presence::PresenceStats;
use crate::app::{App, AppError};

#[derive(Deserialize)]
pub struct Channels {
    #[serde(default)]
    pattern: String,
}

#[derive(Serialize)]
pub struct Clients {
    presence: BTreeMap<String, ClientInfo>,
}

#[derive(Serialize)]
pub struct Stats {
    num_clients: u64,
    num_users: u64,
}

#[derive(Serialize)]
pub struct Listed {
    channels: BTreeMap<String, ListedChannel>,
}

#[derive(Serialize)]
struct ListedChannel {
    num_clients: u64,
}

#[derive(Serialize)]
pub struct Nodes {
    nodes: Vec<Node>,
}

/// An instance.
#[derive(Serialize)]
struct Node {
    uid: String,
    name: String,
    version: String,
    num_clients: u64,
    num_users: u64,
    num_subs: u64,
    num_channels: u64,
    /// Seconds.
    uptime: i64,
}

pub async fn presence(app: &App, given: InChannel) -> Result<Clients, AppError> {
    let channel = app.operators_channel(&given.channel).await?;
    let clients = app.presence(&channel).await?.into_iter();
    let presence = clients.map(|info| Ok((info.client.clone(), ClientInfo::of(info)?)));
    Ok(Clients { presence: presence.collect::<Result<_, AppError>>()? })
}

pub async fn presence_stats(app: &App, given: InChannel) -> Result<Stats, AppError> {
    let channel = app.operators_channel(&given.channel).await?;
    let PresenceStats { clients, users } = app.presence_stats(&channel).await?;
    Ok(Stats { num_clients: clients, num_users: users })
}

pub async fn channels(app: &App, Channels { pattern }: Channels) -> Result<Listed, AppError> {
    let channels = app.channels(|name| pattern.is_empty() || matches(pattern.as_bytes(), name.as_bytes())).await?;
    let listed = |(name, num_clients)| (name, ListedChannel { num_clients });
    Ok(Listed { channels: channels.into_iter().map(listed).collect() })
}

pub async fn info(app: &App) -> Result<Nodes, AppError> {
    let now_ms = app.clock.now().as_millis();
    let infos = app.instance_infos().await?.into_iter();
    let nodes = infos.map(|info| Node {
        name: format!("runnity-{}", info.name.get(..8).unwrap_or(&info.name)),
        uid: info.name,
        version: info.told.version,
        num_clients: info.told.clients_len,
        num_users: info.told.users_len,
        num_subs: info.told.subscriptions_len,
        num_channels: info.told.channels_len,
        uptime: (now_ms - info.since_ms).max(0) / 1_000,
    });
    Ok(Nodes { nodes: nodes.collect() })
}

/// Whether the name is one that the pattern means: `*` stands for anything, `?` for one character. Takes a time that
/// grows with the product of their lengths at most.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut in_name) = (0, 0);
    // Where to go on when what follows the last `*` does not fit.
    let mut star = None;
    while in_name < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(&byte) if byte == b'?' || byte == name[in_name] => (at, in_name) = (at + 1, in_name + 1),
            _ => match star {
                Some((star_at, taken)) => {
                    star = Some((star_at, taken + 1));
                    (at, in_name) = (star_at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_means_names() {
        for (pattern, name, means) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("*", "", true),
            ("run:*", "run:1", true),
            ("run:*", "#run:1", false),
            ("*:1", "run:1", true),
            ("*:1", "run:12", false),
            ("a*b*c", "axxbxbxc", true),
            ("a*b*c", "axxbxbx", false),
            ("??", "ab", true),
            ("??", "a", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), means, "{pattern} {name}");
        }
        assert!(!matches("*a".repeat(50).as_bytes(), "b".repeat(255).as_bytes()));
    }
}
