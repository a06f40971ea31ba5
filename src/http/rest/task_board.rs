//! `/api/tasks/board`: the caller's whole board at one version, for a device that keeps it and goes by the changes that it hears.

use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::no_parameters;
use crate::app::AppError;
use crate::app::documents::HabitBoardDocument;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Board,
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["tasks", "board", rest @ ..] = path else { return None };
        Some(if rest.is_empty() { Ok(Self::Board) } else { Err(AppError::NotFound("resource")) })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Board => "/api/tasks/board",
        }
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET, Method::HEAD]
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        let identity = call.caller.identity()?;
        no_parameters(call.request)?;
        let applied = call.app.apply_habits(identity, Vec::new(), None).await?;
        Success::ok(&HabitBoardDocument::of(&applied.board))
    }
}
