//! Who has blocked somebody is in no challenge with them that one of the two has made, as long as it is not over.

use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::app::challenges::indexes;
use crate::app::{App, AppError};
use crate::backend::Range;
use crate::domain::ids::UserId;
use crate::limits;

impl App {
    /// Whom `by` has blocked is taken out of what `by` has made, and `by` out of what they have made. Nothing, if they are not
    /// blocked any more.
    pub(in crate::app) async fn send_out_of_challenges(&self, by: &UserId, whom: &UserId) -> Result<(), AppError> {
        if self.friendships(by, &[whom]).await?.iter().all(|tie| tie.own.blocks.is_none()) {
            return Ok(());
        }
        for (creator, other) in [(by, whom), (whom, by)] {
            for index in [indexes::open_of(other), indexes::asking(other)] {
                let range = Range::all(index, limits::LIST_LOOKED_AT_MAX);
                let records = self.read_challenges(&self.backend.range(&range).await?.members).await?;
                let made = records.iter().filter(|it| it.challenge.creator.as_ref() == Some(creator));
                let struck: Vec<_> =
                    made.map(|it| self.strike_from_challenge(it.challenge.id, other).boxed()).collect();
                stream::iter(struck).buffer_unordered(limits::SENT_OUT_AT_ONCE).try_collect::<Vec<()>>().await?;
            }
        }
        Ok(())
    }
}
