//! Every worker of the process stands here, so that a shutdown can wait for all of them.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::AppError;

#[derive(Clone, Default)]
pub struct Workers {
    tracker: TaskTracker,
    /// Cancelled when new work should be brought to others, though it is still done here.
    leaving: CancellationToken,
    /// Cancelled when the process is to end.
    closing: CancellationToken,
}

/// Work for a core that would hold up everybody else on an async thread.
pub async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Internal)
}

impl Workers {
    /// Starts a worker. It should end soon after [`Workers::closing`] is cancelled.
    pub fn spawn(&self, worker: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.tracker.spawn(worker)
    }

    pub fn leaving(&self) -> &CancellationToken {
        &self.leaving
    }

    pub fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// Tells all workers to end and waits until they have.
    pub async fn close(&self) {
        self.leaving.cancel();
        self.closing.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}
