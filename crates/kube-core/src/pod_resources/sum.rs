//! Effective requests and limits of a pod.
//!
//! The containers' sum, with the sidecars', but at least what each init container needs together with the sidecars
//! started before it; pod-level resources replace what they name; the overhead comes on top.

use super::{ContainerResourceView, PodResourceView, ResourceList, Resources, is_pod_level_resource};
use std::borrow::Cow;

/// What counts.
///
/// Source: `PodResourcesOptions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "Kubernetes' own independent switches")]
pub struct Options {
    /// Count what the node reports as well, so that a resize under way holds the old and the new
    /// (`UseStatusResources`).
    pub use_status: bool,
    /// Count what the node reports of the pod as a whole; only together with `use_status`
    /// (`InPlacePodLevelResourcesVerticalScalingEnabled`).
    pub use_pod_level_status: bool,
    /// Leave the overhead out.
    pub exclude_overhead: bool,
    /// Requests of containers that do not name the resource; scoring uses `100m` CPU and `200Mi` memory.
    pub non_missing_container_requests: ResourceList,
    /// Leave pod-level resources out.
    pub skip_pod_level: bool,
    /// Leave the containers' requests out.
    pub skip_containers: bool,
}

#[derive(Clone, Copy)]
enum Side {
    Requests,
    Limits,
}

impl Side {
    fn of(self, resources: &Resources) -> &ResourceList {
        match self {
            Self::Requests => &resources.requests,
            Self::Limits => &resources.limits,
        }
    }

    /// What is wanted and what is reported, taken together.
    fn effective<'a>(
        self,
        infeasible: bool,
        wanted: &'a ResourceList,
        (actual, allocated): (&'a Resources, Option<&'a ResourceList>),
    ) -> Cow<'a, ResourceList> {
        let actual = self.of(actual);
        let mut list = if infeasible { ResourceList::new() } else { wanted.clone() };
        list.raise_to(actual);
        if let (Self::Requests, Some(allocated)) = (self, allocated) {
            list.raise_to(allocated);
        }
        Cow::Owned(list)
    }

    fn of_container<'a, P: PodResourceView>(
        self,
        pod: &'a P,
        container: &'a P::Container,
        options: &Options,
        has_status: bool,
    ) -> Cow<'a, ResourceList> {
        let wanted = self.of(container.resources());
        let status =
            if options.use_status && has_status { pod.container_status(container.name()) } else { None };
        let mut list = match status {
            Some((Some(actual), allocated)) => {
                self.effective(pod.is_resize_infeasible(), wanted, (actual, allocated))
            }
            _ => Cow::Borrowed(wanted),
        };
        if matches!(self, Self::Requests) && !options.non_missing_container_requests.is_empty() {
            list.to_mut().fill_from(&options.non_missing_container_requests);
        }
        list
    }

    /// Source: `AggregateContainerRequests`, `AggregateContainerLimits`.
    fn of_containers<P: PodResourceView>(self, pod: &P, options: &Options) -> ResourceList {
        let mut total = ResourceList::new();
        for container in pod.containers() {
            total.add(&self.of_container(pod, container, options, true));
        }
        let mut sidecars = ResourceList::new();
        let mut most = ResourceList::new();
        for container in pod.init_containers() {
            let list = self.of_container(pod, container, options, container.is_sidecar());
            if container.is_sidecar() {
                total.add(&list);
                sidecars.add(&list);
                most.raise_to(&sidecars);
            } else {
                let mut both = list.into_owned();
                both.add(&sidecars);
                most.raise_to(&both);
            }
        }
        total.raise_to(&most);
        total
    }

    fn apply_pod_level<P: PodResourceView>(self, pod: &P, options: &Options, total: &mut ResourceList) {
        let Some(resources) = pod.pod_level().filter(|_| !options.skip_pod_level) else { return };
        let wanted = self.of(resources);
        let (actual, allocated) = pod.pod_status();
        let counts_status = options.use_status && options.use_pod_level_status;
        let effective = actual
            .filter(|_| counts_status)
            .map(|actual| self.effective(pod.is_resize_infeasible(), wanted, (actual, allocated)));
        for (name, quantity) in wanted.iter().filter(|(name, _)| is_pod_level_resource(name)) {
            let quantity = match &effective {
                Some(effective) => effective.get(name).unwrap_or_default(),
                None => quantity,
            };
            total.insert(name, quantity);
        }
    }
}

/// What the pod asks for: what a node must set aside.
///
/// Source: `PodRequests`.
pub fn pod_requests<P: PodResourceView>(pod: &P, options: &Options) -> ResourceList {
    let mut total =
        if options.skip_containers { ResourceList::new() } else { container_requests(pod, options) };
    Side::Requests.apply_pod_level(pod, options, &mut total);
    if !options.exclude_overhead {
        total.add(pod.overhead());
    }
    total
}

/// What the pod may use at most. A resource without a limit is absent; the overhead raises only limits that are not
/// zero.
///
/// Source: `PodLimits`.
pub fn pod_limits<P: PodResourceView>(pod: &P, options: &Options) -> ResourceList {
    let mut total = container_limits(pod, options);
    Side::Limits.apply_pod_level(pod, options, &mut total);
    if !options.exclude_overhead {
        total.for_each_mut(|name, limit| match pod.overhead().get(name) {
            Some(overhead) if !limit.is_zero() => *limit += overhead,
            _ => {}
        });
    }
    total
}

pub(super) fn container_requests<P: PodResourceView>(pod: &P, options: &Options) -> ResourceList {
    Side::Requests.of_containers(pod, options)
}

pub(super) fn container_limits<P: PodResourceView>(pod: &P, options: &Options) -> ResourceList {
    Side::Limits.of_containers(pod, options)
}
