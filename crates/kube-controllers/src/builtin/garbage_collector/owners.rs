//! Finding out whether owners are there.

use super::objects::Item;
use super::plan::{FOREGROUND, Owner};
use super::wire::Watched;
use crate::runtime::Context;
use kube_core::error::ApiError;
use kube_core::resource::{ObjectKey, Uid};
use kube_core::view::{Meta, OwnerRef};
use kube_store::mutant::{self, Mutant};
use kube_store::storage::ReadAt;
use serde_json::Value;

/// What was found out of an object's owners.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) owners: Vec<(Uid, Owner)>,
    /// What to tell people about references that cannot be right.
    pub(super) wrong_namespace: Vec<String>,
    /// Whether an owner's kind is not served.
    pub(super) unknown: bool,
}

/// What each owner of `item` is: from memory where it was seen, from the store otherwise.
pub(super) async fn judge(cx: &Context, watched: &Watched, item: &Item) -> Result<Judged, ApiError> {
    let mut judged = Judged::default();
    for reference in &item.meta.owner_references {
        let owner = judge_one(cx, watched, item, reference, &mut judged).await?;
        judged.owners.push((reference.uid.clone(), owner));
    }
    Ok(judged)
}

async fn judge_one(
    cx: &Context,
    watched: &Watched,
    item: &Item,
    reference: &OwnerRef,
    judged: &mut Judged,
) -> Result<Owner, ApiError> {
    let Some(kind) = cx.service().find_kind(&reference.api_version, &reference.kind) else {
        judged.unknown = true;
        return Ok(Owner::Unknown);
    };
    let namespace = &item.meta.namespace;
    if kind.is_namespaced() && namespace.is_empty() {
        let note = format!("ownerRef {} does not exist in namespace \"\"", describe(reference, ""));
        judged.wrong_namespace.push(note);
        return Ok(Owner::Unknown);
    }
    let scope = if kind.is_namespaced() { namespace.clone() } else { "".into() };
    let key = ObjectKey::new(scope, reference.name.clone());
    let (seen, gone) = {
        let objects = watched.objects();
        let seen = objects.item(&reference.uid).map(|owner| (owner.meta.clone(), owner.kind.clone()));
        (seen, objects.is_gone(&reference.uid))
    };
    if let Some((meta, seen_kind)) = seen {
        let same_kind = seen_kind.kind == kind.kind && seen_kind.group == kind.group;
        if meta.key() == key && same_kind {
            return Ok(state_of(&meta));
        }
        let there = format!("{} {}", seen_kind.kind, meta.key());
        let note = format!(
            "ownerRef {} does not exist in namespace {namespace:?}: that uid is {there}",
            describe(reference, namespace)
        );
        judged.wrong_namespace.push(note);
    } else if gone || mutant::is(Mutant::TrustsItsCache) {
        return Ok(Owner::Absent);
    }
    match cx.service().get(&kind, &key, ReadAt::Latest).await {
        Ok(live) if live.meta.uid == reference.uid => Ok(state_of(&live.meta)),
        Ok(_) => Ok(Owner::Absent),
        Err(error) if error.is_not_found() => {
            if mutant::is(Mutant::BuriesStrangers) {
                watched.bury(&reference.uid);
            }
            Ok(Owner::Absent)
        }
        Err(error) => Err(error),
    }
}

fn state_of(owner: &Meta) -> Owner {
    let foreground = owner.finalizers.iter().any(|finalizer| &**finalizer == FOREGROUND);
    if owner.is_terminating() && foreground { Owner::Waiting } else { Owner::Present }
}

/// Source: `k8s.io/kubernetes/pkg/controller/garbagecollector` (`objectReference.String`).
fn describe(reference: &OwnerRef, namespace: &str) -> String {
    let OwnerRef { api_version, kind, name, uid, .. } = reference;
    format!("[{api_version}/{kind}, namespace: {namespace}, name: {name}, uid: {uid}]")
}

/// The owner references in `object`, as they are written.
pub(super) fn references(object: &Value) -> Vec<Value> {
    object["metadata"]["ownerReferences"].as_array().cloned().unwrap_or_default()
}

/// The owner references without those to `uids`; `null` when none is left.
pub(super) fn without(object: &Value, uids: &[Uid]) -> Value {
    let mut owners = references(object);
    owners.retain(|owner| !uids.iter().any(|uid| owner["uid"].as_str() == Some(uid.as_str())));
    if owners.is_empty() { Value::Null } else { owners.into() }
}
