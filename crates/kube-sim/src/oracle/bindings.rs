//! A pod is bound once, to a node that is there.

use super::{Commit, Oracle, State, Verdict};
use kube_core::resource::ObjectKey;
use kube_core::view::{NodeView, PodView};
use kube_store::storage::Revision;
use std::collections::BTreeMap;
use std::sync::Arc;

/// No pod bound to two nodes, or to one that is missing in every state that whoever bound it can have read.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    /// Nodes that were deleted, and as of which revision.
    gone: BTreeMap<Arc<str>, Revision>,
}

impl Oracle for Bindings {
    fn name(&self) -> &'static str {
        "bindings"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((Some(node), None)) = change.of::<NodeView>() {
                self.gone.insert(node.meta.name.clone(), commit.revision);
            }
            let Some((before, Some(pod))) = change.of::<PodView>() else { continue };
            let before = before.filter(|before| before.meta.uid == pod.meta.uid);
            let old = before.as_ref().and_then(|before| before.node_name());
            let Some(new) = pod.node_name() else {
                return match old {
                    Some(old) => Err(format!("pod {} was taken from node {old}", pod.meta.key())),
                    None => Ok(()),
                };
            };
            match old {
                Some(old) if old == new => {}
                Some(old) => {
                    return Err(format!("pod {} was bound to {old} and now to {new}", pod.meta.key()));
                }
                None if state.get::<NodeView>(&ObjectKey::cluster(new.clone())).is_some() => {}
                // Whoever bound it may not know yet that the node is gone.
                None if self.may_believe_in(new, commit.known::<NodeView>()) => {}
                None => return Err(format!("pod {} was bound to {new}, which is no node", pod.meta.key())),
            }
        }
        Ok(())
    }
}

impl Bindings {
    /// Whether somebody who was told up to `known` can take the node for one that is there.
    fn may_believe_in(&self, node: &str, known: Option<Revision>) -> bool {
        known.is_some_and(|known| self.gone.get(node).is_some_and(|gone| known < *gone))
    }
}
