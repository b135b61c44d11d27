//! The garbage collector takes nothing that somebody still owns.

use super::{Commit, Oracle, State, Verdict};
use kube_core::view::Meta;
use std::sync::Arc;

/// The garbage collector deletes no object while one of its owners is there and stays.
#[derive(Debug)]
pub(super) struct Collector;

impl Oracle for Collector {
    fn name(&self) -> &'static str {
        "collector"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        if &*commit.author != "garbage-collector" {
            return Ok(());
        }
        for change in &commit.changes {
            let Some(meta) = change.before.as_ref().and_then(|before| before.meta()) else { continue };
            let marked =
                change.after.as_ref().and_then(|after| after.meta()).is_none_or(|meta| meta.is_terminating());
            if meta.is_terminating() || !marked {
                continue;
            }
            if let Some(owner) = living_owner(meta, state) {
                return Err(format!("{} was deleted while its owner {} lives", change.key, owner.name));
            }
        }
        Ok(())
    }
}

/// An owner of the object that is there and stays. One in another namespace is none.
fn living_owner(meta: &Meta, state: &State) -> Option<Arc<Meta>> {
    state.everything().find_map(|stored| {
        // Cheap first: only few objects are owners.
        let owner = meta
            .owner_references
            .iter()
            .find(|owner| stored.key().as_str().ends_with(&format!("/{}", owner.name)))?;
        let found = stored.meta()?;
        let here = found.namespace.is_empty() || found.namespace == meta.namespace;
        (found.uid == owner.uid && here && !found.is_terminating()).then(|| found.clone())
    })
}
