//! The kinds of the group `autoscaling`.

mod behavior;
mod horizontal_pod_autoscaler;
mod metrics;
mod reference;
#[cfg(test)]
mod tests;
