//! Carrying out a plan: one write after the other, or in batches where pods do not wait for each other.

use super::identity::identity;
use super::plan::Op;
use crate::builtin::batches::{IN_FLIGHT, in_batches};
use crate::builtin::presence::is_there;
use crate::builtin::refusal::is_namespace_terminating;
use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::StatefulSet;
use kube_core::kinds::core::v1::{PersistentVolumeClaim, Pod};
use kube_core::kinds::meta::v1::OwnerReference;
use kube_core::resource::{ObjectKey, Resource, ResourceExt, ResourceVersion, Uid};
use kube_store::client::events::EventType;
use kube_store::service::{DeleteOptions, Subresource};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) struct Execution<'a> {
    pub(super) cx: &'a Context,
    pub(super) set: &'a StatefulSet,
    /// Whether pods wait for each other.
    pub(super) ordered: bool,
}

impl Execution<'_> {
    /// Does all of `ops`, or up to the first failure. Batches begin with one write and double, so that what is refused
    /// for all pods is refused once.
    pub(super) async fn run(&self, ops: &[Op]) -> Result<(), ApiError> {
        let creates = |op: &Op| matches!(op, Op::CreateClaim(..) | Op::Create(_));
        if ops.iter().any(creates) && !is_there(self.cx, self.set).await? {
            return Ok(());
        }
        let most = if self.ordered { 1 } else { IN_FLIGHT };
        in_batches(ops, |_| 1, most, |op| self.execute(op)).await
    }

    async fn execute(&self, op: &Op) -> Result<(), ApiError> {
        match op {
            Op::CreateClaim(pod, claim) => self.create_claim(pod, claim).await,
            Op::OwnClaim(claim, owners) => self.own_claim(claim, owners).await,
            Op::Create(pod) => self.create(pod).await,
            Op::Identify(key, version, ordinal) => self.identify(key, *version, *ordinal).await,
            Op::Delete(key, uid) => self.delete(key, uid).await,
        }
    }

    async fn create_claim(&self, pod: &str, claim: &PersistentVolumeClaim) -> Result<(), ApiError> {
        let (name, set) = (claim.name(), self.set.name());
        match self.cx.create(claim).await {
            Err(error) if error.is_already_exists() => Ok(()),
            Err(error) => {
                let note =
                    format!("Create Claim {name} for Pod {pod} in StatefulSet {set} failed error: {error}");
                self.say(EventType::Warning, "FailedCreate", &note);
                Err(error)
            }
            Ok(_) => {
                let note = format!("Create Claim {name} Pod {pod} in StatefulSet {set} success");
                self.say(EventType::Normal, "SuccessfulCreate", &note);
                Ok(())
            }
        }
    }

    async fn own_claim(
        &self,
        claim: &PersistentVolumeClaim,
        owners: &[OwnerReference],
    ) -> Result<(), ApiError> {
        let owners = if owners.is_empty() { Value::Null } else { json!(owners) };
        let meta = json!({ "resourceVersion": claim.metadata.resource_version, "ownerReferences": owners });
        let patch = json!({ "metadata": meta });
        let kind = PersistentVolumeClaim::kind_info();
        match self.cx.patch_value(kind, &claim.key(), Subresource::Main, patch).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    async fn create(&self, pod: &Pod) -> Result<(), ApiError> {
        match self.cx.create(pod).await {
            // The pod of that name is another's, or is not seen yet.
            Err(error) if error.is_already_exists() => Err(error),
            Err(error) if is_namespace_terminating(&error) => Ok(()),
            result => self.tell("Create", pod.name(), result.map(drop)),
        }
    }

    async fn identify(
        &self,
        key: &ObjectKey,
        version: ResourceVersion,
        ordinal: i32,
    ) -> Result<(), ApiError> {
        let labels = BTreeMap::from(identity(self.set.name(), ordinal));
        let patch = json!({ "metadata": { "resourceVersion": version.to_string(), "labels": labels } });
        let written = self.cx.patch_value(Pod::kind_info(), key, Subresource::Main, patch).await;
        self.tell("Update", &key.name, written.map(drop))
    }

    async fn delete(&self, key: &ObjectKey, uid: &Uid) -> Result<(), ApiError> {
        let options = DeleteOptions::default().uid(uid.clone());
        match self.cx.delete_object(Pod::kind_info(), key, &options).await {
            Err(error) if error.is_not_found() => Ok(()),
            result => self.tell("Delete", &key.name, result.map(drop)),
        }
    }

    /// Tells people how it went.
    ///
    /// Source: `recordPodEvent`.
    fn tell(&self, verb: &str, pod: &str, result: Result<(), ApiError>) -> Result<(), ApiError> {
        let what = format!("{verb} Pod {pod} in StatefulSet {}", self.set.name());
        match &result {
            Ok(()) => {
                self.say(EventType::Normal, &format!("Successful{verb}"), &format!("{what} successful"));
            }
            Err(error) => {
                self.say(
                    EventType::Warning,
                    &format!("Failed{verb}"),
                    &format!("{what} failed error: {error}"),
                );
            }
        }
        result
    }

    fn say(&self, kind: EventType, reason: &str, note: &str) {
        self.cx.event(self.set, kind, reason, note);
    }
}
