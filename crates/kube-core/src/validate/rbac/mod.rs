//! The kinds of the group `rbac.authorization.k8s.io`.

mod binding;
mod role;
