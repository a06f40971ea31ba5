pub mod app;
pub mod backend;
pub mod clock;
pub mod domain;
pub mod http;
pub mod limits;
pub mod tracks;
