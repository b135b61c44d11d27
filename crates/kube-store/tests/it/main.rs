//! The public contract of kube-store.

#[cfg(test)]
mod admission;
#[cfg(test)]
mod backend;
#[cfg(test)]
mod client;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod durable;
#[cfg(test)]
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod history;
#[cfg(test)]
mod informer;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod model;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod power;
#[cfg(test)]
mod scale;
#[cfg(test)]
mod scratch;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod stress_storage;
#[cfg(test)]
mod tape;
