//! Reads and writes in the name of a user.

use super::{World, config_maps, key, map, namespaces, nodes, pod, pods, run, value, world};
use kube_core::kinds::core::v1::{ConfigMap, Pod};
use kube_core::kinds::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube_core::rbac::User;
use kube_core::resource::{KindInfo, ObjectKey, Resource};
use kube_core::selector::field::FieldSelector;
use kube_store::api::Api;
use kube_store::objects::Objects;
use kube_store::objects::admission::Policy;
use kube_store::service::{
    Access, DeleteOptions, ListQuery, ObjectService, Patch, Subresource, WatchQuery, Write, WriteOptions,
};
use kube_store::storage::{MemoryStorage, ReadAt};
use serde_json::{Value, json};
use std::sync::Arc;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn ann() -> User {
    User::new("ann", ["developers", "system:authenticated"])
}

fn role(name: &str, rules: &Value) -> Value {
    json!({"metadata": {"name": name}, "rules": rules})
}

fn binding(name: &str, kind: &str, role: &str) -> Value {
    json!({
        "metadata": {"name": name},
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": role},
        "subjects": [{"kind": "Group", "name": "developers", "apiGroup": GROUP}],
    })
}

impl World {
    /// Lets developers do this in the namespace `default`.
    pub(super) fn allow(&self, name: &str, rules: &Value) {
        self.create(Role::kind_info(), role(name, rules));
        self.create(RoleBinding::kind_info(), binding(name, "Role", name));
    }

    /// Lets developers do this everywhere.
    pub(super) fn allow_everywhere(&self, name: &str, rules: &Value) {
        self.create(ClusterRole::kind_info(), role(name, rules));
        self.create(ClusterRoleBinding::kind_info(), binding(name, "ClusterRole", name));
    }

    fn as_ann(&self) -> Arc<dyn ObjectService> {
        Access::new(self.objects.clone()).as_user(ann())
    }
}

pub(super) fn rule(group: &str, resource: &str, verbs: &[&str]) -> Value {
    json!({"apiGroups": [group], "resources": [resource], "verbs": verbs})
}

#[test]
fn a_user_may_do_what_a_role_says_and_nothing_else() {
    let w = world();
    w.create(pods(), pod("web"));
    let maps = Api::<ConfigMap>::namespaced(w.objects.clone(), "default").as_user(ann());
    let api = Api::<Pod>::namespaced(w.objects.clone(), "default").as_user(ann());
    let refused = run(api.get("web")).expect_err("no role");
    assert_eq!(refused.code, 403);
    assert_eq!(
        refused.message,
        "pods \"web\" is forbidden: User \"ann\" cannot get resource \"pods\" in API group \"\" in the namespace \"default\""
    );
    w.allow(
        "reader",
        &json!([rule("", "pods", &["get", "list", "watch"]), rule("", "pods/status", &["patch"])]),
    );
    run(api.get("web")).expect("the next question knows the new role");
    assert_eq!(run(api.list(&ListQuery::all())).expect("list").items.len(), 1);
    run(api.watch(&WatchQuery::default())).expect("watch");
    run(api.patch_status("web", &Patch::Merge(json!({"status": {"message": "seen"}})))).expect("its status");
    let before = w.head();
    let change = Patch::Merge(json!({"metadata": {"labels": {"x": "y"}}}));
    assert_eq!(run(api.patch("web", &change)).expect_err("not the pod").code, 403);
    assert_eq!(run(api.delete("web", &DeleteOptions::default())).expect_err("no").code, 403);
    assert_eq!(run(api.bind("web", "n1")).expect_err("no").code, 403);
    assert_eq!(run(api.evict("web", &DeleteOptions::default())).expect_err("no").code, 403);
    let all = run(api.delete_collection(&ListQuery::all(), &DeleteOptions::default()));
    assert_eq!(all.expect_err("no").code, 403);
    assert_eq!(run(api.in_namespace("other").get("web")).expect_err("elsewhere").code, 403);
    assert_eq!(run(maps.list(&ListQuery::all())).expect_err("other kinds").code, 403);
    let everywhere = Api::<Pod>::all(w.objects.clone()).as_user(ann());
    assert_eq!(run(everywhere.list(&ListQuery::all())).expect_err("all namespaces").code, 403);
    assert_eq!(w.head(), before, "nothing was stored");
    run(w.objects.delete(RoleBinding::kind_info(), &key("reader"), &DeleteOptions::default())).expect("gone");
    assert_eq!(run(api.get("web")).expect_err("withdrawn").code, 403);
}

#[test]
fn every_verb_is_asked_for_by_its_name() {
    let (w, kind, key) = (world(), pods(), key("web"));
    w.create(kind, pod("web"));
    let user = w.as_ann();
    let options = WriteOptions::default().dry_run();
    let asked = |verb: &str, resource: &str, answer: Result<(), kube_core::error::ApiError>| {
        let words =
            format!("cannot {verb} resource \"{resource}\" in API group \"\" in the namespace \"default\"");
        let error = answer.expect_err(verb);
        assert!(error.message.contains(&words), "{error} instead of {words}");
    };
    asked("get", "pods", run(user.get(kind, &key, ReadAt::Latest)).map(drop));
    let query = ListQuery::namespaced("default");
    asked("list", "pods", run(user.list(kind, &query)).map(drop));
    asked("watch", "pods", run(user.watch(kind, &WatchQuery::all().namespaced("default"))).map(drop));
    asked("create", "pods", run(user.create(kind, "default", pod("b"), &options)).map(drop));
    let mut elsewhere = pod("b");
    elsewhere["metadata"]["namespace"] = "default".into();
    asked("create", "pods", run(user.create(kind, "", elsewhere, &options)).map(drop));
    for part in [Subresource::Main, Subresource::Status, Subresource::Resize] {
        let name =
            if part == Subresource::Main { "pods".to_owned() } else { format!("pods/{}", part.as_str()) };
        asked("update", &name, run(user.update(kind, &key, part, pod("web"), &options)).map(drop));
        let patch = Patch::Merge(json!({}));
        asked("patch", &name, run(user.patch(kind, &key, part, &patch, &options)).map(drop));
    }
    let delete = DeleteOptions::default();
    asked("delete", "pods", run(user.delete(kind, &key, &delete)).map(drop));
    asked("deletecollection", "pods", run(user.delete_collection(kind, &query, &delete)).map(drop));
    for part in [Subresource::Binding, Subresource::Eviction] {
        let name = format!("pods/{}", part.as_str());
        asked("create", &name, run(user.create_on(kind, &key, part, json!({}), &options)).map(drop));
    }
    asked("get", "pods/status", run(user.get_on(kind, &key, Subresource::Status)).map(drop));
    let write = |object: Value| Write::Apply {
        kind: Arc::new(kind.clone()),
        namespace: "default".to_owned(),
        object,
    };
    let refused = run(user.transact(vec![write(pod("web"))], &WriteOptions::default())).expect_err("apply");
    assert_eq!(refused.write, Some(0));
    asked("patch", "pods", Err(refused.error));
}

#[test]
fn names_narrow_what_a_rule_is_about() {
    let w = world();
    w.create(config_maps(), map("mine", "1"));
    w.create(config_maps(), map("other", "1"));
    let mut named = rule("", "configmaps", &["get", "list", "watch", "update"]);
    named["resourceNames"] = json!(["mine"]);
    w.allow("mine", &json!([named]));
    let maps = Api::<ConfigMap>::namespaced(w.objects, "default").as_user(ann());
    let mine = run(maps.get("mine")).expect("named");
    run(maps.update(&mine)).expect("named");
    assert_eq!(run(maps.get("other")).expect_err("another").code, 403);
    assert_eq!(run(maps.get("none")).expect_err("whether it is there is not told").code, 403);
    assert_eq!(run(maps.list(&ListQuery::all())).expect_err("all of them").code, 403);
    let only = FieldSelector::equal("metadata.name", "mine");
    assert_eq!(run(maps.list(&ListQuery::all().fields(only.clone()))).expect("one name").items.len(), 1);
    run(maps.watch(&WatchQuery::all().fields(only.clone()))).expect("one name");
    let all = ListQuery::all().fields(only);
    assert_eq!(
        run(maps.delete_collection(&all, &DeleteOptions::default())).expect_err("never by name").code,
        403
    );
}

#[test]
fn a_refusal_tells_what_came_nearest_unless_it_shall_not() {
    let w = world();
    w.allow("reader", &json!([rule("", "pods", &["get"])]));
    let causes = |access: Arc<Access>| {
        let list = run(access.as_user(ann()).list(pods(), &ListQuery::namespaced("default")));
        list.expect_err("refused").details.causes
    };
    let told = causes(Access::new(w.objects.clone()));
    assert_eq!(told[0].reason, "AccessExplained");
    assert!(
        told[0].message.ends_with(
            "the nearest is {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"get\"]} of RoleBinding \
             \"reader/default\" of Role \"reader\"; it lacks the verb"
        ),
        "{told:?}"
    );
    assert_eq!(causes(Access::reticent(w.objects)), []);
}

#[test]
fn masters_and_administrators_may_do_everything() {
    let w = world();
    let list = |user: User| {
        let pods = Api::<Pod>::namespaced(w.objects.clone(), "default").as_user(user);
        run(pods.list(&ListQuery::all())).map(drop)
    };
    assert!(list(User::new("root", ["system:masters"])).is_ok());
    w.allow_everywhere("all", &json!([rule("*", "*", &["*"])]));
    assert!(list(ann()).is_ok());
    assert_eq!(list(User::new("bob", ["strangers"])).expect_err("not him").code, 403);
}

#[test]
fn a_namespace_counts_as_being_in_itself() {
    let w = world();
    w.create(namespaces(), json!({"metadata": {"name": "default"}}));
    w.create(nodes(), json!({"metadata": {"name": "n1"}}));
    w.allow("reader", &json!([rule("", "namespaces", &["get"]), rule("", "nodes", &["get"])]));
    let user = w.as_ann();
    let get = |kind: &KindInfo, name: &str| run(user.get(kind, &ObjectKey::cluster(name), ReadAt::Latest));
    assert!(get(namespaces(), "default").is_ok());
    assert_eq!(get(namespaces(), "other").expect_err("another").code, 403);
    assert_eq!(get(nodes(), "n1").expect_err("no namespaced binding is about the cluster").code, 403);
}

#[test]
fn an_apply_needs_create_only_for_what_is_not_there() {
    let w = world();
    w.create(config_maps(), map("there", "1"));
    w.allow("patcher", &json!([rule("", "configmaps", &["patch"])]));
    let user = w.as_ann();
    let apply = |name: &str| Write::Apply {
        kind: Arc::new(config_maps().clone()),
        namespace: "default".to_owned(),
        object: map(name, "2"),
    };
    let before = w.head();
    let refused = run(user.transact(vec![apply("there"), apply("new")], &WriteOptions::default()))
        .expect_err("no create");
    assert_eq!((refused.write, refused.error.code), (Some(1), 403));
    assert!(refused.error.message.contains("cannot create resource \"configmaps\""), "{refused}");
    assert_eq!(w.head(), before);
    run(user.transact(vec![apply("there")], &WriteOptions::default())).expect("merged");
    assert_eq!(w.get(config_maps(), "there").expect("there")["data"]["x"], "2");
}

#[test]
fn nobody_grants_what_they_do_not_have() {
    let w = world();
    w.allow(
        "keeper",
        &json!([rule(GROUP, "roles", &["create", "update", "patch"]), rule("", "pods", &["get"])]),
    );
    let user = w.as_ann();
    let options = WriteOptions::default();
    let kind = Role::kind_info();
    let own = role("own", &json!([rule("", "pods", &["get"])]));
    run(user.create(kind, "default", own.clone(), &options)).expect("what she has herself");
    let more = json!([rule("", "pods", &["get", "delete"])]);
    let refused = run(user.create(kind, "default", role("more", &more), &options)).expect_err("more");
    assert_eq!(
        refused.message,
        "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"ann\" (groups=[\"developers\" \
         \"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n\
         {APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}"
    );
    let mut wider = own;
    wider["rules"] = more.clone();
    let update = run(user.update(kind, &key("own"), Subresource::Main, wider, &options));
    assert_eq!(update.expect_err("wider").code, 403);
    let patches = [
        Patch::Merge(json!({"rules": more})),
        Patch::Json(json!([{"op": "add", "path": "/rules/0/verbs/-", "value": "delete"}])),
    ];
    for patch in patches {
        let widened = run(user.patch(kind, &key("own"), Subresource::Main, &patch, &options));
        assert_eq!(widened.expect_err("wider").code, 403, "{patch:?}");
    }
    let labels = Patch::Merge(json!({"metadata": {"labels": {"a": "b"}}}));
    let labelled =
        run(user.patch(kind, &key("own"), Subresource::Main, &labels, &options)).expect("the same rules");
    assert_eq!(value(&labelled)["metadata"]["labels"]["a"], "b");
    // Whoever may escalate is not asked for what they have.
    w.allow("escalate", &json!([rule(GROUP, "roles", &["escalate"])]));
    run(user.create(kind, "default", role("more", &more), &options)).expect("explicitly allowed");
}

#[test]
fn nobody_gives_a_role_that_they_may_not_bind() {
    let w = world();
    w.create(ClusterRole::kind_info(), role("admin", &json!([rule("*", "*", &["*"])])));
    w.allow(
        "keeper",
        &json!([
            rule(GROUP, "rolebindings", &["create", "update"]),
            rule(GROUP, "roles", &["create"]),
            rule("", "pods", &["get"])
        ]),
    );
    let user = w.as_ann();
    let options = WriteOptions::default();
    let bind = |object: Value| run(user.create(RoleBinding::kind_info(), "default", object, &options));
    let refused = bind(binding("up", "ClusterRole", "admin")).expect_err("everything");
    assert_eq!(refused.code, 403);
    assert!(refused.message.contains("Verbs:[\"*\"]"), "{refused}");
    let missing = bind(binding("up", "Role", "none")).expect_err("no such role");
    assert_eq!(
        (missing.code, &*missing.message),
        (404, "roles.rbac.authorization.k8s.io \"none\" not found")
    );
    let write = |kind: &KindInfo, object: Value| Write::Create {
        kind: Arc::new(kind.clone()),
        namespace: "default".to_owned(),
        object,
    };
    let both = |rules: &Value| {
        vec![
            write(Role::kind_info(), role("small", rules)),
            write(RoleBinding::kind_info(), binding("small", "Role", "small")),
        ]
    };
    let refused = run(user.transact(both(&json!([rule("", "secrets", &["get"])])), &WriteOptions::default()))
        .expect_err("not hers");
    assert_eq!((refused.write, refused.error.code), (Some(0), 403));
    run(user.transact(both(&json!([rule("", "pods", &["get"])])), &WriteOptions::default()))
        .expect("a binding sees the role before it");
    let mut named = rule(GROUP, "clusterroles", &["bind"]);
    named["resourceNames"] = json!(["admin"]);
    w.allow("binder", &json!([named]));
    bind(binding("up", "ClusterRole", "admin")).expect("explicitly allowed");
}

#[test]
fn only_administrators_gather_rules() {
    let w = world();
    w.allow_everywhere("keeper", &json!([rule(GROUP, "clusterroles", &["create", "patch"])]));
    let user = w.as_ann();
    let options = WriteOptions::default();
    let kind = ClusterRole::kind_info();
    let mut gathers = role("gathers", &json!([]));
    gathers["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]});
    let refused = run(user.create(kind, "", gathers.clone(), &options)).expect_err("anything may come");
    assert_eq!(
        refused.message,
        "clusterroles.rbac.authorization.k8s.io \"gathers\" is forbidden: must have cluster-admin privileges to use an aggregationRule"
    );
    w.create(kind, gathers);
    let key = ObjectKey::cluster("gathers");
    let drop_it = Patch::Merge(json!({"aggregationRule": null}));
    let refused =
        run(user.patch(kind, &key, Subresource::Main, &drop_it, &options)).expect_err("nor tighten");
    assert_eq!(refused.code, 403);
    let owned = Patch::Merge(json!({"metadata": {"finalizers": ["example.com/x"]}}));
    run(user.patch(kind, &key, Subresource::Main, &owned, &options))
        .expect("what a garbage collector changes");
}

#[test]
fn plugins_know_who_asks() {
    let (env, _) = kube_core::env::Env::manual(7);
    let owners = Policy::mutate("owner", |cx, map: &mut ConfigMap| {
        let owner = cx.user().map_or("the program", |user| &user.name).to_owned();
        map.data.get_or_insert_default().insert("owner".to_owned(), owner);
        Ok(())
    });
    let objects = Objects::builder(Arc::new(MemoryStorage::new()), env).admission(Arc::new(owners)).build();
    let master = Access::new(objects.clone()).as_user(User::new("root", ["system:masters"]));
    let options = WriteOptions::default();
    let owner = |service: &dyn ObjectService, name: &str| {
        let made = run(service.create(config_maps(), "default", map(name, "1"), &options)).expect("created");
        value(&made)["data"]["owner"].clone()
    };
    assert_eq!((owner(&*objects, "a"), owner(&*master, "b")), (json!("the program"), json!("root")));
}
