//! Being the only one: an election over a `Lease`, and a fence against whoever does not know yet that it lost.
//!
//! [`Elector`] decides, as a function of what it saw and when; [`Election`] reads, writes and waits for it. The rules
//! are those of `k8s.io/client-go/tools/leaderelection`: a follower trusts its own clock alone, and counts from when it
//! last saw the record change, so that clocks may differ; a leader that could not renew for a while stops leading
//! before anybody else may begin.
//!
//! What those rules cannot do is stop a leader that was paused in the middle of a write. So the winner also writes
//! `/fence/<name>`, in a transaction that holds only while the lease is still the one it won; every write through
//! [`Api::fenced`](crate::api::Api::fenced) with the [`Fence`](crate::service::Fence) of that write is refused once
//! somebody else has won.
//!
//! ```
//! use kube_core::kinds::core::v1::ConfigMap;
//! use kube_store::client::election::{Election, ElectionConfig};
//! use kube_store::{api::Api, objects::Objects, rt, storage::MemoryStorage};
//! use std::sync::Arc;
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
//! # runtime.block_on(async {
//! let objects = Objects::new(Arc::new(MemoryStorage::new()), rt::env());
//! let election = Election::start(&rt::env(), objects.clone(), ElectionConfig::new("scheduler", "here"))?;
//! let fence = election.won().await;
//! let maps: Api<ConfigMap> = Api::namespaced(objects, "default").fenced(fence);
//! // Everything written through `maps` holds only while this election is won.
//! election.release().await;
//! # drop(maps);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```

mod config;
mod driver;
mod elector;
mod record;
#[cfg(test)]
mod tests;

pub use config::{ElectionConfig, ElectionError};
pub use driver::Election;
pub use elector::{Action, Elector, Input};
pub use record::Record;
