//! Policies of your own, as closures over typed objects.
//!
//! ```
//! use kube_core::kinds::core::v1::Pod;
//! use kube_store::objects::admission::Policy;
//!
//! let no_host_network = Policy::validate("no-host-network", |_cx, pod: &Pod| {
//!     let uses = pod.spec.as_ref().is_some_and(|spec| spec.host_network == Some(true));
//!     if uses { Err("host network is not for users".to_owned()) } else { Ok(()) }
//! });
//! ```

use super::Admission;
use crate::objects::{Candidate, Contribution, Operation, Stored};
use crate::service::Subresource;
use async_trait::async_trait;
use kube_core::error::ApiError;
use kube_core::resource::Resource;
use std::fmt;
use std::marker::PhantomData;

type Change<K> = dyn Fn(&Contribution<'_>, &mut K) -> Result<(), String> + Send + Sync;
type Check<K> = dyn Fn(&Contribution<'_>, &K) -> Result<(), String> + Send + Sync;

/// A plugin made of a closure, asked when a `K` is created or changed (not its status).
///
/// The closure's error becomes a 403 in Kubernetes' words: `pods "web" is forbidden: <error>`.
pub struct Policy<K> {
    name: &'static str,
    step: Step<K>,
    kind: PhantomData<fn() -> K>,
}

enum Step<K> {
    Mutate(Box<Change<K>>),
    Validate(Box<Check<K>>),
}

impl<K: Resource> Policy<K> {
    /// A policy that changes objects, or refuses them.
    pub fn mutate(
        name: &'static str,
        change: impl Fn(&Contribution<'_>, &mut K) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { name, step: Step::Mutate(Box::new(change)), kind: PhantomData }
    }

    /// A policy that refuses objects.
    pub fn validate(
        name: &'static str,
        check: impl Fn(&Contribution<'_>, &K) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { name, step: Step::Validate(Box::new(check)), kind: PhantomData }
    }
}

#[async_trait]
impl<K: Resource> Admission for Policy<K> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn handles(&self, cx: &Contribution<'_>) -> bool {
        let kind = K::kind_info();
        cx.operation() != Operation::Delete && cx.is(&kind.group, &kind.kind, Subresource::Main)
    }

    async fn mutate(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        object: &mut Candidate,
    ) -> Result<(), ApiError> {
        match (&self.step, object.typed_mut::<K>()) {
            (Step::Mutate(change), Some(object)) => change(cx, object).map_err(|why| cx.forbidden(&why)),
            _ => Ok(()),
        }
    }

    fn leaves_nothing_out(&self) -> bool {
        matches!(self.step, Step::Validate(_))
    }

    async fn validate(
        &self,
        cx: &Contribution<'_>,
        _old: Option<&Stored>,
        object: Option<&Candidate>,
    ) -> Result<(), ApiError> {
        match (&self.step, object.and_then(|object| object.typed::<K>())) {
            (Step::Validate(check), Some(object)) => check(cx, object).map_err(|why| cx.forbidden(&why)),
            _ => Ok(()),
        }
    }
}

impl<K> fmt::Debug for Policy<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("name", &self.name).finish_non_exhaustive()
    }
}
