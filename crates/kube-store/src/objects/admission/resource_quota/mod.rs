//! Namespaces use no more than their quotas allow. A write is charged in its own transaction.
//!
//! Departs from Kubernetes in one point: there, a quota is charged by a write of its own before the object is stored,
//! and what an object used is given back by the quota controller alone. Here charge and object are one transaction, so
//! nothing is half charged, and what an object used is given back with it; the controller finds nothing to correct.
//!
//! Source: `k8s.io/apiserver/pkg/admission/plugin/resourcequota`, `k8s.io/kubernetes/pkg/quota/v1/evaluator`.

mod scope;
mod usage;

use super::Admission;
use crate::objects::{Candidate, Contribution, Operation, Stored, TxnBuilder};
use crate::service::Subresource;
use async_trait::async_trait;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{ResourceQuota as Quota, ResourceQuotaStatus};
use kube_core::pod_resources::ResourceList;
use kube_core::quantity::Quantity;
use kube_core::resource::{Resource, ResourceExt};
use kube_core::wire::canonical;
use usage::Subject;

/// The plugin. It acts on the `status.hard` that the quota controller copies from the spec.
#[derive(Clone, Copy, Debug, Default)]
pub struct ResourceQuota;

#[async_trait]
impl Admission for ResourceQuota {
    fn name(&self) -> &'static str {
        "ResourceQuota"
    }

    fn leaves_nothing_out(&self) -> bool {
        true
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        let kind = cx.kind();
        // Events are not charged: they are how people learn that something was refused.
        if !kind.is_namespaced() || kind.kind == "Event" {
            return false;
        }
        let subresource = cx.subresource();
        let counts = match cx.operation() {
            Operation::Create | Operation::Delete => subresource == Subresource::Main,
            // Updates may change what pods, services and claims use; a pod that ends uses nothing.
            Operation::Update => match (&*kind.group, &*kind.kind) {
                ("", "Pod") => matches!(subresource, Subresource::Resize | Subresource::Status),
                ("", "Service" | "PersistentVolumeClaim") => subresource == Subresource::Main,
                _ => false,
            },
        };
        counts && cx.any_cached(Quota::kind_info(), &cx.key().namespace)
    }

    async fn contribute(
        &self,
        cx: &Contribution<'_>,
        old: Option<&Stored>,
        object: Option<&Candidate>,
        txn: &mut TxnBuilder,
    ) -> Result<(), ApiError> {
        let quotas = cx.all_cached::<Quota>(&cx.key().namespace).await?;
        if quotas.is_empty() {
            return Ok(());
        }
        let now = cx.env().wall();
        let before = old.map(|old| Subject::stored(cx.kind(), old, now)).transpose()?;
        let after = object.map(|object| Subject::new(cx.kind(), object, now));
        for quota in quotas {
            let concerned =
                |subject: &Option<Subject>| subject.as_ref().is_some_and(|s| s.falls_under(&quota));
            if !concerned(&before) && !concerned(&after) {
                continue;
            }
            // The cache told which; the store tells how much is used.
            let read = cx.object(Quota::kind_info(), &quota.key()).await?;
            let Some(bytes) = read.value() else { continue };
            let mut quota = Quota::from_json(bytes).map_err(ApiError::internal)?;
            if charge(cx, &mut quota, before.as_ref(), after.as_ref())? {
                let value = quota.to_json_value().map_err(ApiError::internal)?;
                txn.put(&read, canonical(&value));
            }
        }
        Ok(())
    }
}

/// Charges the difference to the quota; tells whether there is any.
///
/// Source: `CheckRequest`.
fn charge(
    cx: &Contribution<'_>,
    quota: &mut Quota,
    before: Option<&Subject>,
    after: Option<&Subject>,
) -> Result<bool, ApiError> {
    let status = quota.status.clone().unwrap_or_default();
    let hard = ResourceList::of_typed(status.hard.as_ref());
    let used = ResourceList::of_typed(status.used.as_ref());
    let name = quota.name().to_owned();
    let counted = |subject: Option<&Subject>| -> ResourceList {
        let subject = subject.filter(|subject| subject.falls_under(quota));
        subject.map(|subject| subject.restricted(&hard)).unwrap_or_default()
    };
    let (was, is) = (counted(before), counted(after));
    if let Some(after) = after.filter(|after| after.falls_under(quota)) {
        if cx.operation() == Operation::Create || cx.subresource() == Subresource::Resize {
            after
                .check_specified(&hard)
                .map_err(|why| cx.forbidden(&format!("failed quota: {name}: {why}")))?;
        }
        let unknown: Vec<&str> = after.names(&hard).filter(|name| !used.contains(name)).collect();
        if !unknown.is_empty() && grows(&was, &is) {
            let resources = unknown.join(",");
            return Err(cx.forbidden(&format!("status unknown for quota: {name}, resources: {resources}")));
        }
    }
    let mut new_used = used.clone();
    let (mut requested, mut exceeded, mut changed) = (ResourceList::new(), Vec::new(), false);
    for (resource, limit) in hard.iter() {
        let of = |list: &ResourceList| list.get(resource).unwrap_or(Quantity::ZERO);
        let delta = of(&is) - of(&was);
        if delta.is_zero() || !used.contains(resource) {
            continue;
        }
        changed = true;
        let total = of(&used) + delta;
        if delta.sign() > 0 {
            requested.insert(resource, delta);
            if total > limit {
                exceeded.push(resource.clone());
            }
        }
        new_used.insert(resource, if total.sign() < 0 { Quantity::ZERO } else { total });
    }
    if !exceeded.is_empty() {
        let show = |list: &ResourceList| {
            let shown = exceeded.iter().filter_map(|name| Some(format!("{name}={}", list.get(name)?)));
            shown.collect::<Vec<_>>().join(",")
        };
        let (requested, used, limited) = (show(&requested), show(&used), show(&hard));
        return Err(cx.forbidden(&format!(
            "exceeded quota: {name}, requested: {requested}, used: {used}, limited: {limited}"
        )));
    }
    if changed {
        quota.status = Some(ResourceQuotaStatus { used: Some(new_used.to_typed()), ..status });
    }
    Ok(changed)
}

fn grows(was: &ResourceList, is: &ResourceList) -> bool {
    is.iter().any(|(name, amount)| amount > was.get(name).unwrap_or(Quantity::ZERO))
}
