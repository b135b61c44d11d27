//! A watch that notes what it delivers.

use super::call::WatchLog;
use super::recorder::Recorder;
use crate::storage::{Revision, StorageError, StorageResult, WatchItem, WatchSource, WatchStream};
use futures::Stream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A watch whose deliveries are recorded.
pub(super) struct RecordedWatch {
    inner: WatchStream,
    recorder: Arc<Recorder>,
    log: Option<WatchLog>,
    ended: bool,
}

impl RecordedWatch {
    pub(super) fn new(inner: WatchStream, recorder: Arc<Recorder>, log: WatchLog) -> Self {
        Self { inner, recorder, log: Some(log), ended: false }
    }

    fn note(&mut self, item: &StorageResult<WatchItem>) {
        self.ended |= item.is_err();
        let at = self.recorder.tick();
        if let Some(log) = &mut self.log {
            log.items.push((at, item.clone()));
        }
    }
}

impl WatchSource for RecordedWatch {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<StorageResult<WatchItem>> {
        let item = match Pin::new(&mut self.inner).poll_next(cx) {
            Poll::Ready(Some(item)) => item,
            Poll::Ready(None) => Err(StorageError::Closed),
            Poll::Pending => return Poll::Pending,
        };
        self.note(&item);
        Poll::Ready(item)
    }

    fn try_next(&mut self) -> Option<StorageResult<WatchItem>> {
        let item = self.inner.try_next()?;
        self.note(&item);
        Some(item)
    }

    fn position(&self) -> Revision {
        self.inner.position()
    }
}

impl Drop for RecordedWatch {
    fn drop(&mut self) {
        if let Some(mut log) = self.log.take() {
            log.position = (!self.ended).then(|| self.inner.position());
            self.recorder.watched(log);
        }
    }
}
