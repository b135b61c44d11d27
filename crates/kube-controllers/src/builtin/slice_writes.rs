//! Carrying out plans of EndpointSlices: those of selected pods, and those of mirrored Endpoints.

use super::presence::is_there;
use super::refusal::is_namespace_terminating;
use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::resource::Resource;
use kube_net::slices::SlicePlan;

/// Makes what is missing, then changes, then removes: a reader sees no address less than there is. For an `owner` that is
/// gone, or in a namespace that goes, nothing is made, and the rest goes by itself.
pub(super) async fn carry_out<K: Resource>(
    cx: &Context,
    owner: Option<&K>,
    plan: &SlicePlan,
) -> Result<(), ApiError> {
    if !plan.create.is_empty() {
        let Some(owner) = owner else { return Ok(()) };
        if !is_there(cx, owner).await? {
            return Ok(());
        }
    }
    for slice in &plan.create {
        match cx.create(slice).await {
            Err(error) if is_namespace_terminating(&error) => return Ok(()),
            created => created?,
        };
    }
    for slice in &plan.update {
        cx.update(slice).await?;
    }
    for slice in &plan.delete {
        cx.delete(&**slice).await?;
    }
    Ok(())
}
