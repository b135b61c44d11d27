//! The licences of everything that is linked, against the allow list of `deny.toml`.
//!
//! `cargo deny check licenses` decides the same with more care; this needs nothing installed.

mod expression;
mod policy;

#[cfg(test)]
mod tests;

pub use expression::satisfied;
pub use policy::Policy;

use super::Violation;

/// A package and the licence it declares.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its SPDX expression, if it declares one.
    pub licence: Option<String>,
}

impl From<&cargo_metadata::Package> for Package {
    fn from(package: &cargo_metadata::Package) -> Self {
        Self {
            name: package.name.to_string(),
            version: package.version.to_string(),
            licence: package.license.clone(),
        }
    }
}

/// Every package whose licence `policy` does not allow, and every exception that no package needs.
pub fn check(packages: &[Package], policy: &Policy) -> Vec<Violation> {
    let mut found = Vec::new();
    for package in packages {
        let licence = package.licence.as_deref().unwrap_or("(none)");
        if !satisfied(licence, &|id| policy.allows(&package.name, id)) {
            let message = format!("`{} {}` is under {licence}, not allowed", package.name, package.version);
            found.push(Violation::new("deny.toml", 1, message));
        }
    }
    for name in policy.exceptions() {
        if !packages.iter().any(|package| package.name == name) {
            found.push(Violation::new("deny.toml", 1, format!("the exception for `{name}` is not needed")));
        }
    }
    found
}
