//! A running control plane.

mod builder;
mod condition;
mod shutdown;

pub use builder::{ControlPlaneBuilder, Part};
pub use condition::{NotReached, View};
pub use shutdown::Stopped;

use crate::manifest::{self, ManifestError, ManifestObject};
use kube_controllers::runtime::{self as controllers, ManagerHandle};
use kube_core::env::Env;
use kube_core::error::ApiError;
use kube_core::graph::{ObjectRef, OwnerGraph};
use kube_core::resource::{GroupResource, KindInfo, ObjectKey, Resource};
use kube_core::view::Meta;
use kube_net::ServiceResolver;
use kube_net::alloc::{Repaired, repair};
use kube_sched::{SchedulerHandle, Why};
use kube_store::api::Api;
use kube_store::client::Running;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::service::{Access, ListQuery, ObjectService};
use kube_store::storage::Storage;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A running control plane: a store with API semantics, and the components that work on it.
///
/// Dropping it aborts the components; [`ControlPlane::shutdown`] stops them in order.
#[derive(Debug)]
pub struct ControlPlane {
    env: Env,
    storage: Arc<dyn Storage>,
    objects: Arc<Objects>,
    access: Arc<Access>,
    informers: Informers,
    resolver: ServiceResolver,
    scheduler: Option<SchedulerHandle>,
    controllers: ManagerHandle,
    handled: BTreeSet<GroupResource>,
    // In the order in which they were started.
    running: Vec<Running>,
    view: View,
}

impl ControlPlane {
    /// Begins with an in-memory store, the default scheduler, and neither controllers nor nodes.
    pub fn builder() -> ControlPlaneBuilder {
        ControlPlaneBuilder::default()
    }

    /// The environment that the components live in.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The objects, for any kind.
    pub fn service(&self) -> Arc<dyn ObjectService> {
        self.objects.clone()
    }

    /// The caches that the components share.
    pub fn informers(&self) -> &Informers {
        &self.informers
    }

    /// The roles and bindings of this plane: who may do what, and its objects in the name of users.
    ///
    /// ```
    /// use kube_core::kinds::core::v1::Pod;
    /// use kube_core::rbac::User;
    /// use kube_plane::ControlPlane;
    /// use kube_store::api::Api;
    ///
    /// # let runtime = tokio::runtime::Runtime::new()?;
    /// # runtime.block_on(async {
    /// let plane = ControlPlane::builder().start().await?;
    /// let ann = User::new("ann", ["developers"]);
    /// let pods: Api<Pod> = Api::namespaced(plane.access().as_user(ann), "default");
    /// assert_eq!(pods.get("web").await.unwrap_err().code, 403);
    /// # plane.shutdown().await.unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn access(&self) -> &Arc<Access> {
        &self.access
    }

    /// Objects of the kind `K`, in all namespaces; narrow it by [`Api::in_namespace`].
    pub fn api<K: Resource>(&self) -> Api<K> {
        Api::all(self.objects.clone())
    }

    /// Creates or merges every document of a YAML stream, or none of them. `source` names the stream in errors.
    ///
    /// # Errors
    /// The first document that is refused, and why.
    pub async fn apply_yaml(&self, source: &str, stream: &str) -> Result<Vec<ManifestObject>, ManifestError> {
        self.apply_files(&[(source, stream)]).await
    }

    /// As [`ControlPlane::apply_yaml`], for several streams (name and text): all of them, or none.
    ///
    /// # Errors
    /// The first document that is refused, and why.
    pub async fn apply_files(&self, streams: &[(&str, &str)]) -> Result<Vec<ManifestObject>, ManifestError> {
        manifest::apply(streams, &*self.objects).await
    }

    /// Frees cluster IPs and node ports that no Service holds, and notes those that one holds: see
    /// [`repair`]. Finds nothing in a store that only planes have written.
    ///
    /// # Errors
    /// What the store answers, and what is stored and does not decode.
    pub async fn repair_allocations(&self) -> Result<Repaired, ApiError> {
        repair(&self.objects, &self.env).await
    }

    /// The kinds whose objects a component of this plane acts on.
    pub fn controlled_kinds(&self) -> &BTreeSet<GroupResource> {
        &self.handled
    }

    /// Names and addresses of services, and the endpoints behind them.
    pub fn resolver(&self) -> &ServiceResolver {
        &self.resolver
    }

    /// Why the pod is pending, if the scheduler tried and found no node; `pod` is `namespace/name`.
    pub fn why_pending(&self, pod: &str) -> Option<Why> {
        self.scheduler.as_ref()?.why(&ObjectKey::from(pod))
    }

    /// The controllers: how they are, and why they wrote what.
    pub fn controllers(&self) -> &ManagerHandle {
        &self.controllers
    }

    /// Why an object is as it is, if a controller wrote it last: the chain of causes. `object` is `namespace/name`.
    pub fn why<K: Resource>(&self, object: &str) -> Option<controllers::Why> {
        self.controllers.why(K::kind_info(), &ObjectKey::from(object))
    }

    /// Who owns whom, over every object stored.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn owners(&self) -> Result<OwnerGraph, ApiError> {
        let mut graph = OwnerGraph::default();
        for kind in self.objects.kinds() {
            for object in self.objects.list(&kind, &ListQuery::all()).await?.items {
                let owners: Vec<ObjectRef> = owners(&object.meta);
                graph.upsert(&reference(&kind, &object.meta), &owners);
            }
        }
        Ok(graph)
    }
}

fn reference(kind: &KindInfo, meta: &Meta) -> ObjectRef {
    ObjectRef {
        api_version: kind.api_version().into(),
        kind: kind.kind.as_ref().into(),
        key: meta.key(),
        uid: meta.uid.clone(),
    }
}

fn owners(meta: &Meta) -> Vec<ObjectRef> {
    let owned = meta.owner_references.iter().map(|owner| ObjectRef {
        api_version: owner.api_version.clone(),
        kind: owner.kind.clone(),
        key: ObjectKey::new(meta.namespace.clone(), owner.name.clone()),
        uid: owner.uid.clone(),
    });
    owned.collect()
}
