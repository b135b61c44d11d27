//! What is asked: a user, a verb, and what the verb is about.

use crate::error::{ApiError, quoted};
use std::fmt;

/// Who asks.
///
/// Source: `k8s.io/apiserver/pkg/authentication/user` (`Info`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// Name: `ann`, or `system:serviceaccount:<namespace>:<name>`.
    pub name: String,
    /// Groups.
    pub groups: Vec<String>,
}

impl User {
    /// The user of that name in these groups.
    pub fn new<G: Into<String>>(name: impl Into<String>, groups: impl IntoIterator<Item = G>) -> Self {
        Self { name: name.into(), groups: groups.into_iter().map(Into::into).collect() }
    }

    /// The user that a service account is.
    ///
    /// Source: `k8s.io/apiserver/pkg/authentication/serviceaccount`.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        let groups = [
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated".to_owned(),
        ];
        Self::new(service_account_name(namespace, name), groups)
    }
}

pub(super) fn service_account_name(namespace: &str, name: &str) -> String {
    format!("system:serviceaccount:{namespace}:{name}")
}

/// What the verb is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Objects of a resource.
    Resource {
        /// Namespace; empty for all of them, and for what has none.
        namespace: &'a str,
        /// API group; empty for core.
        group: &'a str,
        /// Resource, as `pods`.
        resource: &'a str,
        /// Subresource, as `log`; empty for the object itself.
        subresource: &'a str,
        /// Name; empty for all of them.
        name: &'a str,
    },
    /// A path outside the resources, as `/healthz`.
    Path(&'a str),
}

/// A question: may `user` do `verb` to `target`?
///
/// Source: `k8s.io/apiserver/pkg/authorization/authorizer` (`Attributes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes<'a> {
    /// Who asks.
    pub user: &'a User,
    /// What is to be done: `get`, `list`, `create`, …
    pub verb: &'a str,
    /// To what.
    pub target: Target<'a>,
}

impl Attributes<'_> {
    /// 403 with the words of the API server; `reason` may be empty.
    pub fn forbidden(&self, reason: &str) -> ApiError {
        let mut detail = self.to_string();
        if !reason.is_empty() {
            detail.push_str(": ");
            detail.push_str(reason);
        }
        match self.target {
            Target::Resource { group, resource, name, .. } => {
                ApiError::forbidden(group, resource, name, &detail)
            }
            Target::Path(_) => ApiError::new(crate::error::Reason::Forbidden, format!("forbidden: {detail}")),
        }
    }

    /// The namespace; empty where there is none.
    pub(super) fn namespace(&self) -> &str {
        match self.target {
            Target::Resource { namespace, .. } => namespace,
            Target::Path(_) => "",
        }
    }
}

/// `User "ann" cannot delete resource "pods" in API group "" in the namespace "web"`.
///
/// Source: `forbiddenMessage` of `k8s.io/apiserver/pkg/endpoints/handlers/responsewriters`.
impl fmt::Display for Attributes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "User {} cannot {} ", quoted(&self.user.name), self.verb)?;
        let Target::Resource { namespace, group, resource, subresource, .. } = self.target else {
            let Target::Path(path) = self.target else { return Ok(()) };
            return write!(f, "path {}", quoted(path));
        };
        let slash = if subresource.is_empty() { "" } else { "/" };
        let resource = quoted(&format!("{resource}{slash}{subresource}"));
        write!(f, "resource {resource} in API group {} ", quoted(group))?;
        if namespace.is_empty() {
            f.write_str("at the cluster scope")
        } else {
            write!(f, "in the namespace {}", quoted(namespace))
        }
    }
}
