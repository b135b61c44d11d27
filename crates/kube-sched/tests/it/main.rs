//! The public contract of the scheduler.

#[cfg(test)]
mod alone;
#[cfg(test)]
mod driver;
#[cfg(test)]
mod parity_scheduler;
#[cfg(test)]
mod soundness;
