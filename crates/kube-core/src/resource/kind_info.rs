//! A kind as data: names, scope, subresources.

use std::borrow::Cow;
use std::fmt;

/// Whether objects of a kind live in namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster as a whole.
    Cluster,
}

/// A list of names: constant for kinds known at compile time, owned for those that arrive at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameList {
    /// Known at compile time.
    Static(&'static [&'static str]),
    /// Arrived at run time.
    Owned(Vec<String>),
}

impl NameList {
    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let (fixed, owned): (&[&str], &[String]) = match self {
            Self::Static(names) => (names, &[]),
            Self::Owned(names) => (&[], names),
        };
        fixed.iter().copied().chain(owned.iter().map(String::as_str))
    }

    /// Whether `name` is in the list.
    pub fn contains(&self, name: &str) -> bool {
        self.iter().any(|n| n == name)
    }
}

/// Everything that dynamic use needs to know of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// API group; empty for core.
    pub group: Cow<'static, str>,
    /// API version, as `v1`.
    pub version: Cow<'static, str>,
    /// Kind, as `Pod`.
    pub kind: Cow<'static, str>,
    /// Resource name in paths and keys, as `pods`.
    pub plural: Cow<'static, str>,
    /// Resource name for one object, as `pod`.
    pub singular: Cow<'static, str>,
    /// Short names, as `po`.
    pub short_names: NameList,
    /// Categories, as `all`.
    pub categories: NameList,
    /// Subresources, as `status` and `scale`.
    pub subresources: NameList,
    /// Whether objects live in namespaces.
    pub scope: Scope,
}

impl KindInfo {
    /// `group/version`, or `version` alone in the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone().into_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Group, version and kind.
    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind {
            group: self.group.clone().into_owned(),
            version: self.version.clone().into_owned(),
            kind: self.kind.clone().into_owned(),
        }
    }

    /// Group and resource.
    pub fn group_resource(&self) -> GroupResource {
        GroupResource { group: self.group.clone().into_owned(), resource: self.plural.clone().into_owned() }
    }

    /// Whether objects live in namespaces.
    pub fn is_namespaced(&self) -> bool {
        self.scope == Scope::Namespaced
    }

    /// Whether the kind has a status subresource, so that writes of the object and of its status are apart.
    pub fn has_status(&self) -> bool {
        self.subresources.contains("status")
    }
}

/// Group, version and kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupVersionKind {
    /// API group; empty for core.
    pub group: String,
    /// API version.
    pub version: String,
    /// Kind.
    pub kind: String,
}

impl GroupVersionKind {
    /// From an object's `apiVersion` and `kind`.
    pub fn from_type_meta(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
    }
}

impl fmt::Display for GroupVersionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.group.is_empty() {
            write!(f, "{}/", self.group)?;
        }
        write!(f, "{}, Kind={}", self.version, self.kind)
    }
}

/// Group and resource: the plural that stands in keys and paths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupResource {
    /// API group; empty for core.
    pub group: String,
    /// Resource, as `pods`.
    pub resource: String,
}

impl fmt::Display for GroupResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        Ok(())
    }
}
