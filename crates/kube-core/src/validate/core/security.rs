//! Security contexts of pods and containers.
//!
//! Source: `k8s.io/kubernetes/pkg/apis/core/validation` (`ValidateSecurityContext`, `validatePodSpecSecurityContext`).

use std::collections::BTreeSet;

use super::container::validate_local_descending_path;
use super::windows;
use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{
    AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext, Sysctl,
};
use crate::names::{is_valid_group_id, is_valid_user_id};
use crate::validate::fields::{Items, invalid, supported};

/// What is wrong with the security context of a container.
pub(super) fn validate_security_context(
    context: &SecurityContext,
    host_users: bool,
    path: &FieldPath,
) -> Vec<FieldError> {
    let mut errors = validate_ids(context.run_as_user, context.run_as_group, path);
    if let Some(mount) = context.proc_mount.as_deref() {
        let path = path.child("procMount");
        errors.extend(supported(mount, &["Default", "Unmasked"], &path));
        if host_users && mount == "Unmasked" {
            errors.push(FieldError::invalid(&path, mount, "`hostUsers` must be false to use `Unmasked`"));
        }
    }
    errors.extend(validate_seccomp(context.seccomp_profile.as_ref(), &path.child("seccompProfile")));
    if context.allow_privilege_escalation == Some(false) {
        if context.privileged == Some(true) {
            let detail = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            errors.push(FieldError::invalid(path, ShownAsJson(context), detail));
        }
        let added = context.capabilities.as_ref().map_or(&[][..], |capabilities| capabilities.add.items());
        if added.iter().any(|capability| capability == "CAP_SYS_ADMIN") {
            let detail =
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            errors.push(FieldError::invalid(path, ShownAsJson(context), detail));
        }
    }
    errors.extend(windows::validate_options(context.windows_options.as_ref(), &path.child("windowsOptions")));
    errors.extend(validate_app_armor(context.app_armor_profile.as_ref(), &path.child("appArmorProfile")));
    errors
}

/// What is wrong with the security context of a pod; `path` is that of its spec.
pub(super) fn validate_pod_security_context(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let path = path.child("securityContext");
    let mut errors = Vec::new();
    let default = PodSecurityContext::default();
    let context = spec.security_context.as_ref().unwrap_or(&default);
    if let Some(group) = context.fs_group {
        errors.extend(invalid(&path.child("fsGroup"), group, is_valid_group_id(group)));
    }
    errors.extend(validate_ids(context.run_as_user, context.run_as_group, &path));
    for (index, &group) in context.supplemental_groups.items().iter().enumerate() {
        let path = path.child("supplementalGroups").index(index);
        errors.extend(invalid(&path, group, is_valid_group_id(group)));
    }
    // Kubernetes holds the namespaces of a pod in its security context internally.
    if spec.share_process_namespace == Some(true) && spec.host_pid == Some(true) {
        let detail = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.push(FieldError::invalid(&path.child("shareProcessNamespace"), true, detail));
    }
    errors.extend(validate_sysctls(context.sysctls.items(), spec, &path.child("sysctls")));
    if let Some(policy) = context.fs_group_change_policy.as_deref() {
        errors.extend(supported(policy, &["Always", "OnRootMismatch"], &path.child("fsGroupChangePolicy")));
    }
    errors.extend(validate_seccomp(context.seccomp_profile.as_ref(), &path.child("seccompProfile")));
    errors.extend(windows::validate_options(context.windows_options.as_ref(), &path.child("windowsOptions")));
    errors.extend(validate_app_armor(context.app_armor_profile.as_ref(), &path.child("appArmorProfile")));
    if let Some(policy) = context.supplemental_groups_policy.as_deref() {
        errors.extend(supported(policy, &["Merge", "Strict"], &path.child("supplementalGroupsPolicy")));
    }
    if let Some(policy) = context.se_linux_change_policy.as_deref() {
        errors.extend(supported(policy, &["MountOption", "Recursive"], &path.child("seLinuxChangePolicy")));
    }
    errors
}

fn validate_ids(user: Option<i64>, group: Option<i64>, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(user) = user {
        errors.extend(invalid(&path.child("runAsUser"), user, is_valid_user_id(user)));
    }
    if let Some(group) = group {
        errors.extend(invalid(&path.child("runAsGroup"), group, is_valid_group_id(group)));
    }
    errors
}

/// Source: `validateSeccompProfileField`.
fn validate_seccomp(profile: Option<&SeccompProfile>, path: &FieldPath) -> Vec<FieldError> {
    let Some(profile) = profile else { return Vec::new() };
    let mut errors = Vec::new();
    let sort = profile.type_.as_str();
    if sort.is_empty() {
        let detail = "type is required when seccompProfile is set";
        errors.push(FieldError::required(&path.child("type"), detail));
    } else {
        errors.extend(supported(sort, PROFILES, &path.child("type")));
    }
    let here = path.child("localhostProfile");
    match (&profile.localhost_profile, sort == "Localhost") {
        (Some(file), true) => errors.extend(validate_local_descending_path(file, &here)),
        (None, true) => {
            errors.push(FieldError::required(&here, "must be set when seccomp type is Localhost"));
        }
        (Some(_), false) => {
            let detail = "can only be set when seccomp type is Localhost";
            errors.push(FieldError::invalid(&here, ShownAsJson(profile), detail));
        }
        (None, false) => {}
    }
    errors
}

/// Source: `ValidateAppArmorProfileField`.
pub(super) fn validate_app_armor(profile: Option<&AppArmorProfile>, path: &FieldPath) -> Vec<FieldError> {
    let Some(profile) = profile else { return Vec::new() };
    let here = path.child("localhostProfile");
    let file = profile.localhost_profile.as_deref();
    let mut errors = Vec::new();
    match profile.type_.as_str() {
        "Localhost" => match file {
            Some(file) if file.trim() != file => {
                errors.push(FieldError::invalid(&here, file, "must not be padded with whitespace"));
            }
            None | Some("") => {
                errors.push(FieldError::required(&here, "must be set when AppArmor type is Localhost"));
            }
            Some(file) if file.len() > MAX_PROFILE => errors.push(FieldError::too_long(&here, MAX_PROFILE)),
            Some(_) => {}
        },
        "RuntimeDefault" | "Unconfined" => {
            if let Some(file) = file {
                let detail = "can only be set when AppArmor type is Localhost";
                errors.push(FieldError::invalid(&here, file, detail));
            }
        }
        "" => {
            let detail = "type is required when appArmorProfile is set";
            errors.push(FieldError::required(&path.child("type"), detail));
        }
        other => errors.push(FieldError::not_supported(&path.child("type"), other, PROFILES)),
    }
    errors
}

/// Source: `validateSysctls`.
fn validate_sysctls(sysctls: &[Sysctl], spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut names = BTreeSet::new();
    for (index, sysctl) in sysctls.iter().enumerate() {
        let path = path.index(index).child("name");
        let name = sysctl.name.as_str();
        if name.is_empty() {
            errors.push(FieldError::required(&path, ""));
        } else if !is_sysctl(name) {
            let detail = format!("must have at most {MAX_SYSCTL} characters and match regex {SYSCTL}");
            errors.push(FieldError::invalid(&path, name, detail));
        } else if !names.insert(name) {
            errors.push(FieldError::duplicate(&path, name));
        }
        let dotted = name.replace('/', ".");
        let ipc = ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|start| dotted.starts_with(start))
            || dotted == "kernel.sem";
        if spec.host_network == Some(true) && dotted.starts_with("net.") {
            let detail = "may not be specified when 'hostNetwork' is true";
            errors.push(FieldError::invalid(&path, name, detail));
        } else if spec.host_ipc == Some(true) && ipc {
            let detail = "may not be specified when 'hostIPC' is true";
            errors.push(FieldError::invalid(&path, name, detail));
        }
    }
    errors
}

fn is_sysctl(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let segment = |segment: &str| {
        segment.bytes().next().is_some_and(word)
            && segment.bytes().next_back().is_some_and(word)
            && segment.bytes().all(|b| word(b) || matches!(b, b'-' | b'_'))
    };
    name.len() <= MAX_SYSCTL && name.split(['.', '/']).all(segment)
}

const PROFILES: &[&str] = &["Localhost", "RuntimeDefault", "Unconfined"];
const MAX_PROFILE: usize = 4095;
const MAX_SYSCTL: usize = 253;
const SYSCTL: &str = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
