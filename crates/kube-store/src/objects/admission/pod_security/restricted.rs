//! The checks that the level `restricted` adds, by their names.

use super::baseline::{bad_seccomp, valid_seccomp};
use super::check::{Check, Finding, Setters, containers, has_own_users, is_windows, named, plural, quote};
use kube_core::kinds::core::v1::{PodSpec, Volume};
use kube_core::kinds::meta::v1::ObjectMeta;
use std::collections::BTreeSet;

pub(super) const CHECKS: &[Check] = &[
    Check { id: "allowPrivilegeEscalation", since: 8, replaces: &[], run: escalation },
    Check {
        id: "capabilities_restricted",
        since: 22,
        replaces: &["capabilities_baseline"],
        run: capabilities,
    },
    Check { id: "restrictedVolumes", since: 0, replaces: &["hostPathVolumes"], run: volumes },
    Check { id: "runAsNonRoot", since: 0, replaces: &[], run: run_as_non_root },
    Check { id: "runAsUser", since: 23, replaces: &[], run: run_as_user },
    Check {
        id: "seccompProfile_restricted",
        since: 19,
        replaces: &["seccompProfile_baseline"],
        run: seccomp,
    },
];

fn escalation(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    if is_windows(spec) {
        return None;
    }
    let bad = containers(spec)
        .filter(|c| c.security.is_none_or(|s| s.allow_privilege_escalation.is_none_or(|allow| allow)));
    let bad: Vec<&str> = bad.map(|container| container.name).collect();
    (!bad.is_empty()).then(|| {
        let who = named("container", &bad);
        let detail = format!("{who} must set securityContext.allowPrivilegeEscalation=false");
        Finding::new("allowPrivilegeEscalation != false", detail)
    })
}

fn capabilities(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    if is_windows(spec) {
        return None;
    }
    let (mut keeping, mut adding, mut added) = (Vec::new(), Vec::new(), BTreeSet::new());
    for container in containers(spec) {
        let list = container.capabilities();
        let drops = list.is_some_and(|list| list.drop.iter().flatten().any(|name| name == "ALL"));
        if !drops {
            keeping.push(container.name);
        }
        let adds = list.into_iter().flat_map(|list| list.add.iter().flatten());
        let forbidden: Vec<&str> =
            adds.map(String::as_str).filter(|name| *name != "NET_BIND_SERVICE").collect();
        if !forbidden.is_empty() {
            adding.push(container.name);
            added.extend(forbidden);
        }
    }
    let mut details = Vec::new();
    if !keeping.is_empty() {
        let who = named("container", &keeping);
        details.push(format!("{who} must set securityContext.capabilities.drop=[\"ALL\"]"));
    }
    if !adding.is_empty() {
        details.push(format!(
            "{} must not include {} in securityContext.capabilities.add",
            named("container", &adding),
            quote(added)
        ));
    }
    (!details.is_empty()).then(|| Finding::new("unrestricted capabilities", details.join("; ")))
}

/// The name of a volume's type where it is a restricted one.
fn restricted_type(volume: &Volume) -> Option<&'static str> {
    let types = [
        (volume.host_path.is_some(), "hostPath"),
        (volume.gce_persistent_disk.is_some(), "gcePersistentDisk"),
        (volume.aws_elastic_block_store.is_some(), "awsElasticBlockStore"),
        (volume.git_repo.is_some(), "gitRepo"),
        (volume.nfs.is_some(), "nfs"),
        (volume.iscsi.is_some(), "iscsi"),
        (volume.glusterfs.is_some(), "glusterfs"),
        (volume.rbd.is_some(), "rbd"),
        (volume.flex_volume.is_some(), "flexVolume"),
        (volume.cinder.is_some(), "cinder"),
        (volume.cephfs.is_some(), "cephfs"),
        (volume.flocker.is_some(), "flocker"),
        (volume.fc.is_some(), "fc"),
        (volume.azure_file.is_some(), "azureFile"),
        (volume.vsphere_volume.is_some(), "vsphereVolume"),
        (volume.quobyte.is_some(), "quobyte"),
        (volume.azure_disk.is_some(), "azureDisk"),
        (volume.photon_persistent_disk.is_some(), "photonPersistentDisk"),
        (volume.portworx_volume.is_some(), "portworxVolume"),
        (volume.scale_io.is_some(), "scaleIO"),
        (volume.storageos.is_some(), "storageos"),
    ];
    types.into_iter().find_map(|(set, name)| set.then_some(name))
}

fn is_allowed(volume: &Volume) -> bool {
    volume.config_map.is_some()
        || volume.csi.is_some()
        || volume.downward_api.is_some()
        || volume.empty_dir.is_some()
        || volume.ephemeral.is_some()
        || volume.image.is_some()
        || volume.persistent_volume_claim.is_some()
        || volume.projected.is_some()
        || volume.secret.is_some()
}

fn volumes(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    let bad: Vec<&Volume> = spec.volumes.iter().flatten().filter(|volume| !is_allowed(volume)).collect();
    if bad.is_empty() {
        return None;
    }
    let names: Vec<&str> = bad.iter().map(|volume| volume.name.as_str()).collect();
    let types: BTreeSet<&str> =
        bad.iter().map(|volume| restricted_type(volume).unwrap_or("unknown")).collect();
    let detail = format!(
        "{} {} {} {}",
        named("volume", &names),
        if names.len() == 1 { "uses" } else { "use" },
        plural("restricted volume type", types.len()),
        quote(types)
    );
    Some(Finding::new("restricted volume types", detail))
}

const NON_ROOT: &str = "runAsNonRoot != true";

fn run_as_non_root(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    if has_own_users(spec) {
        return None;
    }
    let pod = spec.security_context.as_ref().and_then(|security| security.run_as_non_root);
    let mut setters = Setters::default();
    if pod == Some(false) {
        setters.pod("");
    }
    let mut silent = Vec::new();
    for container in containers(spec) {
        match container.security.and_then(|security| security.run_as_non_root) {
            Some(true) => {}
            Some(false) => setters.container(container.name, ""),
            None if pod == Some(true) => {}
            None => silent.push(container.name),
        }
    }
    if !setters.is_empty() {
        let detail = format!("{} must not set securityContext.runAsNonRoot=false", setters.who());
        return Some(Finding::new(NON_ROOT, detail));
    }
    (!silent.is_empty()).then(|| {
        let who = named("container", &silent);
        Finding::new(NON_ROOT, format!("pod or {who} must set securityContext.runAsNonRoot=true"))
    })
}

fn run_as_user(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    if has_own_users(spec) {
        return None;
    }
    let mut setters = Setters::default();
    if spec.security_context.as_ref().and_then(|security| security.run_as_user) == Some(0) {
        setters.pod("");
    }
    for container in containers(spec) {
        if container.security.and_then(|security| security.run_as_user) == Some(0) {
            setters.container(container.name, "");
        }
    }
    (!setters.is_empty())
        .then(|| Finding::new("runAsUser=0", format!("{} must not set runAsUser=0", setters.who())))
}

fn seccomp(_meta: &ObjectMeta, spec: &PodSpec) -> Option<Finding> {
    if is_windows(spec) {
        return None;
    }
    if let Some(finding) = bad_seccomp(spec) {
        return Some(finding);
    }
    let pod = spec.security_context.as_ref().and_then(|security| security.seccomp_profile.as_ref());
    if pod.is_some_and(|profile| valid_seccomp(&profile.type_)) {
        return None;
    }
    let silent =
        containers(spec).filter(|c| c.security.is_none_or(|security| security.seccomp_profile.is_none()));
    let silent: Vec<&str> = silent.map(|container| container.name).collect();
    (!silent.is_empty()).then(|| {
        let who = named("container", &silent);
        let detail = format!(
            "pod or {who} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
        );
        Finding::new("seccompProfile", detail)
    })
}
