//! What the benches measure: our way and, beside it, the naive way, as ordinary functions.
//!
//! Each topic is a folder with a `baseline`: what a competent reader would write first. The benches under `benches/`
//! time both in one run; the tests run both once on tiny input and compare the answers, so that neither can rot.
//! Figures stand in `FIGURES.md`.

pub mod durable;
pub mod end_to_end;
pub mod objects;
pub mod quantity;
pub mod rbac;
pub mod schedule;
pub mod selector;
pub mod sim;
pub mod store;
