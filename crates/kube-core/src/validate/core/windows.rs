//! What containers ask of Windows.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`validateWindowsSecurityContextOptions`,
//! `validateWindowsHostProcessPod`).

use super::container::every_container;
use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{PodSpec, WindowsSecurityContextOptions};
use crate::validate::fields::dns_subdomain;

/// What is wrong with the options of a security context.
pub(super) fn validate_options(
    options: Option<&WindowsSecurityContextOptions>,
    path: &FieldPath,
) -> Vec<FieldError> {
    let Some(options) = options else { return Vec::new() };
    let mut errors = Vec::new();
    if let Some(name) = &options.gmsa_credential_spec_name {
        errors.extend(dns_subdomain(name, &path.child("gmsaCredentialSpecName")));
    }
    if let Some(credentials) = &options.gmsa_credential_spec {
        let path = path.child("gmsaCredentialSpec");
        if credentials.is_empty() {
            let detail = "gmsaCredentialSpec cannot be an empty string";
            errors.push(FieldError::invalid(&path, credentials, detail));
        } else if credentials.len() > MAX_CREDENTIALS_KIB * 1024 {
            let detail = format!("gmsaCredentialSpec size must be under {MAX_CREDENTIALS_KIB} KiB");
            errors.push(FieldError::invalid(&path, credentials, detail));
        }
    }
    if let Some(name) = &options.run_as_user_name {
        let path = path.child("runAsUserName");
        let complaints = complaints_about_user(name).into_iter();
        errors.extend(complaints.map(|detail| FieldError::invalid(&path, name, detail)));
    }
    errors
}

/// A user, with a domain and a backslash before it if it has one.
fn complaints_about_user(name: &str) -> Vec<String> {
    if name.is_empty() {
        return vec!["runAsUserName cannot be an empty string".to_owned()];
    }
    if name.bytes().any(|b| b.is_ascii_control()) {
        return vec!["runAsUserName cannot contain control characters".to_owned()];
    }
    let (domain, user) = match name.split_once('\\') {
        None => (None, name),
        Some((_, user)) if user.contains('\\') => {
            return vec!["runAsUserName cannot contain more than one backslash".to_owned()];
        }
        Some((domain, user)) => (Some(domain), user),
    };
    let mut complaints = Vec::new();
    if let Some(domain) = domain {
        if domain.len() >= MAX_DOMAIN {
            complaints.push(format!("runAsUserName's Domain length must be under {MAX_DOMAIN} characters"));
        }
        if !is_net_bios(domain) && !is_dns(domain) {
            complaints.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format".to_owned());
        }
    }
    if user.is_empty() {
        complaints.push("runAsUserName's User cannot be empty".to_owned());
    } else if user.len() > MAX_USER {
        complaints.push(format!("runAsUserName's User length must not be longer than {MAX_USER} characters"));
    }
    if !user.is_empty() && user.chars().all(|c| matches!(c, '.' | ' ')) {
        complaints.push("runAsUserName's User cannot contain only periods or spaces".to_owned());
    }
    if user.contains(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']) {
        let text = r#"runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]"#;
        complaints.push(text.to_owned());
    }
    complaints
}

fn is_net_bios(domain: &str) -> bool {
    let length = domain.chars().count();
    (1..=15).contains(&length)
        && !domain.starts_with('.')
        && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|'])
}

fn is_dns(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    domain.split('.').all(label)
}

/// What is wrong with a pod of which containers run as processes of the host.
pub(super) fn validate_host_processes(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let of =
        |options: Option<&WindowsSecurityContextOptions>| options.and_then(|options| options.host_process);
    let of_pod = of(spec.security_context.as_ref().and_then(|context| context.windows_options.as_ref()));
    let mut errors = Vec::new();
    let (mut all, mut on_host) = (0, 0);
    for (path, container) in every_container(spec, path) {
        all += 1;
        let own = of(container.security.and_then(|context| context.windows_options.as_ref()));
        if let (Some(pod), Some(own)) = (of_pod, own)
            && pod != own
        {
            let path = path().child("securityContext").child("windowsOptions").child("hostProcess");
            let detail = format!("pod hostProcess value must be identical if both are specified, was {pod}");
            errors.push(FieldError::invalid(&path, own, detail));
        }
        on_host += usize::from(own.or(of_pod) == Some(true));
    }
    if on_host == 0 {
        return errors;
    }
    if on_host != all {
        let detail =
            "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.push(FieldError::invalid(path, "", detail));
    }
    if spec.host_network != Some(true) {
        let detail = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.push(FieldError::invalid(&path.child("hostNetwork"), false, detail));
    }
    errors
}

const MAX_CREDENTIALS_KIB: usize = 64;
const MAX_DOMAIN: usize = 256;
const MAX_USER: usize = 104;
