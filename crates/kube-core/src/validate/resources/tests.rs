//! Names, canonical forms, requests and limits.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{canonicalize, is_overcommit_allowed, validate_container_requirements};
use crate::error::FieldPath;

#[track_caller]
fn check(wanted: Value, expected: &[&str]) {
    let wanted = serde_json::from_value(wanted).unwrap();
    let errors =
        validate_container_requirements(Some(&wanted), &BTreeSet::from(["claim"]), &FieldPath::new("r"));
    assert_eq!(errors.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
}

#[test]
fn amounts_are_written_in_one_way_and_no_finer_than_thousandths() {
    let mut list = serde_json::from_value(json!({"cpu": "1000m", "memory": "1.0001", "x": "bogus"})).unwrap();
    canonicalize(&mut list);
    assert_eq!(serde_json::to_value(list).unwrap(), json!({"cpu": "1", "memory": "1001m", "x": "bogus"}));
}

#[test]
fn requests_stay_below_limits() {
    check(json!({"limits": {"cpu": "1"}, "requests": {"cpu": "999m"}}), &[]);
    check(
        json!({"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}),
        &["r.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"],
    );
    check(
        json!({"requests": {"cpu": "-1"}}),
        &["r.requests[cpu]: Invalid value: \"-1\": must be greater than or equal to 0"],
    );
    check(
        json!({"requests": {"cpu": "x"}}),
        &[
            "r.requests[cpu]: Invalid value: \"x\": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ],
    );
}

#[test]
fn what_cannot_be_shared_is_limited_and_whole() {
    check(json!({"limits": {"a.com/gpu": "1"}, "requests": {"a.com/gpu": "1"}}), &[]);
    check(
        json!({"limits": {"a.com/gpu": "2"}, "requests": {"a.com/gpu": "1"}}),
        &["r.requests: Invalid value: \"1\": must be equal to a.com/gpu limit of 2"],
    );
    check(
        json!({"limits": {"a.com/gpu": "1500m"}}),
        &["r.limits[a.com/gpu]: Invalid value: \"1500m\": must be an integer"],
    );
    check(
        json!({"requests": {"a.com/gpu": "1"}}),
        &["r.limits: Required value: Limit must be set for non overcommitable resources"],
    );
    assert!(is_overcommit_allowed("kubernetes.io/x") && !is_overcommit_allowed("hugepages-2Mi"));
}

#[test]
fn names_are_standard_or_have_a_domain() {
    check(
        json!({"limits": {"bogus": "1"}}),
        &[
            "r.limits[bogus]: Invalid value: \"bogus\": must be a standard resource type or fully qualified",
            "r.limits[bogus]: Invalid value: \"bogus\": must be a standard resource for containers",
        ],
    );
    check(
        json!({"limits": {"requests.a.com/x": "1"}}),
        &[
            "r.limits[requests.a.com/x]: Invalid value: \"requests.a.com/x\": doesn't follow extended resource name standard",
        ],
    );
}

#[test]
fn huge_pages_come_whole_and_not_alone() {
    check(json!({"limits": {"cpu": "1", "hugepages-2Mi": "4Mi"}}), &[]);
    check(
        json!({"limits": {"cpu": "1", "hugepages-2Mi": "3Mi"}}),
        &[
            "r.limits[hugepages-2Mi]: Invalid value: \"3Mi\": 3Mi is not positive integer multiple of hugepages-2Mi",
        ],
    );
    check(json!({"limits": {"hugepages-2Mi": "2Mi"}}), &["r: Forbidden: HugePages require cpu or memory"]);
}

#[test]
fn claims_are_those_of_the_pod() {
    check(json!({"claims": [{"name": "claim"}]}), &[]);
    check(
        json!({"claims": [{"name": "other"}]}),
        &["r.claims[0]: Not found: \"other\": must be one of the names in pod.spec.resourceClaims: claim"],
    );
    check(
        json!({"claims": [{"name": "claim", "request": "a"}, {"name": "claim"}]}),
        &["r.claims[1]: Duplicate value: \"claim\""],
    );
}
