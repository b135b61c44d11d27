//! Every range is worked on, by one.

use super::{DONE, NAME, SHARDS, WANTED, entry, instance_of};
use crate::oracle::{Commit, Oracle, SCENARIO, State, Verdict};
use kube_controllers::runtime::shards::Shard;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::ResourceExt;
use kube_store::objects::Keys;

/// Whoever writes in a namespace has won its shard; at rest all is done.
#[derive(Debug)]
pub(super) struct Ranges;

impl Oracle for Ranges {
    fn name(&self) -> &'static str {
        "ranges"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        let author = &*commit.author;
        if author == SCENARIO {
            return Ok(());
        }
        for change in &commit.changes {
            let Some((_, Some(map))) = change.of::<ConfigMap>() else { continue };
            let shard = Shard::of_namespace(map.namespace(), SHARDS).number();
            let fence = state.stored(&Keys::fence(&format!("{NAME}-{shard}")));
            let winner = fence.map(|fence| String::from_utf8_lossy(fence.bytes()).into_owned());
            if winner.as_deref().map(instance_of) != Some(author) {
                return Err(format!("{author} writes {} of shard {shard}, won by {winner:?}", map.key()));
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        for map in state.all::<ConfigMap>() {
            if entry(&map, WANTED) != entry(&map, DONE) {
                return Err(format!("{} is not done", map.key()));
            }
        }
        Ok(())
    }
}
