//! A whole cluster from one seed: executor, virtual time, oracles.

pub mod executor;
pub mod trace;
