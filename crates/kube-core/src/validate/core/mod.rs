//! The kinds of the core group.

mod config_map;
mod container;
mod endpoints;
mod event;
mod limit_range;
mod load_balancer;
mod namespace;
mod node;
mod persistent_volume;
mod persistent_volume_claim;
mod pod;
mod pod_template;
mod replication_controller;
mod resource_quota;
mod secret;
mod security;
mod service;
mod service_account;
mod volume;
mod windows;

pub(super) use container::PROTOCOLS;
pub(super) use endpoints::validate_non_special_ip;
pub(super) use event::{Told, validate_told};
pub(super) use load_balancer::{validate_hostname, validate_ip};
pub(super) use persistent_volume_claim::set_claim_defaults;
pub(super) use pod::{
    PodRules, set_pod_spec_defaults, validate_both_profiles, validate_pod_annotations, validate_pod_spec,
};
pub(super) use volume::validate_driver_name;
