//! The public contract of kube-sim.

mod determinism;
mod scenario;
