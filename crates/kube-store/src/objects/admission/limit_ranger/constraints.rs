//! Least, most, and the ratio of limit to request.
//!
//! Source: `PodValidateLimitFunc`, `PersistentVolumeClaimValidateLimitFunc`.

use kube_core::kinds::core::v1::{LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod};
use kube_core::pod_resources::{
    ContainerResources, Options, PodResources, ResourceList, Resources, pod_limits, pod_requests,
};
use kube_core::quantity::Quantity;

/// Beyond this the thousandth does not fit.
const MAX_MILLI: i64 = i64::MAX / 1000;

/// What the pod does against the range.
pub(super) fn check_pod(pod: &Pod, range: &LimitRange) -> Vec<String> {
    let resources = PodResources::from(pod);
    let mut errors = Vec::new();
    for item in range.spec.iter().flat_map(|spec| &spec.limits) {
        match &*item.type_ {
            "Container" => {
                let each = resources.containers.iter().chain(&resources.init_containers);
                each.for_each(|container| check_container(container, item, &mut errors));
            }
            "Pod" => {
                let options = Options::default();
                let sums = Resources {
                    requests: pod_requests(&resources, &options),
                    limits: pod_limits(&resources, &options),
                };
                check(&sums, item, &mut errors);
            }
            _ => {}
        }
    }
    errors
}

fn check_container(container: &ContainerResources, item: &LimitRangeItem, errors: &mut Vec<String>) {
    check(&container.resources, item, errors);
}

fn check(resources: &Resources, item: &LimitRangeItem, errors: &mut Vec<String>) {
    let kind = &*item.type_;
    for (name, least) in ResourceList::of_typed(item.min.as_ref()).iter() {
        errors.extend(below(kind, name, least, resources));
    }
    for (name, most) in ResourceList::of_typed(item.max.as_ref()).iter() {
        errors.extend(above(kind, name, most, resources));
    }
    for (name, ratio) in ResourceList::of_typed(item.max_limit_request_ratio.as_ref()).iter() {
        errors.extend(beyond_ratio(kind, name, ratio, resources));
    }
}

/// What the claim does against the range.
pub(super) fn check_claim(claim: &PersistentVolumeClaim, range: &LimitRange) -> Vec<String> {
    let requests = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref()?.requests.as_ref());
    let requests = ResourceList::of_typed(requests);
    let mut errors = Vec::new();
    let items = range.spec.iter().flat_map(|spec| &spec.limits);
    for item in items.filter(|item| item.type_ == "PersistentVolumeClaim") {
        for (name, least) in ResourceList::of_typed(item.min.as_ref()).iter() {
            errors.extend(below_request(name, least, requests.get(name)));
        }
        for (name, most) in ResourceList::of_typed(item.max.as_ref()).iter() {
            errors.extend(above_request(name, most, requests.get(name)));
        }
    }
    errors
}

/// The values at one precision at which all of them fit.
fn at_one_scale<const N: usize>(quantities: [Quantity; N]) -> [i64; N] {
    if quantities.iter().all(|quantity| quantity.value() <= MAX_MILLI) {
        quantities.map(Quantity::milli_value)
    } else {
        quantities.map(Quantity::value)
    }
}

fn below(kind: &str, name: &str, least: Quantity, resources: &Resources) -> Option<String> {
    let text = format!("minimum {name} usage per {kind} is {least}");
    let Some(request) = resources.requests.get(name) else {
        return Some(format!("{text}.  No request is specified"));
    };
    let limit = resources.limits.get(name);
    let [asked, limited, wanted] = at_one_scale([request, limit.unwrap_or(Quantity::ZERO), least]);
    if asked < wanted {
        return Some(format!("{text}, but request is {request}"));
    }
    limit.filter(|_| limited < wanted).map(|limit| format!("{text}, but limit is {limit}"))
}

fn above(kind: &str, name: &str, most: Quantity, resources: &Resources) -> Option<String> {
    let text = format!("maximum {name} usage per {kind} is {most}");
    let Some(limit) = resources.limits.get(name) else {
        return Some(format!("{text}.  No limit is specified"));
    };
    let request = resources.requests.get(name);
    let [asked, limited, wanted] = at_one_scale([request.unwrap_or(Quantity::ZERO), limit, most]);
    if limited > wanted {
        return Some(format!("{text}, but limit is {limit}"));
    }
    request.filter(|_| asked > wanted).map(|request| format!("{text}, but request is {request}"))
}

fn beyond_ratio(kind: &str, name: &str, ratio: Quantity, resources: &Resources) -> Option<String> {
    let text = format!("{name} max limit to request ratio per {kind} is {ratio}");
    let of = |list: &ResourceList| list.get(name).unwrap_or(Quantity::ZERO);
    let [asked, limited] = at_one_scale([of(&resources.requests), of(&resources.limits)]);
    if asked == 0 {
        return Some(format!("{text}, but no request is specified or request is 0"));
    }
    if limited == 0 {
        return Some(format!("{text}, but no limit is specified or limit is 0"));
    }
    // limit / request > ratio, without dividing.
    let thousandths = i128::from(ratio.milli_value());
    if i128::from(limited) * 1000 <= thousandths * i128::from(asked) {
        return None;
    }
    let shown = of(&resources.limits).to_f64() / of(&resources.requests).to_f64();
    Some(format!("{text}, but provided ratio is {shown:.6}"))
}

fn below_request(name: &str, least: Quantity, request: Option<Quantity>) -> Option<String> {
    let text = format!("minimum {name} usage per PersistentVolumeClaim is {least}");
    match request {
        None => Some(format!("{text}.  No request is specified")),
        Some(request) if request < least => Some(format!("{text}, but request is {request}")),
        Some(_) => None,
    }
}

fn above_request(name: &str, most: Quantity, request: Option<Quantity>) -> Option<String> {
    let text = format!("maximum {name} usage per PersistentVolumeClaim is {most}");
    match request {
        None => Some(format!("{text}.  No request is specified")),
        Some(request) if request > most => Some(format!("{text}, but request is {request}")),
        Some(_) => None,
    }
}
