//! What the benches measure: our way and, beside it, the naive way, as ordinary functions.
//!
//! Each topic is a folder with a `baseline`: what a competent reader would write first. The benches under `benches/`
//! time both in one run; the tests run both once on tiny input and compare the answers, so that neither can rot.
//! Figures stand in `FIGURES.md`.
//!
//! Both sides run on mimalloc, which keeps small things together: between values of kilobytes the system's allocator
//! spreads what is looked at over so many pages that a store of 100,000 values is twice as slow. With
//! `--no-default-features` they run on the latter.

pub mod controllers;
pub mod durable;
pub mod end_to_end;
#[cfg(feature = "etcd")]
pub mod etcd;
pub mod net;
pub mod objects;
pub mod process;
pub mod quantity;
pub mod rbac;
pub mod schedule;
pub mod selector;
pub mod sim;
pub mod store;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Which allocator it is.
pub const ALLOCATOR: &str = if cfg!(feature = "mimalloc") { "mimalloc" } else { "the system's" };
