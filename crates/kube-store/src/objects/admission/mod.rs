//! Plugins that change or refuse writes, whatever their kind.
//!
//! A write gets its defaults, runs all `mutate` in order, then the rules of its kind, then all `validate` in order;
//! when its transaction is put together, all `contribute`. [`builtin`] lists Kubernetes' own plugins in Kubernetes'
//! order; [`Policy`] makes one of a closure. Source: `k8s.io/apiserver/pkg/admission`.

mod default_storage_class;
mod default_toleration_seconds;
mod limit_ranger;
mod namespace_lifecycle;
mod persistent_volume_claim_resize;
mod pod_security;
mod policy;
mod priority;
mod resource_quota;
mod service_account;

pub use default_storage_class::DefaultStorageClass;
pub use default_toleration_seconds::DefaultTolerationSeconds;
pub use limit_ranger::LimitRanger;
pub use namespace_lifecycle::NamespaceLifecycle;
pub use persistent_volume_claim_resize::PersistentVolumeClaimResize;
pub use pod_security::{Level, LevelVersion, ParseLevelError, PodSecurity};
pub use policy::Policy;
pub use priority::Priority;
pub use resource_quota::ResourceQuota;
pub use service_account::ServiceAccount;

use super::candidate::{Candidate, Stored};
use super::contribution::{Contribution, TxnBuilder};
use async_trait::async_trait;
use kube_core::error::ApiError;
use std::fmt;
use std::sync::Arc;

/// Changes or refuses writes.
///
/// ```
/// use async_trait::async_trait;
/// use kube_core::{error::ApiError, kinds::core::v1::ConfigMap};
/// use kube_store::objects::admission::Admission;
/// use kube_store::objects::{Candidate, Contribution, Objects, Operation, Stored};
/// use kube_store::{api::Api, rt, storage::MemoryStorage};
/// use std::sync::Arc;
///
/// /// Labels what a team creates.
/// #[derive(Debug)]
/// struct Team(&'static str);
///
/// #[async_trait]
/// impl Admission for Team {
///     fn name(&self) -> &'static str {
///         "Team"
///     }
///
///     fn handles(&self, cx: &Contribution<'_>) -> bool {
///         cx.operation() == Operation::Create
///     }
///
///     async fn mutate(
///         &self,
///         _cx: &Contribution<'_>,
///         _old: Option<&Stored>,
///         object: &mut Candidate,
///     ) -> Result<(), ApiError> {
///         let labels = object.meta_mut().labels.get_or_insert_default();
///         labels.insert("team".to_owned(), self.0.to_owned());
///         Ok(())
///     }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let storage = Arc::new(MemoryStorage::new());
/// let objects = Objects::builder(storage, rt::env()).admission(Arc::new(Team("web"))).build();
/// let mut map = ConfigMap::default();
/// map.metadata.name = Some("settings".to_owned());
/// let made = Api::namespaced(objects, "shop").create(&map).await?;
/// assert_eq!(made.metadata.labels.unwrap()["team"], "web");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait Admission: Send + Sync + fmt::Debug + 'static {
    /// The plugin's name, as Kubernetes calls it.
    fn name(&self) -> &'static str;

    /// Whether the plugin looks at this write at all.
    fn handles(&self, cx: &Contribution<'_>) -> bool;

    /// Changes the object of a create or update, or refuses it. The object has its defaults; `old` is `None` for a
    /// create.
    ///
    /// # Errors
    /// Why the write is refused.
    async fn mutate(
        &self,
        _cx: &Contribution<'_>,
        _old: Option<&Stored>,
        _object: &mut Candidate,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// Whether everything that the plugin adds has its defaults, as is so for plugins that change nothing and for
    /// Kubernetes' own. Otherwise defaults are applied again when all plugins have run.
    fn leaves_nothing_out(&self) -> bool {
        false
    }

    /// Refuses a write that is valid by the rules of its kind: `old` is `None` for a create, `object` for a deletion.
    ///
    /// # Errors
    /// Why the write is refused.
    async fn validate(
        &self,
        _cx: &Contribution<'_>,
        _old: Option<&Stored>,
        _object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    /// Adds to the transaction of the write, as [`Contributor::contribute`](super::Contributor::contribute) does. It
    /// runs when the object is settled, and for a deletion only when the object goes.
    ///
    /// # Errors
    /// What refuses the write.
    async fn contribute(
        &self,
        _cx: &Contribution<'_>,
        _old: Option<&Stored>,
        _object: Option<&Candidate>,
        _txn: &mut TxnBuilder,
    ) -> Result<(), ApiError> {
        Ok(())
    }
}

/// Kubernetes' own plugins, in its order. Plugins of your own stand before [`ResourceQuota`], as webhooks do: what is
/// charged is what will be stored.
///
/// Source: `AllOrderedPlugins` of `k8s.io/kubernetes/pkg/kubeapiserver/options`.
///
/// ```
/// let names: Vec<&str> = kube_store::objects::admission::builtin().iter().map(|plugin| plugin.name()).collect();
/// assert_eq!((names[0], *names.last().unwrap()), ("NamespaceLifecycle", "ResourceQuota"));
/// ```
pub fn builtin() -> Vec<Arc<dyn Admission>> {
    vec![
        Arc::new(NamespaceLifecycle),
        Arc::new(LimitRanger),
        Arc::new(ServiceAccount::default()),
        Arc::new(PodSecurity::default()),
        Arc::new(Priority),
        Arc::new(DefaultTolerationSeconds::default()),
        Arc::new(DefaultStorageClass),
        Arc::new(PersistentVolumeClaimResize),
        Arc::new(ResourceQuota),
    ]
}
