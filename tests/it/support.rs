//! What tests are made with. A behaviour test is written once and runs on every store:
//!
//! ```ignore
//! on_each_store!(a_run_is_listed);
//!
//! async fn a_run_is_listed(kind: StoreKind) {
//!     let site = Site::start(kind).await;
//!     …
//! }
//! ```
//!
//! It then stands in the runner as `embedded::a_run_is_listed` and `redis::a_run_is_listed`; one that is forgotten in the list
//! is a warning, and so an error. Time stands still until [`Site::advance`], which lets the store's keys age too. A second
//! instance on the same store is [`Site::another`]. Whatever is waited for is waited for [`within`] a deadline.

mod around;
pub mod client;
mod held;
pub mod process;
pub mod redis_server;
mod reply;
mod signed;
mod site;
mod store;
mod streamed;

use std::time::Duration;

pub use around::{Around, Verbs};
pub use client::Client;
pub use held::Held;
pub use reply::{Reply, send};
pub use signed::{API_KEY, SECRET, signed, signed_with};
pub use site::{Runner, Site, http_client};
pub use store::{Store, StoreKind};
pub use streamed::Streamed;

/// Far above anything that a test waits for, on a busy machine too.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Makes a test on every store of each of these functions, `async fn(StoreKind)`.
macro_rules! on_each_store {
    ($($test:ident),* $(,)?) => {
        $crate::support::on_each_store! { @embedded Embedded: $($test)* }
        $crate::support::on_each_store! { @redis Redis: $($test)* }
    };
    (@$store:ident $kind:ident: $($test:ident)*) => {
        mod $store {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test($crate::support::StoreKind::$kind).await;
            })*
        }
    };
}
pub(crate) use on_each_store;

pub async fn within<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("in time")
}

/// All instances look at once, until there is nothing to do any more.
pub async fn duties(sites: &[&Site]) {
    within(async {
        loop {
            let done = futures::future::join_all(sites.iter().map(|site| site.app.do_duties())).await;
            let followed = sites.iter().map(|site| site.app.carry_out_follow_ups());
            let followed = futures::future::join_all(followed).await;
            if done.into_iter().chain(followed).map(Result::unwrap).sum::<usize>() == 0 {
                return;
            }
        }
    })
    .await;
}

/// Waits for what comes about by itself; looks once a millisecond.
pub async fn until(condition: impl Fn() -> bool) {
    within(async {
        let mut looks = tokio::time::interval(Duration::from_millis(1));
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while !condition() {
            looks.tick().await;
        }
    })
    .await;
}
