//! What a check is, and the words that they share.

use kube_core::error::quoted;
use kube_core::kinds::core::v1::{
    Capabilities, Container, EphemeralContainer, Lifecycle, PodSpec, Probe, SecurityContext,
};
use kube_core::kinds::meta::v1::ObjectMeta;
use std::collections::BTreeSet;
use std::fmt;

/// Prefix of the annotations that named `AppArmor` profiles before there were fields.
pub(super) const APPARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

/// One rule.
#[derive(Debug)]
pub(super) struct Check {
    /// Its name in Kubernetes.
    pub(super) id: &'static str,
    /// The minor version that has it first.
    pub(super) since: u32,
    /// Checks of the level below that it makes needless.
    pub(super) replaces: &'static [&'static str],
    /// What a pod does against it.
    pub(super) run: fn(&ObjectMeta, &PodSpec) -> Option<Finding>,
}

/// What a pod does against a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    reason: String,
    detail: String,
}

impl Finding {
    pub(super) fn new(reason: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { reason: reason.into(), detail: detail.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        Ok(())
    }
}

/// A container of any sort, as far as checks look at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnyContainer<'a> {
    pub(super) name: &'a str,
    pub(super) security: Option<&'a SecurityContext>,
    pub(super) host_ports: &'a [kube_core::kinds::core::v1::ContainerPort],
    pub(super) probes: [Option<&'a Probe>; 3],
    pub(super) lifecycle: Option<&'a Lifecycle>,
}

impl<'a> AnyContainer<'a> {
    pub(super) fn capabilities(&self) -> Option<&'a Capabilities> {
        self.security?.capabilities.as_ref()
    }
}

/// Containers of all sorts, in the order in which Kubernetes looks at them.
pub(super) fn containers(spec: &PodSpec) -> impl Iterator<Item = AnyContainer<'_>> {
    let init = spec.init_containers.iter().flatten().map(plain);
    let main = spec.containers.iter().map(plain);
    init.chain(main).chain(spec.ephemeral_containers.iter().flatten().map(ephemeral))
}

fn plain(c: &Container) -> AnyContainer<'_> {
    AnyContainer {
        name: &c.name,
        security: c.security_context.as_ref(),
        host_ports: c.ports.as_deref().unwrap_or_default(),
        probes: [c.liveness_probe.as_ref(), c.readiness_probe.as_ref(), c.startup_probe.as_ref()],
        lifecycle: c.lifecycle.as_ref(),
    }
}

fn ephemeral(c: &EphemeralContainer) -> AnyContainer<'_> {
    AnyContainer {
        name: &c.name,
        security: c.security_context.as_ref(),
        host_ports: c.ports.as_deref().unwrap_or_default(),
        probes: [c.liveness_probe.as_ref(), c.readiness_probe.as_ref(), c.startup_probe.as_ref()],
        lifecycle: c.lifecycle.as_ref(),
    }
}

/// `container "a"`, `containers "a", "b"`.
pub(super) fn named(what: &str, names: &[&str]) -> String {
    format!("{} {}", plural(what, names.len()), quote(names.iter().copied()))
}

pub(super) fn plural(what: &str, count: usize) -> String {
    if count == 1 { what.to_owned() } else { format!("{what}s") }
}

pub(super) fn quote<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// The pod or containers that set a field to a bad value, and the values.
#[derive(Debug, Default)]
pub(super) struct Setters<'a> {
    pod: bool,
    containers: Vec<&'a str>,
    values: BTreeSet<&'a str>,
}

impl<'a> Setters<'a> {
    pub(super) fn pod(&mut self, value: &'a str) {
        self.pod = true;
        self.values.insert(value);
    }

    pub(super) fn container(&mut self, name: &'a str, value: &'a str) {
        self.containers.push(name);
        self.values.insert(value);
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.pod && self.containers.is_empty()
    }

    /// `pod and containers "a", "b"`.
    pub(super) fn who(&self) -> String {
        let pod = self.pod.then(|| "pod".to_owned());
        let containers = (!self.containers.is_empty()).then(|| named("container", &self.containers));
        pod.into_iter().chain(containers).collect::<Vec<_>>().join(" and ")
    }

    /// The values, quoted.
    pub(super) fn values(&self) -> String {
        quote(self.values.iter().copied())
    }

    pub(super) fn count(&self) -> usize {
        self.values.len()
    }
}

/// Whether the pod has users of its own, so that root in it is nobody outside.
pub(super) fn has_own_users(spec: &PodSpec) -> bool {
    spec.host_users == Some(false)
}

pub(super) fn is_windows(spec: &PodSpec) -> bool {
    spec.os.as_ref().is_some_and(|os| os.name == "windows")
}
