//! Objects in the name of a user: what RBAC does not allow is refused before it is looked at.
//!
//! [`Access`] keeps an index of the roles and bindings of a service; [`Access::as_user`] is the same service in the
//! name of a user. Nobody grants what they do not have: writes of roles need the verb `escalate` or every rule of
//! the role, writes of bindings the verb `bind` or every rule of the role that they give.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/filters` (`WithAuthorization`, `GetAuthorizerAttributes`),
//! `k8s.io/kubernetes/pkg/registry/rbac` (`<kind>/policybased`, `escalation_check.go`).

mod grants;
mod impersonate;
mod index;
mod objects;
mod reviews;
mod selectors;
mod settle;

use super::ObjectService;
use index::Index;
use kube_core::error::{ApiError, Cause};
use kube_core::kinds::rbac::v1::PolicyRule;
use kube_core::rbac::{Attributes, Explanation, User};
use objects::UserObjects;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Whoever is in this group may do everything.
///
/// Source: `k8s.io/apiserver/pkg/authentication/user` (`SystemPrivilegedGroup`).
const PRIVILEGED: &str = "system:masters";

/// Reason of the cause that tells why a request was refused.
const EXPLAINED: &str = "AccessExplained";

/// The roles and bindings of a service, kept up with it, and views of the service in the name of users.
///
/// A decision is made on all changes that the service has published by then. A watch is decided when it begins, and
/// goes on when the permission is withdrawn, as in Kubernetes. One `Access` is meant to serve all users: it has
/// four watches, whoever is asked for.
///
/// ```
/// use kube_core::kinds::core::v1::Pod;
/// use kube_core::rbac::User;
/// use kube_store::{api::Api, objects::Objects, rt, service::Access, storage::MemoryStorage};
/// use std::sync::Arc;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let objects = Objects::new(Arc::new(MemoryStorage::new()), rt::env());
/// let access = Access::new(objects);
/// let pods: Api<Pod> = Api::namespaced(access.as_user(User::new("ann", ["developers"])), "default");
/// let refused = pods.get("web").await.unwrap_err();
/// assert_eq!(
///     refused.message,
///     r#"pods "web" is forbidden: User "ann" cannot get resource "pods" in API group "" in the namespace "default""#
/// );
/// assert!(refused.details.causes[0].message.contains("there is no rule at all"), "why, as data");
/// # });
/// ```
#[derive(Debug)]
pub struct Access {
    service: Arc<dyn ObjectService>,
    index: Mutex<Index>,
    explains: bool,
}

impl Access {
    /// The roles and bindings of `service`. Refusals tell in a cause (`AccessExplained`) which rule came nearest.
    pub fn new(service: Arc<dyn ObjectService>) -> Arc<Self> {
        Arc::new(Self { service, index: Mutex::default(), explains: true })
    }

    /// The same, but refusals tell nothing beyond what was asked: for users who may not know the roles of others. A
    /// refusal then takes as long as an allowed request.
    pub fn reticent(service: Arc<dyn ObjectService>) -> Arc<Self> {
        Arc::new(Self { service, index: Mutex::default(), explains: false })
    }

    /// The service in the name of `user`.
    ///
    /// Reads and writes ask for the verb that the API server would ask for: `get`, `list`, `watch`, `create`, `update`,
    /// `patch`, `delete`, `deletecollection`, on the subresource that is meant. An apply asks for `patch`, and for
    /// `create` where the object is not there.
    ///
    /// Creates of the reviews of `authorization.k8s.io`, and of a `SelfSubjectReview`, are answered from the index, as
    /// `kubectl auth can-i` asks them.
    pub fn as_user(self: &Arc<Self>, user: User) -> Arc<dyn ObjectService> {
        Arc::new(UserObjects::new(self.clone(), user))
    }

    /// Whether the user may do what is asked.
    ///
    /// # Errors
    /// 403 in the words of the API server, and what the service answers.
    ///
    /// ```
    /// # use kube_core::rbac::{Attributes, Target, User};
    /// # use kube_store::{objects::Objects, rt, service::Access, storage::MemoryStorage};
    /// # use std::sync::Arc;
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    /// # runtime.block_on(async {
    /// let access = Access::new(Objects::new(Arc::new(MemoryStorage::new()), rt::env()));
    /// let ann = User::new("ann", ["developers"]);
    /// let asked = Attributes { user: &ann, verb: "get", target: Target::Path("/metrics") };
    /// let refused = access.authorize(&asked).await.unwrap_err();
    /// assert_eq!(refused.message, r#"forbidden: User "ann" cannot get path "/metrics""#);
    /// # });
    /// ```
    pub async fn authorize(&self, asked: &Attributes<'_>) -> Result<(), ApiError> {
        if is_privileged(asked.user) {
            return Ok(());
        }
        let mut index = self.index.lock().await;
        let policy = index.catch_up(&*self.service).await?;
        if policy.authorize(asked).is_some() {
            return Ok(());
        }
        let refused = asked.forbidden("");
        if !self.explains {
            return Err(refused);
        }
        let message = policy.explain(asked).to_string();
        Err(refused.with_cause(Cause { reason: EXPLAINED.to_owned(), message, field: String::new() }))
    }

    /// Why something is allowed or not. Looks at every binding: for people, not for every request.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn explain(&self, asked: &Attributes<'_>) -> Result<Explanation, ApiError> {
        Ok(self.index.lock().await.catch_up(&*self.service).await?.explain(asked))
    }

    /// Every rule that the user has in `namespace` (empty for the cluster alone), as `kubectl auth can-i --list` shows
    /// them.
    ///
    /// # Errors
    /// What the service answers.
    pub async fn rules_for(&self, user: &User, namespace: &str) -> Result<Vec<PolicyRule>, ApiError> {
        Ok(self.index.lock().await.catch_up(&*self.service).await?.rules_for(user, namespace))
    }

    /// Whether the user may do what is asked; tells no reason.
    async fn allows(&self, asked: &Attributes<'_>) -> Result<bool, ApiError> {
        if is_privileged(asked.user) {
            return Ok(true);
        }
        Ok(self.index.lock().await.catch_up(&*self.service).await?.authorize(asked).is_some())
    }

    /// That the user has every rule of `wanted` in `namespace`; tells what is missing otherwise.
    async fn missing(
        &self,
        user: &User,
        namespace: &str,
        wanted: &[PolicyRule],
    ) -> Result<Option<String>, ApiError> {
        let mut index = self.index.lock().await;
        let policy = index.catch_up(&*self.service).await?;
        Ok(policy.confirm_no_escalation(user, namespace, wanted).err().map(|error| error.to_string()))
    }
}

fn is_privileged(user: &User) -> bool {
    user.groups.iter().any(|group| group == PRIVILEGED)
}
