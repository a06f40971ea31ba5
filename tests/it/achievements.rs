//! Achievements: the engine, what feeds it, who hears of it, and how rules are written.

mod attended;
mod authoring;
mod boards;
mod catalogue;
mod counted;
mod dry_run;
mod endings;
mod engine;
mod fair;
mod fed;
mod judged;
mod live;
mod lossy;
mod periods;
mod places;
mod pushed;
mod races;
mod recommended;
mod standings;
mod together;
mod world;
