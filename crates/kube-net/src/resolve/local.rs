//! A handle that one thread keeps.

use super::endpoint::Endpoint;
use super::handle::{Seen, ServiceHandle};
use super::picked::Picked;
use crate::balance::PickContext;
use crate::error::ResolveError;
use std::sync::Arc;

/// A [`ServiceHandle`] for one thread that asks again and again: it holds the state of the Service that it saw last, and asks
/// the resolver for nothing but whether there is a later one.
///
/// What it holds it holds until it is asked again, or dropped.
#[derive(Clone, Debug)]
pub struct LocalHandle {
    handle: ServiceHandle,
    seen: Option<Arc<Seen>>,
}

impl LocalHandle {
    pub(super) fn new(handle: ServiceHandle) -> Self {
        Self { handle, seen: None }
    }

    /// The handle that this was made of.
    pub fn handle(&self) -> &ServiceHandle {
        &self.handle
    }

    /// As [`ServiceHandle::peek`].
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    pub fn peek(&mut self) -> Result<&Arc<Endpoint>, ResolveError> {
        self.peek_for(&PickContext::default())
    }

    /// As [`ServiceHandle::peek_for`].
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    pub fn peek_for(&mut self, cx: &PickContext<'_>) -> Result<&Arc<Endpoint>, ResolveError> {
        let (handle, seen) = self.look()?;
        handle.peek_in(&seen.service, &handle.context(cx))
    }

    /// As [`ServiceHandle::pick`].
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    pub fn pick(&mut self) -> Result<Picked, ResolveError> {
        self.pick_for(&PickContext::default())
    }

    /// As [`ServiceHandle::pick_for`].
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    pub fn pick_for(&mut self, cx: &PickContext<'_>) -> Result<Picked, ResolveError> {
        loop {
            let (handle, seen) = self.look()?;
            let picked = handle.pick_in(&seen.service, cx)?;
            if handle.is_current(seen.number) {
                return Ok(picked);
            }
            picked.cancel();
        }
    }

    /// The Service as it is now.
    fn look(&mut self) -> Result<(&ServiceHandle, &Seen), ResolveError> {
        let current = self.seen.take_if(|seen| self.handle.is_current(seen.number));
        let seen = match current {
            Some(seen) => seen,
            None => self.handle.look()?,
        };
        Ok((&self.handle, self.seen.insert(seen)))
    }
}
