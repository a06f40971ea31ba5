//! A small client of the socket's protocol: connect, subscribe, publish, and the pings answered.

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::simulate::SimulateError;

/// Codes that the protocol calls temporary: an internal error, too many requests.
const TEMPORARY: [u64; 2] = [100, 111];

pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    commands: u32,
    /// Replies of a frame that are not read yet, the next one last.
    unread: Vec<Value>,
}

impl Socket {
    /// Connects, as a spectator when there is no token.
    pub async fn connect(server: &str, token: Option<&str>) -> Result<Self, SimulateError> {
        let url = format!("ws{}/connection/websocket", server.trim_end_matches('/').trim_start_matches("http"));
        let (stream, _) = connect_async(url).await.map_err(|error| SimulateError::Unreachable(error.to_string()))?;
        let mut socket = Self { stream, commands: 0, unread: Vec::new() };
        let connect = token.map_or_else(|| json!({}), |token| json!({"token": token}));
        let id = socket.command("connect", connect).await?;
        socket.reply(id).await?;
        Ok(socket)
    }

    /// Sends a command without waiting for its reply → its number.
    pub async fn command(&mut self, name: &str, arguments: Value) -> Result<u32, SimulateError> {
        self.commands += 1;
        let mut command = json!({"id": self.commands});
        command[name] = arguments;
        self.send(command.to_string()).await?;
        Ok(self.commands)
    }

    /// Waits for the reply to a command; pushes that come before it are left out.
    pub async fn reply(&mut self, id: u32) -> Result<Value, SimulateError> {
        loop {
            let message = self.next().await?;
            if message["id"] == id {
                return match message.get("error") {
                    Some(error) => Err(refusal(error)),
                    None => Ok(message),
                };
            }
        }
    }

    /// The next reply or push. Pings are answered on the way.
    pub async fn next(&mut self) -> Result<Value, SimulateError> {
        loop {
            if let Some(message) = self.unread.pop() {
                if message.as_object().is_some_and(serde_json::Map::is_empty) {
                    self.send("{}".to_owned()).await?;
                    continue;
                }
                return Ok(message);
            }
            let lost = |why: String| SimulateError::Lost(why);
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    let lines = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>();
                    self.unread = lines.map_err(|error| lost(error.to_string()))?;
                    self.unread.reverse();
                }
                Some(Ok(Message::Close(close))) => {
                    return Err(lost(close.map_or_else(String::new, |close| close.to_string())));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(lost(error.to_string())),
                None => return Err(lost("the server closed it".to_owned())),
            }
        }
    }

    async fn send(&mut self, text: String) -> Result<(), SimulateError> {
        self.stream.send(Message::text(text)).await.map_err(|error| SimulateError::Lost(error.to_string()))
    }
}

/// What an error of a reply means to a phone: some pass.
fn refusal(error: &Value) -> SimulateError {
    let (code, why) = (error["code"].as_u64().unwrap_or_default(), error["message"].as_str().unwrap_or_default());
    let why = why.to_owned();
    if error["temporary"] == true || TEMPORARY.contains(&code) {
        SimulateError::Busy(why)
    } else {
        SimulateError::Refused { what: "a command", code, why, run: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        let table = [
            (json!({"code": 100, "message": "internal server error", "temporary": true}), true, false),
            (json!({"code": 100, "message": "internal server error"}), true, false),
            (json!({"code": 111, "message": "too many requests"}), true, false),
            (json!({"code": 1000, "message": "not now", "temporary": true}), true, false),
            (json!({"code": 103, "message": "permission denied"}), false, false),
            (json!({"code": 409, "message": "the run is finished"}), false, true),
        ];
        for (error, is_temporary, is_conflict) in table {
            let refusal = refusal(&error);
            assert_eq!((refusal.is_temporary(), refusal.is_conflict()), (is_temporary, is_conflict), "{error}");
        }
    }
}
