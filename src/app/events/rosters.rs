//! Who participates in many events at once, by name: for lists that show it.

use crate::app::documents::UserName;
use crate::app::events::indexes;
use crate::app::events::joining::name_of;
use crate::app::events::record::{Participant, participant};
use crate::app::{App, AppError, looked_at};
use crate::backend::Range;
use crate::domain::ids::{EventId, UserId};
use crate::limits;

impl App {
    /// The first participants of each of these events, which the caller has been found to see, in the order of their numbers.
    /// `room`: how many may be named of all of them together, and then how many are left.
    pub async fn rosters(&self, events: &[EventId], room: &mut usize) -> Result<Vec<Vec<UserName>>, AppError> {
        let mut rosters = Vec::with_capacity(events.len());
        for some in events.chunks(limits::ROSTERS_AT_ONCE) {
            let limit = (*room).min(limits::LISTED_ROSTER_LEN_MAX);
            let read: Vec<_> = some.iter().map(|event| self.first_participants(*event, limit)).collect();
            for mut roster in futures::future::try_join_all(read).await? {
                roster.truncate(*room);
                *room -= roster.len();
                rosters.push(roster);
            }
        }
        Ok(rosters)
    }

    async fn first_participants(&self, event: EventId, limit: usize) -> Result<Vec<UserName>, AppError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let members = self.backend.range(&Range::all(indexes::roster(event), limit)).await?.members;
        looked_at::add(members.len());
        let members: Vec<_> = members.into_iter().map(|(_, member)| member).collect();
        let entries: Vec<(UserId, Participant)> = self.entries(event, &members, participant).await?;
        Ok(entries.iter().map(|(user, entry)| name_of(user, &entry.name)).collect())
    }
}
