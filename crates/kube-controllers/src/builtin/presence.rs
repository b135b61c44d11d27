//! Whether the owner of what is to be created is still there.

use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::resource::{Resource, ResourceExt};
use kube_store::storage::ReadAt;

/// Whether `owner` exists and is not on its way out, as the store says.
///
/// A controller whose view of owners stands still would create for one that is gone; the garbage collector takes that
/// away, and the controller makes it again: without this look both go round as fast as they can. Kubernetes has none.
pub(super) async fn is_there<K: Resource>(cx: &Context, owner: &K) -> Result<bool, ApiError> {
    match cx.service().get(K::kind_info(), &owner.key(), ReadAt::Latest).await {
        Err(error) if error.is_not_found() => Ok(false),
        live => live.map(|live| live.meta.uid == owner.uid() && !live.meta.is_terminating()),
    }
}
