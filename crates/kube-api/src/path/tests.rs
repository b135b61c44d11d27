//! Paths as tables.

use super::{ApiPath, ObjectPath};

/// `group version namespace resource name subresource`, with `-` for what is absent.
fn shown(path: &str) -> String {
    match ApiPath::parse(path) {
        None => "none".to_owned(),
        Some(ApiPath::CoreVersions) => "versions".to_owned(),
        Some(ApiPath::Groups) => "groups".to_owned(),
        Some(ApiPath::Group(group)) => format!("group {group}"),
        Some(ApiPath::Resources { group, version }) => format!("resources {group} {version}"),
        Some(ApiPath::Objects(ObjectPath { group, version, namespace, resource, name, subresource })) => {
            let or_dash = |text: String| if text.is_empty() { "-".to_owned() } else { text };
            [group, version, namespace.unwrap_or_default(), resource, name.unwrap_or_default(), subresource]
                .map(or_dash)
                .join(" ")
        }
    }
}

#[test]
fn paths_are_taken_apart() {
    for (path, expected) in [
        ("/api", "versions"),
        ("/apis/", "groups"),
        ("/api/v1", "resources  v1"),
        ("/apis/apps/v1", "resources apps v1"),
        ("/api/v1/pods", "- v1 - pods - -"),
        ("/api/v1/nodes/n1", "- v1 - nodes n1 -"),
        ("/api/v1/namespaces", "- v1 - namespaces - -"),
        ("/api/v1/namespaces/prod", "- v1 - namespaces prod -"),
        ("/api/v1/namespaces/prod/status", "- v1 - namespaces prod status"),
        ("/api/v1/namespaces/prod/finalize", "- v1 - namespaces prod finalize"),
        ("/api/v1/namespaces/prod/pods", "- v1 prod pods - -"),
        ("/api/v1/namespaces/prod/pods/web/binding", "- v1 prod pods web binding"),
        ("/apis/apps/v1/namespaces/a/deployments/b/scale", "apps v1 a deployments b scale"),
        ("/apis/apps", "group apps"),
        ("/metrics", "none"),
        ("/api/v1/a/b/c/d", "none"),
    ] {
        assert_eq!(shown(path), expected, "{path}");
    }
}
