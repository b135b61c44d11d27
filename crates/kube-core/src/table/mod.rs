//! Objects as rows of a table, as `kubectl get` shows them.
//!
//! The columns of each kind are data ([`columns`]); how an object fills them is a function of its JSON and the time
//! ([`row`]), for ages are told in words. [`table`] puts the document together that a server answers with.
//!
//! ```
//! use kube_core::resource::Resource;
//! use kube_core::{kinds::core::v1::ConfigMap, table};
//! use serde_json::json;
//!
//! let map = json!({
//!     "metadata": {"name": "settings", "creationTimestamp": "2026-01-01T00:00:00Z"},
//!     "data": {"a": "1", "b": "2"},
//! });
//! let kind = ConfigMap::kind_info();
//! let names: Vec<&str> = table::columns(kind).iter().map(|column| &*column.name).collect();
//! assert_eq!(names, ["Name", "Data", "Age"]);
//! let now = "2026-01-01T03:05:00Z".parse()?;
//! assert_eq!(table::row(kind, &map, now), [json!("settings"), json!(2), json!("3h5m")]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Source: `k8s.io/kubernetes/pkg/printers/internalversion`, Kubernetes 1.36.

mod access;
mod admission;
mod age;
mod autoscaling;
mod batch;
mod cells;
mod cluster;
mod columns;
mod event;
mod layout;
mod network;
mod path;
mod pod;
mod storage;
#[cfg(test)]
mod tests;
mod workload;

pub use age::human_duration;
pub use columns::{Column, columns};
pub use layout::{IncludeObject, Layout, PrinterColumn, TableOptions};

use crate::resource::KindInfo;
use cells::Object;
use jiff::Timestamp;
use serde_json::Value;

/// The cells of one object, one per column. (Kubernetes gives an `IPAddress` one more than it has columns.)
pub fn row(kind: &KindInfo, object: &Value, now: Timestamp) -> Vec<Value> {
    let object = Object::new(object, now);
    match printer(&kind.group, &kind.kind) {
        Some(print) => print(&object),
        None => vec![object.text("/metadata/name").into(), object.text("/metadata/creationTimestamp").into()],
    }
}

/// Objects as a `Table`: columns, and a row for each object with its metadata beside the cells. `metadata` is that of
/// the list, if any.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1` (`Table`).
pub fn table<'a>(
    kind: &KindInfo,
    objects: impl IntoIterator<Item = &'a Value>,
    metadata: &Value,
    now: Timestamp,
) -> Value {
    Layout::of(kind).table(objects, metadata, now, &TableOptions::default())
}

type Printer = fn(&Object<'_>) -> Vec<Value>;

/// One line per kind that has more to show than its name and when it was made.
fn printer(group: &str, kind: &str) -> Option<Printer> {
    match group {
        "" => core_printer(kind),
        "apps" => workload::printer(kind),
        "networking.k8s.io" | "discovery.k8s.io" => network::printer(kind),
        "storage.k8s.io" => storage::printer(kind),
        "admissionregistration.k8s.io" | "flowcontrol.apiserver.k8s.io" => admission::printer(kind),
        "rbac.authorization.k8s.io" | "certificates.k8s.io" => access::printer(kind),
        _ => match (group, kind) {
            ("autoscaling", "HorizontalPodAutoscaler") => Some(autoscaling::horizontal_pod_autoscaler),
            ("batch", "Job") => Some(batch::job),
            ("batch", "CronJob") => Some(batch::cron_job),
            ("events.k8s.io", "Event") => Some(event::event),
            _ => cluster::printer(group, kind),
        },
    }
}

fn core_printer(kind: &str) -> Option<Printer> {
    Some(match kind {
        "Pod" => pod::pod,
        "Event" => event::event,
        "ConfigMap" | "Secret" | "ServiceAccount" => return access::printer(kind),
        "PersistentVolume" | "PersistentVolumeClaim" => return storage::printer(kind),
        "Endpoints" | "Service" => return network::printer(kind),
        "PodTemplate" | "ReplicationController" => return workload::printer(kind),
        _ => return cluster::printer("", kind),
    })
}
