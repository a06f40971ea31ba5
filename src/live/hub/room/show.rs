//! What a room knows that shows where many are: the picture, and how often it has said what changed in it.
//!
//! Each frame counts as a change of the room, so that who comes in is told the picture and then every frame that is not in it,
//! by the same rules as everywhere. Frames say where runners are now, not how they have moved: what the picture has said
//! already may be said again.

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::app::AppError;
use crate::app::feeds::{ListingOf, Picture, Word};
use crate::domain::time::Timestamp;
use crate::limits;

pub struct Show {
    pub of: ListingOf,
    state: Mutex<State>,
    stirred: Notify,
}

struct State {
    picture: Picture,
    /// How many frames have been said.
    frames: u64,
    /// Somebody has gone who may be seen here no more, and it is yet to be said.
    is_urgent: bool,
    /// The whole picture as it was last written, for whom, and when.
    whole: Option<(u64, Timestamp, Bytes)>,
}

impl Show {
    pub fn new(of: ListingOf) -> Self {
        let state = State { picture: Picture::new(of), frames: 0, is_urgent: false, whole: None };
        Self { of, state: Mutex::new(state), stirred: Notify::new() }
    }

    /// Takes in a change of the feed.
    pub fn hear(&self, words: &[Word]) {
        let mut state = self.state.lock();
        state.picture.hear(words);
        state.is_urgent |= words.iter().any(Word::is_urgent) && state.picture.has_changed();
    }

    /// Somebody else than the room's worker has changed the picture: the worker is to look at it.
    pub fn stir(&self) {
        self.stirred.notify_one();
    }

    /// Until that is so.
    pub async fn stirred(&self) {
        self.stirred.notified().await;
    }

    /// Whether there is anything to say, and whether that must not wait.
    pub fn has_changed(&self) -> (bool, bool) {
        let state = self.state.lock();
        let has_changed = state.picture.has_changed();
        (has_changed, has_changed && state.is_urgent)
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut Picture) -> T) -> T {
        act(&mut self.state.lock().picture)
    }

    /// The next frame, if there is anything to say, and its number.
    pub fn frame(&self, now: Timestamp) -> Result<Option<(u64, Bytes)>, AppError> {
        let mut state = self.state.lock();
        if !state.picture.has_changed() {
            return Ok(None);
        }
        let frame = state.picture.frame(now)?;
        state.frames += 1;
        state.is_urgent = false;
        Ok(Some((state.frames, frame)))
    }

    /// The whole picture, and the number of the last frame that it covers. Written once for all who come at about one time.
    pub fn whole(&self, now: Timestamp) -> Result<(u64, Bytes), AppError> {
        let mut state = self.state.lock();
        let frames = state.frames;
        let age_ms = |at: &Timestamp| now.as_millis().saturating_sub(at.as_millis());
        if let Some((of, at, whole)) = &state.whole
            && *of == frames
            && (0..limits::PICTURE_AGE_MAX_MS).contains(&age_ms(at))
        {
            return Ok((frames, whole.clone()));
        }
        let whole = state.picture.whole(now)?;
        state.whole = Some((frames, now, whole.clone()));
        Ok((frames, whole))
    }
}
