//! The committed discovery data, keys, and kinds of typed objects.

use super::{GroupVersionKind, ObjectKey, Resource, ResourceExt, Scope, builtin_kinds, find_builtin};
use crate::kinds::apps::v1::Deployment;
use crate::kinds::core::v1::{Namespace, Pod};

#[test]
fn discovery_data_is_complete() {
    assert_eq!(builtin_kinds().len(), 68);
    let pods = find_builtin("", "v1", "Pod").unwrap();
    assert_eq!((&*pods.plural, pods.scope), ("pods", Scope::Namespaced));
    assert!(pods.short_names.contains("po") && pods.has_status() && pods.subresources.contains("binding"));
    assert_eq!(Deployment::kind_info().api_version(), "apps/v1");
    assert!(!Namespace::kind_info().is_namespaced());
}

#[test]
fn keys_print_as_they_parse() {
    for text in ["default/web", "node-1"] {
        assert_eq!(ObjectKey::from(text).to_string(), text);
    }
    assert!(ObjectKey::new("a", "z") < ObjectKey::new("b", "a"));
}

#[test]
fn typed_objects_know_their_key_and_version() {
    let mut pod = Pod::default();
    pod.metadata.name = Some("web".to_owned());
    pod.metadata.namespace = Some("default".to_owned());
    assert_eq!(pod.key(), ObjectKey::new("default", "web"));
    assert_eq!(pod.resource_version(), None);
    pod.metadata.resource_version = Some("42".to_owned());
    assert_eq!(pod.resource_version().unwrap().revision(), 42);
}

#[test]
fn api_versions_split_into_group_and_version() {
    let core = GroupVersionKind::from_type_meta("v1", "Pod");
    assert_eq!((&*core.group, &*core.version), ("", "v1"));
    assert_eq!(
        GroupVersionKind::from_type_meta("apps/v1", "Deployment").to_string(),
        "apps/v1, Kind=Deployment"
    );
}
