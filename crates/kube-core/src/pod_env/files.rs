//! Volumes whose files come from objects and from the pod itself.

use super::container::{EnvError, Objects};
use super::field::field_value;
use super::resource::{find_container, resource_value, with_allocatable};
use crate::kinds::ApiQuantity;
use crate::kinds::core::v1::{
    ConfigMap, DownwardAPIVolumeFile, KeyToPath, Pod, ProjectedVolumeSource, Secret, VolumeProjection,
};
use std::collections::BTreeMap;

/// A file of a volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectedFile {
    /// What stands in it.
    pub data: Vec<u8>,
    /// Its permissions, as `0o644`.
    pub mode: i32,
}

/// The mode of files where none is given.
const DEFAULT_MODE: i32 = 0o644;

type Files = BTreeMap<String, ProjectedFile>;

/// The files of a config map by path: all entries, or those that `items` name.
///
/// Source: `configmap.MakePayload`.
///
/// # Errors
/// `items` name a key that is not there, and the volume is not optional.
///
/// ```
/// use kube_core::kinds::core::v1::{ConfigMap, KeyToPath};
/// use kube_core::pod_env::config_map_files;
/// use serde_json::{from_value, json};
///
/// let map: ConfigMap = from_value(json!({"data": {"color": "red", "size": "9"}}))?;
/// let items: Vec<KeyToPath> = from_value(json!([{"key": "color", "path": "paint/color"}]))?;
/// let files = config_map_files(&map, &items, None, false)?;
/// assert_eq!(files["paint/color"].data, b"red");
/// assert_eq!(files["paint/color"].mode, 0o644);
/// assert_eq!(config_map_files(&map, &[], None, false)?.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn config_map_files(
    map: &ConfigMap,
    items: &[KeyToPath],
    mode: Option<i32>,
    optional: bool,
) -> Result<Files, EnvError> {
    let text = |key: &str| map.data.as_ref()?.get(key).map(|text| text.as_bytes().to_vec());
    let bytes = |key: &str| map.binary_data.as_ref()?.get(key).map(|bytes| bytes.0.clone());
    let keys = map.data.iter().flatten().map(|(key, _)| key);
    let keys = keys.chain(map.binary_data.iter().flatten().map(|(key, _)| key));
    let missing = (!optional).then_some(EnvError::NoConfigKey as fn(String) -> EnvError);
    files(keys, items, mode, |key| text(key).or_else(|| bytes(key)), missing)
}

/// The files of a secret by path: all entries, or those that `items` name.
///
/// Source: `secret.MakePayload`.
///
/// # Errors
/// `items` name a key that is not there, and the volume is not optional.
///
/// ```
/// use kube_core::kinds::core::v1::{KeyToPath, Secret};
/// use kube_core::pod_env::secret_files;
/// use serde_json::{from_value, json};
///
/// let secret: Secret = from_value(json!({"data": {"password": "aHVudGVyMg=="}}))?;
/// let files = secret_files(&secret, &[], Some(0o400), false)?;
/// assert_eq!((&files["password"].data[..], files["password"].mode), (&b"hunter2"[..], 0o400));
///
/// let items: Vec<KeyToPath> = from_value(json!([{"key": "token", "path": "token"}]))?;
/// assert!(secret_files(&secret, &items, None, false).is_err());
/// assert!(secret_files(&secret, &items, None, true)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn secret_files(
    secret: &Secret,
    items: &[KeyToPath],
    mode: Option<i32>,
    optional: bool,
) -> Result<Files, EnvError> {
    let keys = secret.data.iter().flatten().map(|(key, _)| key);
    let missing = (!optional).then_some(EnvError::NoSecretKey as fn(String) -> EnvError);
    files(keys, items, mode, |key| secret.data.as_ref()?.get(key).map(|bytes| bytes.0.clone()), missing)
}

/// `missing` makes the error of a key that is not there; without it such a key is left out.
fn files<'a>(
    keys: impl Iterator<Item = &'a String>,
    items: &[KeyToPath],
    mode: Option<i32>,
    data: impl Fn(&str) -> Option<Vec<u8>>,
    missing: Option<fn(String) -> EnvError>,
) -> Result<Files, EnvError> {
    let mode = mode.unwrap_or(DEFAULT_MODE);
    if items.is_empty() {
        return Ok(keys
            .filter_map(|key| Some((key.clone(), ProjectedFile { data: data(key)?, mode })))
            .collect());
    }
    let mut files = Files::new();
    for item in items {
        match (data(&item.key), missing) {
            (Some(data), _) => {
                let mode = item.mode.unwrap_or(mode);
                files.insert(item.path.clone(), ProjectedFile { data, mode });
            }
            (None, Some(missing)) => return Err(missing(item.key.clone())),
            (None, None) => {}
        }
    }
    Ok(files)
}

/// The files that tell a pod of itself, by path. `allocatable` is what the node has, for limits that are not set.
///
/// Source: `downwardapi.CollectData`.
///
/// # Errors
/// A field or resource that cannot be read.
///
/// ```
/// use kube_core::kinds::core::v1::{DownwardAPIVolumeFile, Pod};
/// use kube_core::pod_env::downward_files;
/// use serde_json::{from_value, json};
/// use std::collections::BTreeMap;
///
/// let pod: Pod = from_value(json!({
///     "metadata": {"name": "web", "labels": {"app": "web"}},
///     "spec": {"containers": [{"name": "main", "resources": {"limits": {"memory": "64Mi"}}}]},
/// }))?;
/// let items: Vec<DownwardAPIVolumeFile> = from_value(json!([
///     {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
///     {"path": "mebibytes", "resourceFieldRef":
///         {"containerName": "main", "resource": "limits.memory", "divisor": "1Mi"}},
/// ]))?;
/// let files = downward_files(&pod, &items, None, &BTreeMap::new())?;
/// assert_eq!(files["labels"].data, b"app=\"web\"");
/// assert_eq!(files["mebibytes"].data, b"64");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn downward_files(
    pod: &Pod,
    items: &[DownwardAPIVolumeFile],
    mode: Option<i32>,
    allocatable: &BTreeMap<String, ApiQuantity>,
) -> Result<Files, EnvError> {
    let mut files = Files::new();
    for item in items {
        let value = if let Some(field) = &item.field_ref {
            field_value(pod, &field.field_path)?
        } else if let Some(resource) = &item.resource_field_ref {
            let container = find_container(pod, resource.container_name.as_deref().unwrap_or_default())?;
            resource_value(&with_allocatable(container, allocatable), resource)?
        } else {
            continue;
        };
        let mode = item.mode.or(mode).unwrap_or(DEFAULT_MODE);
        files.insert(item.path.clone(), ProjectedFile { data: value.into_bytes(), mode });
    }
    Ok(files)
}

/// The files of a projected volume by path; later sources go over earlier ones. `token` makes the token of a service
/// account for an audience (empty for the API server) and a number of seconds.
///
/// Source: `projected.collectData`.
///
/// # Errors
/// An object or a key that is not there and not optional, or a field that cannot be read.
///
/// ```
/// use kube_core::kinds::core::v1::{ConfigMap, Pod, ProjectedVolumeSource, Secret};
/// use kube_core::pod_env::{Objects, projected_files};
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
/// let around = Around(from_value(json!({"metadata": {"name": "ca"}, "data": {"ca.crt": "..."}}))?);
/// let volume: ProjectedVolumeSource = from_value(json!({"sources": [
///     {"serviceAccountToken": {"path": "token", "audience": "vault", "expirationSeconds": 600}},
///     {"configMap": {"name": "ca"}},
///     {"secret": {"name": "extra", "optional": true}},
/// ]}))?;
/// let token = |audience: &str, seconds: i64| format!("for {audience}, {seconds} seconds");
/// let files = projected_files(&Pod::default(), &volume, &around, &BTreeMap::new(), &token)?;
/// assert_eq!(files.keys().collect::<Vec<_>>(), ["ca.crt", "token"]);
/// assert_eq!(files["token"].data, b"for vault, 600 seconds");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn projected_files(
    pod: &Pod,
    volume: &ProjectedVolumeSource,
    objects: &dyn Objects,
    allocatable: &BTreeMap<String, ApiQuantity>,
    token: &dyn Fn(&str, i64) -> String,
) -> Result<Files, EnvError> {
    let mode = volume.default_mode;
    let mut files = Files::new();
    for source in volume.sources.iter().flatten() {
        files.extend(of_objects(source, objects, mode)?);
        if let Some(downward) = &source.downward_api {
            let items = downward.items.as_deref().unwrap_or_default();
            files.extend(downward_files(pod, items, mode, allocatable)?);
        }
        if let Some(wanted) = &source.service_account_token {
            let audience = wanted.audience.as_deref().unwrap_or_default();
            let data = token(audience, wanted.expiration_seconds.unwrap_or(DEFAULT_EXPIRATION)).into_bytes();
            files.insert(wanted.path.clone(), ProjectedFile { data, mode: mode.unwrap_or(DEFAULT_MODE) });
        }
    }
    Ok(files)
}

/// Seconds that a token is good for where nothing is said.
const DEFAULT_EXPIRATION: i64 = 3600;

fn of_objects(
    source: &VolumeProjection,
    objects: &dyn Objects,
    mode: Option<i32>,
) -> Result<Files, EnvError> {
    let mut files = Files::new();
    let not_found = |kind, name: &str| EnvError::NotFound { kind, name: name.to_owned() };
    if let Some(wanted) = &source.config_map {
        let (optional, items) = (wanted.optional == Some(true), wanted.items.as_deref().unwrap_or_default());
        match objects.config_map(&wanted.name) {
            Some(map) => files.extend(config_map_files(map, items, mode, optional)?),
            None if optional => {}
            None => return Err(not_found("configmap", &wanted.name)),
        }
    }
    if let Some(wanted) = &source.secret {
        let (optional, items) = (wanted.optional == Some(true), wanted.items.as_deref().unwrap_or_default());
        match objects.secret(&wanted.name) {
            Some(secret) => files.extend(secret_files(secret, items, mode, optional)?),
            None if optional => {}
            None => return Err(not_found("secret", &wanted.name)),
        }
    }
    Ok(files)
}
