//! Carrying out what was planned: writes of one kind in batches.

use futures::future::join_all;
use kube_core::error::ApiError;
use std::mem::discriminant;

/// Most writes under way at a time.
pub(super) const IN_FLIGHT: usize = 64;

/// Does all of `ops`, or up to the first failure. Batches of one kind begin with as many as `first` says and double up to
/// `most`: begun with one, what is refused for all is refused once.
pub(super) async fn in_batches<'a, T, F>(
    ops: &'a [T],
    first: impl Fn(&T) -> usize,
    most: usize,
    execute: impl Fn(&'a T) -> F,
) -> Result<(), ApiError>
where
    F: Future<Output = Result<(), ApiError>>,
{
    for alike in ops.chunk_by(|a, b| discriminant(a) == discriminant(b)) {
        let mut rest = alike;
        let mut size = alike.first().map_or(most, &first);
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(size.min(rest.len()));
            // All of a batch are waited for: a write that is under way will happen, and has to be seen.
            let results = join_all(batch.iter().map(&execute)).await;
            results.into_iter().collect::<Result<(), _>>()?;
            rest = later;
            size = (size * 2).min(most);
        }
    }
    Ok(())
}
