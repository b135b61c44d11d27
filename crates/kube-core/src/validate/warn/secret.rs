//! Secrets, and accounts that may use only some of them.
//!
//! Source: `k8s.io/kubernetes/pkg/registry/core/{secret,serviceaccount}` (`warningsForSecret`,
//! `warnIfHasEnforceMountableSecretsAnnotation`), `crypto/tls` (`X509KeyPair`).

use super::pem;
use crate::kinds::core::v1::{Secret, ServiceAccount};
use crate::validate::fields::Text;

const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";

/// A certificate or a key that is none. What is in the PEM blocks is not looked at.
pub(in super::super) fn of_secret(secret: &Secret) -> Option<String> {
    if secret.type_.text() != "kubernetes.io/tls" {
        return None;
    }
    let data =
        |key: &str| secret.data.as_ref().and_then(|data| data.get(key)).map_or(&[][..], |bytes| &bytes.0);
    wrong_certificate(data("tls.crt")).or_else(|| wrong_key(data("tls.key")))
}

fn wrong_certificate(input: &[u8]) -> Option<String> {
    let kinds = pem::kinds(input);
    if kinds.iter().any(|kind| kind == "CERTIFICATE") {
        return None;
    }
    Some(match kinds.as_slice() {
        [] => "tls: failed to find any PEM data in certificate input".to_owned(),
        [one] if one.ends_with("PRIVATE KEY") => "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched".to_owned(),
        kinds => format!(
            "tls: failed to find \"CERTIFICATE\" PEM block in certificate input after skipping PEM blocks of the following types: [{}]",
            kinds.join(" ")
        ),
    })
}

fn wrong_key(input: &[u8]) -> Option<String> {
    let kinds = pem::kinds(input);
    if kinds.iter().any(|kind| kind == "PRIVATE KEY" || kind.ends_with(" PRIVATE KEY")) {
        return None;
    }
    Some(match kinds.as_slice() {
        [] => "tls: failed to find any PEM data in key input".to_owned(),
        [one] if one == "CERTIFICATE" => {
            "tls: found a certificate rather than a key in the PEM for the private key".to_owned()
        }
        kinds => format!(
            "tls: failed to find PEM block with type ending in \"PRIVATE KEY\" in key input after skipping PEM blocks of the following types: [{}]",
            kinds.join(" ")
        ),
    })
}

/// The annotation that limits an account to the secrets it lists, where it is new.
pub(in super::super) fn of_service_account(
    new: &ServiceAccount,
    old: Option<&ServiceAccount>,
) -> Option<String> {
    let limited = |account: &ServiceAccount| {
        account.metadata.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(ENFORCE))
    };
    (limited(new) && !old.is_some_and(limited)).then(|| {
        format!(
            "metadata.annotations[{ENFORCE}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
        )
    })
}
