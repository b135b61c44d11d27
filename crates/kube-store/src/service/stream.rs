//! Changes of objects.

use crate::storage::Revision;
use futures::Stream;
use kube_core::error::ApiError;
use kube_core::view::RawObject;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

/// One change of what a watch selects.
#[derive(Clone, Debug)]
pub enum ObjectEvent {
    /// The object is there now and was not before (or began to match).
    Added(RawObject),
    /// The object changed.
    Modified(RawObject),
    /// The object is gone (or ceased to match): its last state, with the version of the deletion.
    Deleted(RawObject),
    /// Everything up to this revision was delivered. The first one ends the initial state.
    Bookmark(Revision),
}

/// What a service implements to deliver changes.
pub trait ObjectSource: Send {
    /// The next change. It ends with an error, never with `None`.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<ObjectEvent, ApiError>>;
}

/// A stream of changes. After an error it ends.
pub struct ObjectStream(Option<Box<dyn ObjectSource>>);

impl ObjectStream {
    /// A stream that delivers from `source`.
    pub fn new(source: Box<dyn ObjectSource>) -> Self {
        Self(Some(source))
    }
}

impl Stream for ObjectStream {
    type Item = Result<ObjectEvent, ApiError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(source) = self.0.as_mut() else { return Poll::Ready(None) };
        let Poll::Ready(event) = source.poll_next(cx) else { return Poll::Pending };
        if event.is_err() {
            self.0 = None;
        }
        Poll::Ready(Some(event))
    }
}

impl fmt::Debug for ObjectStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectStream")
    }
}
