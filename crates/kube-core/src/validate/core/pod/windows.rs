//! Pods that name their operating system.

use crate::error::{FieldError, FieldPath};
use crate::kinds::core::v1::{PodSpec, SecurityContext};
use crate::validate::core::container::every_container;
use crate::validate::fields::Items;

/// What is wrong with a pod's operating system, and with fields that it does not know.
///
/// Source: `validateOS`, `validateLinux`, `validateWindows`.
pub(super) fn validate_os(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let Some(os) = &spec.os else { return Vec::new() };
    match os.name.as_str() {
        "" => vec![FieldError::required(&path.child("os").child("name"), "cannot be empty")],
        "linux" => validate_linux(spec, path),
        "windows" => validate_windows(spec, path),
        other => vec![FieldError::not_supported(&path.child("os"), other, &["linux", "windows"])],
    }
}

/// The security contexts of all containers, and where they stand.
fn contexts<'a>(
    spec: &'a PodSpec,
    path: &'a FieldPath,
) -> impl Iterator<Item = (FieldPath, &'a SecurityContext)> {
    every_container(spec, path)
        .filter_map(|(path, container)| Some((path().child("securityContext"), container.security?)))
}

fn validate_linux(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let detail = "windows options cannot be set for a linux pod";
    let mut errors = Vec::new();
    if spec.security_context.as_ref().is_some_and(|context| context.windows_options.is_some()) {
        let path = path.child("securityContext").child("windowsOptions");
        errors.push(FieldError::forbidden(&path, detail));
    }
    for (path, context) in contexts(spec, path) {
        if context.windows_options.is_some() {
            errors.push(FieldError::forbidden(&path.child("windowsOptions"), detail));
        }
    }
    errors
}

fn validate_windows(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut forbid = |path: &FieldPath, fields: &[(&str, bool)]| {
        for (field, _) in fields.iter().filter(|(_, set)| *set) {
            errors.push(FieldError::forbidden(&path.child(field), "cannot be set for a windows pod"));
        }
    };
    if let Some(context) = &spec.security_context {
        let fields = [
            ("appArmorProfile", context.app_armor_profile.is_some()),
            ("seLinuxOptions", context.se_linux_options.is_some()),
            ("seccompProfile", context.seccomp_profile.is_some()),
            ("fsGroup", context.fs_group.is_some()),
            ("fsGroupChangePolicy", context.fs_group_change_policy.is_some()),
            ("sysctls", !context.sysctls.items().is_empty()),
            ("runAsUser", context.run_as_user.is_some()),
            ("runAsGroup", context.run_as_group.is_some()),
            ("supplementalGroups", context.supplemental_groups.is_some()),
            ("supplementalGroupsPolicy", context.supplemental_groups_policy.is_some()),
            ("seLinuxChangePolicy", context.se_linux_change_policy.is_some()),
        ];
        forbid(&path.child("securityContext"), &fields);
    }
    let fields = [
        ("hostUsers", spec.host_users.is_some()),
        ("hostPID", spec.host_pid == Some(true)),
        ("hostIPC", spec.host_ipc == Some(true)),
        ("shareProcessNamespace", spec.share_process_namespace.is_some()),
    ];
    forbid(path, &fields);
    for (path, context) in contexts(spec, path) {
        let fields = [
            ("appArmorProfile", context.app_armor_profile.is_some()),
            ("seLinuxOptions", context.se_linux_options.is_some()),
            ("seccompProfile", context.seccomp_profile.is_some()),
            ("capabilities", context.capabilities.is_some()),
            ("readOnlyRootFilesystem", context.read_only_root_filesystem.is_some()),
            ("privileged", context.privileged.is_some()),
            ("allowPrivilegeEscalation", context.allow_privilege_escalation.is_some()),
            ("procMount", context.proc_mount.is_some()),
            ("runAsUser", context.run_as_user.is_some()),
            ("runAsGroup", context.run_as_group.is_some()),
        ];
        forbid(&path, &fields);
    }
    errors
}
