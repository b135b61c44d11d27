//! The variables of one container.

use super::expansion::expand;
use super::field::{FieldPathError, field_value};
use super::resource::{ResourceFieldError, find_container, resource_value, with_allocatable};
use crate::kinds::ApiQuantity;
use crate::kinds::core::v1::{ConfigMap, Container, EnvFromSource, EnvVarSource, Pod, Secret};
use crate::names::is_relaxed_env_var_name;
use std::collections::BTreeMap;

/// The objects of the pod's namespace that its environment comes from.
pub trait Objects {
    /// The config map of that name.
    fn config_map(&self, name: &str) -> Option<&ConfigMap>;

    /// The secret of that name.
    fn secret(&self, name: &str) -> Option<&Secret>;

    /// The value of `key` in the file of variables at `path` of one of the pod's volumes (KEP-3721). Only the node that
    /// runs the pod knows it, once a container has written the file: nothing unless that is said here.
    fn file_key(&self, volume: &str, path: &str, key: &str) -> Option<String> {
        let _ = (volume, path, key);
        None
    }
}

/// Why a container's environment cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvError {
    /// The object is not there, and not optional.
    #[error("{kind} \"{name}\" not found")]
    NotFound {
        /// `configmap` or `secret`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The object has no such key, and the key is not optional.
    #[error("couldn't find key {key} in {kind} {namespace}/{name}")]
    NoKey {
        /// `ConfigMap` or `Secret`.
        kind: &'static str,
        /// Namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// The key.
        key: String,
    },
    /// A file of variables is not there or has no such key, and neither is optional.
    #[error("environment variable key \"{key}\" not found in file \"{path}\"")]
    NoFileKey {
        /// The path of the file in its volume.
        path: String,
        /// The key.
        key: String,
    },
    /// A volume wants a key that its config map has not.
    #[error("configmap references non-existent config key: {0}")]
    NoConfigKey(String),
    /// A volume wants a key that its secret has not.
    #[error("references non-existent secret key: {0}")]
    NoSecretKey(String),
    /// A field that cannot be read.
    #[error(transparent)]
    Field(#[from] FieldPathError),
    /// A resource that cannot be read.
    #[error(transparent)]
    Resource(#[from] ResourceFieldError),
}

/// The variables of a container by name: those of its own, then those of `services` (see
/// [`service_variables`](super::service_variables)). Values refer to variables defined before them, and to services.
/// `allocatable` is what the node has, for limits that the container does not set.
///
/// Source: `makeEnvironmentVariables`.
///
/// # Errors
/// Something that a variable comes from is not there.
///
/// ```
/// use kube_core::kinds::core::v1::{ConfigMap, Pod, Secret};
/// use kube_core::pod_env::{Objects, container_env};
/// use serde_json::{from_value, json};
/// use std::collections::BTreeMap;
///
/// #[derive(Debug)]
/// struct Around(ConfigMap);
/// impl Objects for Around {
///     fn config_map(&self, name: &str) -> Option<&ConfigMap> {
///         (self.0.metadata.name.as_deref() == Some(name)).then_some(&self.0)
///     }
///     fn secret(&self, _name: &str) -> Option<&Secret> {
///         None
///     }
/// }
///
/// let colors = json!({"metadata": {"name": "colors"}, "data": {"COLOR": "red"}});
/// let pod: Pod = from_value(json!({"metadata": {"name": "web"}, "spec": {"containers": [{
///     "name": "web",
///     "envFrom": [{"configMapRef": {"name": "colors"}}],
///     "env": [
///         {"name": "SELF", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
///         {"name": "TITLE", "value": "$(COLOR) $(SELF)"},
///     ],
/// }]}}))?;
/// let container = &pod.spec.as_ref().unwrap().containers[0];
/// let env = container_env(&pod, container, &Around(from_value(colors)?), &[], &BTreeMap::new())?;
/// assert_eq!(env["TITLE"], "red web");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn container_env(
    pod: &Pod,
    container: &Container,
    objects: &dyn Objects,
    services: &[(String, String)],
    allocatable: &BTreeMap<String, ApiQuantity>,
) -> Result<BTreeMap<String, String>, EnvError> {
    let mut env = BTreeMap::new();
    for source in container.env_from.iter().flatten() {
        add_all(source, objects, &mut env)?;
    }
    // Of services with the same variable the last one counts.
    let services: BTreeMap<&str, &str> =
        services.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for variable in container.env.iter().flatten() {
        let given = variable.value.as_deref().unwrap_or_default();
        let value = match &variable.value_from {
            Some(source) if given.is_empty() => {
                let value = Sourced { pod, container, objects, allocatable }.value(source)?;
                let Some(value) = value else { continue };
                value
            }
            _ => expand(given, |name| {
                env.get(name).map(String::as_str).or_else(|| services.get(name).copied())
            }),
        };
        env.insert(variable.name.clone(), value);
    }
    for (name, value) in services {
        env.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    Ok(env)
}

/// Adds every entry of a config map or secret whose key can name a variable.
fn add_all(
    source: &EnvFromSource,
    objects: &dyn Objects,
    env: &mut BTreeMap<String, String>,
) -> Result<(), EnvError> {
    let prefix = source.prefix.as_deref().unwrap_or_default();
    let mut add = |key: &str, value: String| {
        let name = format!("{prefix}{key}");
        if is_relaxed_env_var_name(&name).is_empty() {
            env.insert(name, value);
        }
    };
    if let Some(reference) = &source.config_map_ref {
        match (objects.config_map(&reference.name), reference.optional) {
            (Some(map), _) => map.data.iter().flatten().for_each(|(key, value)| add(key, value.clone())),
            (None, Some(true)) => {}
            (None, _) => return Err(not_found("configmap", &reference.name)),
        }
    }
    if let Some(reference) = &source.secret_ref {
        match (objects.secret(&reference.name), reference.optional) {
            (Some(secret), _) => {
                secret.data.iter().flatten().for_each(|(key, value)| add(key, text(&value.0)));
            }
            (None, Some(true)) => {}
            (None, _) => return Err(not_found("secret", &reference.name)),
        }
    }
    Ok(())
}

struct Sourced<'a> {
    pod: &'a Pod,
    container: &'a Container,
    objects: &'a dyn Objects,
    allocatable: &'a BTreeMap<String, ApiQuantity>,
}

impl Sourced<'_> {
    /// The value; `None` for an optional one that is not there.
    fn value(&self, source: &EnvVarSource) -> Result<Option<String>, EnvError> {
        if let Some(field) = &source.field_ref {
            return Ok(Some(field_value(self.pod, &field.field_path)?));
        }
        if let Some(resource) = &source.resource_field_ref {
            let container = match resource.container_name.as_deref().filter(|name| !name.is_empty()) {
                Some(name) => find_container(self.pod, name)?,
                None => self.container,
            };
            let value = resource_value(&with_allocatable(container, self.allocatable), resource)?;
            return Ok(Some(value));
        }
        if let Some(key) = &source.config_map_key_ref {
            let map = self.objects.config_map(&key.name).ok_or_else(|| not_found("configmap", &key.name));
            let value = map.map(|map| map.data.as_ref().and_then(|data| data.get(&key.key)).cloned());
            return self.keyed(value, "ConfigMap", (&key.name, &key.key), key.optional);
        }
        if let Some(key) = &source.secret_key_ref {
            let secret = self.objects.secret(&key.name).ok_or_else(|| not_found("secret", &key.name));
            let value = secret.map(|secret| {
                secret.data.as_ref().and_then(|data| data.get(&key.key)).map(|value| text(&value.0))
            });
            return self.keyed(value, "Secret", (&key.name, &key.key), key.optional);
        }
        if let Some(file) = &source.file_key_ref {
            let found = self.objects.file_key(&file.volume_name, &file.path, &file.key);
            return match found {
                None if file.optional != Some(true) => {
                    Err(EnvError::NoFileKey { path: file.path.clone(), key: file.key.clone() })
                }
                found => Ok(found),
            };
        }
        Ok(Some(String::new()))
    }

    /// `found` is the value in the object, if the object is there.
    fn keyed(
        &self,
        found: Result<Option<String>, EnvError>,
        kind: &'static str,
        (name, key): (&str, &str),
        optional: Option<bool>,
    ) -> Result<Option<String>, EnvError> {
        match found {
            Err(_) if optional == Some(true) => Ok(None),
            Ok(None) if optional != Some(true) => Err(EnvError::NoKey {
                kind,
                namespace: self.pod.metadata.namespace.clone().unwrap_or_default(),
                name: name.to_owned(),
                key: key.to_owned(),
            }),
            found => found,
        }
    }
}

fn not_found(kind: &'static str, name: &str) -> EnvError {
    EnvError::NotFound { kind, name: name.to_owned() }
}

/// What a secret holds, as text; other bytes are replaced.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
