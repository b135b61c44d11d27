//! Being the only one: an election over a `Lease`, and a fence against whoever does not know yet that it lost.
//!
//! [`Elector`] decides, as a function of what it saw and when; whoever drives it reads, writes and waits. The rules are
//! those of `k8s.io/client-go/tools/leaderelection`: a follower trusts its own clock alone, and counts from when it
//! last saw the record change, so that clocks may differ; a leader that could not renew for a while stops leading
//! before anybody else may begin.
//!
//! What those rules cannot do is stop a leader that was paused in the middle of a write. So the winner also writes
//! `/fence/<name>`, in a transaction that holds only while the lease is still the one it won; every write through
//! [`Api::fenced`](crate::api::Api::fenced) with the [`Fence`](crate::service::Fence) of that write is refused once
//! somebody else has won.

mod config;
mod elector;
mod record;
#[cfg(test)]
mod tests;

pub use config::{ElectionConfig, ElectionError};
pub use elector::{Action, Elector, Input};
pub use record::Record;
