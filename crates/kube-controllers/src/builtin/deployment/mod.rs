//! Deployments: rollouts from one pod template to the next.

mod fenceposts;
mod new_set;
pub mod plan;
pub mod revision;
pub mod rolling;
pub mod scaling;
mod sets;
pub mod status;
pub mod template;
#[cfg(test)]
mod tests;

pub use fenceposts::{FencepostError, Fenceposts, Target};
pub use sets::{DESIRED_REPLICAS, MAX_REPLICAS, SetSize, Sets};
