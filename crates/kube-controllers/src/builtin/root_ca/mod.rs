//! The ConfigMap `kube-root-ca.crt` of every namespace: whom pods trust when they ask the API server.

pub mod plan;
#[cfg(test)]
mod tests;

use super::refusal::is_namespace_terminating;
use super::service_account::plan::is_wanted;
use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request, Source};
use kube_core::kinds::core::v1::{ConfigMap, Namespace};
use kube_core::resource::ObjectKey;
use kube_store::informer::Change;
use plan::{NAME, config_map, corrected};

/// The controller, for a control plane without certificates: what it publishes is empty.
///
/// Source: `k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher`.
pub fn controller() -> Controller {
    publishing("")
}

/// The same with these certificates, in PEM.
pub fn publishing(certificates: &str) -> Controller {
    Controller::builder(RootCa { certificates: certificates.to_owned() })
        .named("root-ca-certificate-publisher-controller")
        .watches(Source::new(|change: &Change<ConfigMap>, _| {
            let is_own = *change.key.name == *NAME;
            is_own.then(|| ObjectKey::cluster(change.key.namespace.clone())).into_iter().collect()
        }))
        .build()
}

struct RootCa {
    certificates: String,
}

impl Reconciler for RootCa {
    type Resource = Namespace;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(namespace) = cx.get::<Namespace>(&request.key) else { return Ok(Outcome::Done) };
        if !is_wanted(&namespace) {
            return Ok(Outcome::Done);
        }
        let key = ObjectKey::new(request.key.name.clone(), NAME);
        let result = match cx.get::<ConfigMap>(&key) {
            None => cx.create(&config_map(&key.namespace, &self.certificates)).await.map(drop),
            Some(present) => match corrected(&present, &self.certificates) {
                Some(corrected) => cx.update(&corrected).await.map(drop),
                None => Ok(()),
            },
        };
        match result {
            Err(error) if is_namespace_terminating(&error) => Ok(Outcome::Done),
            other => other.map(|()| Outcome::Done).map_err(Error::from),
        }
    }
}
