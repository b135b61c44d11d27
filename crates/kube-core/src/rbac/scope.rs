//! The roles and bindings of the cluster as a whole, or of one namespace.

use super::attributes::User;
use super::binding::{Binding, SubjectKey};
use crate::kinds::rbac::v1::PolicyRule;
use crate::map::FxMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The rules of a role.
pub(super) type Rules = Arc<[PolicyRule]>;

#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) roles: FxMap<String, Rules>,
    pub(super) bindings: BTreeMap<String, Arc<Binding>>,
    users: FxMap<String, Vec<RoleGrants>>,
    groups: FxMap<String, Vec<RoleGrants>>,
}

/// What gives one role to one subject. However many bindings do, its rules are looked at once.
#[derive(Debug)]
pub(super) struct RoleGrants {
    /// The binding that came first, and the place of the subject in it, lead.
    grants: Vec<(Arc<Binding>, usize)>,
}

impl RoleGrants {
    /// The binding that came first, which names the role.
    pub(super) fn first(&self) -> Option<(&Binding, usize)> {
        self.grants.first().map(|(binding, subject)| (&**binding, *subject))
    }
}

impl Scope {
    /// What is granted to the user and to the user's groups.
    pub(super) fn granted<'s>(&'s self, user: &User) -> impl Iterator<Item = &'s RoleGrants> {
        let groups = user.groups.iter().filter_map(|group| self.groups.get(group));
        self.users.get(&user.name).into_iter().chain(groups).flatten()
    }

    pub(super) fn set_binding(&mut self, binding: Binding) {
        self.remove_binding(&binding.name);
        let binding = Arc::new(binding);
        for index in 0..binding.subjects.len() {
            let Some(list) = binding.key(index).map(|key| self.grants_of(key)) else { continue };
            let same = |grants: &&mut RoleGrants| {
                grants.first().is_some_and(|(first, _)| first.role == binding.role)
            };
            let at = (binding.clone(), index);
            match list.iter_mut().find(same) {
                None => list.push(RoleGrants { grants: vec![at] }),
                Some(RoleGrants { grants }) => {
                    let place = grants
                        .partition_point(|(other, subject)| (other.order, *subject) < (binding.order, index));
                    grants.insert(place, at);
                }
            }
        }
        self.bindings.insert(binding.name.clone(), binding);
    }

    pub(super) fn remove_binding(&mut self, name: &str) {
        let Some(binding) = self.bindings.remove(name) else { return };
        for key in (0..binding.subjects.len()).filter_map(|index| binding.key(index)) {
            let list = self.grants_of(key);
            for RoleGrants { grants } in list.iter_mut() {
                grants.retain(|(other, _)| !Arc::ptr_eq(other, &binding));
            }
            list.retain(|RoleGrants { grants }| !grants.is_empty());
        }
        self.drop_empty(&binding);
    }

    fn grants_of(&mut self, key: SubjectKey) -> &mut Vec<RoleGrants> {
        match key {
            SubjectKey::User(name) => self.users.entry(name).or_default(),
            SubjectKey::Group(name) => self.groups.entry(name).or_default(),
        }
    }

    fn drop_empty(&mut self, binding: &Binding) {
        for key in (0..binding.subjects.len()).filter_map(|index| binding.key(index)) {
            let (map, name) = match key {
                SubjectKey::User(name) => (&mut self.users, name),
                SubjectKey::Group(name) => (&mut self.groups, name),
            };
            if map.get(&name).is_some_and(Vec::is_empty) {
                map.remove(&name);
            }
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.bindings.is_empty()
    }
}
