//! Network policies.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/networking/v1` (`SetDefaults_NetworkPolicy`), `pkg/apis/networking/validation`
//! (`ValidateNetworkPolicy`, `ValidateNetworkPolicyUpdate`).

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::IntOrString;
use crate::kinds::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use crate::names::{is_legacy_subnet, is_valid_cidr_for_legacy_field, is_valid_port_name, is_valid_port_num};
use crate::validate::Kind;
use crate::validate::fields::{Items, given, invalid, supported};
use crate::validate::label_selector::validate_label_selector;
use crate::validate::warn;

const INGRESS: &str = "Ingress";
const EGRESS: &str = "Egress";

impl Kind for NetworkPolicy {
    fn set_defaults(&mut self) {
        let spec = self.spec.get_or_insert_default();
        let in_ports = spec.ingress.iter_mut().flatten().filter_map(|rule| rule.ports.as_mut());
        let out_ports = spec.egress.iter_mut().flatten().filter_map(|rule| rule.ports.as_mut());
        for port in in_ports.chain(out_ports).flatten() {
            port.protocol.get_or_insert_with(|| "TCP".to_owned());
        }
        if spec.policy_types.items().is_empty() {
            let egress = (!spec.egress.items().is_empty()).then_some(EGRESS);
            let types = [INGRESS].into_iter().chain(egress).map(str::to_owned);
            spec.policy_types = Some(types.collect());
        }
    }

    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_network_policy(self)
    }

    fn validate(&self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| validate_spec(spec, &[], &FieldPath::new("spec")))
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        given(self.spec.as_ref(), |spec| {
            given(old.spec.as_ref(), |old| validate_spec(spec, &networks(old), &FieldPath::new("spec")))
        })
    }
}

/// The networks of a stored policy, which are not judged again.
fn networks(spec: &NetworkPolicySpec) -> Vec<&str> {
    let from = spec.ingress.items().iter().flat_map(|rule| rule.from.items());
    let to = spec.egress.items().iter().flat_map(|rule| rule.to.items());
    let blocks = from.chain(to).filter_map(|peer| peer.ip_block.as_ref());
    blocks
        .flat_map(|block| std::iter::once(&block.cidr).chain(block.except.items()))
        .map(String::as_str)
        .collect()
}

/// Source: `ValidateNetworkPolicySpec`.
fn validate_spec(spec: &NetworkPolicySpec, kept: &[&str], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_label_selector(spec.pod_selector.as_ref(), &path.child("podSelector"));
    for (index, rule) in spec.ingress.items().iter().enumerate() {
        let path = path.child("ingress").index(index);
        errors.extend(validate_ports(rule.ports.items(), &path.child("ports")));
        errors.extend(validate_peers(rule.from.items(), kept, &path.child("from")));
    }
    for (index, rule) in spec.egress.items().iter().enumerate() {
        let path = path.child("egress").index(index);
        errors.extend(validate_ports(rule.ports.items(), &path.child("ports")));
        errors.extend(validate_peers(rule.to.items(), kept, &path.child("to")));
    }
    let (types, path) = (spec.policy_types.items(), path.child("policyTypes"));
    if types.len() > 2 {
        let detail = "may not specify more than two policyTypes";
        errors.push(FieldError::invalid(&path, ShownAsJson(types), detail));
        return errors;
    }
    let types = types.iter().enumerate();
    errors.extend(types.filter_map(|(index, one)| supported(one, &[INGRESS, EGRESS], &path.index(index))));
    errors
}

fn validate_ports(ports: &[NetworkPolicyPort], path: &FieldPath) -> Vec<FieldError> {
    ports.iter().enumerate().flat_map(|(index, port)| validate_port(port, &path.index(index))).collect()
}

/// Source: `ValidateNetworkPolicyPort`.
fn validate_port(port: &NetworkPolicyPort, path: &FieldPath) -> Vec<FieldError> {
    let (here, end) = (path.child("port"), path.child("endPort"));
    let mut errors = Vec::new();
    if let Some(protocol) = port.protocol.as_deref() {
        errors.extend(supported(protocol, &["TCP", "UDP", "SCTP"], &path.child("protocol")));
    }
    match (&port.port, port.end_port) {
        (Some(IntOrString::Int(number)), last) => {
            errors.extend(invalid(&here, *number, is_valid_port_num((*number).into())));
            let Some(last) = last else { return errors };
            if last < *number {
                // Kubernetes shows the port here.
                errors.push(FieldError::invalid(&end, *number, "must be greater than or equal to `port`"));
            }
            errors.extend(invalid(&end, last, is_valid_port_num(last.into())));
        }
        (Some(IntOrString::String(name)), last) => {
            let detail = "may not be specified when `port` is non-numeric";
            errors.extend(last.map(|last| FieldError::invalid(&end, last, detail)));
            errors.extend(invalid(&here, name, is_valid_port_name(name)));
        }
        (None, last) => {
            let detail = "may not be specified when `port` is not specified";
            errors.extend(last.map(|last| FieldError::invalid(&end, last, detail)));
        }
    }
    errors
}

fn validate_peers(peers: &[NetworkPolicyPeer], kept: &[&str], path: &FieldPath) -> Vec<FieldError> {
    peers.iter().enumerate().flat_map(|(index, peer)| validate_peer(peer, kept, &path.index(index))).collect()
}

/// Source: `ValidateNetworkPolicyPeer`.
fn validate_peer(peer: &NetworkPolicyPeer, kept: &[&str], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_label_selector(peer.pod_selector.as_ref(), &path.child("podSelector"));
    errors
        .extend(validate_label_selector(peer.namespace_selector.as_ref(), &path.child("namespaceSelector")));
    let selects = peer.pod_selector.is_some() || peer.namespace_selector.is_some();
    match &peer.ip_block {
        Some(block) => {
            errors.extend(validate_block(block, kept, &path.child("ipBlock")));
            if selects {
                errors.push(FieldError::forbidden(path, "may not specify both ipBlock and another peer"));
            }
        }
        None if !selects => errors.push(FieldError::required(path, "must specify a peer")),
        None => {}
    }
    errors
}

/// Source: `ValidateIPBlock`.
fn validate_block(block: &IPBlock, kept: &[&str], path: &FieldPath) -> Vec<FieldError> {
    let here = path.child("cidr");
    if block.cidr.is_empty() {
        return vec![FieldError::required(&here, "")];
    }
    let mut errors = is_valid_cidr_for_legacy_field(&here, &block.cidr, true, kept);
    if is_legacy_subnet(&block.cidr, &block.cidr).is_none() {
        return errors;
    }
    for (index, except) in block.except.items().iter().enumerate() {
        let path = path.child("except").index(index);
        errors.extend(is_valid_cidr_for_legacy_field(&path, except, true, kept));
        if is_legacy_subnet(except, &block.cidr) == Some(false) {
            errors.push(FieldError::invalid(&path, except, "must be a strict subset of `cidr`"));
        }
    }
    errors
}
