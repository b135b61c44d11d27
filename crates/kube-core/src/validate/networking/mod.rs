//! The kinds of the group `networking.k8s.io`.

mod ip_address;

use super::Kind;
use crate::kinds::networking::v1::{Ingress, IngressClass, NetworkPolicy, ServiceCIDR};

impl Kind for Ingress {}
impl Kind for IngressClass {}
impl Kind for NetworkPolicy {}
impl Kind for ServiceCIDR {}
