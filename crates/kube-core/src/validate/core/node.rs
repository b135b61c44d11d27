//! Nodes.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1` (`SetDefaults_NodeStatus`), `pkg/apis/core/validation`
//! (`ValidateNode`, `ValidateNodeUpdate`).

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{Node, NodeSpec};
use crate::names::{is_valid_cidr_for_legacy_field, is_valid_label_value, validate_label_name};
use crate::validate::Kind;
use crate::validate::fields::{Items, Text, given};
use crate::validate::resources::{canonicalize, validate_amount};
use crate::validate::warn;

use super::pod::validate_taint_effect;

impl Kind for Node {
    const AS_IT_IS: bool = true;

    fn drop_status(&mut self) {
        self.status = None;
    }

    fn append_status(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        serde_json::to_writer(json, &self.status).map(|()| true)
    }

    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_node(self)
    }

    fn set_defaults(&mut self) {
        let spec = self.spec.get_or_insert_default();
        if spec.pod_cidrs.items().is_empty()
            && let Some(cidr) = spec.pod_cidr.clone().filter(|cidr| !cidr.is_empty())
        {
            spec.pod_cidrs = Some(vec![cidr]);
        }
        let Some(status) = &mut self.status else { return };
        if status.allocatable.is_none() {
            status.allocatable.clone_from(&status.capacity);
        }
        canonicalize(&mut status.capacity);
        canonicalize(&mut status.allocatable);
    }

    /// Configuration of a kubelet by an object was removed: only a node that has it keeps it.
    ///
    /// Source: `dropDisabledFields` of `pkg/registry/core/node`.
    fn prepare_update(&mut self, old: &Self) {
        let kept = old.spec.as_ref().is_some_and(|spec| spec.config_source.is_some());
        if let Some(spec) = self.spec.as_mut().filter(|_| !kept) {
            spec.config_source = None;
        }
    }

    fn prepare_create(&mut self) {
        if let Some(spec) = &mut self.spec {
            spec.config_source = None;
        }
        let status = self.status.get_or_insert_default();
        status.node_info.get_or_insert_default();
        status.daemon_endpoints.get_or_insert_default().kubelet_endpoint.get_or_insert_default();
    }

    const JUDGES_STATUS: bool = true;

    /// Source: `ValidateNodeUpdate`, as far as it is about the status.
    fn validate_status_update(&self, _old: &Self) -> Vec<FieldError> {
        let mut errors = validate_amounts(self);
        errors.extend(validate_addresses(self));
        errors
    }

    fn validate(&self) -> Vec<FieldError> {
        let mut errors = given(self.spec.as_ref(), validate_taints);
        errors.extend(validate_amounts(self));
        errors.extend(given(self.spec.as_ref(), validate_networks));
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let mut errors = validate_amounts(self);
        errors.extend(validate_addresses(self));
        errors.extend(given(self.spec.as_ref(), |new| {
            given(old.spec.as_ref(), |old| validate_spec_update(new, old))
        }));
        errors
    }
}

fn validate_spec_update(new: &NodeSpec, old: &NodeSpec) -> Vec<FieldError> {
    let path = FieldPath::new("spec");
    let mut errors = Vec::new();
    let (networks, had) = (new.pod_cidrs.items(), old.pod_cidrs.items());
    if !had.is_empty() && networks != had {
        let detail = "node updates may not change podCIDR except from \"\" to valid";
        errors.push(FieldError::forbidden(&path.child("podCIDRs"), detail));
    }
    if !old.provider_id.text().is_empty() && new.provider_id != old.provider_id {
        let detail = "node updates may not change providerID except from \"\" to valid";
        errors.push(FieldError::forbidden(&path.child("providerID"), detail));
    }
    errors.extend(validate_taints(new));
    if new.external_id != old.external_id {
        errors.push(FieldError::forbidden(&path.child("externalID"), "may not be updated"));
    }
    errors
}

/// That the path starts at the metadata is Kubernetes' doing.
///
/// Source: `validateNodeTaints`.
fn validate_taints(spec: &NodeSpec) -> Vec<FieldError> {
    let path = FieldPath::new("metadata").child("taints");
    let mut errors = Vec::new();
    let mut seen = BTreeSet::new();
    for (index, taint) in spec.taints.items().iter().enumerate() {
        let path = path.index(index);
        let (value, effect) = (taint.value.text(), taint.effect.as_str());
        errors.extend(validate_label_name(&taint.key, &path.child("key")));
        let complaints = is_valid_label_value(value);
        if !complaints.is_empty() {
            errors.push(FieldError::invalid(&path.child("value"), value, complaints.join(";")));
        }
        if effect.is_empty() {
            errors.push(FieldError::required(&path.child("effect"), ""));
        } else {
            errors.extend(validate_taint_effect(effect, &path.child("effect")));
        }
        if !seen.insert((taint.key.as_str(), effect)) {
            let mut error = FieldError::duplicate(&path, ShownAsJson(taint));
            "taints must be unique by key and effect pair".clone_into(&mut error.detail);
            errors.push(error);
        }
    }
    errors
}

/// Source: `ValidateNodeResources`.
fn validate_amounts(node: &Node) -> Vec<FieldError> {
    let Some(status) = &node.status else { return Vec::new() };
    let mut errors = Vec::new();
    for (field, amounts) in [("capacity", &status.capacity), ("allocatable", &status.allocatable)] {
        let path = FieldPath::new("status").child(field);
        for (name, amount) in amounts.iter().flatten() {
            errors.extend(validate_amount(name, amount, &path.child(name)));
        }
    }
    errors
}

fn validate_networks(spec: &NodeSpec) -> Vec<FieldError> {
    let path = FieldPath::new("spec").child("podCIDRs");
    let networks = spec.pod_cidrs.items();
    let mut errors = Vec::new();
    for (index, network) in networks.iter().enumerate() {
        errors.extend(is_valid_cidr_for_legacy_field(&path.index(index), network, true, &[]));
    }
    if networks.len() < 2 {
        return errors;
    }
    let is_v6 = |network: &String| {
        network.split('/').next().is_some_and(|ip| ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6()))
    };
    let v6 = networks.iter().filter(|network| is_v6(network)).count();
    if networks.len() > 2 || v6 != 1 {
        let detail = "may specify no more than one CIDR for each IP family";
        errors.push(FieldError::invalid(&path, ShownAsJson(networks), detail));
    }
    let mut seen = BTreeSet::new();
    for (index, network) in networks.iter().enumerate() {
        if !seen.insert(network) {
            errors.push(FieldError::duplicate(&path.index(index), network));
        }
    }
    errors
}

fn validate_addresses(node: &Node) -> Vec<FieldError> {
    let addresses = node.status.as_ref().map_or(&[][..], |status| status.addresses.items());
    let path = FieldPath::new("status").child("addresses");
    let twice = |index: &usize| addresses[..*index].contains(&addresses[*index]);
    let twice = (0..addresses.len()).filter(twice);
    twice.map(|index| FieldError::duplicate(&path.index(index), ShownAsJson(&addresses[index]))).collect()
}
