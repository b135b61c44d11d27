//! What the environment of containers is made from.

use super::spec::{ContainerSpec, or_default};
use kube_core::pod_env::EnvError;
use serde::{Deserialize, Deserializer};
use std::sync::Arc;

/// A kind of object that variables come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// `ConfigMap`.
    ConfigMap,
    /// `Secret`.
    Secret,
}

/// An object, or a key of one, that variables come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Of which kind.
    pub kind: SourceKind,
    /// The object's name.
    pub name: Arc<str>,
    /// The key; `None` for all that is in it.
    pub key: Option<Arc<str>>,
}

/// What is there of an object that variables come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The object and, where one was asked for, the key.
    There,
    /// The object, but not the key.
    NoKey,
    /// Nothing.
    Nothing,
}

/// The objects that variables come from.
pub trait KnownObjects: Send + Sync + std::fmt::Debug {
    /// What is there of a reference from that namespace.
    fn look(&self, namespace: &str, reference: &Reference) -> Known;
}

impl ContainerSpec {
    /// Whether the environment can be made: everything that is not optional is there. Sources of all variables come first.
    ///
    /// Source: `k8s.io/kubernetes/pkg/kubelet` (`makeEnvironmentVariables`), as `kube_core::pod_env::container_env` which
    /// makes the values.
    ///
    /// # Errors
    /// What is missing first.
    pub fn check_environment(&self, namespace: &str, objects: &dyn KnownObjects) -> Result<(), EnvError> {
        for reference in self.env_from.iter().chain(&self.env) {
            let (lower, upper) = match reference.kind {
                SourceKind::ConfigMap => ("configmap", "ConfigMap"),
                SourceKind::Secret => ("secret", "Secret"),
            };
            let name = reference.name.to_string();
            match objects.look(namespace, reference) {
                Known::There => {}
                Known::Nothing => return Err(EnvError::NotFound { kind: lower, name }),
                Known::NoKey => {
                    let key = reference.key.as_deref().unwrap_or_default().to_owned();
                    let namespace = namespace.to_owned();
                    return Err(EnvError::NoKey { kind: upper, namespace, name, key });
                }
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    #[serde(default)]
    name: Arc<str>,
    key: Option<Arc<str>>,
    #[serde(default, deserialize_with = "or_default")]
    optional: bool,
}

impl Named {
    fn reference(self, kind: SourceKind) -> Option<Reference> {
        (!self.optional).then_some(Reference { kind, name: self.name, key: self.key })
    }
}

/// What single variables come from, optional ones left out.
pub(super) fn of_variables<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Reference>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Variable {
        value_from: Option<Origin>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Origin {
        config_map_key_ref: Option<Named>,
        secret_key_ref: Option<Named>,
    }
    let variables: Vec<Variable> = or_default(deserializer)?;
    let sources = variables.into_iter().filter_map(|variable| variable.value_from);
    let references = sources.flat_map(|from| {
        let map = from.config_map_key_ref.and_then(|named| named.reference(SourceKind::ConfigMap));
        let secret = from.secret_key_ref.and_then(|named| named.reference(SourceKind::Secret));
        map.into_iter().chain(secret)
    });
    Ok(references.collect())
}

/// What all variables of an object come from, optional ones left out.
pub(super) fn of_sources<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Reference>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Source {
        config_map_ref: Option<Named>,
        secret_ref: Option<Named>,
    }
    let sources: Vec<Source> = or_default(deserializer)?;
    let references = sources.into_iter().flat_map(|source| {
        let map = source.config_map_ref.and_then(|named| named.reference(SourceKind::ConfigMap));
        let secret = source.secret_ref.and_then(|named| named.reference(SourceKind::Secret));
        map.into_iter().chain(secret)
    });
    Ok(references.collect())
}
