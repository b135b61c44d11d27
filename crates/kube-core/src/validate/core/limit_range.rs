//! Ranges of what may be asked for in a namespace.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1` (`SetDefaults_LimitRangeItem`), `pkg/apis/core/validation`
//! (`ValidateLimitRange`).

use std::collections::BTreeSet;

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{LimitRange, LimitRangeItem};
use crate::validate::Kind;
use crate::validate::fields::qualified_name;
use crate::validate::resources::{
    ResourceList, canonicalize, validate_container_resource_name, validate_resource_name,
};

impl Kind for LimitRange {
    fn set_defaults(&mut self) {
        if let Some(spec) = &mut self.spec {
            spec.limits.iter_mut().for_each(set_item_defaults);
        }
    }

    fn validate(&self) -> Vec<FieldError> {
        let path = FieldPath::new("spec").child("limits");
        let limits = self.spec.as_ref().map_or(&[][..], |spec| &spec.limits);
        let mut errors = Vec::new();
        let mut sorts = BTreeSet::new();
        for (index, item) in limits.iter().enumerate() {
            let path = path.index(index);
            let sort = item.type_.as_str();
            let wrong = qualified_name(sort, &path.child("type"));
            if wrong.is_empty() && !sort.contains('/') && !SORTS.contains(&sort) {
                let detail = "must be a standard limit type or fully qualified";
                errors.push(FieldError::invalid(&path.child("type"), sort, detail));
            }
            errors.extend(wrong);
            if !sorts.insert(sort) {
                errors.push(FieldError::duplicate(&path.child("type"), sort));
            }
            errors.extend(validate_item(item, &path));
        }
        errors
    }
}

/// What a container may have by default is the most that it may have, and what it asks for by default is that or
/// the least.
fn set_item_defaults(item: &mut LimitRangeItem) {
    let lists = [
        &mut item.max,
        &mut item.min,
        &mut item.default,
        &mut item.default_request,
        &mut item.max_limit_request_ratio,
    ];
    lists.into_iter().for_each(canonicalize);
    if item.type_ != "Container" {
        return;
    }
    let mut limits = item.default.take().unwrap_or_default();
    add_missing(&mut limits, item.max.as_ref());
    let mut requests = item.default_request.take().unwrap_or_default();
    add_missing(&mut requests, Some(&limits));
    add_missing(&mut requests, item.min.as_ref());
    item.default = Some(limits).filter(|list| !list.is_empty());
    item.default_request = Some(requests).filter(|list| !list.is_empty());
}

fn add_missing(list: &mut ResourceList, from: Option<&ResourceList>) {
    for (name, amount) in from.into_iter().flatten() {
        list.entry(name.clone()).or_insert_with(|| amount.clone());
    }
}

fn validate_item(item: &LimitRangeItem, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let of_pod = item.type_ == "Pod";
    let lists = [
        ("max", &item.max),
        ("min", &item.min),
        ("default", &item.default),
        ("defaultRequest", &item.default_request),
        ("maxLimitRequestRatio", &item.max_limit_request_ratio),
    ];
    for (field, list) in lists {
        let path = path.child(field);
        if of_pod && matches!(field, "default" | "defaultRequest") {
            if list.as_ref().is_some_and(|list| !list.is_empty()) {
                errors.push(FieldError::forbidden(&path, "may not be specified when `type` is 'Pod'"));
            }
            continue;
        }
        for name in list.iter().flatten().map(|(name, _)| name) {
            let judge = match item.type_.as_str() {
                "Pod" | "Container" => validate_container_resource_name,
                _ => validate_resource_name,
            };
            errors.extend(judge(name, &path.key(name)));
        }
    }
    let has_storage = [&item.min, &item.max].into_iter().flatten().any(|list| list.contains_key("storage"));
    if item.type_ == "PersistentVolumeClaim" && !has_storage {
        let detail = "either minimum or maximum storage value is required, but neither was provided";
        errors.push(FieldError::required(&path.child("limits"), detail));
    }
    errors
}

const SORTS: &[&str] = &["Pod", "Container", "PersistentVolumeClaim"];
