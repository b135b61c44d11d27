//! The default ServiceAccount of every namespace.

pub mod plan;
#[cfg(test)]
mod tests;

use super::refusal::is_namespace_terminating;
use crate::runtime::{Context, Controller, Error, Outcome, Reconciler, Request, Source};
use kube_core::kinds::core::v1::{Namespace, ServiceAccount};
use kube_core::resource::ObjectKey;
use kube_store::informer::Change;
use plan::{DEFAULT, is_wanted, service_account};

/// The controller that keeps a ServiceAccount `default` in every namespace that is in use.
///
/// Source: `k8s.io/kubernetes/pkg/controller/serviceaccount` (`ServiceAccountsController`).
pub fn controller() -> Controller {
    Controller::builder(ServiceAccounts)
        .named("serviceaccount-controller")
        .watches(Source::new(|change: &Change<ServiceAccount>, _| {
            let is_default = *change.key.name == *DEFAULT;
            is_default.then(|| ObjectKey::cluster(change.key.namespace.clone())).into_iter().collect()
        }))
        .build()
}

struct ServiceAccounts;

impl Reconciler for ServiceAccounts {
    type Resource = Namespace;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(namespace) = cx.get::<Namespace>(&request.key) else { return Ok(Outcome::Done) };
        let key = ObjectKey::new(request.key.name.clone(), DEFAULT);
        if !is_wanted(&namespace) || cx.get::<ServiceAccount>(&key).is_some() {
            return Ok(Outcome::Done);
        }
        match cx.create(&service_account(&key.namespace)).await {
            Err(error) if error.is_already_exists() || is_namespace_terminating(&error) => Ok(Outcome::Done),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(Outcome::Done),
        }
    }
}
