//! Opening watches.

use super::core::Core;
use super::cursor::Cursor;
use crate::storage::{KeyRange, StorageError, StorageResult, WatchFrom, WatchOptions, WatchStream};
use futures::channel::oneshot::{self, Sender};
use std::sync::Arc;

/// Who waits for a watch.
type Asker = Sender<StorageResult<WatchStream>>;

impl Core {
    /// Opens a watch, however long etcd cannot be reached.
    ///
    /// It is done by a task of its own: whoever waits for it may poll inside a waker, as
    /// [`KindCache`](crate::cache::KindCache) does, and HTTP/2 calls wakers while it holds the locks that asking etcd
    /// takes.
    pub(super) async fn watch(
        self: &Arc<Self>,
        range: &KeyRange,
        options: &WatchOptions,
    ) -> StorageResult<WatchStream> {
        let (asker, answer) = oneshot::channel();
        let (core, range, options) = (self.clone(), range.clone(), *options);
        let opening = async move {
            if let Some(opened) = core.persist(&range, &options, &asker).await {
                drop(asker.send(opened));
            }
        };
        drop(self.options.env.spawn("etcd-open", opening));
        answer.await.unwrap_or(Err(StorageError::Closed))
    }

    /// Tries until etcd answers, or nobody waits for it any more.
    async fn persist(
        self: &Arc<Self>,
        range: &KeyRange,
        options: &WatchOptions,
        asker: &Asker,
    ) -> Option<StorageResult<WatchStream>> {
        loop {
            let opened = self.begin(range, options).await;
            if asker.is_canceled() {
                return None;
            }
            match opened {
                Err(StorageError::Medium { what }) if !self.is_closed() && self.is_outage().await => {
                    tracing::debug!(%what, "opening a watch of etcd again");
                }
                opened => return Some(opened),
            }
        }
    }

    async fn begin(self: &Arc<Self>, range: &KeyRange, options: &WatchOptions) -> StorageResult<WatchStream> {
        let (from, state) = match options.from {
            WatchFrom::After(revision) => {
                self.held(revision).await?;
                (revision, None)
            }
            WatchFrom::Now => (self.head().await?, None),
            WatchFrom::Initial => {
                let (revision, items) = self.state(range).await?;
                (revision, Some(items))
            }
        };
        self.open()?;
        Ok(WatchStream::new(Box::new(Cursor::open(self.clone(), range, options, from, state))))
    }
}
