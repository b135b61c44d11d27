//! Informers that a plugin reads outside of nodes and pods.

use super::ClusterEvent;
use kube_core::env::BoxFuture;
use kube_core::error::ApiError;
use kube_core::view::View;
use kube_store::informer::Informer;
use std::fmt;
use std::sync::Arc;

/// Collects the informers that a plugin holds: see [`Plugin::follow`](super::Plugin::follow).
pub struct Watch {
    tell: Arc<dyn Fn(ClusterEvent) + Send + Sync>,
    synced: Vec<BoxFuture<'static, Result<(), ApiError>>>,
}

impl Watch {
    pub(crate) fn new(tell: impl Fn(ClusterEvent) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), synced: Vec::new() }
    }

    /// Changes of these objects may make pods schedulable that the plugin rejected; and nothing is decided before the
    /// informer has read them once.
    pub fn on<V: View>(&mut self, informer: &Informer<V>) -> &mut Self {
        let (tell, kind) = (self.tell.clone(), informer.kind().clone());
        informer.on_change(move |change| {
            if !change.initial {
                tell(ClusterEvent::Other { kind: kind.clone(), key: change.key.clone() });
            }
        });
        let informer = informer.clone();
        self.synced.push(Box::pin(async move { informer.synced().await }));
        self
    }

    pub(crate) fn into_synced(self) -> Vec<BoxFuture<'static, Result<(), ApiError>>> {
        self.synced
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
