//! The kinds of the group `apps`: what runs copies of a pod.

mod controller_revision;
mod daemon_set;
mod deployment;
mod replica_set;
mod rollout;
mod stateful_set;
mod template;
#[cfg(test)]
mod tests;

pub(super) use rollout::{more_than_all, validate_count};
pub(super) use template::{
    set_template_defaults, validate_pod_template, validate_replicated_template, wrong_labels,
};
