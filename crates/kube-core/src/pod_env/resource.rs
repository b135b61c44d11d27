//! Resources of a container that it may read.

use crate::kinds::ApiQuantity;
use crate::kinds::core::v1::{Container, Pod, ResourceFieldSelector};
use crate::pod_resources::{CPU, EPHEMERAL_STORAGE, HUGE_PAGES_PREFIX, MEMORY};
use crate::quantity::Quantity;
use std::collections::BTreeMap;

/// A resource that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResourceFieldError {
    /// The pod has no such container.
    #[error("container {0} not found")]
    NoContainer(String),
    /// Not a resource that may be read.
    #[error("unsupported container resource : {0}")]
    Unsupported(String),
}

/// The container, or init container, of that name.
///
/// Source: `findContainerInPod`.
///
/// # Errors
/// There is none.
///
/// ```
/// use kube_core::kinds::core::v1::Pod;
/// use kube_core::pod_env::find_container;
/// use serde_json::{from_value, json};
///
/// let pod: Pod = from_value(json!({"spec": {
///     "initContainers": [{"name": "migrate", "image": "tool:2"}],
///     "containers": [{"name": "web", "image": "web:1"}],
/// }}))?;
/// assert_eq!(find_container(&pod, "migrate")?.image.as_deref(), Some("tool:2"));
/// assert_eq!(find_container(&pod, "log").unwrap_err().to_string(), "container log not found");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find_container<'a>(pod: &'a Pod, name: &str) -> Result<&'a Container, ResourceFieldError> {
    let spec = pod.spec.as_ref();
    let containers = spec
        .into_iter()
        .flat_map(|spec| spec.containers.iter().chain(spec.init_containers.as_deref().unwrap_or_default()));
    containers
        .into_iter()
        .find(|container| container.name == name)
        .ok_or_else(|| ResourceFieldError::NoContainer(name.to_owned()))
}

/// The amount of a resource in units of the divisor, rounded up.
///
/// Source: `ExtractContainerResourceValue`.
///
/// # Errors
/// The resource is none that may be read.
///
/// ```
/// use kube_core::kinds::core::v1::{Container, ResourceFieldSelector};
/// use kube_core::pod_env::resource_value;
/// use serde_json::{from_value, json};
///
/// let container: Container = from_value(json!({"name": "web", "resources": {"limits": {"cpu": "1500m"}}}))?;
/// let asked = |divisor: &str| -> Result<ResourceFieldSelector, _> {
///     from_value(json!({"resource": "limits.cpu", "divisor": divisor}))
/// };
/// assert_eq!(resource_value(&container, &asked("1")?)?, "2");
/// assert_eq!(resource_value(&container, &asked("1m")?)?, "1500");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn resource_value(
    container: &Container,
    selector: &ResourceFieldSelector,
) -> Result<String, ResourceFieldError> {
    let unsupported = || ResourceFieldError::Unsupported(selector.resource.clone());
    let (list, name) = selector.resource.split_once('.').ok_or_else(unsupported)?;
    let resources = container.resources.as_ref();
    let amounts = match list {
        "limits" => resources.and_then(|resources| resources.limits.as_ref()),
        "requests" => resources.and_then(|resources| resources.requests.as_ref()),
        _ => return Err(unsupported()),
    };
    if !matches!(name, CPU | MEMORY | EPHEMERAL_STORAGE) && !name.starts_with(HUGE_PAGES_PREFIX) {
        return Err(unsupported());
    }
    let amount = amounts.and_then(|amounts| amounts.get(name)).map_or(Quantity::ZERO, read);
    let divisor = selector.divisor.as_ref().map(read).filter(|divisor| !divisor.is_zero());
    Ok(if name == CPU {
        divided(amount.milli_value(), divisor.map_or(1_000, Quantity::milli_value))
    } else {
        divided(amount.value(), divisor.map_or(1, Quantity::value))
    }
    .to_string())
}

/// Divides in floating point, as Kubernetes does.
#[expect(clippy::cast_precision_loss, reason = "large amounts lose the same digits in Kubernetes")]
#[expect(clippy::cast_possible_truncation, reason = "as in Go, save that it stops at the ends")]
fn divided(amount: i64, divisor: i64) -> i64 {
    (amount as f64 / divisor as f64).ceil() as i64
}

/// The container with limits where it has none: what the node has of cpu, memory and local disk.
///
/// Source: `MergeContainerResourceLimits`.
#[must_use]
pub fn with_allocatable(container: &Container, allocatable: &BTreeMap<String, ApiQuantity>) -> Container {
    let mut container = container.clone();
    let limits = container.resources.get_or_insert_default().limits.get_or_insert_default();
    for name in [CPU, MEMORY, EPHEMERAL_STORAGE] {
        let missing = limits.get(name).is_none_or(|amount| read(amount).is_zero());
        if let (true, Some(amount)) = (missing, allocatable.get(name)) {
            limits.insert(name.to_owned(), amount.clone());
        }
    }
    container
}

fn read(amount: &ApiQuantity) -> Quantity {
    Quantity::parse(&amount.0).unwrap_or(Quantity::ZERO)
}
