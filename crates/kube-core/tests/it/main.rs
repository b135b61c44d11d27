//! The public contract of kube-core.

mod fuzz;
mod parity_env;
mod parity_pod_resources;
mod parity_quantity;
mod parity_rbac;
mod parity_selectors;
mod parity_table;
mod parity_validation_names;
mod prop_quantity;
mod prop_selector;
#[cfg(test)]
mod prop_strategies;
