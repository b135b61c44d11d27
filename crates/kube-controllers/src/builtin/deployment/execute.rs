//! Carrying out a plan: one write after the other.

use super::plan::{Change, Op, Plan};
use super::revision::REVISION;
use super::status::{PROGRESSING, has_deadline, new_condition};
use super::template::equal_ignoring_hash;
use crate::builtin::adoption::{Member, adopt, release};
use crate::builtin::claim::Claim;
use crate::builtin::presence::is_there;
use crate::builtin::refusal::is_namespace_terminating;
use crate::runtime::{Context, Error, merge_diff};
use jiff::Timestamp;
use kube_core::condition::FALSE;
use kube_core::error::ApiError;
use kube_core::kinds::apps::v1::{Deployment, DeploymentStatus, ReplicaSet};
use kube_core::resource::{KindInfo, ObjectKey, Part, Resource, ResourceExt, Uid};
use kube_store::client::events::EventType;
use kube_store::service::{DeleteOptions, Subresource};
use serde_json::{Map, json};
use std::sync::Arc;

pub(super) struct Execution<'a> {
    cx: &'a Context,
    deployment: &'a Deployment,
    sets: &'static KindInfo,
}

impl<'a> Execution<'a> {
    pub(super) fn new(cx: &'a Context, deployment: &'a Deployment) -> Self {
        Self { cx, deployment, sets: ReplicaSet::kind_info() }
    }

    /// Adopts and releases, and gives the ReplicaSets that are the Deployment's then.
    pub(super) async fn claim(
        &self,
        candidates: Vec<(Arc<ReplicaSet>, Claim)>,
    ) -> Result<Vec<Arc<ReplicaSet>>, ApiError> {
        let mut ours = Vec::new();
        for (set, claim) in candidates {
            match claim {
                Claim::Ours => ours.push(set),
                Claim::Orphan => {
                    adopt(self.cx, self.deployment, self.member(&set)).await?;
                    ours.push(set);
                }
                Claim::Stray => release(self.cx, self.deployment.uid().as_str(), self.member(&set)).await?,
                Claim::Foreign => {}
            }
        }
        Ok(ours)
    }

    fn member(&self, set: &ReplicaSet) -> Member<'static> {
        Member {
            kind: self.sets,
            key: set.key(),
            version: set.resource_version().unwrap_or_default(),
            owners: set.metadata.owner_references.clone().unwrap_or_default(),
        }
    }

    pub(super) async fn run(
        &self,
        plan: &Plan,
        sets: &[Arc<ReplicaSet>],
        now: Timestamp,
    ) -> Result<(), Error> {
        for (kind, reason, note) in &plan.events {
            self.cx.event(self.deployment, *kind, reason, note);
        }
        let mut version = self.deployment.metadata.resource_version.clone();
        for op in &plan.ops {
            match op {
                Op::Create(set) => {
                    if !self.create(set, now).await? {
                        return Ok(());
                    }
                }
                Op::Change(change) => self.change(change, sets).await?,
                Op::Delete { name, uid } => self.delete(name, uid).await?,
                Op::SetRevision(revision) => version = self.set_revision(*revision).await?,
            }
        }
        if let Some(status) = &plan.status {
            self.report(status, version.as_deref()).await?;
        }
        Ok(())
    }

    /// Whether it is there then: nothing can be created in a namespace that goes, and nothing has to be.
    async fn create(&self, set: &ReplicaSet, now: Timestamp) -> Result<bool, Error> {
        if !is_there(self.cx, self.deployment).await? {
            return Err(Error::failed("the deployment is gone, or about to be"));
        }
        match self.cx.create_typed(self.sets, set.namespace(), set.as_typed()).await {
            Ok(_) => {
                self.say_scaled(
                    set.name(),
                    (0, set.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(0)),
                );
                Ok(true)
            }
            Err(error) if error.is_already_exists() => Err(self.collided(set).await?),
            Err(error) if is_namespace_terminating(&error) => Ok(false),
            Err(error) => {
                let message = format!("Failed to create new replica set {:?}: {error}", set.name());
                self.cx.event(self.deployment, EventType::Warning, "ReplicaSetCreateError", &message);
                if has_deadline(self.deployment) {
                    let mut status = self.deployment.status.clone().unwrap_or_default();
                    let condition = new_condition(PROGRESSING, FALSE, "ReplicaSetCreateError", message, now);
                    super::status::set(&mut status, condition);
                    self.report(&status, self.deployment.metadata.resource_version.as_deref()).await?;
                }
                Err(error.into())
            }
        }
    }

    /// The name is taken. By the set of this template, which was not seen yet: look again. By another: its template
    /// has the same hash, so the next hash takes one collision more into account.
    async fn collided(&self, set: &ReplicaSet) -> Result<Error, Error> {
        let present = self.cx.api::<ReplicaSet>().in_namespace(set.namespace()).get(set.name()).await?;
        let template =
            |set: &ReplicaSet| set.spec.as_ref().and_then(|spec| spec.template.clone()).unwrap_or_default();
        let owner = self.deployment.uid();
        let ours = super::manager_uid(&present) == Some(owner.as_str());
        if !(ours && equal_ignoring_hash(&template(&present), &template(set))) {
            let mut status = self.deployment.status.clone().unwrap_or_default();
            status.collision_count = Some(status.collision_count.unwrap_or(0).saturating_add(1));
            self.report(&status, self.deployment.metadata.resource_version.as_deref()).await?;
        }
        Ok(Error::failed(format!("replica set {:?} exists already", set.name())))
    }

    async fn change(&self, change: &Change, sets: &[Arc<ReplicaSet>]) -> Result<(), ApiError> {
        let Some(set) = sets.iter().find(|set| set.name() == change.name) else { return Ok(()) };
        let mut spec = Map::new();
        let (before, after) = change.size;
        if before != after {
            spec.insert("replicas".to_owned(), after.into());
        }
        spec.extend(change.min_ready_seconds.map(|seconds| ("minReadySeconds".to_owned(), seconds.into())));
        let patch = json!({
            "metadata": { "resourceVersion": set.metadata.resource_version, "annotations": change.annotations },
            "spec": spec,
        });
        self.cx.patch_value(self.sets, &set.key(), Subresource::Main, patch).await?;
        if before != after {
            self.say_scaled(&change.name, change.size);
        }
        Ok(())
    }

    fn say_scaled(&self, name: &str, (before, after): (i32, i32)) {
        if before == after {
            return;
        }
        let direction = if before < after { "up" } else { "down" };
        let note = format!("Scaled {direction} replica set {name} from {before} to {after}");
        self.cx.event(self.deployment, EventType::Normal, "ScalingReplicaSet", &note);
    }

    async fn delete(&self, name: &str, uid: &Uid) -> Result<(), ApiError> {
        let key = ObjectKey::new(self.deployment.namespace(), name);
        let options = DeleteOptions::default().uid(uid.clone());
        match self.cx.delete_object(self.sets, &key, &options).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    /// Gives the version that the Deployment has then.
    async fn set_revision(&self, revision: i64) -> Result<Option<String>, ApiError> {
        let meta = json!({
            "resourceVersion": self.deployment.metadata.resource_version,
            "annotations": { REVISION: revision.to_string() },
        });
        let key = self.deployment.key();
        let patch = json!({ "metadata": meta });
        let raw = self.cx.patch_value(Deployment::kind_info(), &key, Subresource::Main, patch).await?;
        Ok(Some(raw.version.to_string()))
    }

    async fn report(&self, status: &DeploymentStatus, version: Option<&str>) -> Result<(), ApiError> {
        let old = self.deployment.status.as_ref().map_or_else(|| Ok(json!({})), Part::to_json_value);
        let new = status.to_json_value().map_err(ApiError::internal)?;
        let Some(diff) = merge_diff(&old.map_err(ApiError::internal)?, &new) else { return Ok(()) };
        let patch = json!({ "metadata": { "resourceVersion": version }, "status": diff });
        let key = self.deployment.key();
        self.cx.patch_value(Deployment::kind_info(), &key, Subresource::Status, patch).await?;
        Ok(())
    }
}
