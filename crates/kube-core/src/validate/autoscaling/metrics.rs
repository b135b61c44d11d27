//! What an autoscaler looks at.

use super::reference::{ApiVersion, validate_reference};
use crate::error::{FieldError, FieldPath};
use crate::kinds::ApiQuantity;
use crate::kinds::autoscaling::v2::{
    ContainerResourceMetricSource, MetricIdentifier, MetricSpec, MetricTarget, ResourceMetricSource,
};
use crate::names::is_path_segment_name;
use crate::quantity::Quantity;
use crate::validate::fields::{dns_label, invalid, supported};
use crate::validate::resources::validate_container_resource_name;

/// The type of metrics that are about one object.
pub(super) const OBJECT: &str = "Object";
const EXTERNAL: &str = "External";
const TYPES: &[&str] = &["ContainerResource", EXTERNAL, OBJECT, "Pods", "Resource"];
const AVERAGE_VALUE: &str = "averageValue";
const AVERAGE_UTILIZATION: &str = "averageUtilization";

/// What is looked at unless something is said: 80% of the requested cpu.
pub(super) fn default_metric() -> MetricSpec {
    let target = MetricTarget {
        type_: "Utilization".to_owned(),
        average_utilization: Some(80),
        ..MetricTarget::default()
    };
    MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource { name: "cpu".to_owned(), target }),
        ..MetricSpec::default()
    }
}

/// Source: `validateMetrics`.
pub(super) fn validate_metrics(
    metrics: &[MetricSpec],
    version: ApiVersion,
    to_zero: bool,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, metric) in metrics.iter().enumerate() {
        errors.extend(validate_metric(metric, version, &path.index(index)));
    }
    if to_zero && !metrics.iter().any(|metric| matches!(metric.type_.as_str(), OBJECT | EXTERNAL)) {
        let detail =
            "must specify at least one Object or External metric to support scaling to zero replicas";
        errors.push(FieldError::forbidden(path, detail));
    }
    errors
}

/// Source: `validateMetricSpec`.
fn validate_metric(metric: &MetricSpec, version: ApiVersion, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let kind = metric.type_.as_str();
    if kind.is_empty() {
        errors.push(FieldError::required(&path.child("type"), "must specify a metric source type"));
    }
    errors.extend(supported(kind, TYPES, &path.child("type")));
    let sources = given_sources(metric);
    if let Some(first) = sources.first() {
        errors.extend(validate_source(metric, first, version, &path.child(first)));
    }
    let expected = field_of(kind);
    match expected {
        // Kubernetes says so twice.
        None => errors.extend(supported(kind, TYPES, &path.child("type"))),
        Some(field) if !sources.contains(&field) => {
            let detail = "must populate information for the given metric source";
            errors.push(FieldError::required(&path.child(field), detail));
        }
        Some(_) => {}
    }
    if sources.len() != 1 {
        let others = sources.into_iter().filter(|field| Some(*field) != expected);
        errors.extend(others.map(|field| {
            FieldError::forbidden(&path.child(field), "must populate the given metric source only")
        }));
    }
    errors
}

/// The fields of the sources that are given, in the order in which they are looked at.
fn given_sources(metric: &MetricSpec) -> Vec<&'static str> {
    let sources = [
        ("object", metric.object.is_some()),
        ("external", metric.external.is_some()),
        ("pods", metric.pods.is_some()),
        ("resource", metric.resource.is_some()),
        ("containerResource", metric.container_resource.is_some()),
    ];
    sources.into_iter().filter(|(_, given)| *given).map(|(field, _)| field).collect()
}

fn field_of(kind: &str) -> Option<&'static str> {
    Some(match kind {
        OBJECT => "object",
        EXTERNAL => "external",
        "Pods" => "pods",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return None,
    })
}

fn validate_source(
    metric: &MetricSpec,
    field: &str,
    version: ApiVersion,
    path: &FieldPath,
) -> Vec<FieldError> {
    let (mut errors, target) = match metric {
        MetricSpec { object: Some(source), .. } if field == "object" => {
            let described = &path.child("describedObject");
            let mut errors = validate_reference(&source.described_object, version, described);
            errors.extend(validate_identifier(&source.metric, &path.child("metric")));
            (errors, &source.target)
        }
        MetricSpec { external: Some(source), .. } if field == "external" => {
            (validate_identifier(&source.metric, &path.child("metric")), &source.target)
        }
        MetricSpec { pods: Some(source), .. } if field == "pods" => {
            (validate_identifier(&source.metric, &path.child("metric")), &source.target)
        }
        MetricSpec { resource: Some(source), .. } if field == "resource" => {
            (unnamed_resource(&source.name, path).into_iter().collect(), &source.target)
        }
        MetricSpec { container_resource: Some(source), .. } => {
            (validate_container_resource(source, path), &source.target)
        }
        _ => return Vec::new(),
    };
    let path = path.child("target");
    errors.extend(validate_target(target, &path));
    errors.extend(wrong_choice(field, target, &path));
    errors
}

fn unnamed_resource(name: &str, path: &FieldPath) -> Option<FieldError> {
    name.is_empty().then(|| FieldError::required(&path.child("name"), "must specify a resource name"))
}

fn validate_container_resource(source: &ContainerResourceMetricSource, path: &FieldPath) -> Vec<FieldError> {
    let mut errors: Vec<FieldError> = unnamed_resource(&source.name, path).into_iter().collect();
    if errors.is_empty() {
        errors.extend(validate_container_resource_name(&source.name, &path.child("name")));
    }
    let path = path.child("container");
    if source.container.is_empty() {
        errors.push(FieldError::required(&path, "must specify a container"));
    } else {
        errors.extend(dns_label(&source.container, &path));
    }
    errors
}

/// Source: `validateMetricIdentifier`.
fn validate_identifier(metric: &MetricIdentifier, path: &FieldPath) -> Vec<FieldError> {
    let path = path.child("name");
    if metric.name.is_empty() {
        return vec![FieldError::required(&path, "must specify a metric name")];
    }
    invalid(&path, &metric.name, is_path_segment_name(&metric.name)).collect()
}

/// Source: `validateMetricTarget`.
fn validate_target(target: &MetricTarget, path: &FieldPath) -> Vec<FieldError> {
    let (kind, here) = (target.type_.as_str(), path.child("type"));
    let mut errors = Vec::new();
    if kind.is_empty() {
        errors.push(FieldError::required(&here, "must specify a metric target type"));
    }
    if !matches!(kind, "Utilization" | "Value" | "AverageValue") {
        let detail = "must be either Utilization, Value, or AverageValue";
        errors.push(FieldError::invalid(&here, kind, detail));
    }
    errors.extend(not_positive(target.value.as_ref(), &path.child("value")));
    errors.extend(not_positive(target.average_value.as_ref(), &path.child(AVERAGE_VALUE)));
    if let Some(percent) = target.average_utilization.filter(|&percent| percent < 1) {
        let path = path.child(AVERAGE_UTILIZATION);
        errors.push(FieldError::invalid(&path, percent, "must be greater than 0"));
    }
    errors
}

fn not_positive(value: Option<&ApiQuantity>, path: &FieldPath) -> Option<FieldError> {
    let quantity = Quantity::parse(&value?.0).ok()?;
    (quantity.sign() <= 0).then(|| FieldError::invalid(path, quantity.to_string(), "must be positive"))
}

/// Each source takes some of the values that a target can have.
fn wrong_choice(field: &str, target: &MetricTarget, path: &FieldPath) -> Option<FieldError> {
    let (value, average) = (target.value.is_some(), target.average_value.is_some());
    let utilization = target.average_utilization.is_some();
    let required = |field: &str, detail: &str| Some(FieldError::required(&path.child(field), detail));
    let forbidden = |field: &str, detail: &str| Some(FieldError::forbidden(&path.child(field), detail));
    match field {
        "object" if !value && !average => {
            required(AVERAGE_VALUE, "must set either a target value or averageValue")
        }
        "external" if !value && !average => {
            required(AVERAGE_VALUE, "must set either a target value for metric or a per-pod target")
        }
        "external" if value && average => {
            forbidden("value", "may not set both a target value for metric and a per-pod target")
        }
        "pods" if !average => required(AVERAGE_VALUE, "must specify a positive target averageValue"),
        "resource" | "containerResource" if !utilization && !average => {
            required(AVERAGE_UTILIZATION, "must set either a target raw value or a target utilization")
        }
        "resource" | "containerResource" if utilization && average => {
            forbidden(AVERAGE_VALUE, "may not set both a target raw value and a target utilization")
        }
        _ => None,
    }
}
