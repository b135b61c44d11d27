//! The index of roles and bindings, kept up with a service.

use crate::service::{ObjectEvent, ObjectService, ObjectStream, WatchQuery};
use futures::Stream;
use kube_core::error::ApiError;
use kube_core::kinds::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube_core::rbac::Policy;
use kube_core::resource::{KindInfo, Resource};
use kube_core::view::{RawObject, View};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Roles and bindings as far as the service has told of them.
#[derive(Default)]
pub(super) struct Index {
    policy: Policy,
    /// One watch for each source; empty until first asked, and after a failure.
    streams: Vec<(Source, ObjectStream)>,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").field("streams", &self.streams.len()).finish_non_exhaustive()
    }
}

impl Index {
    /// The policy with everything that the service has published.
    ///
    /// # Errors
    /// What the service answers; the next question begins anew then.
    pub(super) async fn catch_up(&mut self, service: &dyn ObjectService) -> Result<&Policy, ApiError> {
        if self.streams.is_empty() {
            self.begin(service).await?;
        }
        if let Err(error) = self.drain() {
            self.streams.clear();
            if !error.is_expired() {
                return Err(error);
            }
            // The watch was too slow: what it missed is read again.
            self.begin(service).await?;
        }
        Ok(&self.policy)
    }

    async fn begin(&mut self, service: &dyn ObjectService) -> Result<(), ApiError> {
        let mut policy = Policy::default();
        let mut streams = Vec::with_capacity(Source::ALL.len());
        for source in Source::ALL {
            let mut stream = service.watch(source.kind(), &WatchQuery::all()).await?;
            first_state(source, &mut stream, &mut policy).await?;
            streams.push((source, stream));
        }
        (self.policy, self.streams) = (policy, streams);
        Ok(())
    }

    /// Takes in what was published, without waiting.
    fn drain(&mut self) -> Result<(), ApiError> {
        let mut cx = Context::from_waker(Waker::noop());
        for (source, stream) in &mut self.streams {
            while let Poll::Ready(event) = Pin::new(&mut *stream).poll_next(&mut cx) {
                let event = event.unwrap_or_else(|| Err(ApiError::closed()))?;
                source.apply(&mut self.policy, &event)?;
            }
        }
        Ok(())
    }
}

async fn first_state(source: Source, stream: &mut ObjectStream, policy: &mut Policy) -> Result<(), ApiError> {
    loop {
        let event = poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await;
        let event = event.unwrap_or_else(|| Err(ApiError::closed()))?;
        if matches!(event, ObjectEvent::Bookmark(_)) {
            return Ok(());
        }
        source.apply(policy, &event)?;
    }
}

/// Where rules come from.
#[derive(Clone, Copy, Debug)]
enum Source {
    Role,
    ClusterRole,
    RoleBinding,
    ClusterRoleBinding,
}

impl Source {
    const ALL: [Self; 4] = [Self::Role, Self::ClusterRole, Self::RoleBinding, Self::ClusterRoleBinding];

    fn kind(self) -> &'static KindInfo {
        match self {
            Self::Role => Role::kind_info(),
            Self::ClusterRole => ClusterRole::kind_info(),
            Self::RoleBinding => RoleBinding::kind_info(),
            Self::ClusterRoleBinding => ClusterRoleBinding::kind_info(),
        }
    }

    fn apply(self, policy: &mut Policy, event: &ObjectEvent) -> Result<(), ApiError> {
        match event {
            ObjectEvent::Added(raw) | ObjectEvent::Modified(raw) => self.set(policy, raw)?,
            ObjectEvent::Deleted(raw) => self.remove(policy, raw),
            ObjectEvent::Bookmark(_) => {}
        }
        Ok(())
    }

    fn set(self, policy: &mut Policy, raw: &RawObject) -> Result<(), ApiError> {
        match self {
            Self::Role => policy.set_role(&decode(raw)?),
            Self::ClusterRole => policy.set_cluster_role(&decode(raw)?),
            Self::RoleBinding => policy.set_role_binding(&decode(raw)?),
            Self::ClusterRoleBinding => policy.set_cluster_role_binding(&decode(raw)?),
        }
        Ok(())
    }

    fn remove(self, policy: &mut Policy, raw: &RawObject) {
        let (namespace, name) = (&raw.meta.namespace, &raw.meta.name);
        match self {
            Self::Role => policy.remove_role(namespace, name),
            Self::ClusterRole => policy.remove_cluster_role(name),
            Self::RoleBinding => policy.remove_role_binding(namespace, name),
            Self::ClusterRoleBinding => policy.remove_cluster_role_binding(name),
        }
    }
}

fn decode<V: View>(raw: &RawObject) -> Result<V, ApiError> {
    V::decode(raw).map_err(ApiError::internal)
}
