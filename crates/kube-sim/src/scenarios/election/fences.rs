//! Nobody writes who was deposed.

use super::{NAME, WORK, entry};
use crate::oracle::{Commit, Oracle, State, Verdict};
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::ResourceExt;
use kube_store::objects::Keys;

/// At every commit of work the fence is the one by which its author had won.
#[derive(Debug)]
pub(super) struct Fences;

impl Oracle for Fences {
    fn name(&self) -> &'static str {
        "fences"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            let Some((_, after)) = change.of::<ConfigMap>() else { continue };
            let work = after.filter(|map| map.name() == WORK);
            let Some(token) = entry(work.as_ref(), "token") else { continue };
            let fence = state.stored(&Keys::fence(NAME)).map(|fence| fence.kv().mod_revision.to_string());
            if fence.as_deref() != Some(token) {
                let author = &commit.author;
                return Err(format!("{author} wrote by the token {token}, and the fence is {fence:?}"));
            }
        }
        Ok(())
    }
}
