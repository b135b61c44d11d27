//! Where pods run: the kubelet's state machine and a fleet of simulated nodes.
//!
//! - [`machine`]: the life of one pod, without I/O: commands to the runtime and reports to the API out, answers and times
//!   in.
//! - [`runtime`]: what carries out those commands; the simulated one follows a script.
//! - [`behavior`]: what simulated pods do: how long they take to start, to become ready, to stop, and what goes wrong.
//! - [`stages`]: the same as documents in the form of KWOK's `Stage`.
//! - [`fleet`]: many nodes and their pods in one table with one heap of timers, without I/O.
//! - [`FleetDriver`]: the component that registers the nodes, beats, and writes what the fleet reports.
//!
//! ```
//! use kube_core::env::{Env, Rng};
//! use kube_core::resource::Uid;
//! use kube_core::view::from_value;
//! use kube_node::fleet::{Fleet, SimFleet};
//! use kube_node::machine::{NodePod, Now};
//! use std::sync::Arc;
//!
//! let mut fleet = Fleet::new(SimFleet::new(2), Rng::new(7));
//! let (env, _clock) = Env::manual(7);
//! let now = Now { mono: env.now(), wall: env.wall() };
//! let pod: NodePod = from_value(serde_json::json!({
//!     "metadata": { "name": "web", "namespace": "default", "uid": "u1" },
//!     "spec": { "nodeName": "node-1", "containers": [{ "name": "c" }] },
//! }))?;
//! fleet.observe(&Uid::new("u1"), Some(&Arc::new(pod)), now);
//! assert_eq!(fleet.due(now).len(), 1); // "it runs, and it is ready"
//! # Ok::<(), kube_core::view::DecodeError>(())
//! ```

pub mod behavior;
pub mod driver;
pub mod fleet;
pub mod machine;
pub mod runtime;
pub mod stages;

pub use behavior::{Behavior, Script};
pub use driver::FleetDriver;
pub use fleet::SimFleet;
