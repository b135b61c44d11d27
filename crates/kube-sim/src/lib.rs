//! A whole cluster from one seed: executor, virtual time, faults, oracles.
//!
//! [`Sim`] runs a scenario on a cluster whose components live in processes of their own, lets go wrong what can go
//! wrong, and checks every write and the end. [`Solo`] runs one composed control plane. [`TestPlane`] is a plane on
//! virtual time for ordinary tests. All of them run on one thread, in an order that a seed decides: the same seed gives
//! the same run, so a failure is a number.
//!
//! ```
//! use kube_sim::{TestPlane, Units};
//!
//! let mut plane = TestPlane::new();
//! plane.apply("{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: i}]}}");
//! plane.settle();
//! assert!(plane.view().pod("default/web").unwrap().is_ready());
//! plane.advance(10.minutes());
//! ```

pub mod campaign;
pub mod cluster;
pub mod executor;
pub mod faults;
#[doc = include_str!("../../../docs/test-your-controller-like-a-database.md")]
pub mod guide {}
pub mod oracle;
pub mod scenarios;
mod solo;
mod test_plane;
pub mod trace;

pub use campaign::{Explore, Failure, Observation, Replay, Sim, Summary, Trouble};
pub use cluster::Cluster;
pub use faults::{Faults, Kind};
pub use oracle::{State, Verdict, converged_and_silent};
pub use solo::{Outcome, Solo, World};
pub use test_plane::{TestPlane, Units};
