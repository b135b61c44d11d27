//! The public contract of the crate.

mod garbage;
mod own_controller;
mod parity_deployment_math;
mod rollout;
mod slices;
mod world;
