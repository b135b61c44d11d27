//! The trait of typed objects.

use super::{KindInfo, NameList, ObjectKey, ResourceVersion, Scope, Uid, find_builtin};
use crate::error::{FieldError, FieldPath};
use crate::kinds::meta::v1::{ObjectMeta, OwnerReference};
use crate::table::PrinterColumn;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::fmt;

/// A typed API object: a built-in kind of `k8s-openapi`, or [`Object<Spec>`](crate::custom::Object).
///
/// Implemented for every `k8s-openapi` kind with `ObjectMeta`; kinds of your own come from
/// [`CustomKind`](crate::custom::CustomKind).
pub trait Resource: Serialize + DeserializeOwned + Clone + fmt::Debug + Send + Sync + 'static {
    /// The kind as data.
    fn kind_info() -> &'static KindInfo;

    /// The object's metadata.
    fn metadata(&self) -> &ObjectMeta;

    /// The object's metadata, to change it.
    fn metadata_mut(&mut self) -> &mut ObjectMeta;

    /// What is wrong with the object by the schema of its kind. Built-in kinds have none: their rules are
    /// [`Kind`](crate::validate::Kind)'s.
    fn validate_shape(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// The fields of `object` that the schema of the kind does not know. Built-in kinds have none: see
    /// [`Codec::unknown_fields`](crate::codec::Codec::unknown_fields).
    fn unknown_fields(object: &serde_json::Value) -> Vec<FieldPath> {
        let _ = object;
        Vec::new()
    }

    /// The columns of a table of objects beside their name; none for the age alone. Those of built-in kinds are data of
    /// [`crate::table`].
    fn printer_columns() -> &'static [PrinterColumn] {
        &[]
    }
}

/// What callers ask of a [`Resource`].
pub trait ResourceExt: Resource {
    /// The name; empty when none is set yet.
    fn name(&self) -> &str {
        self.metadata().name.as_deref().unwrap_or_default()
    }

    /// The namespace; empty for cluster-scoped objects.
    fn namespace(&self) -> &str {
        self.metadata().namespace.as_deref().unwrap_or_default()
    }

    /// Namespace and name.
    fn key(&self) -> ObjectKey {
        ObjectKey::new(self.namespace(), self.name())
    }

    /// The uid; empty when the object was never stored.
    fn uid(&self) -> Uid {
        Uid::new(self.metadata().uid.as_deref().unwrap_or_default())
    }

    /// The version this value was read at, if it was read.
    fn resource_version(&self) -> Option<ResourceVersion> {
        self.metadata().resource_version.as_deref()?.parse().ok()
    }

    /// Whether deletion has begun.
    fn is_terminating(&self) -> bool {
        self.metadata().deletion_timestamp.is_some()
    }
}

impl<K: Resource> ResourceExt for K {}

/// The controller reference that makes `owner` the managing owner of a dependent.
///
/// Source: `metav1.NewControllerRef`.
pub fn owner_reference<K: Resource>(owner: &K) -> OwnerReference {
    let info = K::kind_info();
    OwnerReference {
        api_version: info.api_version(),
        kind: info.kind.clone().into_owned(),
        name: owner.name().to_owned(),
        uid: owner.uid().as_str().to_owned(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

trait StaticScope {
    const SCOPE: Scope;
}

impl StaticScope for k8s_openapi::NamespaceResourceScope {
    const SCOPE: Scope = Scope::Namespaced;
}

impl StaticScope for k8s_openapi::ClusterResourceScope {
    const SCOPE: Scope = Scope::Cluster;
}

impl StaticScope for k8s_openapi::SubResourceScope {
    const SCOPE: Scope = Scope::Namespaced;
}

impl<K> Resource for K
where
    K: k8s_openapi::Resource + k8s_openapi::Metadata<Ty = ObjectMeta>,
    K: Serialize + DeserializeOwned + Clone + fmt::Debug + Send + Sync + 'static,
    K::Scope: StaticScope,
{
    fn kind_info() -> &'static KindInfo {
        // A kind that discovery does not list still has a name and a scope.
        find_builtin(K::GROUP, K::VERSION, K::KIND).unwrap_or(
            const {
                &KindInfo {
                    group: Cow::Borrowed(K::GROUP),
                    version: Cow::Borrowed(K::VERSION),
                    kind: Cow::Borrowed(K::KIND),
                    plural: Cow::Borrowed(K::URL_PATH_SEGMENT),
                    singular: Cow::Borrowed(K::URL_PATH_SEGMENT),
                    short_names: NameList::Static(&[]),
                    categories: NameList::Static(&[]),
                    subresources: NameList::Static(&[]),
                    scope: <K::Scope as StaticScope>::SCOPE,
                }
            },
        )
    }

    fn metadata(&self) -> &ObjectMeta {
        k8s_openapi::Metadata::metadata(self)
    }

    fn metadata_mut(&mut self) -> &mut ObjectMeta {
        k8s_openapi::Metadata::metadata_mut(self)
    }
}
