//! The public contract of kube-store.

#[cfg(test)]
mod admission;
#[cfg(test)]
mod client;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod durable;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod informer;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod prop_storage;
#[cfg(test)]
mod stress_storage;
#[cfg(test)]
mod worlds;
