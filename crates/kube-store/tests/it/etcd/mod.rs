//! A real etcd on loopback: the contract of storage, and random programs beside the model.
//!
//! The program is `$ETCD`, or `etcd` of the path. Without one there is nothing to run, which is a failure where `CI` is
//! set.

mod access;
mod cluster;
mod conformance;
mod failover;
mod moves;
mod ports;
mod programs;
mod server;
mod timed;
mod wakers;
mod watches;
