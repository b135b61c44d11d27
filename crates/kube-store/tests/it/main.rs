//! The public contract of kube-store.

#[cfg(test)]
mod client;
#[cfg(test)]
mod informer;
#[cfg(test)]
mod objects;
