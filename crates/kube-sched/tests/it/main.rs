//! The public contract of the scheduler.

mod parity_scheduler;
