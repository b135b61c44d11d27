//! Runs what the benches measure once, on tiny input: ours and the baseline must give the same answer.

mod quantity;
mod selector;
mod store;
