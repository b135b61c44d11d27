//! Several ways to decide, by the name that pods ask for.

use crate::engine::Engine;
use crate::profile::Resolved;
use crate::queue::DEFAULT_NAME;
use kube_core::view::PodView;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The engines, by the name of their profile.
#[derive(Clone, Debug)]
pub(super) struct Profiles(pub(super) BTreeMap<Arc<str>, Engine>);

impl Profiles {
    /// The engine that decides about the pod, if it is one of these.
    pub(super) fn of(&self, pod: &PodView) -> Option<&Engine> {
        self.0.get(Self::name_of(pod))
    }

    /// The name of the profile that the pod asks for.
    pub(super) fn name_of(pod: &PodView) -> &str {
        pod.spec.scheduler_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(DEFAULT_NAME)
    }

    /// Every plugin of every profile.
    pub(super) fn plugins(&self) -> impl Iterator<Item = &Resolved> {
        self.0.values().flat_map(Engine::plugins)
    }
}
