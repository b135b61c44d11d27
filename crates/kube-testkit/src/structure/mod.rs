//! The rules that keep the workspace in the shape of its design.
//!
//! Each rule is a function of text or of what `cargo metadata` says, and answers with [`Violation`]s; [`check`] puts
//! all of them to a [`Workspace`]. Run by `cargo test -p kube-testkit --test structure`.

pub mod arrows;
pub mod docs;
pub mod globs;
pub mod licences;
pub mod names;
pub mod registry;
pub mod size;
mod source;
#[cfg(test)]
mod tests;
mod violation;
mod workspace;

pub use source::SourceFile;
pub use violation::Violation;
pub use workspace::{ReadError, Workspace};

use licences::Policy;
use registry::{Folder, REGISTRIES, REQUIRED};

/// Every broken rule, in order of path and line.
pub fn check(workspace: &Workspace) -> Vec<Violation> {
    let mut found = workspace.broken.clone();
    found.extend(arrows::check(&workspace.members));
    found.extend(licences::check(&workspace.packages, &Policy::parse(&workspace.deny)));
    for file in &workspace.files {
        for rule in [size::check, names::check, docs::check, globs::check] {
            found.extend(rule(file));
        }
    }
    for registry in REGISTRIES {
        let files = workspace.files.iter().map(|file| (file.path.as_str(), file.text.as_str()));
        let folder = Folder::of(registry.folder, files);
        found.extend(registry::check(registry, REQUIRED.contains(&registry.folder), folder.as_ref()));
    }
    found.sort();
    found
}
