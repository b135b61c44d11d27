//! Ranges of what may be asked for in a namespace.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1` (`SetDefaults_LimitRangeItem`), `pkg/apis/core/validation`
//! (`ValidateLimitRange`).

use std::collections::BTreeSet;

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{LimitRange, LimitRangeItem};
use crate::quantity::{Format, Quantity};
use crate::validate::Kind;
use crate::validate::fields::qualified_name;
use crate::validate::resources::{
    ResourceList, canonicalize, is_overcommit_allowed, validate_container_resource_name,
    validate_resource_name,
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
    errors.extend(amounts(item).flat_map(|amounts| amounts.validate(path)));
    errors
}

/// What an item says of one resource.
struct Amounts<'a> {
    resource: &'a str,
    min: Option<Quantity>,
    max: Option<Quantity>,
    default: Option<Quantity>,
    request: Option<Quantity>,
    ratio: Option<Quantity>,
}

fn amounts(item: &LimitRangeItem) -> impl Iterator<Item = Amounts<'_>> {
    let of_pod = item.type_ == "Pod";
    let default = item.default.as_ref().filter(|_| !of_pod);
    let request = item.default_request.as_ref().filter(|_| !of_pod);
    let lists =
        [item.min.as_ref(), item.max.as_ref(), default, request, item.max_limit_request_ratio.as_ref()];
    let resources: BTreeSet<&str> =
        lists.iter().flatten().flat_map(|list| list.keys().map(String::as_str)).collect();
    let of = |list: Option<&ResourceList>, resource: &str| Quantity::parse(&list?.get(resource)?.0).ok();
    resources.into_iter().map(move |resource| Amounts {
        resource,
        min: of(lists[0], resource),
        max: of(lists[1], resource),
        default: of(default, resource),
        request: of(request, resource),
        ratio: of(lists[4], resource),
    })
}

impl Amounts<'_> {
    /// What is wrong with the amounts beside each other.
    ///
    /// Source: `ValidateLimitRange`.
    fn validate(&self, path: &FieldPath) -> Vec<FieldError> {
        // Where it stands, the value shown, the lesser and the greater; which of them is shown is Kubernetes' choice.
        let orders = [
            ("min", self.min, ("min value", self.min), ("max value", self.max)),
            (
                "defaultRequest",
                self.request,
                ("min value", self.min),
                ("default request value", self.request),
            ),
            (
                "defaultRequest",
                self.request,
                ("default request value", self.request),
                ("max value", self.max),
            ),
            (
                "defaultRequest",
                self.request,
                ("default request value", self.request),
                ("default limit value", self.default),
            ),
            ("default", self.min, ("min value", self.min), ("default value", self.default)),
            ("default", self.max, ("default value", self.default), ("max value", self.max)),
        ];
        let mut errors = Vec::new();
        for (field, shown, (lesser, least), (greater, most)) in orders {
            let (Some(shown), Some(least), Some(most)) = (shown, least, most) else { continue };
            if least > most {
                let detail = format!("{lesser} {least} is greater than {greater} {most}");
                errors.push(self.wrong(field, shown, detail, path));
            }
        }
        errors.extend(self.wrong_ratio(path));
        if let (Some(default), Some(request)) = (self.default, self.request)
            && !is_overcommit_allowed(self.resource)
            && default != request
        {
            let resource = self.resource;
            let detail =
                format!("default value {default} must equal to defaultRequest value {request} in {resource}");
            errors.push(self.wrong("defaultRequest", request, detail, path));
        }
        errors
    }

    fn wrong_ratio(&self, path: &FieldPath) -> Vec<FieldError> {
        let Some(ratio) = self.ratio else { return Vec::new() };
        let mut errors = Vec::new();
        let mut wrong = |detail: String| errors.push(self.wrong("maxLimitRequestRatio", ratio, detail, path));
        if ratio < Quantity::from_units(1, Format::DecimalSI) {
            wrong(format!("ratio {ratio} is less than 1"));
        }
        if let (Some(min), Some(max)) = (self.min, self.max) {
            let fine = [ratio, min, max].iter().all(|amount| amount.value() < MAX_MILLI);
            let number = |amount: Quantity| {
                if fine { as_float(amount.milli_value()) } else { as_float(amount.value()) }
            };
            let limit = number(max) / number(min);
            let wanted = if fine { number(ratio) / 1000.0 } else { number(ratio) };
            if wanted > limit {
                wrong(format!("ratio {ratio} is greater than max/min = {limit:.6}"));
            }
        }
        errors
    }

    fn wrong(&self, field: &str, shown: Quantity, detail: String, path: &FieldPath) -> FieldError {
        FieldError::invalid(&path.child(field).key(self.resource), shown.to_string(), detail)
    }
}

#[expect(clippy::cast_precision_loss, reason = "Kubernetes divides these as floating point numbers")]
fn as_float(number: i64) -> f64 {
    number as f64
}

/// Amounts from here on are not counted in thousandths.
///
/// Source: `MaxMilliValue` of `k8s.io/apimachinery/pkg/api/resource`.
const MAX_MILLI: i64 = i64::MAX / 1000;
const SORTS: &[&str] = &["Pod", "Container", "PersistentVolumeClaim"];
