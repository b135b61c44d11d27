//! Acting as somebody else.
//!
//! Source: `k8s.io/apiserver/pkg/endpoints/filters/impersonation`.

use super::Access;
use crate::service::ObjectService;
use kube_core::error::ApiError;
use kube_core::rbac::{Attributes, Target, User};
use std::sync::Arc;

const ACCOUNT: &str = "system:serviceaccount:";
const ANONYMOUS: &str = "system:anonymous";
const AUTHENTICATED: &str = "system:authenticated";
const UNAUTHENTICATED: &str = "system:unauthenticated";

impl Access {
    /// The service in the name of `other`, for `user`, who must be allowed to `impersonate` that user (or service
    /// account) and each of the groups. Without groups a service account is in its own; whoever is not anonymous is in
    /// `system:authenticated`.
    ///
    /// # Errors
    /// 403 for the first name or group that `user` may not take.
    ///
    /// ```
    /// use kube_core::rbac::User;
    /// use kube_store::{objects::Objects, rt, service::Access, storage::MemoryStorage};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    /// # runtime.block_on(async {
    /// let access = Access::new(Objects::new(std::sync::Arc::new(MemoryStorage::new()), rt::env()));
    /// let (ann, nobody) = (User::new("ann", ["developers"]), [""; 0]);
    /// let refused = access.impersonate(&ann, User::new("bob", nobody)).await.unwrap_err();
    /// assert_eq!(
    ///     refused.message,
    ///     r#"users "bob" is forbidden: User "ann" cannot impersonate resource "users" in API group "" at the cluster scope"#
    /// );
    /// # });
    /// ```
    pub async fn impersonate(
        self: &Arc<Self>,
        user: &User,
        other: User,
    ) -> Result<Arc<dyn ObjectService>, ApiError> {
        let account = other.name.strip_prefix(ACCOUNT).and_then(|account| account.split_once(':'));
        let (resource, namespace, name) = match account {
            Some((namespace, name)) => ("serviceaccounts", namespace, name),
            None => ("users", "", other.name.as_str()),
        };
        self.may_impersonate(user, resource, namespace, name).await?;
        for group in &other.groups {
            self.may_impersonate(user, "groups", "", group).await?;
        }
        let mut taken = match account {
            Some((namespace, name)) if other.groups.is_empty() => User::service_account(namespace, name),
            _ => other,
        };
        let told = |group: &String| group == AUTHENTICATED || group == UNAUTHENTICATED;
        if !taken.groups.iter().any(told) {
            let own = if taken.name == ANONYMOUS { UNAUTHENTICATED } else { AUTHENTICATED };
            taken.groups.push(own.to_owned());
        }
        Ok(self.as_user(taken))
    }

    async fn may_impersonate(
        &self,
        user: &User,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<(), ApiError> {
        let target = Target::Resource { namespace, group: "", resource, subresource: "", name };
        self.authorize(&Attributes { user, verb: "impersonate", target }).await
    }
}
