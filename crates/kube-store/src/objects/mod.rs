//! The API semantics, once: what Kubernetes' API server does to objects between a request and the store.
//!
//! [`Objects`] serves every verb of [`ObjectService`](crate::service::ObjectService) over any
//! [`Storage`]. One request is planned on values (defaults, admission, rules, metadata,
//! finalizers, contributions), collected as one transaction, and stored at one revision; when it loses a race it is
//! planned again from what is stored then. A [`Strategy`] holds what differs from kind to kind.
//!
//! Objects stand at `/registry/<group or core>/<resource>/[<namespace>/]<name>` as canonical JSON without
//! `resourceVersion`.

pub mod admission;
mod binding;
mod builder;
mod candidate;
mod commit;
mod contribution;
mod delete;
mod draft;
pub mod errors;
mod eviction;
mod keys;
mod list;
mod metadata;
mod parts;
mod plan;
pub(crate) mod registry;
mod scale;
mod service;
pub mod strategy;
mod strict;
mod system;
mod token;
mod transact;
mod update;
mod virtual_resource;
mod watched;

pub use admission::Admission;
pub use builder::ObjectsBuilder;
pub use candidate::{Candidate, Stored};
pub use contribution::{Contribution, Contributor, Operation, RangeRead, Read, TxnBuilder};
pub use keys::Keys;
pub use strategy::Strategy;
pub use virtual_resource::VirtualResource;

use crate::cache::KindCache;
use crate::storage::Storage;
use crate::unreadable::LeftOut;
use kube_core::codec::Codec;
use kube_core::env::Env;
use kube_core::resource::{KindInfo, Resource};
use registry::{KindRegistry, Served};
use std::sync::Arc;
use watched::Watched;

/// Objects over a store: the API server without the server.
///
/// It knows no users: whoever holds it may do everything, and reviews (`SelfSubjectAccessReview` and its siblings) are
/// refused with 405. [`Access`](crate::service::Access) over it is a service in the name of a user, which RBAC limits and
/// which answers them.
///
/// ```
/// use kube_core::kinds::core::v1::Pod;
/// use kube_store::{api::Api, objects::Objects, rt, storage::MemoryStorage};
/// use serde_json::{from_value, json};
/// use std::sync::Arc;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let objects = Objects::new(Arc::new(MemoryStorage::new()), rt::env());
/// let pods: Api<Pod> = Api::namespaced(objects.clone(), "shop");
/// let web: Pod = from_value(json!({
///     "metadata": {"generateName": "web-"}, "spec": {"containers": [{"name": "web", "image": "web"}]},
/// }))?;
/// let made = pods.create(&web).await?;
/// assert_eq!(made.spec.unwrap().restart_policy.as_deref(), Some("Always"));
///
/// assert!(made.metadata.name.unwrap().starts_with("web-"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct Objects {
    storage: Arc<dyn Storage>,
    env: Env,
    kinds: KindRegistry,
    admission: Vec<Arc<dyn Admission>>,
    watched: Watched,
}

impl Objects {
    /// Every built-in kind with its default strategy, and no admission.
    pub fn new(storage: Arc<dyn Storage>, env: Env) -> Arc<Self> {
        Self::builder(storage, env).build()
    }

    /// Begins with every built-in kind and its default strategy.
    pub fn builder(storage: Arc<dyn Storage>, env: Env) -> ObjectsBuilder {
        ObjectsBuilder::new(storage, env)
    }

    /// The store below.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Makes the keys of objects.
    pub fn keys(&self) -> &Keys {
        self.kinds.keys()
    }

    /// Serves one more kind, with metadata rules alone; a kind of the same group, version and resource is replaced.
    pub fn register(&self, kind: KindInfo) {
        let plain: Arc<dyn Strategy> = Arc::new(strategy::Plain::default());
        self.kinds.register(&Arc::new(kind), &plain, true);
    }

    /// Serves the kind `K`, whose objects must decode as `K`.
    pub fn register_kind<K: Resource>(&self) {
        let coded: Arc<dyn Strategy> = Arc::new(strategy::Coded::new(K::kind_info(), Codec::of::<K>()));
        self.kinds.register(&Arc::new(K::kind_info().clone()), &coded, true);
    }

    /// The cache of a kind, begun when it is first asked for.
    pub(crate) fn cache(&self, served: &Served) -> Arc<KindCache> {
        let begin = || {
            let left_out = self.watched.account(&served.info);
            KindCache::new(self.storage.clone(), &served.info, &served.prefix, served.fields(), &left_out)
        };
        served.cache.get_or_init(begin).clone()
    }

    /// What the caches of kinds that were listed or watched could not read and left out, by kind; kinds without any are
    /// not named.
    pub fn unreadable(&self) -> Vec<(Arc<KindInfo>, LeftOut)> {
        self.watched.unreadable()
    }
}
