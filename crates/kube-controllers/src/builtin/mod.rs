//! Kubernetes' own controllers, each a folder: a pure planner, and the shell that carries its plans out.

mod adoption;
pub mod claim;
mod coverage;
pub mod deployment;
pub mod endpoint_slice;
pub mod garbage_collector;
mod indexes;
pub mod replica_set;

pub use coverage::controlled_by_kubernetes;

use crate::runtime::Controller;

/// All of them, to add to, to take from, to replace in.
pub fn builtin() -> Vec<Controller> {
    vec![
        deployment::controller(),
        endpoint_slice::controller(),
        garbage_collector::controller(),
        replica_set::controller(),
    ]
}
