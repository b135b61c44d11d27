//! The public contract of kube-store.

mod client;
mod informer;
