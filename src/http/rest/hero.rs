//! `/api/tasks/hero`: the caller as the game knows them: what they have, when their days begin, what they buy.

use serde::Deserialize;
use warp::http::Method;

use super::Call;
use super::envelope::{Error, Success};
use super::reading::{body, no_parameters};
use super::tasks::once;
use crate::app::AppError;
use crate::app::documents::HabitHeroEdit;
use crate::domain::habit::ops::Goods;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Hero,
    Buy,
    Revive,
}

impl super::Place for Place {
    fn at(path: &[&str]) -> Option<Result<Self, AppError>> {
        let ["tasks", "hero", rest @ ..] = path else { return None };
        Some(match rest {
            [] => Ok(Self::Hero),
            ["buy"] => Ok(Self::Buy),
            ["revive"] => Ok(Self::Revive),
            _ => Err(AppError::NotFound("resource")),
        })
    }

    fn template(&self) -> &'static str {
        match self {
            Self::Hero => "/api/tasks/hero",
            Self::Buy => "/api/tasks/hero/buy",
            Self::Revive => "/api/tasks/hero/revive",
        }
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::Hero => &[Method::GET, Method::HEAD, Method::PATCH],
            Self::Buy | Self::Revive => &[Method::POST],
        }
    }

    fn is_open(&self, _: &Method) -> bool {
        false
    }

    async fn call(self, call: &Call<'_>) -> Result<Success, Error> {
        match (self, call.method) {
            (Self::Hero, &Method::GET) => show(call).await,
            (Self::Hero, _) => change(call).await,
            (Self::Buy, _) => buy(call).await,
            (Self::Revive, _) => revive(call).await,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Buy {
    goods: String,
}

/// `GET /api/tasks/hero`.
async fn show(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    no_parameters(call.request)?;
    Success::ok(&call.app.habit_hero(identity).await?)
}

/// `PATCH /api/tasks/hero?op_id=`.
async fn change(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let change = body::<HabitHeroEdit>(call.request)?.read()?;
    Success::ok(&call.app.change_habit_hero(identity, change, once).await?)
}

/// `POST /api/tasks/hero/buy?op_id=`.
async fn buy(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    let once = once(call)?;
    let Buy { goods } = body(call.request)?;
    let problem = "must be one of armor, head, potion, shield and weapon";
    let goods = Goods::parse(&goods).ok_or_else(|| AppError::invalid("goods", problem))?;
    Success::ok(&call.app.buy_habit_goods(identity, goods, once).await?)
}

/// `POST /api/tasks/hero/revive?op_id=`. There is nothing to say in a body.
async fn revive(call: &Call<'_>) -> Result<Success, Error> {
    let identity = call.caller.identity()?;
    Success::ok(&call.app.revive_habit_hero(identity, once(call)?).await?)
}
