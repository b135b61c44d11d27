//! A whole cluster from one seed: executor, virtual time, faults.
//!
//! [`Sim`] runs a control plane and a scenario on one thread, in virtual time, in an order that the seed decides:
//! the same seed gives the same run, so a failure is a number.

pub mod executor;
pub mod faults;
mod sim;
pub mod trace;

pub use sim::{Outcome, Sim, World};
