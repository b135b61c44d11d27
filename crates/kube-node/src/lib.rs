//! Where pods run: the kubelet's state machine and a fleet of simulated nodes.

pub mod behavior;
pub mod driver;
pub mod fleet;
pub mod machine;

pub use behavior::{Behavior, Script};
pub use driver::FleetDriver;
pub use fleet::SimFleet;
