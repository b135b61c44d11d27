//! Deciding who may do what, among many bindings.

pub mod baseline;

use kube_core::env::Rng;
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::kinds::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, RoleBinding, RoleRef, Subject,
};
use kube_core::rbac::{Policy, User};

/// Roles and bindings of a cluster: one in ten bindings is one of the cluster, the others stand in namespaces of some
/// fifty bindings. Half are for users, a third for service accounts, the rest for groups.
#[derive(Debug)]
pub struct Cluster {
    /// The roles, with 1 to 30 rules as `view` and `edit` have.
    pub roles: Vec<ClusterRole>,
    /// The bindings; those of the cluster have no namespace.
    pub bindings: Vec<RoleBinding>,
}

/// What is asked: by whom, and which verb to which resource of which namespace.
#[derive(Debug)]
pub struct Question {
    /// Who asks.
    pub user: User,
    /// `get`, `delete`, …
    pub verb: &'static str,
    /// The resource of the core group.
    pub resource: String,
    /// The namespace.
    pub namespace: String,
}

const VERBS: [&str; 6] = ["get", "list", "watch", "create", "update", "delete"];
const ROLES: usize = 40;
const RESOURCES: usize = 60;

/// A cluster of `count` bindings.
pub fn cluster(count: usize) -> Cluster {
    let mut rng = Rng::forked(1, "rbac");
    let roles = (0..ROLES).map(|role| cluster_role(role, &mut rng)).collect();
    let bindings = (0..count).map(|binding| self::binding(binding, count, &mut rng)).collect();
    Cluster { roles, bindings }
}

/// The index of a cluster.
pub fn policy(cluster: &Cluster) -> Policy {
    let mut policy = Policy::default();
    cluster.roles.iter().for_each(|role| policy.set_cluster_role(role));
    for binding in &cluster.bindings {
        if binding.metadata.namespace.is_some() {
            policy.set_role_binding(binding);
        } else {
            policy.set_cluster_role_binding(&ClusterRoleBinding {
                metadata: binding.metadata.clone(),
                role_ref: binding.role_ref.clone(),
                subjects: binding.subjects.clone(),
            });
        }
    }
    policy
}

/// `asked` questions to a cluster of `count` bindings: half of the users have a binding in the namespace that they ask
/// about. Everybody is in four groups.
pub fn questions(asked: usize, count: usize) -> Vec<Question> {
    let mut rng = Rng::forked(1, "rbac/questions");
    let mut one = || {
        let subject = rng.below(count);
        let namespace =
            if rng.below(2) == 0 { subject % namespaces(count) } else { rng.below(namespaces(count)) };
        let groups = ["system:authenticated".to_owned(), "staff".to_owned()]
            .into_iter()
            .chain((0..2).map(|_| format!("group-{}", rng.below(200))));
        Question {
            user: User::new(format!("user-{subject}"), groups),
            verb: VERBS.get(rng.below(VERBS.len())).copied().unwrap_or("get"),
            resource: format!("resource-{}", rng.below(RESOURCES)),
            namespace: format!("namespace-{namespace}"),
        }
    };
    (0..asked).map(|_| one()).collect()
}

fn namespaces(count: usize) -> usize {
    count.div_ceil(50)
}

fn cluster_role(role: usize, rng: &mut Rng) -> ClusterRole {
    let rules = (0..=rng.below(30)).map(|_| {
        let resources = (0..=rng.below(6)).map(|_| format!("resource-{}", rng.below(RESOURCES)));
        PolicyRule {
            api_groups: Some(vec![String::new()]),
            resources: Some(resources.collect()),
            verbs: VERBS.iter().take(1 + rng.below(VERBS.len())).map(|&verb| verb.to_owned()).collect(),
            ..PolicyRule::default()
        }
    });
    let rules = Some(rules.collect());
    ClusterRole { metadata: named(format!("role-{role}")), rules, aggregation_rule: None }
}

fn binding(binding: usize, count: usize, rng: &mut Rng) -> RoleBinding {
    let mut metadata = named(format!("binding-{binding}"));
    let namespace = format!("namespace-{}", binding % namespaces(count));
    let (kind, name) = match rng.below(6) {
        0..3 => ("User", format!("user-{binding}")),
        3..5 => ("ServiceAccount", format!("account-{binding}")),
        _ => ("Group", format!("group-{}", rng.below(200))),
    };
    let subject = Subject {
        kind: kind.to_owned(),
        name,
        namespace: (kind == "ServiceAccount").then(|| namespace.clone()),
        ..Subject::default()
    };
    if rng.below(10) != 0 {
        metadata.namespace = Some(namespace);
    }
    RoleBinding {
        metadata,
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "ClusterRole".to_owned(),
            name: format!("role-{}", rng.below(ROLES)),
        },
        subjects: Some(vec![subject]),
    }
}

fn named(name: String) -> ObjectMeta {
    ObjectMeta { name: Some(name), ..ObjectMeta::default() }
}

impl Question {
    /// The question as the index takes it.
    pub fn attributes(&self) -> kube_core::rbac::Attributes<'_> {
        let target = kube_core::rbac::Target::Resource {
            namespace: &self.namespace,
            group: "",
            resource: &self.resource,
            subresource: "",
            name: "",
        };
        kube_core::rbac::Attributes { user: &self.user, verb: self.verb, target }
    }
}
