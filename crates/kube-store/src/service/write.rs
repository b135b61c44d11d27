//! How to write, patch and delete.

use super::{FieldValidation, Warnings};
use crate::storage::{Revision, TtlId};
use kube_core::error::ApiError;
use kube_core::rbac::User;
use kube_core::resource::{KindInfo, ObjectKey, Uid};
use kube_core::view::RawObject;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// How to write.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WriteOptions {
    /// Checks everything and stores nothing.
    pub dry_run: bool,
    /// Who writes, for field ownership.
    pub field_manager: Option<Arc<str>>,
    /// The write is refused unless this election is still won.
    pub fence: Option<Fence>,
    /// The object ends with this time to live.
    pub ttl: Option<TtlId>,
    /// Who asks, where the service is used in the name of somebody; admission may read it.
    pub user: Option<Arc<User>>,
    /// What becomes of fields that the kind does not know.
    pub field_validation: FieldValidation,
    /// Collects what is told beside the result; nothing is looked for when nobody listens.
    pub warnings: Option<Warnings>,
}

impl WriteOptions {
    /// Treats fields that the kind does not know so.
    #[must_use]
    pub fn validated(mut self, how: FieldValidation) -> Self {
        self.field_validation = how;
        self
    }

    /// Tells there what is to be told beside the result.
    #[must_use]
    pub fn warned(mut self, warnings: &Warnings) -> Self {
        self.warnings = Some(warnings.clone());
        self
    }

    /// Checks everything and stores nothing.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Writes in the name of this field manager.
    #[must_use]
    pub fn managed_by(mut self, name: &str) -> Self {
        self.field_manager = Some(name.into());
        self
    }

    /// Refused unless this election is still won.
    #[must_use]
    pub fn fenced(mut self, fence: Fence) -> Self {
        self.fence = Some(fence);
        self
    }

    /// The object ends with this time to live.
    #[must_use]
    pub fn ttl(mut self, ttl: TtlId) -> Self {
        self.ttl = Some(ttl);
        self
    }
}

/// Proof of a won election: the key that the winner wrote, and the revision at which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// Name of the election.
    pub name: Arc<str>,
    /// Revision of the winning write.
    pub revision: Revision,
}

/// Which part of an object a write is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subresource {
    /// The object without its status (or all of it, for kinds without a status subresource).
    #[default]
    Main,
    /// Its status.
    Status,
    /// Its replica count.
    Scale,
    /// A pod's node.
    Binding,
    /// A pod's eviction.
    Eviction,
    /// A namespace's finalizers.
    Finalize,
    /// A pod's ephemeral containers.
    EphemeralContainers,
    /// The resources of a pod's containers.
    Resize,
}

impl Subresource {
    /// The name in paths; empty for the object itself.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Main => "",
            Self::Status => "status",
            Self::Scale => "scale",
            Self::Binding => "binding",
            Self::Eviction => "eviction",
            Self::Finalize => "finalize",
            Self::EphemeralContainers => "ephemeralcontainers",
            Self::Resize => "resize",
        }
    }
}

/// A change of an object.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Patch {
    /// RFC 7386.
    Merge(Value),
    /// RFC 6902: a list of operations.
    Json(Value),
}

/// What becomes of dependents when their owner goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Propagation {
    /// The owner goes at once, dependents after it.
    #[default]
    Background,
    /// Dependents that block go first.
    Foreground,
    /// Dependents stay.
    Orphan,
}

/// How to delete.
///
/// ```
/// use kube_core::kinds::core::v1::ConfigMap;
/// use kube_core::resource::ResourceExt;
/// use kube_store::service::{DeleteOptions, Deleted};
/// use kube_store::{api::Api, objects::Objects, rt, storage::MemoryStorage};
/// use serde_json::{from_value, json};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let objects = Objects::new(std::sync::Arc::new(MemoryStorage::new()), rt::env());
/// let maps: Api<ConfigMap> = Api::namespaced(objects, "default");
/// let held: ConfigMap = from_value(json!({"metadata": {"name": "a", "finalizers": ["example.com/backup"]}}))?;
/// let held = maps.create(&held).await?;
/// // Only this very object; finalizers hold it until somebody has let it go.
/// let deleted = maps.delete("a", &DeleteOptions::default().uid(held.uid())).await?;
/// assert!(matches!(deleted, Deleted::Terminating(_)));
/// maps.edit("a", |map| map.metadata.finalizers = None).await?;
/// assert!(maps.find("a").await?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DeleteOptions {
    /// Seconds of grace; the kind decides when `None`. 0 deletes at once.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of dependents; the kind's default when `None`.
    pub propagation: Option<Propagation>,
    /// Only the object of this uid.
    pub uid: Option<Uid>,
    /// Only at this version.
    pub version: Option<kube_core::resource::ResourceVersion>,
    /// Checks everything and deletes nothing.
    pub dry_run: bool,
    /// The deletion is refused unless this election is still won.
    pub fence: Option<Fence>,
    /// Who asks, where the service is used in the name of somebody; admission may read it.
    pub user: Option<Arc<User>>,
}

impl DeleteOptions {
    /// Deletes at once, without grace.
    pub fn now() -> Self {
        Self { grace_period_seconds: Some(0), ..Self::default() }
    }

    /// Only the object of this uid.
    #[must_use]
    pub fn uid(mut self, uid: Uid) -> Self {
        self.uid = Some(uid);
        self
    }

    /// With this many seconds of grace.
    #[must_use]
    pub fn grace(mut self, seconds: i64) -> Self {
        self.grace_period_seconds = Some(seconds);
        self
    }

    /// Only at this version.
    #[must_use]
    pub fn version(mut self, version: kube_core::resource::ResourceVersion) -> Self {
        self.version = Some(version);
        self
    }

    /// Checks everything and deletes nothing.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Refused unless this election is still won.
    #[must_use]
    pub fn fenced(mut self, fence: Fence) -> Self {
        self.fence = Some(fence);
        self
    }

    /// With this propagation.
    #[must_use]
    pub fn propagation(mut self, propagation: Propagation) -> Self {
        self.propagation = Some(propagation);
        self
    }
}

/// What a deletion did.
#[derive(Clone, Debug)]
pub enum Deleted {
    /// The object is gone: its last state, with the version of the deletion.
    Gone(RawObject),
    /// Deletion has begun; finalizers or grace hold the object.
    Terminating(RawObject),
}

impl Deleted {
    /// The object.
    pub fn object(&self) -> &RawObject {
        match self {
            Self::Gone(object) | Self::Terminating(object) => object,
        }
    }
}

/// One write of a transaction.
///
/// ```
/// use kube_core::kinds::core::v1::ConfigMap;
/// use kube_core::resource::Resource;
/// use kube_store::service::{ObjectService, Write, WriteOptions};
/// use kube_store::{objects::Objects, rt, storage::MemoryStorage};
/// use serde_json::json;
/// use std::sync::Arc;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let objects = Objects::new(Arc::new(MemoryStorage::new()), rt::env());
/// let apply = |object| Write::Apply {
///     kind: Arc::new(ConfigMap::kind_info().clone()), namespace: "default".into(), object,
/// };
/// let writes = vec![apply(json!({"metadata": {"name": "a"}})), apply(json!({"metadata": {"name": "Not A Name"}}))];
/// let failed = objects.transact(writes, &WriteOptions::default()).await.unwrap_err();
/// assert_eq!((failed.write, failed.error.code), (Some(1), 422), "and the first was not stored either");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Write {
    /// As [`ObjectService::create`](super::ObjectService::create).
    Create {
        /// The kind.
        kind: Arc<KindInfo>,
        /// The namespace, empty for cluster-scoped kinds.
        namespace: String,
        /// The object.
        object: Value,
    },
    /// As [`ObjectService::update`](super::ObjectService::update).
    Update {
        /// The kind.
        kind: Arc<KindInfo>,
        /// The key.
        key: ObjectKey,
        /// Which part.
        subresource: Subresource,
        /// The object.
        object: Value,
    },
    /// As [`ObjectService::patch`](super::ObjectService::patch).
    Patch {
        /// The kind.
        kind: Arc<KindInfo>,
        /// The key.
        key: ObjectKey,
        /// Which part.
        subresource: Subresource,
        /// The difference.
        patch: Patch,
    },
    /// Creates the object, or merges it into the stored one.
    Apply {
        /// The kind.
        kind: Arc<KindInfo>,
        /// The namespace, empty for cluster-scoped kinds.
        namespace: String,
        /// The object, with its name.
        object: Value,
    },
    /// Assigns a pod to a node, as [`ObjectService::create_on`](super::ObjectService::create_on) with its part `binding`.
    Bind {
        /// The kind.
        kind: Arc<KindInfo>,
        /// The key.
        key: ObjectKey,
        /// The `Binding`.
        binding: Value,
    },
}

/// A transaction that stored nothing.
#[derive(Clone, Debug)]
pub struct TransactError {
    /// Which write, from 0; `None` when the transaction as a whole failed.
    pub write: Option<usize>,
    /// Why.
    pub error: ApiError,
}

impl fmt::Display for TransactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.write {
            Some(index) => write!(f, "write {}: {}", index + 1, self.error),
            None => fmt::Display::fmt(&self.error, f),
        }
    }
}

impl std::error::Error for TransactError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl From<ApiError> for TransactError {
    fn from(error: ApiError) -> Self {
        Self { write: None, error }
    }
}
