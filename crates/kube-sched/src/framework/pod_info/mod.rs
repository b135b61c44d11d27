//! A pod to place, read once.

mod affinity;
mod amounts;
mod ports;
mod shape;
mod spread;

pub use affinity::{AffinityTerm, AffinityTerms};
pub use amounts::{Amounts, NonZero};
pub use ports::{HostPort, Protocol};
pub use shape::PodShape;
pub use spread::{SpreadConstraint, SpreadConstraints};

use kube_core::resource::{ObjectKey, Uid};
use kube_core::selector::LabelSet;
use kube_core::selector::node::{
    NodeSelector, PreferredSchedulingTerms, PreferredTerm, RequiredNodeAffinity,
};
use kube_core::taint::Toleration;
use kube_core::view::{PodView, VolumeView};
use std::sync::Arc;

/// Everything that placing a pod needs to know of it, computed once when the pod is seen.
#[derive(Clone, Debug)]
pub struct PodInfo {
    view: Arc<PodView>,
    key: ObjectKey,
    priority: i32,
    requests: Amounts,
    scoring: Amounts,
    non_zero: NonZero,
    ports: Box<[HostPort]>,
    required: RequiredNodeAffinity,
    preferred: Option<PreferredSchedulingTerms>,
    images: Box<[Arc<str>]>,
    shape: Arc<PodShape>,
    /// `Err`: what is wrong with the pod's affinity to other pods.
    terms: Result<Option<Arc<AffinityTerms>>, Arc<str>>,
    /// `Err`: what is wrong with the pod's constraints.
    spread: Result<SpreadConstraints, Arc<str>>,
}

impl PodInfo {
    /// Reads `view`.
    pub fn new(view: impl Into<Arc<PodView>>) -> Self {
        let view: Arc<PodView> = view.into();
        let affinity = view.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        let required = affinity.and_then(|affinity| affinity.required.as_ref());
        let wishes = affinity.map(|affinity| affinity.preferred.as_slice()).unwrap_or_default();
        let terms = AffinityTerms::parse(&view).map_err(Arc::from);
        Self {
            shape: Arc::new(PodShape::new(&view, terms.clone().ok().flatten())),
            terms,
            spread: SpreadConstraints::parse(&view).map_err(Arc::from),
            key: view.meta.key(),
            priority: view.spec.priority.unwrap_or(0),
            requests: Amounts::of_pending(&view),
            scoring: Amounts::for_scoring(&view),
            non_zero: NonZero::of(&view),
            ports: HostPort::of(&view),
            required: RequiredNodeAffinity::new(view.spec.node_selector.clone(), required),
            preferred: PreferredSchedulingTerms::parse(wishes).ok(),
            images: images(&view),
            view,
        }
    }

    /// The pod as read from the store.
    pub fn view(&self) -> &Arc<PodView> {
        &self.view
    }

    /// Namespace and name.
    pub fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// Uid.
    pub fn uid(&self) -> &Uid {
        &self.view.meta.uid
    }

    /// Labels.
    pub fn labels(&self) -> &LabelSet {
        &self.view.meta.labels
    }

    /// The same pod, but as important as its group is.
    #[must_use]
    pub fn ranked(self, priority: i32) -> Self {
        Self { priority, ..self }
    }

    /// Priority, its group's where that has one; 0 where none is set.
    pub fn priority(&self) -> i32 {
        self.priority
    }

    /// What it requests, pod-level resources and overhead included.
    pub fn requests(&self) -> &Amounts {
        &self.requests
    }

    /// What scoring takes it to request: the sum of its containers, with 100m cpu and 200 MiB for those that name
    /// none. Pod-level resources are not looked at.
    ///
    /// Source: `noderesources.NewFit` of v1.36, which does not pass the gate of pod-level resources to its scorer.
    pub fn scoring_requests(&self) -> &Amounts {
        &self.scoring
    }

    /// Cpu and memory that it counts for on its node when others are scored.
    pub fn non_zero(&self) -> NonZero {
        self.non_zero
    }

    /// Host ports of its containers and sidecars.
    pub fn ports(&self) -> &[HostPort] {
        &self.ports
    }

    /// Labels and fields that its node must have.
    pub fn required_affinity(&self) -> &RequiredNodeAffinity {
        &self.required
    }

    /// The required node affinity as written, if the pod has one.
    pub fn required_terms(&self) -> Option<&NodeSelector> {
        self.view.spec.affinity.as_ref()?.node_affinity.as_ref()?.required.as_ref()
    }

    /// What it would like of a node; `None` where one of the terms cannot be read.
    pub fn preferred_affinity(&self) -> Option<&PreferredSchedulingTerms> {
        self.preferred.as_ref()
    }

    /// Taints it bears.
    pub fn tolerations(&self) -> &[Toleration] {
        &self.view.spec.tolerations
    }

    /// Images of its containers, init containers and image volumes, tagged, in that order; the same one may stand
    /// there twice.
    pub fn images(&self) -> &[Arc<str>] {
        &self.images
    }

    /// What other pods see of it.
    pub fn shape(&self) -> &Arc<PodShape> {
        &self.shape
    }

    /// What it wants of other pods; `None` where it wants nothing.
    ///
    /// # Errors
    /// What is wrong with a term that cannot be read.
    pub fn affinity_terms(&self) -> Result<Option<&Arc<AffinityTerms>>, &Arc<str>> {
        self.terms.as_ref().map(Option::as_ref)
    }

    /// How it and its like are to be spread, as far as it says so itself.
    ///
    /// # Errors
    /// What is wrong with a constraint that cannot be read.
    pub fn spread(&self) -> Result<&SpreadConstraints, &Arc<str>> {
        self.spread.as_ref()
    }

    /// The node it asks for by name.
    pub fn node_name(&self) -> Option<&Arc<str>> {
        self.view.node_name()
    }

    /// Everything that the built-in plugins of this crate read from the pod. Pods of equal signatures get equal
    /// answers from them.
    pub fn signature(&self) -> Signature<'_> {
        let affinity = self.view.spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
        Signature {
            requests: &self.requests,
            scoring: &self.scoring,
            ports: &self.ports,
            node_selector: &self.view.spec.node_selector,
            required: affinity.and_then(|affinity| affinity.required.as_ref()),
            preferred: affinity.map(|affinity| affinity.preferred.as_slice()).unwrap_or_default(),
            tolerations: &self.view.spec.tolerations,
            images: &self.images,
            containers: self.container_count(),
            node_name: self.node_name(),
            shape: &self.shape,
            spread: self.spread(),
            volumes: &self.view.spec.volumes,
        }
    }

    /// How many containers and init containers it has.
    pub fn container_count(&self) -> usize {
        self.view.spec.containers.len() + self.view.spec.init_containers.len()
    }
}

/// The `PodGroup` that a pod belongs to.
pub(crate) fn group_of(pod: &PodView) -> Option<ObjectKey> {
    let name = pod.spec.scheduling_group.as_ref()?.pod_group_name.as_ref()?;
    Some(ObjectKey::new(pod.meta.namespace.clone(), name.clone()))
}

/// What scheduling reads of a pod: see [`PodInfo::signature`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Signature<'p> {
    requests: &'p Amounts,
    scoring: &'p Amounts,
    ports: &'p [HostPort],
    node_selector: &'p LabelSet,
    required: Option<&'p NodeSelector>,
    preferred: &'p [PreferredTerm],
    tolerations: &'p [Toleration],
    images: &'p [Arc<str>],
    containers: usize,
    node_name: Option<&'p Arc<str>>,
    shape: &'p PodShape,
    spread: Result<&'p SpreadConstraints, &'p Arc<str>>,
    volumes: &'p [VolumeView],
}

fn images(view: &PodView) -> Box<[Arc<str>]> {
    let containers = view.spec.init_containers.iter().chain(&view.spec.containers);
    let volumes = view.spec.volumes.iter().filter_map(image_of_volume);
    containers.filter_map(|container| container.image.as_ref()).chain(volumes).map(tagged).collect()
}

fn image_of_volume(volume: &VolumeView) -> Option<&Arc<str>> {
    volume.image.as_ref()?.reference.as_ref()
}

/// The name with `:latest` where it has neither tag nor digest.
///
/// Source: `imagelocality.normalizedImageName`.
fn tagged(name: &Arc<str>) -> Arc<str> {
    if name.rfind(':') > name.rfind('/') { name.clone() } else { format!("{name}:latest").into() }
}
