//! A namespace that goes with all that it holds, and comes again, under all faults.

use super::acts::acting;
use crate::campaign::Sim;
use crate::oracle::{Change, Commit, Oracle, State, Verdict};
use kube_core::kinds::core::v1::{ConfigMap, Namespace, ServiceAccount};
use kube_core::resource::{ObjectKey, ResourceExt};
use std::ops::Range;
use std::time::Duration;

const NAMESPACES: &str = include_str!("namespaces.yaml");

const CONTROLLERS: [&str; 7] = [
    "namespace-controller",
    "serviceaccount-controller",
    "root-ca-certificate-publisher-controller",
    "deployment-controller",
    "replicaset-controller",
    "endpointslice-controller",
    "garbage-collector",
];

/// Deleted while it is at work, held up by a finalizer, and made anew.
pub fn namespaces(seeds: Range<u64>) -> Sim {
    let sim = acting(seeds, 2, &CONTROLLERS).oracle(|| Box::new(Emptied));
    sim.scenario(|c| async move {
        let shop = ObjectKey::cluster("shop");
        c.apply(NAMESPACES).await;
        c.sleep(Duration::from_secs(9)).await;
        c.delete::<Namespace>("shop").await;
        c.sleep(Duration::from_secs(15)).await;
        c.edit::<ConfigMap>("shop/held", |held| held.metadata.finalizers = None).await;
        c.until("the namespace is gone", |state| state.get::<Namespace>(&shop).is_none()).await;
        c.apply(NAMESPACES).await;
        c.delete::<ServiceAccount>("shop/default").await;
        c.sleep(Duration::from_secs(5)).await;
        let certificates = ObjectKey::from("shop/kube-root-ca.crt");
        c.until("its certificates are there", |state| state.get::<ConfigMap>(&certificates).is_some()).await;
        c.edit::<ConfigMap>("shop/kube-root-ca.crt", |ca| ca.data = None).await;
    })
}

/// A namespace goes when nothing is left in it, and with it goes nothing of others; one that stays has what every
/// namespace has.
#[derive(Debug)]
struct Emptied;

impl Oracle for Emptied {
    fn name(&self) -> &'static str {
        "emptied"
    }

    fn after(&mut self, commit: &Commit, state: &State) -> Verdict {
        for change in &commit.changes {
            if let Some((Some(gone), None)) = change.of::<Namespace>() {
                let left = state
                    .everything()
                    .find(|stored| stored.meta().is_some_and(|meta| *meta.namespace == *gone.name()));
                if let Some(left) = left {
                    return Err(format!("namespace {} is gone and {} is left", gone.name(), left.key()));
                }
            }
            if &*commit.author == "namespace-controller" {
                keeps_to_its_own(change, state)?;
            }
        }
        Ok(())
    }

    fn at_rest(&mut self, state: &State) -> Verdict {
        for namespace in state.all::<Namespace>() {
            let name = namespace.name();
            if namespace.is_terminating() {
                return Err(format!("namespace {name} is still being deleted"));
            }
            let account = state.get::<ServiceAccount>(&ObjectKey::new(name, "default"));
            let ca = state.get::<ConfigMap>(&ObjectKey::new(name, "kube-root-ca.crt"));
            if account.is_none() || ca.is_none_or(|ca| ca.data.is_none()) {
                return Err(format!("namespace {name} lacks its account or its certificates"));
            }
        }
        match state.get::<ConfigMap>(&ObjectKey::from("default/kept")) {
            Some(_) => Ok(()),
            None => Err("default/kept is gone".to_owned()),
        }
    }
}

/// What the controller takes away is in a namespace that goes.
fn keeps_to_its_own(change: &Change, state: &State) -> Verdict {
    let Some(meta) = change.before.as_ref().and_then(|before| before.meta()) else { return Ok(()) };
    if change.after.is_some() || meta.namespace.is_empty() {
        return Ok(());
    }
    let namespace = state.get::<Namespace>(&ObjectKey::cluster(meta.namespace.clone()));
    if namespace.is_some_and(|namespace| namespace.is_terminating()) {
        Ok(())
    } else {
        Err(format!("{} was deleted, whose namespace stays", change.key))
    }
}
