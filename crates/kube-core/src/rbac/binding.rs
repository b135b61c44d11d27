//! A binding as the index holds it, and what it grants.

use super::attributes::{User, service_account_name};
use crate::error::quoted;
use crate::kinds::rbac::v1::{RoleRef, Subject};
use std::fmt;

/// Whom a role is given to.
#[derive(Debug)]
pub(super) struct Binding {
    /// Namespace; empty for a cluster role binding.
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) role: RoleRef,
    pub(super) subjects: Vec<Subject>,
    /// When it came, counted in bindings: earlier ones are named first.
    pub(super) order: u64,
}

/// Under which name users find a subject in the index.
pub(super) enum SubjectKey {
    User(String),
    Group(String),
}

impl Binding {
    /// The key of the subject at `index`; `None` for one that stands for nobody.
    pub(super) fn key(&self, index: usize) -> Option<SubjectKey> {
        let subject = self.subjects.get(index)?;
        let name = subject.name.clone();
        match subject.kind.as_str() {
            "User" => Some(SubjectKey::User(name)),
            "Group" => Some(SubjectKey::Group(name)),
            "ServiceAccount" => {
                let namespace = self.namespace_of(subject);
                (!namespace.is_empty()).then(|| SubjectKey::User(service_account_name(namespace, &name)))
            }
            _ => None,
        }
    }

    /// The first subject that is the user, or a group of the user's.
    ///
    /// Source: `appliesTo`.
    pub(super) fn subject_of(&self, user: &User) -> Option<usize> {
        (0..self.subjects.len()).find(|&index| match self.key(index) {
            Some(SubjectKey::User(name)) => name == user.name,
            Some(SubjectKey::Group(name)) => user.groups.contains(&name),
            None => false,
        })
    }

    /// A service account is of the binding's namespace unless it names one.
    fn namespace_of<'a>(&'a self, subject: &'a Subject) -> &'a str {
        let named = subject.namespace.as_deref().filter(|namespace| !namespace.is_empty());
        named.unwrap_or(&self.namespace)
    }

    /// Source: `describeSubject`.
    fn describe(&self, index: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(subject) = self.subjects.get(index) else { return Ok(()) };
        let name = match subject.kind.as_str() {
            "ServiceAccount" => quoted(&format!("{}/{}", subject.name, self.namespace_of(subject))),
            _ => quoted(&subject.name),
        };
        write!(f, "{} {name}", subject.kind)
    }
}

/// `RoleBinding "readers/web"`.
impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "ClusterRoleBinding {}", quoted(&self.name))
        } else {
            write!(f, "RoleBinding {}", quoted(&format!("{}/{}", self.name, self.namespace)))
        }
    }
}

/// A binding that allows what was asked. `Display` names it as Kubernetes does:
/// `RoleBinding "readers/web" of Role "reader" to Group "support"`; its reason for a decision begins with
/// `RBAC: allowed by `.
#[derive(Clone, Copy)]
pub struct Grant<'p> {
    pub(super) binding: &'p Binding,
    /// Which of its subjects the user is.
    pub(super) subject: usize,
}

impl<'p> Grant<'p> {
    /// Namespace of the binding; empty for a cluster role binding.
    pub fn namespace(&self) -> &'p str {
        &self.binding.namespace
    }

    /// Name of the binding.
    pub fn name(&self) -> &'p str {
        &self.binding.name
    }

    /// The role that it gives.
    pub fn role(&self) -> &'p RoleRef {
        &self.binding.role
    }

    /// To whom.
    pub fn subject(&self) -> Option<&'p Subject> {
        self.binding.subjects.get(self.subject)
    }
}

impl fmt::Display for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Binding { role, .. } = self.binding;
        write!(f, "{} of {} {} to ", self.binding, role.kind, quoted(&role.name))?;
        self.binding.describe(self.subject, f)
    }
}

impl fmt::Debug for Grant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
