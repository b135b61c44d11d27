//! Changes, decoded.

use crate::service::{ObjectEvent, ObjectStream};
use crate::storage::Revision;
use futures::Stream;
use kube_core::error::ApiError;
use kube_core::view::{RawObject, View};
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// One change of what a watch selects.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<K> {
    /// The object is there now and was not before (or began to match).
    Added(K),
    /// The object changed.
    Modified(K),
    /// The object is gone (or ceased to match): its last state, with the version of the deletion.
    Deleted(K),
    /// Everything up to this revision was delivered. The first one ends the initial state.
    Bookmark(Revision),
}

/// Changes, decoded. After an error it ends.
pub struct EventStream<K> {
    objects: ObjectStream,
    decoded: PhantomData<fn() -> K>,
}

impl<K: View> EventStream<K> {
    /// The changes of `objects`, decoded.
    pub fn new(objects: ObjectStream) -> Self {
        Self { objects, decoded: PhantomData }
    }
}

fn decode<K: View>(raw: &RawObject) -> Result<K, ApiError> {
    K::decode(raw).map_err(ApiError::internal)
}

fn decoded<K: View>(event: &ObjectEvent) -> Result<Event<K>, ApiError> {
    Ok(match event {
        ObjectEvent::Added(raw) => Event::Added(decode(raw)?),
        ObjectEvent::Modified(raw) => Event::Modified(decode(raw)?),
        ObjectEvent::Deleted(raw) => Event::Deleted(decode(raw)?),
        ObjectEvent::Bookmark(revision) => Event::Bookmark(*revision),
    })
}

impl<K: View> Stream for EventStream<K> {
    type Item = Result<Event<K>, ApiError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.objects).poll_next(cx);
        next.map(|item| item.map(|event| event.and_then(|event| decoded(&event))))
    }
}

impl<K> fmt::Debug for EventStream<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventStream")
    }
}
