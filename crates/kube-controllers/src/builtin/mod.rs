//! Kubernetes' own controllers, each a folder: a pure planner, and the shell that carries its plans out.

mod adoption;
pub mod claim;
mod coverage;
pub mod cron_job;
pub mod deployment;
pub mod disruption;
pub mod endpoint_slice;
pub mod garbage_collector;
mod indexes;
pub mod job;
pub mod namespace;
pub mod pod_gc;
pub mod replica_set;
pub mod replication_controller;
pub mod service_account;
pub mod ttl_after_finished;

pub use coverage::controlled_by_kubernetes;

use crate::runtime::Controller;

/// All of them, to add to, to take from, to replace in.
pub fn builtin() -> Vec<Controller> {
    vec![
        cron_job::controller(),
        deployment::controller(),
        disruption::controller(),
        disruption::stale::controller(),
        endpoint_slice::controller(),
        garbage_collector::controller(),
        job::controller(),
        namespace::controller(),
        pod_gc::controller(),
        replica_set::controller(),
        replication_controller::controller(),
        service_account::controller(),
        ttl_after_finished::controller(),
    ]
}
