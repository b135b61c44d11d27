//! Rules about the shape of resources: defaulting and validation, in Kubernetes' words.
//!
//! Pure functions over the built-in kinds; the object layer calls them through [`Kind`]. Each kind has its file under
//! its group: what it fills in, what is wrong with it, what may not change.
//!
//! ```
//! use kube_core::kinds::core::v1::Service;
//! use kube_core::validate::Kind;
//! use serde_json::json;
//!
//! let mut service = Service::decode(&json!({
//!     "metadata": {"name": "web"},
//!     "spec": {"clusterIP": "None", "ports": [{"port": 0, "targetPort": 80}], "externalIPs": ["192.0.2.1"]},
//! }))?;
//! service.set_defaults();
//! let errors: Vec<String> = service.validate().iter().map(ToString::to_string).collect();
//! assert_eq!(errors, ["spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"]);
//! assert_eq!(service.warnings(None), ["spec.externalIPs is ignored for headless services"]);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! Source: `k8s.io/kubernetes/pkg/apis` (`<group>/v1/defaults.go`, `<group>/validation`) and the shape rules of
//! `pkg/registry`, Kubernetes 1.36 with its default feature gates.

mod admissionregistration;
mod apps;
mod autoscaling;
mod batch;
#[cfg(test)]
mod check;
mod conditions;
mod coordination;
mod core;
mod counts;
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
#[cfg(test)]
mod status_tests;
mod storage;
#[cfg(test)]
mod tests;
mod warn;

pub use finalizers::validate_builtin_finalizers;
pub use label_selector::{validate_label_selector, validate_label_selector_requirement};

use crate::error::FieldError;
use crate::names::{self, NameRule};
use crate::resource::Resource;
use crate::wire::Scanned;
use jiff::Timestamp;

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

    /// Whether a typed object is what reading its JSON would give: it is then taken over as it is. Not so for kinds that
    /// hold JSON of any depth, which is looked at when it is read.
    const AS_IT_IS: bool = false;

    /// Takes away the status of a typed object that is taken over, for kinds that have one.
    fn drop_status(&mut self) {}

    /// The status alone, just as reading its JSON would give it, for kinds that have a shorter way than by the JSON. Times
    /// are whole seconds then.
    fn copy_status(&self) -> Option<Self> {
        None
    }

    /// Puts the status, as JSON, behind what `json` holds, and tells that it did: for kinds that are taken over and have a
    /// status.
    ///
    /// # Errors
    /// A value in it has no JSON form.
    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        let _ = json;
        Ok(false)
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

    /// Whether writes of the status have rules beyond its shape: what follows is asked of no other kind.
    const JUDGES_STATUS: bool = false;

    /// Reads of a stored object what the rules of its status look at: the status, and what they need of the rest to judge
    /// that of `new`. Its metadata, which is known already, is filled in later.
    ///
    /// # Errors
    /// The object is not of this kind.
    fn decode_for_status(stored: &Scanned, new: &Self) -> Result<Self, serde_json::Error> {
        let _ = new;
        serde_json::from_slice(stored.bytes())
    }

    /// Keeps what a write of the status may leave out, and notes what has changed `now`. Of the object only metadata and
    /// status are looked at; `old` is read by [`Kind::decode_for_status`].
    fn prepare_status_update(&mut self, old: &Self, now: Timestamp) {
        let _ = (old, now);
    }

    /// What is wrong with the status as a successor of that of `old`, beyond the object's metadata. What is wanted is
    /// that of `old`, whatever the object says.
    fn validate_status_update(&self, old: &Self) -> Vec<FieldError> {
        let _ = old;
        Vec::new()
    }

    /// What is wrong with the object beyond its metadata, in Kubernetes' order.
    fn validate(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// What a client is told of a valid object, new or the successor of `old`: fields that are deprecated, or do not
    /// what they seem to do.
    fn warnings(&self, old: Option<&Self>) -> Vec<String> {
        let _ = old;
        Vec::new()
    }

    /// What is wrong with the object as a successor of `old`, beyond its metadata; both are defaulted.
    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let _ = old;
        self.validate()
    }
}
