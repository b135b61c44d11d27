//! Paths of the API, taken apart without I/O.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/request` (`RequestInfo`).

#[cfg(test)]
mod tests;

use kube_store::service::Subresource;

/// What a path is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiPath {
    /// `/api`: the versions of the core group.
    CoreVersions,
    /// `/apis`: the other groups.
    Groups,
    /// `/apis/<group>`: the versions of one group.
    Group(String),
    /// `/api/v1` or `/apis/<group>/<version>`: the resources of one version.
    Resources {
        /// API group; empty for core.
        group: String,
        /// API version.
        version: String,
    },
    /// Objects of a resource, or one of them, or a part of it.
    Objects(ObjectPath),
}

/// Objects of a resource, or one of them, or a part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectPath {
    /// API group; empty for core.
    pub group: String,
    /// API version.
    pub version: String,
    /// In this namespace; `None` for all of them, or for cluster-scoped resources.
    pub namespace: Option<String>,
    /// Resource, as `pods`.
    pub resource: String,
    /// Name of one object.
    pub name: Option<String>,
    /// Part of the object; empty for all of it.
    pub subresource: String,
}

impl ObjectPath {
    /// The subresource, if it is one that the object layer knows.
    pub fn known_subresource(&self) -> Option<Subresource> {
        [
            Subresource::Main,
            Subresource::Status,
            Subresource::Scale,
            Subresource::Binding,
            Subresource::Eviction,
            Subresource::Finalize,
            Subresource::EphemeralContainers,
            Subresource::Resize,
        ]
        .into_iter()
        .find(|known| known.as_str() == self.subresource)
    }
}

impl ApiPath {
    /// Takes a path apart; `None` for paths outside the API.
    pub fn parse(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            ["api"] => Some(Self::CoreVersions),
            ["apis"] => Some(Self::Groups),
            ["apis", group] => Some(Self::Group((*group).to_owned())),
            ["api", version, rest @ ..] => Self::versioned("", version, rest),
            ["apis", group, version, rest @ ..] => Self::versioned(group, version, rest),
            _ => None,
        }
    }

    fn versioned(group: &str, version: &str, rest: &[&str]) -> Option<Self> {
        let (group, version) = (group.to_owned(), version.to_owned());
        let owned = |text: &str| text.to_owned();
        let mut path = ObjectPath { group, version, ..ObjectPath::default() };
        // `/namespaces/<ns>/status` is the namespace's own status, everything longer lies inside the namespace.
        let rest = match rest {
            [] => return Some(Self::Resources { group: path.group, version: path.version }),
            ["namespaces", _, "status" | "finalize"] => rest,
            ["namespaces", namespace, inside @ ..] if !inside.is_empty() => {
                path.namespace = Some(owned(namespace));
                inside
            }
            _ => rest,
        };
        match rest {
            [resource] => path.resource = owned(resource),
            [resource, name] => (path.resource, path.name) = (owned(resource), Some(owned(name))),
            [resource, name, subresource] => {
                (path.resource, path.name) = (owned(resource), Some(owned(name)));
                path.subresource = owned(subresource);
            }
            _ => return None,
        }
        Some(Self::Objects(path))
    }
}
