//! How much a list looks at for one request, so that it can be paid for: a page that shows nothing may have cost as much as
//! a thousand others.
//!
//! The count belongs to the request's task and needs no hand to carry it; what it costs is for [`allowances`] to know.
//!
//! [`allowances`]: crate::app::allowances

use std::cell::Cell;

tokio::task_local! {
    static LOOKED_AT: Cell<usize>;
}

/// So many members of an index were looked at. Where nobody counts it is not counted.
pub(in crate::app) fn add(members: usize) {
    let _ = LOOKED_AT.try_with(|count| count.set(count.get().saturating_add(members)));
}

/// Does the work → what came of it, and how many members were looked at for it.
pub async fn counted<T>(work: impl Future<Output = T>) -> (T, usize) {
    let work = async {
        let done = work.await;
        (done, LOOKED_AT.with(Cell::get))
    };
    LOOKED_AT.scope(Cell::new(0), work).await
}
