//! A handle that one thread keeps.

use super::endpoint::Endpoint;
use super::handle::{Seen, ServiceHandle};
use super::picked::Picked;
use super::pool::Pool;
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
    ground: Option<Ground>,
}

/// What picks are made of as long as nothing changes.
#[derive(Clone, Debug)]
struct Ground {
    seen: Seen,
    /// What a caller may use who does not say where it is; `None` for nothing.
    pool: Option<Arc<Pool>>,
}

impl LocalHandle {
    pub(super) fn new(handle: ServiceHandle) -> Self {
        Self { handle, ground: None }
    }

    /// The handle that this was made of.
    pub fn handle(&self) -> &ServiceHandle {
        &self.handle
    }

    /// As [`ServiceHandle::peek`].
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    #[inline]
    pub fn peek(&mut self) -> Result<&Arc<Endpoint>, ResolveError> {
        self.peek_for(&PickContext::NONE)
    }

    /// As [`ServiceHandle::peek_for`].
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    #[inline]
    pub fn peek_for(&mut self, cx: &PickContext<'_>) -> Result<&Arc<Endpoint>, ResolveError> {
        let (handle, ground) = self.look()?;
        if handle.is_nowhere(cx) {
            return handle.peek_in(ground.pool.as_ref(), cx);
        }
        let cx = handle.context(cx);
        handle.peek_in(handle.pool(&ground.seen.service, &cx)?, &cx)
    }

    /// As [`ServiceHandle::pick`].
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    #[inline]
    pub fn pick(&mut self) -> Result<Picked, ResolveError> {
        self.pick_for(&PickContext::NONE)
    }

    /// As [`ServiceHandle::pick_for`].
    ///
    /// # Errors
    /// As [`ServiceHandle::pick`].
    #[inline]
    pub fn pick_for(&mut self, cx: &PickContext<'_>) -> Result<Picked, ResolveError> {
        loop {
            let (handle, ground) = self.look()?;
            let number = ground.seen.number;
            let picked = if handle.is_nowhere(cx) {
                handle.pick_from(ground.pool.as_ref(), number, cx)?
            } else {
                let cx = handle.context(cx);
                handle.pick_from(handle.pool(&ground.seen.service, &cx)?, number, &cx)?
            };
            if let Some(picked) = picked {
                return Ok(picked);
            }
        }
    }

    /// The Service as it is now.
    #[inline]
    fn look(&mut self) -> Result<(&ServiceHandle, &Ground), ResolveError> {
        let current = self.ground.as_ref().is_some_and(|ground| self.handle.is_current(ground.seen.number));
        if !current {
            self.ground = None;
        }
        let ground = match &mut self.ground {
            Some(ground) => ground,
            none => none.insert(Ground::of(&self.handle)?),
        };
        Ok((&self.handle, ground))
    }
}

impl Ground {
    #[cold]
    fn of(handle: &ServiceHandle) -> Result<Self, ResolveError> {
        let seen = handle.look()?;
        let pool = handle.pool(&seen.service, &PickContext::NONE)?.cloned();
        Ok(Self { seen, pool })
    }
}
