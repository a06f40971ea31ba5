//! What is known of one connection by those who speak to it: its way out, who it is, and its heartbeat.
//!
//! What it has subscribed to is the session's business; reading from its socket is the task's.

pub mod streamed;
mod talk;
pub mod task;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use uuid::Uuid;

use crate::app::orders::Deed;
use crate::app::users::{Caller, Identity};
use crate::domain::time::Timestamp;
use crate::limits;
use crate::live::disconnect::{self, Disconnect};
use crate::live::form::Form;
use crate::live::frame;
use crate::live::outbound::Outbound;

pub struct Connection {
    pub id: Uuid,
    pub form: Form,
    pub outbound: Outbound,
    /// Set once the connect command's token was found to be good.
    caller: OnceLock<Caller>,
    /// What the client was told to call its connection by, if it was told so. A secret.
    session: OnceLock<Box<str>>,
    /// What the same user has shown since, in its place.
    renewed: Mutex<Option<Box<Identity>>>,
    /// Pings are the WebSocket's own, for clients who know no others.
    pub pings_by_frames: bool,
    heartbeat: Mutex<Heartbeat>,
    /// When the session wants to be called, in milliseconds since 1970; [`NEVER`].
    call_at_ms: AtomicI64,
    /// Something has ended: the session is to look.
    is_called: AtomicBool,
    /// What the client says is not read: it is we who have not done yet what it has said before.
    is_deaf: AtomicBool,
    /// What the operator's back end wants done, in order.
    orders: Mutex<Vec<Arc<Deed>>>,
}

const NEVER: i64 = i64::MAX;

/// How often the server asks whether somebody is there, and how long it waits.
#[derive(Clone, Copy, Debug)]
pub struct Beat {
    pub ping_interval: Duration,
    /// How long the answer to a ping may take.
    pub pong_timeout: Duration,
    /// How long a new connection may take to send its connect command; and then, how long it may take to carry it out.
    pub stale_after: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Heartbeat {
    /// There is no connect command, or it was answered with an error.
    Fresh { until: Timestamp },
    /// The connect command is being carried out: the client has done what it can.
    Connecting { until: Timestamp },
    /// The next ping is due.
    Resting { ping_at: Timestamp },
    /// A ping is out.
    Asked { until: Timestamp, ping_at: Timestamp },
    /// The close frame is on its way.
    Closing { until: Timestamp },
}

impl Connection {
    pub fn new(id: Uuid, outbound: Outbound, form: Form, now: Timestamp, beat: &Beat) -> Self {
        let heartbeat = Mutex::new(Heartbeat::Fresh { until: plus(now, beat.stale_after) });
        let call_at_ms = AtomicI64::new(NEVER);
        let (is_called, is_deaf) = (AtomicBool::new(false), AtomicBool::new(false));
        let (renewed, orders) = (Mutex::default(), Mutex::default());
        let (caller, session, pings_by_frames) = (OnceLock::new(), OnceLock::new(), false);
        Self {
            id,
            form,
            outbound,
            caller,
            session,
            renewed,
            pings_by_frames,
            heartbeat,
            call_at_ms,
            is_called,
            is_deaf,
            orders,
        }
    }

    /// With the WebSocket's own pings in place of the protocol's.
    pub fn pinged_by_frames(self) -> Self {
        Self { pings_by_frames: true, ..self }
    }

    /// Has the session called at this time, or within a ping's interval after it.
    pub fn call_at(&self, time: Option<Timestamp>) {
        self.call_at_ms.store(time.map_or(NEVER, Timestamp::as_millis), Ordering::Relaxed);
    }

    /// Something has ended that the session holds: it should look.
    pub fn call(&self) {
        self.is_called.store(true, Ordering::SeqCst);
        self.outbound.wake();
    }

    /// Whether the session was called since this was asked before.
    pub fn take_call(&self) -> bool {
        self.is_called.load(Ordering::Relaxed) && self.is_called.swap(false, Ordering::SeqCst)
    }

    /// What the client says lies unread from now on, its pongs too.
    pub fn deaf(&self) {
        self.is_deaf.store(true, Ordering::Relaxed);
    }

    /// All that the client has said so far was read, or waits for the client itself.
    pub fn hears(&self) {
        if self.is_deaf.load(Ordering::Relaxed) {
            self.is_deaf.store(false, Ordering::Relaxed);
        }
    }

    /// Has the session carry this out, after what was ordered before.
    pub fn order(&self, deed: Arc<Deed>) {
        let mut orders = self.orders.lock();
        if orders.len() >= limits::ORDERS_WAITING_LEN_MAX {
            drop(orders);
            tracing::warn!("a connection has too many orders waiting: it is to come back");
            return self.close(disconnect::STATE_LOST);
        }
        orders.push(deed);
        drop(orders);
        self.call();
    }

    /// The order that came first.
    pub fn take_order(&self) -> Option<Arc<Deed>> {
        let mut orders = self.orders.lock();
        (!orders.is_empty()).then(|| orders.remove(0))
    }

    /// Closes with a code and a reason of the operator's own. What waits is still sent.
    pub fn close_saying(&self, code: u16, reason: &str) {
        let (words, close) = self.form.close_saying(code, reason);
        self.outbound.close(Some(&words), &close);
    }

    /// Says why, and closes. What waits is still sent.
    pub fn close(&self, why: Disconnect) {
        let (words, close) = self.form.close(why);
        self.outbound.close(words.as_ref(), &close);
    }

    /// Who this is; nobody yet before the connect command.
    pub fn caller(&self) -> &Caller {
        self.caller.get().unwrap_or(&Caller::Anonymous)
    }

    /// Whether the connect command's token was found to be good.
    pub fn is_known(&self) -> bool {
        self.caller.get().is_some()
    }

    /// Notes who this is. Only the first word counts: a connection never becomes somebody else.
    pub fn identify(&self, caller: Caller) -> &Caller {
        self.caller.get_or_init(|| caller)
    }

    pub fn session(&self) -> Option<&str> {
        self.session.get().map(|session| &**session)
    }

    /// Notes what the client is told to call its connection by.
    pub fn name_session(&self, session: &str) {
        let _ = self.session.set(session.into());
    }

    /// Whether it is somebody's, or was told a session: it can be meant without its id.
    pub fn has_name(&self) -> bool {
        !self.caller().user().is_empty() || self.session().is_some()
    }

    /// The same user has shown another credential: from now on that one counts.
    pub fn renew(&self, identity: Identity) {
        *self.renewed.lock() = Some(Box::new(identity));
    }

    /// The credential that counts now, of somebody with an account.
    pub fn credential(&self) -> Option<Identity> {
        let renewed = self.renewed.lock().as_deref().cloned();
        renewed.or_else(|| self.caller().identity().ok().cloned())
    }

    /// The connect command is here: from now on we are waited for.
    pub fn connecting(&self, now: Timestamp, beat: &Beat) {
        *self.heartbeat.lock() = Heartbeat::Connecting { until: plus(now, beat.stale_after) };
    }

    /// The connect command has failed, and there will be no other.
    pub fn not_connected(&self, now: Timestamp, beat: &Beat) {
        *self.heartbeat.lock() = Heartbeat::Fresh { until: plus(now, beat.stale_after) };
    }

    /// The connect command has succeeded. The first ping comes at random, so that many who came together are spread.
    pub fn connected(&self, now: Timestamp, beat: &Beat) {
        let half = beat.ping_interval / 2;
        let ping_at = plus(now, half + half.mul_f64(rand::random_range(0.0..1.0)));
        *self.heartbeat.lock() = Heartbeat::Resting { ping_at };
    }

    /// The client says that it is there. It must have been asked.
    pub fn pong(&self) -> Result<(), Disconnect> {
        let mut heartbeat = self.heartbeat.lock();
        match *heartbeat {
            Heartbeat::Asked { ping_at, .. } => {
                *heartbeat = Heartbeat::Resting { ping_at };
                Ok(())
            }
            // On its way out, whatever it says.
            Heartbeat::Closing { .. } => Ok(()),
            Heartbeat::Fresh { .. } | Heartbeat::Connecting { .. } | Heartbeat::Resting { .. } => {
                Err(disconnect::BAD_REQUEST)
            }
        }
    }

    /// The WebSocket's own answer to a ping. It may come unasked.
    pub fn pong_by_frame(&self) {
        if self.pings_by_frames {
            let _ = self.pong();
        }
    }

    /// The close frame is on its way. Answers when to look at the latest whether it has arrived.
    pub fn closing(&self, now: Timestamp) -> Timestamp {
        let until = plus(now, limits::CLOSING_TIME_MAX);
        *self.heartbeat.lock() = Heartbeat::Closing { until };
        until
    }

    /// Does what is due, and answers when to look again, if at all.
    pub fn beat(&self, now: Timestamp, beat: &Beat) -> Option<Timestamp> {
        let next = self.ask(now, beat)?;
        let call_at_ms = self.call_at_ms.load(Ordering::Relaxed);
        if call_at_ms > now.as_millis() {
            return Some(next.min(Timestamp::from_millis(call_at_ms)));
        }
        // Once: the session says when it wants to be called again. It may be doing so just now.
        let _ = self.call_at_ms.compare_exchange(call_at_ms, NEVER, Ordering::Relaxed, Ordering::Relaxed);
        self.call();
        Some(next)
    }

    fn ask(&self, now: Timestamp, beat: &Beat) -> Option<Timestamp> {
        let mut heartbeat = self.heartbeat.lock();
        match *heartbeat {
            Heartbeat::Fresh { until } if is_due(until, now, beat.stale_after) => {
                self.close(disconnect::STALE);
                None
            }
            Heartbeat::Connecting { until } if is_due(until, now, beat.stale_after) => {
                // It is to come back: that we could not tell in time is no fault of its own.
                self.close(disconnect::SERVER_ERROR);
                None
            }
            Heartbeat::Resting { ping_at } if is_due(ping_at, now, beat.ping_interval) => {
                let (until, ping_at) = (plus(now, beat.pong_timeout), plus(now, beat.ping_interval));
                // Who only listens cannot answer.
                let (next, asked) = match self.form.is_bare() && !self.pings_by_frames {
                    true => (ping_at, Heartbeat::Resting { ping_at }),
                    false => (until, Heartbeat::Asked { until, ping_at }),
                };
                *heartbeat = asked;
                // After the state: the answer may be here before this line is left.
                drop(heartbeat);
                let ping = if self.pings_by_frames { frame::ping() } else { self.form.ping() };
                self.outbound.push(&ping);
                Some(next)
            }
            // The pong may have come long ago. Nobody counts how often: whatever keeps us will end, and then it is read.
            Heartbeat::Asked { until, ping_at }
                if is_due(until, now, beat.pong_timeout) && self.is_deaf.load(Ordering::Relaxed) =>
            {
                let until = plus(now, beat.pong_timeout);
                *heartbeat = Heartbeat::Asked { until, ping_at };
                Some(until)
            }
            Heartbeat::Asked { until, .. } if is_due(until, now, beat.pong_timeout) => {
                self.close(disconnect::NO_PONG);
                None
            }
            Heartbeat::Closing { until } if is_due(until, now, limits::CLOSING_TIME_MAX) => {
                self.outbound.abort();
                None
            }
            Heartbeat::Fresh { until: next }
            | Heartbeat::Connecting { until: next }
            | Heartbeat::Resting { ping_at: next }
            | Heartbeat::Asked { until: next, .. }
            | Heartbeat::Closing { until: next } => Some(next),
        }
    }
}

/// Whether `at` has come. A time that is further away than it was ever set shows that the clock was set back.
fn is_due(at: Timestamp, now: Timestamp, at_most: Duration) -> bool {
    now >= at || at > plus(now, at_most)
}

fn plus(time: Timestamp, by: Duration) -> Timestamp {
    time.plus_millis(i64::try_from(by.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_of_those_who_came_together_are_spread() {
        let beat = crate::live::Options::default().beat;
        let now = Timestamp::from_millis(1_790_000_000_000);
        let mut quarters = [0; 4];
        for _ in 0..2_000 {
            let outbound = Outbound::to_body(bytes::Bytes::new());
            let connection = Connection::new(Uuid::nil(), outbound, Form::JsonLines, now, &beat);
            connection.connected(now, &beat);
            let ping_at = connection.beat(now, &beat).unwrap();
            let after_ms = ping_at.as_millis() - now.as_millis();
            assert!((12_500..=25_000).contains(&after_ms), "{after_ms}");
            quarters[usize::try_from((after_ms - 12_500) / 3_126).unwrap()] += 1;
        }
        assert!(quarters.iter().all(|count| *count > 400), "{quarters:?}");
    }
}
