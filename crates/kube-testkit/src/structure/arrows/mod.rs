//! Which of our crates may depend on which. A dependency that is not in the table is an architecture change.

#[cfg(test)]
mod tests;

use super::Violation;
use cargo_metadata::{DependencyKind, Metadata, Package};

/// What a crate may depend on, of ours.
#[derive(Clone, Copy, Debug)]
enum May {
    Only(&'static [&'static str]),
    Any,
}

/// The arrows of the design: a crate and what it may depend on. Reached through a chain is not allowed either: name it.
const TABLE: &[(&str, May)] = &[
    ("kube-core", May::Only(&[])),
    ("kube-store", May::Only(&["kube-core"])),
    ("kube-sched", May::Only(&["kube-core", "kube-store"])),
    ("kube-net", May::Only(&["kube-core", "kube-store"])),
    ("kube-controllers", May::Only(&["kube-core", "kube-store", "kube-net"])),
    ("kube-node", May::Only(&["kube-core", "kube-store"])),
    ("kube-api", May::Only(&["kube-core", "kube-store", "kube-net"])),
    (
        "kube-plane",
        May::Only(&[
            "kube-core",
            "kube-store",
            "kube-sched",
            "kube-net",
            "kube-controllers",
            "kube-node",
            "kube-api",
        ]),
    ),
    (
        "kube-sim",
        May::Only(&[
            "kube-core",
            "kube-store",
            "kube-sched",
            "kube-net",
            "kube-controllers",
            "kube-node",
            "kube-api",
            "kube-plane",
        ]),
    ),
    (TESTKIT, May::Only(&[])),
    ("kube-examples", May::Any),
    ("kube-benches", May::Any),
];

/// The one crate that every other may use in its tests.
const TESTKIT: &str = "kube-testkit";

/// A workspace member, as far as arrows go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Package name.
    pub name: String,
    /// Its `Cargo.toml`, relative to the root of the workspace.
    pub manifest: String,
    /// The text of that file.
    pub text: String,
    /// Its direct dependencies, ours and others.
    pub dependencies: Vec<Dependency>,
}

/// A line under `[dependencies]` and the like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dependency {
    /// Package name, also where the dependency is renamed.
    pub name: String,
    /// Normal, dev or build.
    pub kind: DependencyKind,
    /// By path, so out of this repository and not out of a registry.
    pub local: bool,
}

impl Member {
    /// A member as `cargo metadata` describes it, with the text of its `Cargo.toml`.
    pub fn new(metadata: &Metadata, package: &Package, text: String) -> Self {
        let manifest = package.manifest_path.strip_prefix(&metadata.workspace_root);
        let manifest = manifest.unwrap_or(&package.manifest_path).to_string();
        let dependencies = package.dependencies.iter().map(|dependency| Dependency {
            name: dependency.name.clone(),
            kind: dependency.kind,
            local: dependency.path.is_some(),
        });
        Self { name: package.name.to_string(), manifest, text, dependencies: dependencies.collect() }
    }
}

/// Every arrow between our crates that is not in the table, and every crate without a line in it.
pub fn check(members: &[Member]) -> Vec<Violation> {
    let mut found = Vec::new();
    for member in members {
        let Some((_, may)) = TABLE.iter().find(|(name, _)| *name == member.name) else {
            let message = format!("`{}` is not in the table of crates and arrows", member.name);
            found.push(Violation::new(&member.manifest, 1, message));
            continue;
        };
        for dependency in &member.dependencies {
            if let Some(message) = objection(member, *may, dependency, members) {
                found.push(Violation::new(&member.manifest, line(&member.text, dependency), message));
            }
        }
    }
    found
}

fn objection(member: &Member, may: May, dependency: &Dependency, members: &[Member]) -> Option<String> {
    let (from, to) = (&member.name, &dependency.name);
    match (dependency.local, members.iter().any(|member| member.name == *to)) {
        (false, false) => return None,
        (false, true) => {
            return Some(format!("`{to}` of the registry is another crate: use the one of the workspace"));
        }
        (true, false) => return Some(format!("`{to}` lies outside the workspace")),
        (true, true) => {}
    }
    let dev = dependency.kind == DependencyKind::Development;
    let allowed = match may {
        May::Any => true,
        May::Only(names) => names.contains(&to.as_str()) || (dev && (to == TESTKIT || to == from)),
    };
    (!allowed).then(|| format!("`{from}` may not depend on `{to}`"))
}

/// The line that declares `dependency`; the first line where it is declared in a form this does not know.
fn line(manifest: &str, dependency: &Dependency) -> usize {
    let section = match dependency.kind {
        DependencyKind::Development => "dev-dependencies",
        DependencyKind::Build => "build-dependencies",
        _ => "dependencies",
    };
    let mut inside = false;
    for (index, text) in manifest.lines().enumerate() {
        if let Some(header) = text.trim().strip_prefix('[') {
            let header = header.split(']').next().unwrap_or_default();
            inside = header == section || header.ends_with(&format!(".{section}"));
            if header
                .strip_suffix(&dependency.name)
                .is_some_and(|head| head.ends_with(&format!("{section}.")))
            {
                return index + 1;
            }
        } else if inside && text.split(['.', '=', ' ']).next() == Some(&dependency.name) {
            return index + 1;
        }
    }
    1
}
