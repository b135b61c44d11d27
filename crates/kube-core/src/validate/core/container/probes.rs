//! Probes, and what happens around the life of a container.

use crate::error::{FieldError, FieldPath};
use crate::kinds::IntOrString;
use crate::kinds::core::v1::{
    Container, ExecAction, HTTPGetAction, LifecycleHandler, Probe, SleepAction, TCPSocketAction,
};
use crate::names::is_http_header_name;
use crate::validate::fields::{Items, Text, invalid, nonnegative, supported};

use super::ports::validate_port_num_or_name;

/// What is wrong with the hooks and probes of a container that runs beside others.
pub(super) fn validate_life(container: &Container, grace: Option<i64>, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if let Some(lifecycle) = &container.lifecycle {
        let hooks = [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)];
        for (field, hook) in hooks {
            let Some(hook) = hook else { continue };
            let handler = Handler::of_lifecycle(hook);
            errors.extend(validate_handler(&handler, grace, &path.child("lifecycle").child(field)));
        }
    }
    if let Some(probe) = &container.liveness_probe {
        errors.extend(validate_once(probe, &path.child("livenessProbe")));
    }
    if let Some(probe) = &container.readiness_probe {
        let path = path.child("readinessProbe");
        errors.extend(validate_probe(probe, &path));
        if let Some(grace) = probe.termination_grace_period_seconds {
            let path = path.child("terminationGracePeriodSeconds");
            errors.push(FieldError::invalid(&path, grace, "must not be set for readinessProbes"));
        }
    }
    if let Some(probe) = &container.startup_probe {
        errors.extend(validate_once(probe, &path.child("startupProbe")));
    }
    errors
}

/// What is wrong with hooks and probes where there may be none: `reason` says why.
pub(super) fn forbid_life(container: &Container, reason: &str, path: &FieldPath) -> Vec<FieldError> {
    let fields = [
        ("lifecycle", container.lifecycle.is_some()),
        ("livenessProbe", container.liveness_probe.is_some()),
        ("readinessProbe", container.readiness_probe.is_some()),
        ("startupProbe", container.startup_probe.is_some()),
    ];
    let set = fields.into_iter().filter(|(_, set)| *set);
    set.map(|(field, _)| FieldError::forbidden(&path.child(field), reason)).collect()
}

/// The ways to ask a container something or to tell it something.
struct Handler<'a> {
    exec: Option<&'a ExecAction>,
    http_get: Option<&'a HTTPGetAction>,
    tcp_socket: Option<&'a TCPSocketAction>,
    grpc: Option<i32>,
    sleep: Option<&'a SleepAction>,
}

impl<'a> Handler<'a> {
    fn of_probe(probe: &'a Probe) -> Self {
        Self {
            exec: probe.exec.as_ref(),
            http_get: probe.http_get.as_ref(),
            tcp_socket: probe.tcp_socket.as_ref(),
            grpc: probe.grpc.as_ref().map(|grpc| grpc.port),
            sleep: None,
        }
    }

    fn of_lifecycle(handler: &'a LifecycleHandler) -> Self {
        Self {
            exec: handler.exec.as_ref(),
            http_get: handler.http_get.as_ref(),
            tcp_socket: handler.tcp_socket.as_ref(),
            grpc: None,
            sleep: handler.sleep.as_ref(),
        }
    }
}

/// Source: `validateLivenessProbe`, `validateStartupProbe`.
fn validate_once(probe: &Probe, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_probe(probe, path);
    let successes = probe.success_threshold.unwrap_or_default();
    if successes != 1 {
        errors.push(FieldError::invalid(&path.child("successThreshold"), successes, "must be 1"));
    }
    errors
}

/// Source: `validateProbe`.
fn validate_probe(probe: &Probe, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = validate_handler(&Handler::of_probe(probe), None, path);
    errors.extend(nonnegative(probe.initial_delay_seconds, path, "initialDelaySeconds"));
    errors.extend(nonnegative(probe.timeout_seconds, path, "timeoutSeconds"));
    errors.extend(nonnegative(probe.period_seconds, path, "periodSeconds"));
    errors.extend(nonnegative(probe.success_threshold, path, "successThreshold"));
    errors.extend(nonnegative(probe.failure_threshold, path, "failureThreshold"));
    if let Some(grace) = probe.termination_grace_period_seconds.filter(|&grace| grace <= 0) {
        let path = path.child("terminationGracePeriodSeconds");
        errors.push(FieldError::invalid(&path, grace, "must be greater than 0"));
    }
    errors
}

/// Source: `validateHandler`.
fn validate_handler(handler: &Handler<'_>, grace: Option<i64>, path: &FieldPath) -> Vec<FieldError> {
    let checks: [(&str, Option<Vec<FieldError>>); 5] = [
        ("exec", handler.exec.map(|exec| validate_exec(exec, &path.child("exec")))),
        ("httpGet", handler.http_get.map(|get| validate_http_get(get, &path.child("httpGet")))),
        ("tcpSocket", handler.tcp_socket.map(|tcp| validate_socket(&tcp.port, &path.child("tcpSocket")))),
        ("grpc", handler.grpc.map(|port| validate_socket(&IntOrString::Int(port), &path.child("grpc")))),
        ("sleep", handler.sleep.map(|sleep| validate_sleep(sleep, grace, &path.child("sleep")))),
    ];
    let mut errors = Vec::new();
    let mut handlers = 0;
    for (field, wrong) in checks {
        let Some(wrong) = wrong else { continue };
        handlers += 1;
        if handlers > 1 {
            let detail = "may not specify more than 1 handler type";
            errors.push(FieldError::forbidden(&path.child(field), detail));
        } else {
            errors.extend(wrong);
        }
    }
    if handlers == 0 {
        errors.push(FieldError::required(path, "must specify a handler type"));
    }
    errors
}

fn validate_exec(exec: &ExecAction, path: &FieldPath) -> Vec<FieldError> {
    if exec.command.items().is_empty() {
        return vec![FieldError::required(&path.child("command"), "")];
    }
    Vec::new()
}

/// Source: `validateHTTPGetAction`.
fn validate_http_get(get: &HTTPGetAction, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if get.path.text().is_empty() {
        errors.push(FieldError::required(&path.child("path"), ""));
    }
    errors.extend(validate_socket(&get.port, path));
    errors.extend(supported(get.scheme.text(), &["HTTP", "HTTPS"], &path.child("scheme")));
    for header in get.http_headers.items() {
        let complaints = is_http_header_name(&header.name);
        errors.extend(invalid(&path.child("httpHeaders"), &header.name, complaints));
    }
    errors
}

fn validate_socket(port: &IntOrString, path: &FieldPath) -> Vec<FieldError> {
    validate_port_num_or_name(port, &path.child("port"))
}

/// Source: `validateSleepAction`.
fn validate_sleep(sleep: &SleepAction, grace: Option<i64>, path: &FieldPath) -> Vec<FieldError> {
    let Some(grace) = grace.filter(|&grace| sleep.seconds < 0 || sleep.seconds > grace) else {
        return Vec::new();
    };
    let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
    vec![FieldError::invalid(path, sleep.seconds, detail)]
}
