//! All containers of a pod, whichever list they are in.

use crate::error::FieldPath;
use crate::kinds::core::v1::{PodSpec, SecurityContext};
use crate::validate::fields::Items;

/// What containers of all lists have.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct AnyContainer<'a> {
    pub(in super::super) name: &'a str,
    pub(in super::super) security: Option<&'a SecurityContext>,
}

/// Every container of `spec`, whose path is `path`, with what makes its own.
///
/// Source: `VisitContainersWithPath` of `k8s.io/kubernetes/pkg/apis/core/pods`.
pub(in super::super) fn every_container<'a>(
    spec: &'a PodSpec,
    path: &'a FieldPath,
) -> impl Iterator<Item = (impl Fn() -> FieldPath + use<'a>, AnyContainer<'a>)> {
    let before = spec.init_containers.items().iter().enumerate();
    let before = before.map(|(index, c)| ("initContainers", index, &c.name, &c.security_context));
    let main = spec.containers.iter().enumerate();
    let main = main.map(|(index, c)| ("containers", index, &c.name, &c.security_context));
    let late = spec.ephemeral_containers.items().iter().enumerate();
    let late = late.map(|(index, c)| ("ephemeralContainers", index, &c.name, &c.security_context));
    before.chain(main).chain(late).map(move |(list, index, name, security)| {
        (
            move || path.child(list).index(index),
            AnyContainer { name: name.as_str(), security: security.as_ref() },
        )
    })
}
