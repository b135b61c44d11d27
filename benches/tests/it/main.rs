//! Runs what the benches measure once, on tiny input: ours and the baseline must give the same answer.

mod durable;
mod end_to_end;
mod net;
mod objects;
mod quantity;
mod rbac;
mod schedule;
mod selector;
mod sim;
mod store;
