//! Putting an [`Objects`] together.

use super::admission::Admission;
use super::contribution::Contributor;
use super::keys::Keys;
use super::registry::KindRegistry;
use super::strategy::{Strategy, default_strategy};
use super::virtual_resource::VirtualResource;
use super::watched::Watched;
use super::{KindInfo, Objects};
use crate::storage::Storage;
use crate::unreadable::Unreadable;
use kube_core::env::Env;
use kube_core::metrics::Metrics;
use kube_core::resource::builtin_kinds;
use std::sync::Arc;

/// Builds an [`Objects`]: built-in kinds, plus or instead of them what is registered here.
///
/// ```
/// use kube_core::kinds::core::v1::{Namespace, Pod};
/// use kube_store::objects::{Objects, ObjectsBuilder, admission};
/// use kube_store::{api::Api, rt, storage::MemoryStorage};
/// use serde_json::{from_value, json};
/// use std::sync::Arc;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// // As an API server has it: Kubernetes' plugins, and one of our own.
/// let no_latest = admission::Policy::validate("no-latest", |_cx, pod: &Pod| {
///     let images = pod.spec.iter().flat_map(|spec| &spec.containers).filter_map(|c| c.image.as_deref());
///     match images.into_iter().find(|image| image.ends_with(":latest")) {
///         Some(image) => Err(format!("{image} names no version")),
///         None => Ok(()),
///     }
/// });
/// let builder = Objects::builder(Arc::new(MemoryStorage::new()), rt::env());
/// let plugins = admission::builtin().into_iter().filter(|plugin| plugin.name() != "ServiceAccount");
/// let objects = plugins.fold(builder, ObjectsBuilder::admission).admission(Arc::new(no_latest)).build();
///
/// let shop: Namespace = from_value(json!({"metadata": {"name": "shop"}}))?;
/// Api::all(objects.clone()).create(&shop).await?;
/// let pod: Pod = from_value(json!({
///     "metadata": {"name": "web"}, "spec": {"containers": [{"name": "web", "image": "web:latest"}]},
/// }))?;
/// let refused = Api::namespaced(objects, "shop").create(&pod).await.unwrap_err();
/// assert_eq!(refused.message, r#"pods "web" is forbidden: web:latest names no version"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct ObjectsBuilder {
    storage: Arc<dyn Storage>,
    env: Env,
    prefix: String,
    changes: Vec<Change>,
    admission: Vec<Arc<dyn Admission>>,
    watched: Watched,
}

#[derive(Debug)]
enum Change {
    Kind(Arc<KindInfo>, Arc<dyn Strategy>),
    Strategy(String, String, Arc<dyn Strategy>),
    Contributor(String, String, Arc<dyn Contributor>),
    Virtual(Arc<KindInfo>, Arc<dyn VirtualResource>),
}

impl ObjectsBuilder {
    pub(super) fn new(storage: Arc<dyn Storage>, env: Env) -> Self {
        let prefix = "/registry".to_owned();
        let watched = Watched::default();
        Self { storage, env, prefix, changes: Vec::new(), admission: Vec::new(), watched }
    }

    /// Serves one more kind, by this strategy.
    #[must_use]
    pub fn kind(mut self, kind: KindInfo, strategy: Arc<dyn Strategy>) -> Self {
        self.changes.push(Change::Kind(Arc::new(kind), strategy));
        self
    }

    /// Another strategy for every version of a kind.
    #[must_use]
    pub fn strategy(mut self, group: &str, kind: &str, strategy: Arc<dyn Strategy>) -> Self {
        self.changes.push(Change::Strategy(group.to_owned(), kind.to_owned(), strategy));
        self
    }

    /// One more contribution to the transactions of a kind, after those it has.
    #[must_use]
    pub fn contributor(mut self, group: &str, kind: &str, contributor: Arc<dyn Contributor>) -> Self {
        self.changes.push(Change::Contributor(group.to_owned(), kind.to_owned(), contributor));
        self
    }

    /// Serves a kind that is not stored: `provider` answers for it. One of the same group, version and resource is
    /// replaced.
    #[must_use]
    pub fn virtual_resource(mut self, kind: KindInfo, provider: Arc<dyn VirtualResource>) -> Self {
        self.changes.push(Change::Virtual(Arc::new(kind), provider));
        self
    }

    /// One more admission plugin, after those before it.
    #[must_use]
    pub fn admission(mut self, plugin: Arc<dyn Admission>) -> Self {
        self.admission.push(plugin);
        self
    }

    /// Counts in `metrics`: objects that cannot be read, as `apiserver_storage_decode_errors_total` by group and
    /// resource.
    #[must_use]
    pub fn metrics(mut self, metrics: Arc<dyn Metrics>) -> Self {
        self.watched.metrics = metrics;
        self
    }

    /// Calls `handler` with every object that a cache cannot read and leaves out. It runs where the cache takes in
    /// what the store published: it must neither block nor ask for objects.
    #[must_use]
    pub fn on_unreadable(mut self, handler: impl Fn(&Unreadable) + Send + Sync + 'static) -> Self {
        self.watched.told.push(Arc::new(handler));
        self
    }

    /// Another prefix of all keys than `/registry`.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// The objects.
    pub fn build(mut self) -> Arc<Objects> {
        let kinds = KindRegistry::new(Keys::new(&self.prefix));
        kinds.register_all(
            builtin_kinds().iter().map(|info| (Arc::new(info.clone()), default_strategy(info))),
        );
        for change in std::mem::take(&mut self.changes) {
            match change {
                Change::Kind(info, strategy) => kinds.register(&info, &strategy, true),
                Change::Virtual(info, provider) => kinds.register_provided(&info, &provider),
                Change::Strategy(group, kind, strategy) => {
                    kinds.change(&group, &kind, |rules| rules.strategy = strategy.clone());
                }
                Change::Contributor(group, kind, contributor) => {
                    kinds.change(&group, &kind, |rules| rules.contributors.push(contributor.clone()));
                }
            }
        }
        let Self { storage, env, admission, watched, .. } = self;
        Arc::new(Objects { storage, env, kinds, admission, watched })
    }
}
