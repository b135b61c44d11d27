//! Rules about the shape of resources: defaulting and validation, in Kubernetes' words.
//!
//! Pure functions over the built-in kinds; the object layer calls them through [`Kind`].

pub mod meta;

use crate::error::FieldError;
use crate::names::{self, NameRule};
use crate::resource::Resource;

/// A kind whose shape has rules.
pub trait Kind: Resource {
    /// What names of this kind look like: DNS subdomains unless the kind says otherwise.
    fn name_rule() -> NameRule {
        names::name_is_dns_subdomain
    }

    /// Fills what was left out, as Kubernetes does when it decodes the object.
    fn set_defaults(&mut self) {}

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
