//! The checks of the level `baseline`, by their names.

use super::check::{
    APPARMOR_ANNOTATION, Check, Finding, Setters, containers, has_own_users, named, plural, quote,
};
use kube_core::error::quoted;
use kube_core::kinds::core::v1::{LifecycleHandler, PodSpec, SELinuxOptions};
use kube_core::kinds::meta::v1::ObjectMeta;
use std::collections::BTreeSet;

pub(super) const CHECKS: &[Check] = &[
    check("appArmorProfile", 0, app_armor),
    check("capabilities_baseline", 0, capabilities),
    check("hostNamespaces", 0, host_namespaces),
    check("hostPathVolumes", 0, host_path),
    check("hostPorts", 0, host_ports),
    check("hostProbesAndHostLifecycle", 34, host_probes),
    check("privileged", 0, privileged),
    check("procMount", 0, proc_mount),
    check("seLinuxOptions", 0, se_linux),
    check("seccompProfile_baseline", 19, seccomp),
    check("sysctls", 0, sysctls),
    check("windowsHostProcess", 0, windows_host_process),
];

const fn check(id: &'static str, since: u32, run: fn(&ObjectMeta, &PodSpec) -> Option<Finding>) -> Check {
    Check { id, since, replaces: &[], run }
}

fn app_armor(meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    let allowed = |kind: &str| matches!(kind, "RuntimeDefault" | "Localhost");
    let mut setters = Setters::default();
    let pod = spec.security_context.as_ref().and_then(|security| security.app_armor_profile.as_ref());
    if let Some(profile) = pod.filter(|profile| !allowed(&profile.type_)) {
        setters.pod(&profile.type_);
    }
    for container in containers(spec) {
        let profile = container.security.and_then(|security| security.app_armor_profile.as_ref());
        if let Some(profile) = profile.filter(|profile| !allowed(&profile.type_)) {
            setters.container(container.name, &profile.type_);
        }
    }
    let fine =
        |value: &str| value.is_empty() || value == "runtime/default" || value.starts_with("localhost/");
    let annotations = meta.annotations.iter().flatten();
    let bad = annotations.filter(|(name, value)| name.starts_with(APPARMOR_ANNOTATION) && !fine(value));
    let bad: Vec<(&String, &String)> = bad.collect();
    if setters.is_empty() && bad.is_empty() {
        return None;
    }
    let notes = bad.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
    let who = (!setters.is_empty()).then(|| setters.who()).into_iter().chain(notes);
    let values: BTreeSet<&str> = bad.iter().map(|(_, value)| value.as_str()).collect();
    let count = setters.count() + values.len();
    let shown = [setters.values(), quote(values)];
    let shown: Vec<&str> = shown.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    let detail = format!(
        "{} must not set AppArmor profile type to {}",
        who.collect::<Vec<_>>().join(" and "),
        shown.join(", ")
    );
    Some(Finding::new(plural("forbidden AppArmor profile", count), detail))
}

const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn capabilities(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    let (mut bad, mut added) = (Vec::new(), BTreeSet::new());
    for container in containers(spec) {
        let list = container.capabilities().into_iter().flat_map(|list| list.add.iter().flatten());
        let forbidden: Vec<&str> =
            list.map(String::as_str).filter(|name| !CAPABILITIES.contains(name)).collect();
        if !forbidden.is_empty() {
            bad.push(container.name);
            added.extend(forbidden);
        }
    }
    (!bad.is_empty()).then(|| {
        let detail = format!(
            "{} must not include {} in securityContext.capabilities.add",
            named("container", &bad),
            quote(added)
        );
        Finding::new("non-default capabilities", detail)
    })
}

fn host_namespaces(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    let flags = [("hostNetwork", spec.host_network), ("hostPID", spec.host_pid), ("hostIPC", spec.host_ipc)];
    let set = flags.iter().filter(|(_, on)| *on == Some(true)).map(|(name, _)| format!("{name}=true"));
    let set: Vec<String> = set.collect();
    (!set.is_empty()).then(|| Finding::new("host namespaces", set.join(", ")))
}

fn host_path(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    let volumes = spec.volumes.iter().flatten().filter(|volume| volume.host_path.is_some());
    let names: Vec<&str> = volumes.map(|volume| volume.name.as_str()).collect();
    (!names.is_empty()).then(|| Finding::new("hostPath volumes", named("volume", &names)))
}

fn host_ports(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    let (mut bad, mut ports) = (Vec::new(), BTreeSet::new());
    for container in containers(spec) {
        let used = container.host_ports.iter().filter_map(|port| port.host_port).filter(|port| *port != 0);
        let used: Vec<String> = used.map(|port| port.to_string()).collect();
        if !used.is_empty() {
            bad.push(container.name);
            ports.extend(used);
        }
    }
    (!bad.is_empty()).then(|| {
        let detail = format!(
            "{} {} {} {}",
            named("container", &bad),
            if bad.len() == 1 { "uses" } else { "use" },
            plural("hostPort", ports.len()),
            ports.into_iter().collect::<Vec<_>>().join(", ")
        );
        Finding::new("hostPort", detail)
    })
}

fn host_probes(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    let (mut bad, mut hosts) = (BTreeSet::new(), BTreeSet::new());
    for container in containers(spec) {
        let probes = container.probes.into_iter().flatten();
        let from_probes = probes.flat_map(|probe| {
            let http = probe.http_get.as_ref().and_then(|http| http.host.as_deref());
            http.into_iter().chain(probe.tcp_socket.as_ref().and_then(|tcp| tcp.host.as_deref()))
        });
        let handlers = container.lifecycle.map(|l| [l.post_start.as_ref(), l.pre_stop.as_ref()]);
        let handled = handlers.into_iter().flatten().flatten().flat_map(handler_hosts);
        let used: Vec<&str> = from_probes.chain(handled).filter(|host| !host.is_empty()).collect();
        if !used.is_empty() {
            bad.insert(container.name);
            hosts.extend(used);
        }
    }
    let names: Vec<&str> = bad.into_iter().collect();
    (!names.is_empty()).then(|| {
        let detail = format!(
            "{} {} {} {}",
            named("container", &names),
            if names.len() == 1 { "uses" } else { "use" },
            plural("probe or lifecycle host", hosts.len()),
            quote(hosts)
        );
        Finding::new("probe or lifecycle host", detail)
    })
}

fn handler_hosts(handler: &LifecycleHandler) -> impl Iterator<Item = &str> {
    let http = handler.http_get.as_ref().and_then(|http| http.host.as_deref());
    http.into_iter().chain(handler.tcp_socket.as_ref().and_then(|tcp| tcp.host.as_deref()))
}

fn privileged(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    let bad = containers(spec).filter(|c| c.security.is_some_and(|s| s.privileged == Some(true)));
    let bad: Vec<&str> = bad.map(|container| container.name).collect();
    (!bad.is_empty()).then(|| {
        let detail = format!("{} must not set securityContext.privileged=true", named("container", &bad));
        Finding::new("privileged", detail)
    })
}

fn proc_mount(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    if has_own_users(spec) {
        return None;
    }
    let mut setters = Setters::default();
    for container in containers(spec) {
        let mount = container.security.and_then(|security| security.proc_mount.as_deref());
        if let Some(mount) = mount.filter(|mount| *mount != "Default") {
            setters.container(container.name, mount);
        }
    }
    (!setters.is_empty()).then(|| {
        let detail =
            format!("{} must not set securityContext.procMount to {}", setters.who(), setters.values());
        Finding::new("procMount", detail)
    })
}

fn se_linux(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    const TYPES: [&str; 5] = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
    let (mut types, mut user, mut role) = (BTreeSet::new(), false, false);
    let mut judge = |options: &SELinuxOptions| {
        let set = |text: Option<&String>| text.is_some_and(|text| !text.is_empty());
        let kind = options.type_.clone().filter(|kind| !TYPES.contains(&kind.as_str()));
        let bad = kind.is_some() || set(options.user.as_ref()) || set(options.role.as_ref());
        types.extend(kind);
        user |= set(options.user.as_ref());
        role |= set(options.role.as_ref());
        bad
    };
    let mut setters = Setters::default();
    let pod = spec.security_context.as_ref().and_then(|security| security.se_linux_options.as_ref());
    if pod.is_some_and(&mut judge) {
        setters.pod("");
    }
    for container in containers(spec) {
        let options = container.security.and_then(|security| security.se_linux_options.as_ref());
        if options.is_some_and(&mut judge) {
            setters.container(container.name, "");
        }
    }
    if setters.is_empty() {
        return None;
    }
    let mut data = Vec::new();
    if !types.is_empty() {
        let kinds: Vec<&str> = types.iter().map(String::as_str).collect();
        data.push(named("type", &kinds));
    }
    data.extend(user.then(|| "user may not be set".to_owned()));
    data.extend(role.then(|| "role may not be set".to_owned()));
    let detail =
        format!("{} set forbidden securityContext.seLinuxOptions: {}", setters.who(), data.join("; "));
    Some(Finding::new("seLinuxOptions", detail))
}

pub(super) fn valid_seccomp(kind: &str) -> bool {
    matches!(kind, "RuntimeDefault" | "Localhost")
}

/// The pod and containers that set a seccomp profile that is not allowed.
pub(super) fn bad_seccomp(spec: &PodSpec) -> Option<Finding> {
    let mut setters = Setters::default();
    let pod = spec.security_context.as_ref().and_then(|security| security.seccomp_profile.as_ref());
    if let Some(profile) = pod.filter(|profile| !valid_seccomp(&profile.type_)) {
        setters.pod(&profile.type_);
    }
    for container in containers(spec) {
        let profile = container.security.and_then(|security| security.seccomp_profile.as_ref());
        if let Some(profile) = profile.filter(|profile| !valid_seccomp(&profile.type_)) {
            setters.container(container.name, &profile.type_);
        }
    }
    (!setters.is_empty()).then(|| {
        let (who, values) = (setters.who(), setters.values());
        Finding::new(
            "seccompProfile",
            format!("{who} must not set securityContext.seccompProfile.type to {values}"),
        )
    })
}

fn seccomp(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    bad_seccomp(spec)
}

const SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

fn sysctls(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    let all = spec.security_context.iter().flat_map(|security| security.sysctls.iter().flatten());
    let bad: Vec<&str> =
        all.map(|sysctl| sysctl.name.as_str()).filter(|name| !SYSCTLS.contains(name)).collect();
    (!bad.is_empty()).then(|| Finding::new(plural("forbidden sysctl", bad.len()), bad.join(", ")))
}

fn windows_host_process(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    let mut setters = Setters::default();
    let pod = spec.security_context.as_ref().and_then(|security| security.windows_options.as_ref());
    if pod.is_some_and(|options| options.host_process == Some(true)) {
        setters.pod("");
    }
    for container in containers(spec) {
        let options = container.security.and_then(|security| security.windows_options.as_ref());
        if options.is_some_and(|options| options.host_process == Some(true)) {
            setters.container(container.name, "");
        }
    }
    (!setters.is_empty()).then(|| {
        let detail =
            format!("{} must not set securityContext.windowsOptions.hostProcess=true", setters.who());
        Finding::new("hostProcess", detail)
    })
}
