//! The kinds of the group `events.k8s.io`.

mod event;
#[cfg(test)]
mod tests;
