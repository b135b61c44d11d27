//! Users of a plane: what its roles and bindings let them do, and what plugins see of them.

use kube_core::kinds::core::v1::ConfigMap;
use kube_core::rbac::User;
use kube_plane::ControlPlane;
use kube_plane::manifest;
use kube_store::api::Api;
use kube_store::objects::admission::Policy;
use kube_store::service::ListQuery;
use std::sync::Arc;

const ROLES: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: editor}
rules:
- apiGroups: ['']
  resources: [configmaps]
  verbs: [get, list, create, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: editors}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: editor}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}]
";
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {lives: '3'}\n";

#[tokio::test]
async fn a_user_applies_manifests_as_far_as_roles_allow() {
    let owner = Policy::mutate("owner", |cx, map: &mut ConfigMap| {
        if let Some(user) = cx.user() {
            map.metadata.annotations.get_or_insert_default().insert("owner".to_owned(), user.name.clone());
        }
        Ok(())
    });
    let plane = ControlPlane::builder().admission(Arc::new(owner)).start().await.unwrap();
    plane.apply_yaml("roles.yaml", ROLES).await.unwrap();
    let ann = plane.access().as_user(User::new("ann", ["developers"]));
    manifest::apply(&[("map.yaml", MAP)], &*ann).await.unwrap();
    let map = plane.api::<ConfigMap>().in_namespace("default").get("settings").await.unwrap();
    assert_eq!(map.metadata.annotations.unwrap()["owner"], "ann");

    let maps: Api<ConfigMap> = Api::all(ann.clone());
    assert_eq!(maps.list(&ListQuery::namespaced("default")).await.unwrap().items.len(), 1);
    assert_eq!(maps.list(&ListQuery::all()).await.unwrap_err().code, 403, "not in all namespaces");
    let both = format!("{MAP}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n");
    let refused = manifest::apply(&[("both.yaml", &both.replace("'3'", "'4'"))], &*ann).await.unwrap_err();
    assert_eq!((refused.document, refused.error.code), (2, 403), "{refused}");
    let map = plane.api::<ConfigMap>().in_namespace("default").get("settings").await.unwrap();
    assert_eq!(map.data.unwrap()["lives"], "3", "all or nothing");
    plane.shutdown().await.unwrap();
}
