//! Pods run as a service account that is there, and get its token.
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/admission/serviceaccount`.

mod secrets;
mod token;

use super::Admission;
use crate::objects::{Candidate, Contribution, Operation, Stored};
use crate::service::Subresource;
use async_trait::async_trait;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{Pod, PodSpec, ServiceAccount as Account};
use kube_core::resource::ObjectKey;

/// The plugin.
#[derive(Clone, Copy, Debug)]
pub struct ServiceAccount {
    /// Whether pods get a volume with the account's token, unless pod or account decline.
    pub mount_token: bool,
}

impl Default for ServiceAccount {
    fn default() -> Self {
        Self { mount_token: true }
    }
}

const DEFAULT: &str = "default";
/// Marks pods that a node made from a file; they have no account.
const MIRROR: &str = "kubernetes.io/config.mirror";

#[async_trait]
impl Admission for ServiceAccount {
    fn name(&self) -> &'static str {
        "ServiceAccount"
    }

    fn leaves_nothing_out(&self) -> bool {
        true
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        cx.is("", "Pod", Subresource::Main) && cx.operation() == Operation::Create
    }

    async fn mutate(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        object: &mut Candidate,
    ) -> Result<(), ApiError> {
        let Some(pod) = object.typed_mut::<Pod>() else { return Ok(()) };
        if pod.metadata.annotations.as_ref().is_some_and(|a| a.contains_key(MIRROR)) {
            return Ok(());
        }
        let Some(spec) = pod.spec.as_mut() else { return Ok(()) };
        let name = spec.service_account_name.clone().filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| DEFAULT.to_owned());
        spec.service_account_name = Some(name.clone());
        spec.service_account = Some(name.clone());
        let account = account(cx, &name).await?;
        if self.mount_token && automounts(&account, spec) {
            token::mount(spec, &cx.env().suffix());
        }
        if spec.image_pull_secrets.as_ref().is_none_or(Vec::is_empty) {
            spec.image_pull_secrets.clone_from(&account.image_pull_secrets);
        }
        Ok(())
    }

    async fn validate(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        let Some(pod) = object.and_then(|object| object.typed::<Pod>()) else { return Ok(()) };
        let Some(spec) = &pod.spec else { return Ok(()) };
        if pod.metadata.annotations.as_ref().is_some_and(|a| a.contains_key(MIRROR)) {
            return secrets::check_mirror(spec).map_err(|why| cx.forbidden(&why));
        }
        let account = account(cx, spec.service_account_name.as_deref().unwrap_or(DEFAULT)).await?;
        if secrets::are_limited(&account) {
            secrets::check_references(&account, spec).map_err(|why| cx.forbidden(&why))?;
        }
        Ok(())
    }
}

async fn account(cx: &Contribution<'_>, name: &str) -> Result<std::sync::Arc<Account>, ApiError> {
    let namespace = &cx.key().namespace;
    let key = ObjectKey::new(namespace.clone(), name);
    if let Some(account) = cx.cached::<Account>(&key).await? {
        return Ok(account);
    }
    Err(cx.forbidden(&format!(
        "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
    )))
}

/// The pod's wish goes before the account's; without either the token is mounted.
fn automounts(account: &Account, spec: &PodSpec) -> bool {
    spec.automount_service_account_token.or(account.automount_service_account_token).unwrap_or(true)
}
