//! Resources that are not stored: a provider answers for them.

use super::Objects;
use super::metadata;
use super::registry::Served;
use super::strategy::FieldTree;
use crate::cache::Filter;
use crate::service::{ListQuery, RawList};
use async_trait::async_trait;
use kube_core::error::{ApiError, Reason};
use kube_core::resource::{KindInfo, ObjectKey};
use kube_core::view::RawObject;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// Answers for a kind whose objects are not stored: metrics, reviews. Readers use the same
/// [`Api`](crate::api::Api) as for any other kind; what a provider does not serve is 405.
///
/// ```
/// use kube_core::error::ApiError;
/// use kube_core::resource::{KindInfo, NameList, ObjectKey, Scope};
/// use kube_store::objects::{Objects, VirtualResource};
/// use kube_store::{api::DynamicApi, rt, storage::MemoryStorage};
/// use serde_json::{Value, json};
/// use std::sync::Arc;
///
/// #[derive(Debug)]
/// struct Load;
///
/// #[async_trait::async_trait]
/// impl VirtualResource for Load {
///     async fn list(&self, namespace: Option<&str>) -> Result<Vec<Value>, ApiError> {
///         let pod = json!({"metadata": {"name": "web", "namespace": "prod"}, "cpu": "250m"});
///         Ok(if namespace.is_none_or(|n| n == "prod") { vec![pod] } else { vec![] })
///     }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let kind = KindInfo {
///     group: "load.example.com".into(), version: "v1".into(), kind: "PodLoad".into(), plural: "podloads".into(),
///     singular: "podload".into(), short_names: NameList::Static(&[]), categories: NameList::Static(&[]),
///     subresources: NameList::Static(&[]), scope: Scope::Namespaced,
/// };
/// let objects = Objects::builder(Arc::new(MemoryStorage::new()), rt::env())
///     .virtual_resource(kind.clone(), Arc::new(Load))
///     .build();
/// let loads = DynamicApi::namespaced(objects, Arc::new(kind), "prod");
/// assert_eq!(loads.get("web").await?.data["cpu"], "250m");
/// assert!(loads.find("db").await?.is_none());
/// # Ok::<(), ApiError>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait VirtualResource: Send + Sync + fmt::Debug + 'static {
    /// The objects of a namespace (of all for `None`), with their metadata.
    ///
    /// # Errors
    /// Why the provider cannot answer.
    async fn list(&self, namespace: Option<&str>) -> Result<Vec<Value>, ApiError>;

    /// One object; looked for in the list unless the provider knows better.
    ///
    /// # Errors
    /// Why the provider cannot answer.
    async fn get(&self, key: &ObjectKey) -> Result<Option<Value>, ApiError> {
        let namespace = Some(&*key.namespace).filter(|namespace| !namespace.is_empty());
        let all = self.list(namespace).await?;
        Ok(all.into_iter().find(|object| metadata::text(object, "name") == &*key.name))
    }

    /// Answers a question that is put as a create, as reviews are.
    ///
    /// # Errors
    /// 405 where the kind is only read, and why the provider cannot answer.
    async fn create(&self, _namespace: &str, _object: Value) -> Result<Value, ApiError> {
        Err(not_allowed())
    }
}

/// 405, in Kubernetes' words.
pub(super) fn not_allowed() -> ApiError {
    let text = "the server does not allow this method on the requested resource";
    ApiError::new(Reason::MethodNotAllowed, text)
}

/// The object of a provider, with the type that it is served as.
fn read(kind: &KindInfo, object: &Value) -> Result<RawObject, ApiError> {
    let object = metadata::accept_type(kind, object, None)?.into_owned();
    RawObject::from_value(object).map_err(ApiError::internal)
}

impl Served {
    /// # Errors
    /// 405 for a kind that is not stored.
    pub(super) fn expect_stored(&self) -> Result<(), ApiError> {
        if self.provider.is_some() { Err(not_allowed()) } else { Ok(()) }
    }

    /// # Errors
    /// 405 for a kind that is not stored, and for one that asks about users, of whom nothing is known here.
    pub(super) fn expect_written(&self) -> Result<(), ApiError> {
        self.expect_stored()?;
        if self.custom || !matches!(&*self.info.group, "authentication.k8s.io" | "authorization.k8s.io") {
            return Ok(());
        }
        let text = format!("{} are answered by a service in the name of a user", self.info.plural);
        Err(ApiError::new(Reason::MethodNotAllowed, text))
    }
}

impl Objects {
    pub(super) async fn provided_create(
        &self,
        served: &Served,
        provider: &Arc<dyn VirtualResource>,
        namespace: &str,
        object: Value,
    ) -> Result<RawObject, ApiError> {
        let object = metadata::accept_type(&served.info, &object, None)?.into_owned();
        read(&served.info, &provider.create(namespace, object).await?)
    }

    pub(super) async fn provided_get(
        &self,
        served: &Served,
        provider: &Arc<dyn VirtualResource>,
        key: &ObjectKey,
    ) -> Result<RawObject, ApiError> {
        let kind = &*served.info;
        let missing = || ApiError::not_found(&kind.group, &kind.plural, &key.name);
        read(kind, &provider.get(key).await?.ok_or_else(missing)?)
    }

    pub(super) async fn provided_list(
        &self,
        served: &Served,
        provider: &Arc<dyn VirtualResource>,
        query: &ListQuery,
    ) -> Result<RawList, ApiError> {
        let filter = Filter::new(&query.selection, served.fields())?;
        let fields = FieldTree::new(served.fields());
        let mut items = Vec::new();
        for object in provider.list(query.selection.namespace()).await? {
            let object = read(&served.info, &object)?;
            if filter.matches_object(&object, &fields) {
                items.push(object);
            }
        }
        items.sort_by_key(RawObject::key);
        let revision = self.storage.current().await?;
        Ok(RawList { items, revision, continue_token: None, remaining: None })
    }
}
