//! The public contract of the crate.

#[cfg(test)]
mod batch;
#[cfg(test)]
mod daemons;
#[cfg(test)]
mod disruption;
#[cfg(test)]
mod garbage;
#[cfg(test)]
mod load_balancers;
#[cfg(test)]
mod namespaces;
#[cfg(test)]
mod node_failure;
#[cfg(test)]
mod own_controller;
#[cfg(test)]
mod parity_cron;
#[cfg(test)]
mod parity_deployment_math;
#[cfg(test)]
mod parity_job;
#[cfg(test)]
mod pod_gc;
#[cfg(test)]
mod rollout;
#[cfg(test)]
mod root_ca;
#[cfg(test)]
mod runtime;
#[cfg(test)]
mod shards;
#[cfg(test)]
mod slices;
#[cfg(test)]
mod stateful;
#[cfg(test)]
mod world;
