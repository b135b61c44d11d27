//! What containers leave out.

use super::image::is_latest;
use crate::kinds::core::v1::{
    Container, ContainerPort, EnvVar, EphemeralContainer, HTTPGetAction, Lifecycle, LifecycleHandler, Probe,
};
use crate::validate::fields::{Items, Text, fill_zero};
use crate::validate::resources::canonicalize;

/// Fills a container of a pod or a template.
///
/// Source: `SetDefaults_Container` and the generated `SetObjectDefaults_Pod`.
pub(in super::super) fn set_container_defaults(container: &mut Container) {
    let image = container.image.text();
    set_image_pull_policy(image, &mut container.image_pull_policy);
    container.termination_message_path.fill(MESSAGE_PATH);
    container.termination_message_policy.fill("File");
    set_port_defaults(container.ports.items_mut());
    set_env_defaults(container.env.items_mut());
    let resources = container.resources.get_or_insert_default();
    canonicalize(&mut resources.limits);
    canonicalize(&mut resources.requests);
    let probes =
        [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe];
    for probe in probes.into_iter().flatten() {
        set_probe_defaults(probe);
    }
    if let Some(lifecycle) = &mut container.lifecycle {
        let handlers = [&mut lifecycle.post_start, &mut lifecycle.pre_stop];
        handlers.into_iter().flatten().for_each(set_handler_defaults);
        // The gate `ContainerStopSignals` is closed by default: the field is dropped.
        if lifecycle.stop_signal.take().is_some() && *lifecycle == Lifecycle::default() {
            container.lifecycle = None;
        }
    }
}

/// As [`set_container_defaults`], for what is added to a running pod.
///
/// Source: `SetDefaults_EphemeralContainer`.
pub(in super::super) fn set_ephemeral_container_defaults(container: &mut EphemeralContainer) {
    let image = container.image.text();
    set_image_pull_policy(image, &mut container.image_pull_policy);
    container.termination_message_path.fill(MESSAGE_PATH);
    container.termination_message_policy.fill("File");
    set_port_defaults(container.ports.items_mut());
    set_env_defaults(container.env.items_mut());
    container.resources.get_or_insert_default();
}

/// An image whose tag is `latest` is always fetched.
pub(in super::super) fn set_image_pull_policy(image: &str, policy: &mut Option<String>) {
    if policy.text().is_empty() {
        policy.fill(if is_latest(image) { "Always" } else { "IfNotPresent" });
    }
}

fn set_port_defaults(ports: &mut [ContainerPort]) {
    for port in ports {
        port.protocol.fill("TCP");
    }
}

fn set_env_defaults(variables: &mut [EnvVar]) {
    for source in variables.iter_mut().filter_map(|variable| variable.value_from.as_mut()) {
        if let Some(field) = &mut source.field_ref {
            field.api_version.fill("v1");
        }
        if let Some(file) = &mut source.file_key_ref {
            file.optional.get_or_insert(false);
        }
    }
}

/// Source: `SetDefaults_Probe`.
fn set_probe_defaults(probe: &mut Probe) {
    fill_zero(&mut probe.timeout_seconds, 1);
    fill_zero(&mut probe.period_seconds, 10);
    fill_zero(&mut probe.success_threshold, 1);
    fill_zero(&mut probe.failure_threshold, 3);
    if let Some(get) = &mut probe.http_get {
        set_http_get_defaults(get);
    }
    if let Some(grpc) = &mut probe.grpc {
        grpc.service.get_or_insert_default();
    }
}

fn set_handler_defaults(handler: &mut LifecycleHandler) {
    if let Some(get) = &mut handler.http_get {
        set_http_get_defaults(get);
    }
}

/// Source: `SetDefaults_HTTPGetAction`.
fn set_http_get_defaults(get: &mut HTTPGetAction) {
    get.path.fill("/");
    get.scheme.fill("HTTP");
}

const MESSAGE_PATH: &str = "/dev/termination-log";
