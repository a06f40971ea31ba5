//! What a room knows that shows where many are: the picture, and how often it has said what changed in it.
//!
//! Each frame counts as a change of the room, so that who comes in is told the picture and then every frame that is not in it,
//! by the same rules as everywhere. Frames say where runners are now, not how they have moved: what the picture has said
//! already may be said again.

use bytes::Bytes;
use parking_lot::Mutex;

use crate::app::AppError;
use crate::app::feeds::{ListingOf, Picture};
use crate::domain::time::Timestamp;
use crate::limits;

pub struct Show {
    pub of: ListingOf,
    state: Mutex<State>,
}

struct State {
    picture: Picture,
    /// How many frames have been said.
    frames: u64,
    /// The whole picture as it was last written, for whom, and when.
    whole: Option<(u64, Timestamp, Bytes)>,
}

impl Show {
    pub fn new(of: ListingOf) -> Self {
        Self { of, state: Mutex::new(State { picture: Picture::new(of), frames: 0, whole: None }) }
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
