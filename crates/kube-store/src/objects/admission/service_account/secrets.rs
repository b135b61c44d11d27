//! Which secrets a pod may refer to.

use kube_core::kinds::core::v1::{Container, PodSpec, ServiceAccount};
use kube_core::resource::ResourceExt;
use std::collections::BTreeSet;

const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";

/// Whether pods of the account may only refer to secrets that it lists.
pub(super) fn are_limited(account: &ServiceAccount) -> bool {
    let value = account.metadata.annotations.as_ref().and_then(|a| a.get(ENFORCE));
    value.is_some_and(|value| matches!(&**value, "1" | "t" | "T" | "true" | "TRUE" | "True"))
}

/// Source: `limitSecretReferences`.
pub(super) fn check_references(account: &ServiceAccount, spec: &PodSpec) -> Result<(), String> {
    let listed = account.secrets.iter().flatten().filter_map(|secret| secret.name.as_deref());
    let mountable: BTreeSet<&str> = listed.collect();
    let name = account.name();
    for volume in spec.volumes.iter().flatten() {
        let secret = volume.secret.as_ref().and_then(|secret| secret.secret_name.as_deref());
        if let Some(secret) = secret.filter(|secret| !mountable.contains(secret)) {
            return Err(format!(
                "volume with secret.secretName=\"{secret}\" is not allowed because service account {name} does not reference that secret"
            ));
        }
    }
    for container in spec.init_containers.iter().flatten().chain(&spec.containers) {
        check_container(container, name, &mountable)?;
    }
    let listed = account.image_pull_secrets.iter().flatten().map(|secret| secret.name.as_str());
    let pull: BTreeSet<&str> = listed.collect();
    for (index, secret) in spec.image_pull_secrets.iter().flatten().enumerate() {
        if !pull.contains(secret.name.as_str()) {
            return Err(format!(
                "imagePullSecrets[{index}].name=\"{}\" is not allowed because service account {name} does not reference that imagePullSecret",
                secret.name
            ));
        }
    }
    Ok(())
}

fn check_container(container: &Container, account: &str, mountable: &BTreeSet<&str>) -> Result<(), String> {
    for variable in container.env.iter().flatten() {
        let key = variable.value_from.as_ref().and_then(|source| source.secret_key_ref.as_ref());
        if let Some(key) = key.filter(|key| !mountable.contains(key.name.as_str())) {
            return Err(format!(
                "container {} with envVar {} referencing secret.secretName=\"{}\" is not allowed because service account {account} does not reference that secret",
                container.name, variable.name, key.name
            ));
        }
    }
    for source in container.env_from.iter().flatten() {
        let secret = source.secret_ref.as_ref();
        if let Some(secret) = secret.filter(|secret| !mountable.contains(secret.name.as_str())) {
            return Err(format!(
                "container {} with envFrom referencing secret.secretName=\"{}\" is not allowed because service account {account} does not reference that secret",
                container.name, secret.name
            ));
        }
    }
    Ok(())
}

/// What a pod that a node made from a file may not refer to: it runs whatever the API says.
pub(super) fn check_mirror(spec: &PodSpec) -> Result<(), String> {
    if spec.service_account_name.as_ref().is_some_and(|name| !name.is_empty()) {
        return Err("a mirror pod may not reference service accounts".to_owned());
    }
    if spec.volumes.iter().flatten().any(|volume| volume.secret.is_some()) {
        return Err("a mirror pod may not reference secrets".to_owned());
    }
    let projected = spec.volumes.iter().flatten().filter_map(|volume| volume.projected.as_ref());
    let sources = projected.flat_map(|volume| volume.sources.iter().flatten());
    if sources.into_iter().any(|source| source.service_account_token.is_some()) {
        return Err("a mirror pod may not use ServiceAccountToken volume projections".to_owned());
    }
    let mut containers = spec.init_containers.iter().flatten().chain(&spec.containers);
    let refers = |container: &Container| {
        let variables = container.env.iter().flatten().filter_map(|variable| variable.value_from.as_ref());
        let mut sources = container.env_from.iter().flatten();
        variables.into_iter().any(|source| source.secret_key_ref.is_some())
            || sources.any(|source| source.secret_ref.is_some())
    };
    if containers.any(refers) {
        return Err("a mirror pod may not reference secrets".to_owned());
    }
    Ok(())
}
