//! Durable objects with revisions: storage engines, API semantics, informers.

pub mod api;
pub mod cache;
pub mod client;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod informer;
pub mod objects;
pub mod rt;
pub mod service;
pub mod storage;
