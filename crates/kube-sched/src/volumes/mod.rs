//! Claims and volumes as the plugins of volumes read them.
//!
//! Source: `k8s.io/component-helpers/storage/volume`.

mod claim;
mod matching;
mod migration;
mod topology;

pub(crate) use claim::{
    CLAIM_LOST, ClaimRef, SELECTED_NODE, claims_of, class_of, class_of_volume, is_fully_bound, not_found,
    volume_name, waits_for_consumer,
};
pub(crate) use matching::{find_matching, is_bound_to, requested};
pub(crate) use migration::{driver_of_class, driver_of_inline, driver_of_volume, is_migrated};
pub(crate) use topology::{admits, allows};
