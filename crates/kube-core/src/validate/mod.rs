//! Rules about the shape of resources: defaulting and validation, in Kubernetes' words.
//!
//! Pure functions over the built-in kinds; the object layer calls them through [`Kind`]. Each kind has its file under
//! its group: what it fills in, what is wrong with it, what may not change.
//!
//! Source: `k8s.io/kubernetes/pkg/apis` (`<group>/v1/defaults.go`, `<group>/validation`) and the shape rules of
//! `pkg/registry`, Kubernetes 1.36 with its default feature gates.

mod admissionregistration;
mod apps;
mod autoscaling;
mod batch;
#[cfg(test)]
mod check;
mod coordination;
mod core;
mod discovery;
mod events;
mod fields;
mod finalizers;
mod label_selector;
pub mod meta;
mod networking;
mod node;
mod policy;
mod rbac;
mod resources;
mod scheduling;
mod storage;
#[cfg(test)]
mod tests;

pub use finalizers::validate_builtin_finalizers;
pub use label_selector::{validate_label_selector, validate_label_selector_requirement};

use crate::error::FieldError;
use crate::names::{self, NameRule};
use crate::resource::Resource;

/// A kind whose shape has rules.
pub trait Kind: Resource {
    /// What names of this kind look like: DNS subdomains unless the kind says otherwise.
    fn name_rule() -> NameRule {
        names::name_is_dns_subdomain
    }

    /// Reads an object that a client sent. Kinds whose rules tell an absent field from an empty one where the type does
    /// not, mark it here.
    ///
    /// # Errors
    /// The object is not of this kind.
    fn decode(object: &serde_json::Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(object)
    }

    /// Fills what was left out, as Kubernetes does when it decodes the object.
    fn set_defaults(&mut self) {}

    /// Brings a new object into its first state: a status, and fields that only the system sets. Runs after
    /// [`Kind::set_defaults`] and before [`Kind::validate`].
    fn prepare_create(&mut self) {}

    /// Keeps what an update of `old` may leave out, and drops what it has made useless. Runs after
    /// [`Kind::set_defaults`] and before [`Kind::validate_update`].
    fn prepare_update(&mut self, old: &Self) {
        let _ = old;
    }

    /// What is wrong with the object beyond its metadata, in Kubernetes' order.
    fn validate(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// What is wrong with the object as a successor of `old`, beyond its metadata; both are defaulted.
    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let _ = old;
        self.validate()
    }
}
