//! Carrying out a plan: writes of one kind in batches.

use super::plan::Op;
use super::template::PodMaker;
use crate::builtin::batches::{IN_FLIGHT, in_batches};
use crate::builtin::pod_writes::{delete_pod, tell_wanted};
use crate::builtin::presence::is_there;
use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::DaemonSet;
use kube_core::resource::ResourceExt;

pub(super) struct Execution<'a> {
    cx: &'a Context,
    set: &'a DaemonSet,
    maker: PodMaker,
}

impl<'a> Execution<'a> {
    /// Pods are made from the present template, as those of the revision `hash`.
    pub(super) fn new(cx: &'a Context, set: &'a DaemonSet, hash: &str) -> Self {
        Self { cx, set, maker: PodMaker::new(set, hash) }
    }

    /// Does all of `ops`, or up to the first failure. Batches of creations begin with one and double, so that what is
    /// refused for all pods is refused once.
    pub(super) async fn run(&self, ops: &[Op]) -> Result<(), ApiError> {
        if ops.iter().any(|op| matches!(op, Op::Create(_))) && !is_there(self.cx, self.set).await? {
            return Ok(());
        }
        let first = |op: &Op| if matches!(op, Op::Create(_)) { 1 } else { IN_FLIGHT };
        in_batches(ops, first, IN_FLIGHT, |op| self.execute(op)).await
    }

    async fn execute(&self, op: &Op) -> Result<(), ApiError> {
        match op {
            Op::Create(node) => self.create(node).await,
            Op::Delete(key, uid) => delete_pod(self.cx, self.set, key, uid).await,
        }
    }

    async fn create(&self, node: &str) -> Result<(), ApiError> {
        let created = self.cx.create(&self.maker.pod_for(node)).await;
        tell_wanted(self.cx, self.set, created.map(|pod| pod.name().to_owned()))
    }
}
