//! The kinds of the group `networking.k8s.io`.

mod ingress;
mod ingress_class;
mod ip_address;
mod network_policy;
#[cfg(test)]
mod tests;

use super::Kind;
use crate::kinds::networking::v1::ServiceCIDR;

impl Kind for ServiceCIDR {}
