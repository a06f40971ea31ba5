//! Rights that end while somebody is in a room: where that is heard, and how those who are inside are asked again.

use std::sync::Arc;
use std::time::Instant;

use futures::{FutureExt as _, StreamExt as _};

use crate::app::channels::Channel;
use crate::app::sight::Concerned;
use crate::app::users::Caller;
use crate::backend::{Backend, BackendError, Heard, Subscription, Topic};
use crate::limits;
use crate::live::disconnect::{self, Unsubscribe};
use crate::live::hub::room::{Member, Room};
use crate::live::hub::{Hub, Verdict};

/// A room's ears for the word that somebody may have lost the right to be there.
pub(super) struct RightsEars(Vec<Subscription>);

impl RightsEars {
    pub async fn open(backend: &dyn Backend, topics: &[Topic]) -> Result<Self, BackendError> {
        Ok(Self(futures::future::try_join_all(topics.iter().map(|topic| backend.subscribe(topic))).await?))
    }

    /// Whom the next word concerns, and those that came with it; `None` when the store has closed. Who may have missed one
    /// asks everybody.
    pub async fn next(&mut self, read: fn(&[u8]) -> Concerned) -> Option<Concerned> {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let nexts = self.0.iter_mut().map(|ear| ear.next().boxed());
        let (heard, _, _) = futures::future::select_all(nexts).await;
        let concerned = |heard: &Heard| match heard {
            Heard::Change { payload, .. } => read(payload),
            Heard::Gap => Concerned::Everybody,
        };
        let mut all = concerned(&heard?);
        for ear in &mut self.0 {
            while let Some(heard) = ear.try_next() {
                all = all.and(concerned(&heard));
            }
        }
        Some(all)
    }
}

/// Asks those who are concerned, and sends out who may be here no more. Who is just coming in is asked again too.
///
/// Until it is known of all who are asked, nobody hears anything in the room: what is said next might be for those who may not
/// hear it. Nor would there be much to hear, for what cannot answer is the store, and all that is heard comes from it. Other rooms
/// do not wait. What comes meanwhile is kept for those who stay, or read again.
pub(super) async fn ask_again(hub: &Hub, room: &Room, concerned: &Concerned) {
    room.rights_changed(hub.next_rights());
    let mut members = room.members();
    members.retain(|member| concerned.is(member.connection.caller().user()));
    // Those without an account are all alike, and may be a crowd: one is asked for all of them.
    let is_anonymous = |member: &Arc<Member>| matches!(member.connection.caller(), Caller::Anonymous);
    let (anonymous, mut asked): (Vec<_>, Vec<_>) = members.into_iter().partition(is_anonymous);
    asked.extend(anonymous.first().cloned());
    let channel = &room.entrance.channel;
    let ask = |member: Arc<Member>| async move {
        let ask = || (hub.rules.ask)(member.connection.clone(), channel.clone());
        let mut verdict = ask().await;
        // The store is away for a moment, which may be why a word was missed. Nothing is said in the room meanwhile. Attempts are
        // counted, as for a gap: over a link that is slow, each of them takes long.
        for _ in 1..limits::GAP_ATTEMPTS_MAX {
            if verdict != Verdict::Unknown {
                break;
            }
            tokio::time::sleep(limits::GAP_PAUSE).await;
            verdict = ask().await;
        }
        (member, verdict)
    };
    let mut verdicts = futures::stream::iter(asked).map(ask).buffer_unordered(limits::RIGHTS_ASKED_AT_ONCE);
    let mut began = Instant::now();
    while let Some((member, verdict)) = verdicts.next().await {
        // A store in this process answers at once: without this, thousands of members would be asked in one go.
        if began.elapsed() >= limits::FAN_OUT_TURN {
            tokio::task::yield_now().await;
            began = Instant::now();
        }
        if is_anonymous(&member) {
            anonymous.iter().for_each(|member| carry_out(room, member, verdict));
        } else {
            carry_out(room, &member, verdict);
        }
    }
}

fn carry_out(room: &Room, member: &Member, verdict: Verdict) {
    match verdict {
        Verdict::Stays => {}
        // A connection hears on these that its credential has ended: it does not go on without them.
        Verdict::Unknown if matches!(room.entrance.channel, Channel::User(_) | Channel::Link(_)) => {
            member.connection.close(disconnect::SERVER_ERROR);
        }
        // It subscribes again, and is asked then.
        Verdict::Unknown => send_out(room, member, disconnect::INSUFFICIENT_STATE),
        Verdict::Leaves(why) => send_out(room, member, why),
        Verdict::Closes(why) => member.connection.close(why),
    }
}

fn send_out(room: &Room, member: &Member, why: Unsubscribe) {
    room.remove(member);
    member.send_out(&room.entrance.name, why);
}
