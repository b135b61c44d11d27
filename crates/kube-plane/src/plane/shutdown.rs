//! Stopping in order, and knowing why something stopped by itself.

use super::ControlPlane;
use kube_core::error::ApiError;
use kube_store::storage::Storage;

/// A component that ended with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Its name.
    pub component: String,
    /// Why it ended.
    pub cause: ApiError,
}

impl ControlPlane {
    /// Stops the components one after the other, the last started first, then the caches, then the store. Afterwards the
    /// store's directory can be opened again.
    ///
    /// # Errors
    /// The components that ended with an error, before or while they were stopped.
    pub async fn shutdown(mut self) -> Result<(), Vec<Stopped>> {
        let mut failed = Vec::new();
        while let Some(running) = self.running.pop() {
            running.stop();
            if let Err(cause) = running.ended().await {
                failed.push(Stopped { component: running.name().to_owned(), cause });
            }
        }
        self.informers.stop();
        self.storage.close();
        self.storage.closed().await;
        if failed.is_empty() { Ok(()) } else { Err(failed) }
    }

    /// The components that ended by themselves, and why. Empty while everything runs.
    pub fn stopped(&self) -> Vec<Stopped> {
        let ended = self.running.iter().filter_map(|running| match running.result() {
            Some(Err(cause)) => Some(Stopped { component: running.name().to_owned(), cause }),
            _ => None,
        });
        ended.collect()
    }

    /// Resolves once every component has ended: by itself, since nobody was told to stop. When the store is closed
    /// below a running plane, each ends with that cause.
    pub async fn ended(&self) -> Vec<Stopped> {
        for running in &self.running {
            // The cause is read below, for all of them alike.
            let _cause = running.ended().await;
        }
        self.stopped()
    }

    /// The store.
    pub fn storage(&self) -> &dyn Storage {
        &*self.storage
    }
}
