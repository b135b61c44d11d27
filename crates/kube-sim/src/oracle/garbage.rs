//! Nothing is left over at the end.

use super::{Oracle, State, Verdict};
use kube_core::resource::Uid;
use std::collections::BTreeSet;

/// At rest every object that names owners has one that is there.
#[derive(Debug)]
pub(super) struct Garbage;

impl Oracle for Garbage {
    fn name(&self) -> &'static str {
        "garbage"
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        let metas = || state.everything().filter_map(|stored| Some((stored, stored.meta()?)));
        let there: BTreeSet<&Uid> = metas().map(|(_, meta)| &meta.uid).collect();
        for (stored, meta) in metas() {
            let owners = &meta.owner_references;
            if !owners.is_empty() && owners.iter().all(|owner| !there.contains(&owner.uid)) {
                return Err(format!("{} is left although its owners are gone", stored.key()));
            }
        }
        Ok(())
    }
}
