//! The volume with the account's token, the cluster's certificate and the namespace.

use kube_core::kinds::core::v1::{
    ConfigMapProjection, Container, DownwardAPIProjection, DownwardAPIVolumeFile, KeyToPath,
    ObjectFieldSelector, PodSpec, ProjectedVolumeSource, ServiceAccountTokenProjection, Volume, VolumeMount,
    VolumeProjection,
};

const PREFIX: &str = "kube-api-access-";
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// One hour, and seven seconds by which these tokens are told from those that somebody asked for.
const EXPIRATION_SECONDS: i64 = 60 * 60 + 7;

/// Mounts the volume in every container that has nothing at its path.
pub(super) fn mount(spec: &mut PodSpec, suffix: &str) {
    let existing = spec.volumes.iter().flatten().find(|volume| volume.name.starts_with(PREFIX));
    let (name, exists) = match existing {
        Some(volume) => (volume.name.clone(), true),
        None => (format!("{PREFIX}{suffix}"), false),
    };
    let mut needed = false;
    for container in spec.init_containers.iter_mut().flatten().chain(&mut spec.containers) {
        needed |= mount_in(container, &name);
    }
    if needed && !exists {
        let volumes = spec.volumes.get_or_insert_default();
        // A volume has room for every source there is: one more, not twice as many.
        volumes.reserve_exact(1);
        volumes.push(volume(name));
    }
}

fn mount_in(container: &mut Container, name: &str) -> bool {
    let mounts = container.volume_mounts.get_or_insert_default();
    let free = !mounts.iter().any(|mount| mount.mount_path == MOUNT_PATH);
    if free {
        mounts.push(VolumeMount {
            name: name.to_owned(),
            read_only: Some(true),
            mount_path: MOUNT_PATH.to_owned(),
            ..VolumeMount::default()
        });
    }
    free
}

fn volume(name: String) -> Volume {
    let token = VolumeProjection {
        service_account_token: Some(ServiceAccountTokenProjection {
            path: "token".to_owned(),
            expiration_seconds: Some(EXPIRATION_SECONDS),
            ..ServiceAccountTokenProjection::default()
        }),
        ..VolumeProjection::default()
    };
    let certificate = VolumeProjection {
        config_map: Some(ConfigMapProjection {
            name: "kube-root-ca.crt".to_owned(),
            items: Some(vec![KeyToPath {
                key: "ca.crt".to_owned(),
                path: "ca.crt".to_owned(),
                ..KeyToPath::default()
            }]),
            ..ConfigMapProjection::default()
        }),
        ..VolumeProjection::default()
    };
    let namespace = VolumeProjection {
        downward_api: Some(DownwardAPIProjection {
            items: Some(vec![DownwardAPIVolumeFile {
                path: "namespace".to_owned(),
                field_ref: Some(ObjectFieldSelector {
                    api_version: Some("v1".to_owned()),
                    field_path: "metadata.namespace".to_owned(),
                }),
                ..DownwardAPIVolumeFile::default()
            }]),
        }),
        ..VolumeProjection::default()
    };
    let projected = ProjectedVolumeSource {
        default_mode: Some(0o644),
        sources: Some(vec![token, certificate, namespace]),
    };
    Volume { name, projected: Some(projected), ..Volume::default() }
}
