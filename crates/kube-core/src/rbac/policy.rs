//! The index of roles and bindings.

use super::attributes::{Attributes, User};
use super::binding::{Binding, Grant};
use super::rule::allows;
use super::scope::{Rules, Scope};
use crate::kinds::meta::v1::ObjectMeta;
use crate::kinds::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use crate::map::FxMap;
use std::collections::BTreeSet;

/// Roles and bindings, indexed by who they are for. Objects are put in and taken out one by one, in any order: a
/// binding may name a role that comes later.
///
/// Where several bindings allow something, the one that came first is named, those of the cluster before those of the
/// namespace.
#[derive(Debug, Default)]
pub struct Policy {
    pub(super) cluster: Scope,
    namespaces: FxMap<String, Scope>,
    /// The keys of `namespaces`, in order.
    names: BTreeSet<String>,
    next: u64,
}

impl Policy {
    /// Puts in a role, or another form of one that is there.
    pub fn set_role(&mut self, role: &Role) {
        let rules = rules_of(role.rules.as_ref());
        self.scope_mut(namespace(&role.metadata)).roles.insert(name(&role.metadata).to_owned(), rules);
    }

    /// Takes a role out.
    pub fn remove_role(&mut self, namespace: &str, name: &str) {
        self.change(namespace, |scope| drop(scope.roles.remove(name)));
    }

    /// Puts in a cluster role, or another form of one that is there.
    pub fn set_cluster_role(&mut self, role: &ClusterRole) {
        self.cluster.roles.insert(name(&role.metadata).to_owned(), rules_of(role.rules.as_ref()));
    }

    /// Takes a cluster role out.
    pub fn remove_cluster_role(&mut self, name: &str) {
        self.cluster.roles.remove(name);
    }

    /// Puts in a binding, or another form of one that is there.
    pub fn set_role_binding(&mut self, binding: &RoleBinding) {
        self.set_binding(&binding.metadata, &binding.role_ref, binding.subjects.as_ref());
    }

    /// Takes a binding out.
    pub fn remove_role_binding(&mut self, namespace: &str, name: &str) {
        self.change(namespace, |scope| scope.remove_binding(name));
    }

    /// Puts in a cluster binding, or another form of one that is there.
    pub fn set_cluster_role_binding(&mut self, binding: &ClusterRoleBinding) {
        self.set_binding(&binding.metadata, &binding.role_ref, binding.subjects.as_ref());
    }

    /// Takes a cluster binding out.
    pub fn remove_cluster_role_binding(&mut self, name: &str) {
        self.cluster.remove_binding(name);
    }

    /// The binding that allows what is asked; `None` when none does, which leaves the decision to others.
    ///
    /// Source: `RBACAuthorizer.Authorize`.
    pub fn authorize(&self, asked: &Attributes<'_>) -> Option<Grant<'_>> {
        self.authorize_in(&self.cluster, asked)
            .or_else(|| self.authorize_in(self.namespaces.get(asked.namespace())?, asked))
    }

    fn authorize_in<'p>(&'p self, scope: &'p Scope, asked: &Attributes<'_>) -> Option<Grant<'p>> {
        let mut best: Option<Grant<'p>> = None;
        for grants in scope.granted(asked.user) {
            let Some((binding, subject)) = grants.first() else { continue };
            let later = |best: &Grant<'_>| (best.binding.order, best.subject) <= (binding.order, subject);
            if best.as_ref().is_some_and(later) {
                continue;
            }
            let rules = self.rules(scope, binding);
            if rules.is_some_and(|rules| rules.iter().any(|rule| allows(rule, asked))) {
                best = Some(Grant { binding, subject });
            }
        }
        best
    }

    /// Every rule that the user has in `namespace` (empty for the cluster alone), bindings in order.
    ///
    /// Source: `RulesFor`.
    pub fn rules_for(&self, user: &User, namespace: &str) -> Vec<PolicyRule> {
        let mut rules = Vec::new();
        for scope in [Some(&self.cluster), self.namespaces.get(namespace)].into_iter().flatten() {
            for binding in in_order(scope).into_iter().filter(|b| b.subject_of(user).is_some()) {
                rules.extend(self.rules(scope, binding).into_iter().flat_map(|rules| rules.iter().cloned()));
            }
        }
        rules
    }

    /// The rules of the role that `binding` of `scope` gives; `None` if there is no such role.
    pub(super) fn rules<'p>(&'p self, scope: &'p Scope, binding: &Binding) -> Option<&'p Rules> {
        match binding.role.kind.as_str() {
            "ClusterRole" => self.cluster.roles.get(&binding.role.name),
            "Role" if !binding.namespace.is_empty() => scope.roles.get(&binding.role.name),
            _ => None,
        }
    }

    /// Every namespace with roles or bindings, in order.
    pub(super) fn scopes(&self) -> impl Iterator<Item = (&str, &Scope)> {
        self.names.iter().filter_map(|name| Some((name.as_str(), self.namespaces.get(name)?)))
    }

    fn set_binding(&mut self, meta: &ObjectMeta, role: &RoleRef, subjects: Option<&Vec<Subject>>) {
        let (namespace, name) = (namespace(meta), name(meta));
        let next = self.next;
        let scope = self.scope_mut(namespace);
        let order = scope.bindings.get(name).map_or(next, |old| old.order);
        scope.set_binding(Binding {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            role: role.clone(),
            subjects: subjects.cloned().unwrap_or_default(),
            order,
        });
        self.next += 1;
    }

    fn scope_mut(&mut self, namespace: &str) -> &mut Scope {
        if namespace.is_empty() {
            return &mut self.cluster;
        }
        self.names.insert(namespace.to_owned());
        self.namespaces.entry(namespace.to_owned()).or_default()
    }

    fn change(&mut self, namespace: &str, change: impl FnOnce(&mut Scope)) {
        let Some(scope) = self.namespaces.get_mut(namespace) else { return };
        change(scope);
        if scope.is_empty() {
            self.namespaces.remove(namespace);
            self.names.remove(namespace);
        }
    }
}

/// The bindings of a scope in the order in which they came.
pub(super) fn in_order(scope: &Scope) -> Vec<&Binding> {
    let mut bindings: Vec<&Binding> = scope.bindings.values().map(|binding| &**binding).collect();
    bindings.sort_by_key(|binding| binding.order);
    bindings
}

fn rules_of(rules: Option<&Vec<PolicyRule>>) -> Rules {
    rules.cloned().unwrap_or_default().into()
}

fn name(meta: &ObjectMeta) -> &str {
    meta.name.as_deref().unwrap_or_default()
}

fn namespace(meta: &ObjectMeta) -> &str {
    meta.namespace.as_deref().unwrap_or_default()
}
