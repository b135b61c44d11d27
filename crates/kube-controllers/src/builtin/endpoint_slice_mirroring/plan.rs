//! What slices mirror `Endpoints` next. Pure: the planner is [`kube_net::slices::plan_mirror`].

use kube_core::kinds::core::v1::{Endpoints, Service};
use kube_core::kinds::discovery::v1::EndpointSlice;
use kube_net::slices::{MIRRORED_ADDRESSES, MirrorPlan, is_mirrored, plan_mirror};
use std::sync::Arc;

/// What there is.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The `Endpoints`; `None` once they are gone.
    pub endpoints: Option<&'a Endpoints>,
    /// The Service of their name.
    pub service: Option<&'a Service>,
    /// The slices with that name on them.
    pub slices: &'a [Arc<EndpointSlice>],
}

/// Plans the next step: `Endpoints` that are not to be mirrored have no slices.
pub fn plan(view: &View<'_>) -> MirrorPlan {
    let mirrored = view.endpoints.filter(|endpoints| is_mirrored(view.service, endpoints));
    plan_mirror(mirrored, view.slices, MIRRORED_ADDRESSES)
}

/// What to tell about addresses that are not mirrored: reason and note.
pub fn left_out(plan: &MirrorPlan) -> Vec<(&'static str, String)> {
    let mut told = Vec::new();
    let invalid = plan.invalid.len();
    if invalid != 0 {
        let note = format!("Skipped {invalid} invalid IP addresses when mirroring to EndpointSlices");
        told.push(("InvalidIPAddress", note));
    }
    if plan.excess != 0 {
        // Those that are no addresses count here too, as in Kubernetes.
        let skipped = plan.excess + invalid;
        let note = format!(
            "A max of {MIRRORED_ADDRESSES} addresses can be mirrored to EndpointSlices per Endpoints subset. {skipped} \
             addresses were skipped"
        );
        told.push(("TooManyAddressesToMirror", note));
    }
    told
}
