//! Who may do what: roles, bindings and the questions asked of them.
//!
//! [`Policy`] is an index of roles and bindings that is kept up to date object by object; [`Policy::authorize`] asks it
//! in time that does not grow with the number of bindings, [`Policy::explain`] says why. [`covers`] and
//! [`Policy::confirm_no_escalation`] keep users from granting what they do not have, [`aggregated_rules`] collects the
//! rules of cluster roles that are made of others.
//!
//! ```
//! use kube_core::kinds::rbac::v1::{Role, RoleBinding};
//! use kube_core::rbac::{Attributes, Policy, Target, User};
//! use serde_json::json;
//!
//! let role: Role = serde_json::from_value(json!({
//!     "metadata": {"name": "reader", "namespace": "web"},
//!     "rules": [{"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}],
//! }))?;
//! let binding: RoleBinding = serde_json::from_value(json!({
//!     "metadata": {"name": "readers", "namespace": "web"},
//!     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
//!     "subjects": [{"kind": "Group", "name": "support", "apiGroup": "rbac.authorization.k8s.io"}],
//! }))?;
//! let mut policy = Policy::default();
//! policy.set_role(&role);
//! policy.set_role_binding(&binding);
//!
//! let ann = User::new("ann", ["support"]);
//! let pods = Target::Resource { namespace: "web", group: "", resource: "pods", subresource: "", name: "" };
//! let list = Attributes { user: &ann, verb: "list", target: pods };
//! assert_eq!(
//!     policy.authorize(&list).unwrap().to_string(),
//!     r#"RoleBinding "readers/web" of Role "reader" to Group "support""#,
//! );
//! let delete = Attributes { verb: "delete", ..list };
//! assert!(policy.authorize(&delete).is_none());
//! assert!(policy.explain(&delete).to_string().contains("it lacks the verb"));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! Source: `k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac`, `pkg/registry/rbac/validation`,
//! `k8s.io/component-helpers/auth/rbac/validation`, `pkg/controller/clusterroleaggregation`, Kubernetes 1.36.

mod aggregation;
mod attributes;
mod binding;
mod escalation;
mod explain;
mod policy;
mod rule;
mod scope;
#[cfg(test)]
mod tests;

pub use aggregation::aggregated_rules;
pub use attributes::{Attributes, Target, User};
pub use binding::Grant;
pub use escalation::{EscalationError, covers};
pub use explain::{Answer, Explanation, Lack, Nearest};
pub use policy::Policy;
pub use rule::{allows, compact_string};
