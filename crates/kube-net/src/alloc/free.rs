//! Finding a free place in a range.

use kube_core::error::ApiError;
use kube_store::objects::{Contribution, Read};
use kube_store::storage::{Key, KeyRange};
use std::collections::BTreeSet;

/// So many candidates are looked up one by one before all that is taken is read at once.
const PROBES: usize = 8;

/// The first of `candidates` whose key is absent, with that reading; `None` where all are taken.
pub(super) async fn first_free<T>(
    cx: &Contribution<'_>,
    mut candidates: impl Iterator<Item = T> + Send,
    key: impl Fn(&T) -> Key + Send,
    all: &KeyRange,
) -> Result<Option<(T, Read)>, ApiError>
where
    T: Send,
{
    for candidate in candidates.by_ref().take(PROBES) {
        let read = cx.get(&key(&candidate)).await?;
        if read.value().is_none() {
            return Ok(Some((candidate, read)));
        }
    }
    let taken: BTreeSet<Key> = cx.list(all).await?.items.into_iter().map(|(key, _)| key).collect();
    for candidate in candidates {
        let key = key(&candidate);
        if !taken.contains(&key) {
            let read = cx.get(&key).await?;
            if read.value().is_none() {
                return Ok(Some((candidate, read)));
            }
        }
    }
    Ok(None)
}
