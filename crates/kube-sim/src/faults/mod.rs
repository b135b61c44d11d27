//! What can go wrong below a control plane, drawn from the seed.

mod latency;

pub use latency::{Latency, SlowStorage};
