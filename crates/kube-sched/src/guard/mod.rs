//! Several schedulers on one store: none binds a pod to a node without knowing of the pods that others bound there.
//!
//! Kubernetes leaves it to the kubelet to turn down what does not fit. Here it is settled in the transaction of the
//! binding. Every node that pods are bound to has a record beside it (`/guard/nodes/<name>`) of who bound last, and each
//! binding writes it. A binding of ours says what it rests on ([`Basis`]): who decides, and up to which revision that one
//! has seen pods. Where somebody else has bound to the node since, the binding is refused as a conflict, and the scheduler
//! decides again once it has seen why. One scheduler alone is never refused: its own bindings it knows anyway, so that
//! they may be under way side by side.
//!
//! The record of a node goes with the node, in the same transaction. What is kept of all nodes that are gone is one number:
//! when anybody last bound to one of them. A node without a record may be one of these under its old name, with pods of its
//! first life still there, so that a binding to it has to rest on knowledge of that time at least.
//!
//! Bindings that rest on nothing (those of kube-scheduler, of `kubectl`), pods that are born with a node and pods that are
//! resized are let through, and seen by those that do.

mod basis;
mod gone;

#[cfg(test)]
mod tests;

pub use basis::Basis;

use async_trait::async_trait;
use gone::Gone;
use kube_core::error::{ApiError, Cause};
use kube_core::kinds::core::v1::Pod;
use kube_store::mutant::{self, Mutant};
use kube_store::objects::{Candidate, Contribution, Contributor, Operation, Stored, TxnBuilder};
use kube_store::service::Subresource;
use kube_store::storage::{Key, Revision};
use serde::{Deserialize, Serialize};

/// Keeps the records of the nodes, and refuses bindings that rest on old knowledge. See the [module](self).
///
/// Register it for the kinds `Pod` and `Node` of the core group, with `ObjectsBuilder::contributor`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NodeGuard;

/// Who bound to a node last. When that was, the store knows.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// [`Basis::by`]; empty for somebody unknown.
    by: String,
    /// The newest revision at which somebody else bound to it, before `by` did.
    others: u64,
}

impl Record {
    fn place(node: &str) -> Key {
        Key::new(format!("{PREFIX}{node}"))
    }

    /// What cannot be read was written by somebody unknown.
    fn parse(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }
}

#[async_trait]
impl Contributor for NodeGuard {
    fn handles(&self, cx: &Contribution<'_>) -> bool {
        let (operation, subresource) = (cx.operation(), cx.subresource());
        match &*cx.kind().kind {
            "Node" => operation == Operation::Delete,
            _ => matches!(
                (operation, subresource),
                (Operation::Update, Subresource::Binding | Subresource::Resize)
                    | (Operation::Create, Subresource::Main)
            ),
        }
    }

    async fn contribute(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        new: Option<&mut Candidate>,
        txn: &mut TxnBuilder,
    ) -> Result<(), ApiError> {
        if cx.operation() == Operation::Delete {
            return Gone::forget(cx, &cx.key().name, txn).await;
        }
        let spec = new.and_then(|pod| pod.typed_mut::<Pod>()).and_then(|pod| pod.spec.as_ref());
        let Some(node) = spec.and_then(|spec| spec.node_name.as_deref()).filter(|node| !node.is_empty())
        else {
            return Ok(());
        };
        let read = cx.get(&Record::place(node)).await?;
        let (record, latest) = match read.value() {
            Some(bytes) => (Record::parse(bytes), read.revision().unwrap_or_default().get()),
            None => Gone::read(cx).await?,
        };
        let basis = cx.binding().and_then(Basis::read);
        let next = match &basis {
            Some(basis) if record.by == *basis.by => record,
            Some(basis) => Record { by: basis.by.to_string(), others: latest },
            None => Record { by: String::new(), others: latest },
        };
        if let Some(basis) = basis
            && basis.seen.get() < next.others
            && !mutant::is(Mutant::BindsBlindly)
        {
            return Err(refusal(node, basis.seen, next.others));
        }
        let bytes = serde_json::to_vec(&next).map_err(ApiError::internal)?;
        txn.put(&read, bytes);
        Ok(())
    }
}

/// The revision that has to be seen before another attempt, where `error` says that a binding rested on old knowledge.
pub fn overtaken(error: &ApiError) -> Option<Revision> {
    let cause = error.details.causes.iter().find(|cause| cause.reason == OVERTAKEN)?;
    cause.message.parse().ok().map(Revision::new)
}

fn refusal(node: &str, seen: Revision, others: u64) -> ApiError {
    let detail = format!(
        "others have bound pods to it until revision {others}, and the scheduler has seen pods until {seen}"
    );
    ApiError::conflict("", "nodes", node, &detail).with_cause(Cause {
        reason: OVERTAKEN.to_owned(),
        message: others.to_string(),
        field: "target.resourceVersion".to_owned(),
    })
}

const PREFIX: &str = "/guard/nodes/";
const OVERTAKEN: &str = "NodeBoundSince";
