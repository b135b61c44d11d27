//! The public contract of the crate.

#[cfg(test)]
mod garbage;
#[cfg(test)]
mod own_controller;
#[cfg(test)]
mod parity_deployment_math;
#[cfg(test)]
mod rollout;
#[cfg(test)]
mod runtime;
#[cfg(test)]
mod slices;
#[cfg(test)]
mod world;
