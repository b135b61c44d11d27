//! The public contract of the scheduler.

#[cfg(test)]
mod parity_scheduler;
