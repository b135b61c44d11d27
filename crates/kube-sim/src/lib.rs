//! A whole cluster from one seed: executor, virtual time, oracles.
