//! Kubernetes' own controllers, each a folder: a pure planner, and the shell that carries its plans out.

mod adoption;
pub mod claim;
pub mod deployment;
mod indexes;
pub mod replica_set;

use crate::runtime::Controller;

/// All of them, to add to, to take from, to replace in.
pub fn builtin() -> Vec<Controller> {
    vec![deployment::controller(), replica_set::controller()]
}
