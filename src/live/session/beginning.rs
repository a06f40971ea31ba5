//! What a new subscriber is told first: all that it missed, or the state now; never a part.

use super::{Refusal, Session};
use crate::app::channels::Recovery;
use crate::backend::{Cursor, Epoch};
use crate::live::disconnect;
use crate::live::form::Form;
use crate::live::hub::Entrance;
use crate::live::hub::group;
use crate::live::hub::room::Joining;
use crate::live::protocol::{Publication, Subscribe, SubscribeResult};

/// The state that a new subscriber is told, and the offset that it covers.
pub(super) struct Beginning {
    pub result: SubscribeResult,
    pub covered: u64,
}

impl Session {
    /// What was missed, if it can be had wholly; else the state now. `delta`: publications may be patches.
    pub(super) async fn beginning(
        &self,
        entrance: &Entrance,
        joining: &Joining,
        request: &Subscribe,
        delta: bool,
    ) -> Result<Beginning, Refusal> {
        let app = &self.live.app;
        if let Some((covered, picture)) = joining.picture()? {
            let result = SubscribeResult { data: Some(picture), ..SubscribeResult::default() };
            return Ok(Beginning { result, covered });
        }
        if entrance.features.recovers == Recovery::No {
            return Ok(Beginning { result: SubscribeResult { delta, ..SubscribeResult::default() }, covered: 0 });
        }
        let (recoverable, positioned, was_recovering) = (true, true, request.recover);
        let result = SubscribeResult { recoverable, positioned, was_recovering, delta, ..SubscribeResult::default() };
        if request.recover {
            let since = Cursor { epoch: Epoch(request.epoch.as_str().into()), offset: request.offset };
            if let Some((missed, top)) = app.recover(&entrance.channel, &since).await? {
                let missed = missed.into_iter().map(Publication::of).collect();
                let publications = if delta { chained(self.connection.form, missed) } else { missed };
                // The client counts on from where it was, through the publications.
                let (epoch, offset) = (top.epoch.to_string(), request.offset);
                let result = SubscribeResult { recovered: true, epoch, offset, publications, ..result };
                return Ok(Beginning { result, covered: top.offset });
            }
            if request.rejects_unrecovered {
                return Err(disconnect::UNRECOVERABLE.into());
            }
        }
        let snapshot = app.snapshot(&entrance.channel).await?;
        let Cursor { epoch, offset } = snapshot.cursor;
        let result = SubscribeResult { epoch: epoch.to_string(), offset, data: snapshot.data, ..result };
        Ok(Beginning { result, covered: offset })
    }
}

impl Session {
    /// As [`Session::beginning`], in a reply that speaks of many channels and has so many bytes left. When what was missed is
    /// too long for it, the state now must do; when that is, the client is told where the channel stands and nothing more.
    pub(super) async fn short_beginning(
        &self,
        entrance: &Entrance,
        joining: &Joining,
        request: &Subscribe,
        room: &mut usize,
    ) -> Result<Beginning, Refusal> {
        let whole = self.beginning(entrance, joining, request, false).await?;
        if let Some(left) = room.checked_sub(whole.result.bytes()) {
            *room = left;
            return Ok(whole);
        }
        let anew = Subscribe { recover: false, ..request.clone() };
        let mut beginning = self.beginning(entrance, joining, &anew, false).await?;
        beginning.result.was_recovering = request.recover;
        match room.checked_sub(beginning.result.bytes()) {
            Some(left) => *room = left,
            None => beginning.result.data = None,
        }
        Ok(beginning)
    }
}

/// The first whole, each of the others as a patch of the one before.
fn chained(form: Form, publications: Vec<Publication>) -> Vec<Publication> {
    let mut before = None;
    let patch =
        |publication: &Publication| group::patch(form, before.replace(publication.data.clone()).as_ref(), publication);
    publications.iter().map(patch).collect()
}
