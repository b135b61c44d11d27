//! Which objects belong to a controller: its own, those to adopt, those to release.
//!
//! Source: `k8s.io/kubernetes/pkg/controller` (`BaseControllerRefManager.ClaimObject`).

use kube_core::resource::Uid;
use kube_core::selector::{Labels, Selector};

/// What an object is to a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is owned and selected.
    Ours,
    /// It is selected and has no controller: to be adopted.
    Orphan,
    /// It is owned and not selected any more: to be released.
    Stray,
    /// It is none of the controller's business.
    Foreign,
}

/// A controller that claims objects of its namespace.
#[derive(Clone, Copy, Debug)]
pub struct Claimant<'a> {
    /// Its uid.
    pub uid: &'a Uid,
    /// What it selects.
    pub selector: &'a Selector,
    /// Whether its deletion has begun: it takes and gives nothing then.
    pub terminating: bool,
}

impl Claimant<'_> {
    /// What an object with these labels, this controller and that state is to the claimant.
    pub fn judge(
        &self,
        labels: &(impl Labels + ?Sized),
        controller: Option<&Uid>,
        terminating: bool,
    ) -> Claim {
        self.judge_selected(self.selector.matches(labels), controller, terminating)
    }

    /// The same where it is known whether the object is selected.
    pub fn judge_selected(&self, selected: bool, controller: Option<&Uid>, terminating: bool) -> Claim {
        match controller {
            Some(uid) if uid != self.uid => Claim::Foreign,
            Some(_) if selected => Claim::Ours,
            Some(_) if self.terminating => Claim::Foreign,
            Some(_) => Claim::Stray,
            None if selected && !self.terminating && !terminating => Claim::Orphan,
            None => Claim::Foreign,
        }
    }
}
