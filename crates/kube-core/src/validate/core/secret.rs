//! Secrets.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/v1` (`SetDefaults_Secret`, the conversion of `stringData`) and
//! `pkg/apis/core/validation` (`ValidateSecret`).

use std::collections::BTreeMap;

use k8s_openapi::ByteString;

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::Secret;
use crate::names::is_config_map_key;
use crate::validate::Kind;
use crate::validate::fields::{Text, invalid};
use crate::validate::meta::validate_immutable_field;
use crate::validate::warn;

/// The most bytes that the values of a secret or a configuration may have together (`MaxSecretSize`).
pub(super) const MAX_SIZE: usize = 1024 * 1024;

impl Kind for Secret {
    const AS_IT_IS: bool = true;

    fn set_defaults(&mut self) {
        self.type_.fill("Opaque");
        // What is written as text is stored as bytes.
        if let Some(texts) = self.string_data.take() {
            let bytes = texts.into_iter().map(|(key, text)| (key, ByteString(text.into_bytes())));
            self.data.get_or_insert_default().extend(bytes);
        }
    }

    fn warnings(&self, _old: Option<&Self>) -> Vec<String> {
        warn::of_secret(self).into_iter().collect()
    }

    fn validate(&self) -> Vec<FieldError> {
        let path = FieldPath::new("data");
        let mut errors = Vec::new();
        let mut size = 0;
        for (key, value) in self.data.iter().flatten() {
            errors.extend(invalid(&path.key(key), key, is_config_map_key(key)));
            size += value.0.len();
        }
        if size > MAX_SIZE {
            errors.push(FieldError::too_long(&path, MAX_SIZE));
        }
        errors.extend(validate_type(self, &path));
        errors
    }

    fn validate_update(&self, old: &Self) -> Vec<FieldError> {
        let path = FieldPath::new("type");
        let mut errors: Vec<FieldError> =
            validate_immutable_field(self.type_.text(), &old.type_.text(), &path).into_iter().collect();
        errors.extend(validate_immutable(self.immutable, old.immutable, &[("data", self.data == old.data)]));
        errors.extend(self.validate());
        errors
    }
}

/// What the type of a secret promises must be there.
fn validate_type(secret: &Secret, path: &FieldPath) -> Vec<FieldError> {
    static NONE: BTreeMap<String, ByteString> = BTreeMap::new();
    let data = secret.data.as_ref().unwrap_or(&NONE);
    let missing = |keys: &[&str]| -> Vec<FieldError> {
        let missing = keys.iter().filter(|key| !data.contains_key(**key));
        missing.map(|key| FieldError::required(&path.key(key), "")).collect()
    };
    match secret.type_.text() {
        "kubernetes.io/service-account-token" => {
            let annotations = secret.metadata.annotations.as_ref();
            let account = annotations.and_then(|annotations| annotations.get(ACCOUNT_NAME));
            if account.is_some_and(|account| !account.is_empty()) {
                return Vec::new();
            }
            let path = FieldPath::new("metadata").child("annotations").key(ACCOUNT_NAME);
            vec![FieldError::required(&path, "")]
        }
        "kubernetes.io/dockercfg" => validate_json(data, ".dockercfg", path),
        "kubernetes.io/dockerconfigjson" => validate_json(data, ".dockerconfigjson", path),
        "kubernetes.io/basic-auth" => match missing(&["username", "password"]) {
            both if both.len() == 2 => both,
            _ => Vec::new(),
        },
        "kubernetes.io/ssh-auth" if data.get("ssh-privatekey").is_none_or(|key| key.0.is_empty()) => {
            vec![FieldError::required(&path.key("ssh-privatekey"), "")]
        }
        "kubernetes.io/tls" => missing(&["tls.crt", "tls.key"]),
        _ => Vec::new(),
    }
}

fn validate_json(data: &BTreeMap<String, ByteString>, key: &str, path: &FieldPath) -> Vec<FieldError> {
    let path = path.key(key);
    let Some(bytes) = data.get(key) else { return vec![FieldError::required(&path, "")] };
    match serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes.0) {
        Ok(_) => Vec::new(),
        Err(error) => {
            vec![FieldError::invalid(&path, "<secret contents redacted>", error.to_string())]
        }
    }
}

/// What is wrong with a change of an object that says that it does not change: `same` tells of each field whether it
/// stayed.
pub(super) fn validate_immutable(
    new: Option<bool>,
    old: Option<bool>,
    same: &[(&str, bool)],
) -> Vec<FieldError> {
    if old != Some(true) {
        return Vec::new();
    }
    let kept = [("immutable", new == Some(true))];
    let changed = kept.iter().chain(same).filter(|(_, same)| !same);
    let detail = "field is immutable when `immutable` is set";
    changed.map(|(field, _)| FieldError::forbidden(&FieldPath::new(field), detail)).collect()
}

const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";
