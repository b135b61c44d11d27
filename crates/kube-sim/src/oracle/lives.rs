//! A pod lives once.

use super::{Commit, Oracle, State, Verdict};
use kube_core::resource::ObjectKey;
use kube_core::view::{NodeView, PodPhase, PodView};

/// A pod never goes back in its life, starts once, and is removed by its node only when its deletion has begun.
#[derive(Debug)]
pub(super) struct Lives;

impl Oracle for Lives {
    fn name(&self) -> &'static str {
        "lives"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            match change.of::<PodView>() {
                Some((Some(before), Some(after))) if before.meta.uid == after.meta.uid => {
                    lived(&before, &after)?;
                }
                Some((Some(before), None)) if !before.is_terminating() => {
                    let key = ObjectKey::cluster(commit.author.clone());
                    if state.get::<NodeView>(&key).is_some() {
                        return Err(format!("{} removed pod {}, which was to stay", key, before.meta.key()));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn lived(before: &PodView, after: &PodView) -> Verdict {
    let key = after.meta.key();
    let (old, new) = (before.status.phase, after.status.phase);
    if stage(new) < stage(old) {
        return Err(format!("pod {key} went from {old} to {new}"));
    }
    match (before.status.start_time, after.status.start_time) {
        (Some(old), Some(new)) if old != new => {
            Err(format!("pod {key} was started at {old} and again at {new}"))
        }
        _ => Ok(()),
    }
}

fn stage(phase: PodPhase) -> u8 {
    match phase {
        PodPhase::Pending => 0,
        PodPhase::Running | PodPhase::Unknown => 1,
        PodPhase::Succeeded | PodPhase::Failed => 2,
    }
}
