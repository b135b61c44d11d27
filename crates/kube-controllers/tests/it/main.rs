//! The public contract of the crate.

mod parity_deployment_math;
mod rollout;
mod world;
