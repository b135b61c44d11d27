//! What one writes first: walk every binding, and look at the rules of those that are for the user. It is what
//! Kubernetes does: its authorizer lists all cluster bindings, and those of the namespace, on every request.
//!
//! It is given what helps it: bindings by namespace, roles by name, and rules that are read already.

use kube_core::kinds::rbac::v1::{ClusterRole, PolicyRule, RoleBinding, Subject};
use kube_core::rbac::{Attributes, Target, User, allows};
use std::collections::BTreeMap;

/// Roles and bindings, by name and namespace.
#[derive(Debug, Default)]
pub struct Scan {
    roles: BTreeMap<String, Vec<PolicyRule>>,
    /// Under the empty namespace: those of the cluster.
    bindings: BTreeMap<String, Vec<RoleBinding>>,
}

impl Scan {
    /// Of these roles and bindings; a binding without a namespace is one of the cluster.
    pub fn new(roles: &[ClusterRole], bindings: &[RoleBinding]) -> Self {
        let mut scan = Self::default();
        for role in roles {
            let name = role.metadata.name.clone().unwrap_or_default();
            scan.roles.insert(name, role.rules.clone().unwrap_or_default());
        }
        for binding in bindings {
            let namespace = binding.metadata.namespace.clone().unwrap_or_default();
            scan.bindings.entry(namespace).or_default().push(binding.clone());
        }
        scan
    }

    /// The name of the binding that allows what is asked.
    pub fn authorize(&self, asked: &Attributes<'_>) -> Option<&str> {
        let namespace = match asked.target {
            Target::Resource { namespace, .. } => namespace,
            Target::Path(_) => "",
        };
        let own = (!namespace.is_empty()).then(|| self.bindings.get(namespace)).flatten();
        let bindings = self.bindings.get("").into_iter().chain(own).flatten();
        bindings
            .filter(|binding| binding.subjects.iter().flatten().any(|subject| is_user(subject, asked.user)))
            .find(|binding| {
                let rules = self.roles.get(&binding.role_ref.name);
                rules.is_some_and(|rules| rules.iter().any(|rule| allows(rule, asked)))
            })
            .and_then(|binding| binding.metadata.name.as_deref())
    }
}

fn is_user(subject: &Subject, user: &User) -> bool {
    match subject.kind.as_str() {
        "User" => subject.name == user.name,
        "Group" => user.groups.contains(&subject.name),
        "ServiceAccount" => {
            let namespace = subject.namespace.as_deref().unwrap_or_default();
            user.name == format!("system:serviceaccount:{namespace}:{}", subject.name)
        }
        _ => false,
    }
}
