//! The EndpointSlice planner: which slices a Service should have, as a pure function.
//!
//! [`plan_slices`] compares the pods that a Service selects with the slices that exist, and says what to create, update
//! and delete. The same values give the same plan, byte by byte, whatever the order of pods and slices. [`plan_pod`] gives
//! the same answer from one slice where one pod has changed.
//!
//! # Invariants
//! - Carrying out a plan leaves every wanted endpoint in exactly one slice, and at most
//!   [`SliceInput::max_endpoints`] in each slice that was filled.
//! - A second plan over the outcome is empty.
//! - A change of one pod writes one slice, as long as a slice has room.
//!
//! Source: `k8s.io/endpointslice` (`Reconciler.Reconcile`), where map order decides which endpoint goes where; here
//! endpoints go in the order of their addresses.

mod endpoint;
mod hints;
mod input;
mod labels;
mod mirror;
mod one_pod;
mod pack;
mod plan;
mod wanted;
mod zones;

#[cfg(test)]
mod tests;

pub use endpoint::{UnresolvedPort, unresolved_ports};
pub use hints::wants_zone_shares;
pub use input::{NodeLookup, SliceInput};
pub use labels::{HEADLESS_LABEL, MANAGED_BY, MANAGED_BY_LABEL, SERVICE_NAME_LABEL};
pub use mirror::{MIRRORED_ADDRESSES, MIRRORED_BY, MirrorPlan, SKIP_MIRROR_LABEL, is_mirrored, plan_mirror};
pub use one_pod::plan_pod;
pub use plan::{SlicePlan, plan_slices};
pub use zones::ZoneCapacity;
