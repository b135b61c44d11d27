//! Kubernetes' own controllers, each a folder: a pure planner, and the shell that carries its plans out.

mod adoption;
mod availability;
mod batches;
pub mod claim;
mod coverage;
pub mod cron_job;
pub mod daemon_set;
pub mod deployment;
pub mod disruption;
pub mod endpoint_slice;
pub mod endpoint_slice_mirroring;
pub mod garbage_collector;
pub mod history;
mod indexes;
pub mod job;
pub mod namespace;
pub mod node_lifecycle;
pub mod pod_gc;
mod pod_owners;
mod pod_template;
mod pod_writes;
mod presence;
mod refusal;
pub mod replica_set;
pub mod replication_controller;
pub mod root_ca;
pub mod service_account;
pub mod service_load_balancer;
mod slice_writes;
pub mod stateful_set;
pub mod taint_eviction;
pub mod ttl_after_finished;

pub use coverage::controlled_by_kubernetes;

use crate::runtime::Controller;
use kube_net::cloud::CloudProvider;
use std::sync::Arc;

/// All of them, to add to, to take from, to replace in.
pub fn builtin() -> Vec<Controller> {
    vec![
        cron_job::controller(),
        daemon_set::controller(),
        deployment::controller(),
        disruption::controller(),
        disruption::stale::controller(),
        endpoint_slice::controller(),
        endpoint_slice_mirroring::controller(),
        garbage_collector::controller(),
        job::controller(),
        namespace::controller(),
        node_lifecycle::controller(),
        pod_gc::controller(),
        replica_set::controller(),
        replication_controller::controller(),
        root_ca::controller(),
        service_account::controller(),
        stateful_set::controller(),
        taint_eviction::controller(),
        ttl_after_finished::controller(),
    ]
}

/// Those that ask a provider of load balancers besides: they come after [`builtin`].
pub fn of_cloud(cloud: Arc<dyn CloudProvider>) -> Vec<Controller> {
    vec![service_load_balancer::controller(cloud)]
}
