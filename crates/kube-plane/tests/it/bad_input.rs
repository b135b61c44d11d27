//! Bad input gets an error that names the field, and nothing is stored.

use kube_core::kinds::core::v1::ConfigMap;
use kube_plane::ControlPlane;
use kube_store::service::{ListQuery, WatchQuery, WriteOptions};
use kube_store::storage::Revision;
use serde_json::json;

const GOOD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\n---\n";

async fn plane() -> ControlPlane {
    ControlPlane::builder().start().await.unwrap()
}

async fn config_maps(plane: &ControlPlane) -> usize {
    plane.api::<ConfigMap>().list(&ListQuery::all()).await.unwrap().items.len()
}

/// Every stream begins with a good document: it must not be stored either.
async fn check(bad: &str, code: u16, expected: &str) {
    let plane = plane().await;
    let refused = plane.apply_yaml("bad.yaml", &format!("{GOOD}{bad}")).await.unwrap_err();
    let text = refused.to_string();
    assert_eq!((refused.document, refused.error.code), (2, code), "{text}");
    assert!(text.contains(expected), "{text}");
    assert!(text.ends_with("nothing was stored"), "{text}");
    assert_eq!(config_maps(&plane).await, 0, "the good document was stored: {text}");
    plane.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_unknown_kind_is_named() {
    check(
        "apiVersion: v1\nkind: Sloth\nmetadata: {name: a}\n",
        400,
        "kind: no matches for kind \"Sloth\" in version \"v1\"",
    )
    .await;
}

#[tokio::test]
async fn a_missing_name_is_named() {
    check("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", 422, "metadata.name: Required value").await;
}

#[tokio::test]
async fn an_invalid_label_is_named() {
    check(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {app: \"not valid!\"}}\n",
        422,
        "metadata.labels: Invalid value: \"not valid!\"",
    )
    .await;
}

#[tokio::test]
async fn a_selector_that_does_not_match_its_template_is_named() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  selector: \
                      {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: other}}\n    spec: \
                      {containers: [{name: c, image: i}]}\n";
    check(
        deployment,
        422,
        "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`",
    )
    .await;
}

#[tokio::test]
async fn unknown_fields_are_named() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replica: 3\n  selector: \
                      {matchLabels: {app: a}}\n  template:\n    metadata: {labels: {app: a}}\n    spec: \
                      {containers: [{name: c, image: i, port: 80}]}\n";
    check(deployment, 400, "spec.replica: unknown field \"spec.replica\"").await;
    check(deployment, 400, "spec.template.spec.containers[0].port: unknown field").await;
    let plane = plane().await;
    let refused = plane.apply_yaml("bad.yaml", deployment).await.unwrap_err();
    assert_eq!(
        refused.error.message,
        "Deployment in version \"apps/v1\" cannot be handled as a Deployment: strict decoding error: unknown field \
         \"spec.replica\", unknown field \"spec.template.spec.containers[0].port\""
    );
    plane.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_manifest_is_told_what_is_deprecated() {
    let plane = plane().await;
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {clusterIP: None, externalIPs: [192.0.2.1], \
                   ports: [{port: 80}]}\n";
    let applied = plane.apply_yaml("services.yaml", &format!("{GOOD}{service}")).await.unwrap();
    let told: Vec<&[String]> = applied.iter().map(|object| &*object.warnings).collect();
    assert_eq!(told[0], [""; 0]);
    assert_eq!(told[1], ["spec.externalIPs is ignored for headless services"]);
    plane.shutdown().await.unwrap();
}

fn node_port(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec:\n  type: NodePort\n  selector: \
         {{app: a}}\n  ports: [{{port: 80, nodePort: 31234}}]\n"
    )
}

#[tokio::test]
async fn a_port_clash_is_named() {
    let plane = plane().await;
    plane.apply_yaml("first.yaml", &node_port("first")).await.unwrap();
    let stream = format!("{GOOD}{}", node_port("second"));
    let refused = plane.apply_yaml("second.yaml", &stream).await.unwrap_err();
    let text = refused.to_string();
    assert_eq!((refused.document, refused.error.code), (2, 422), "{text}");
    assert!(
        text.contains("spec.ports[0].nodePort: Invalid value: 31234: provided port is already allocated"),
        "{text}"
    );
    assert_eq!(config_maps(&plane).await, 0);
    plane.shutdown().await.unwrap();
}

#[tokio::test]
async fn several_files_are_stored_together_or_not_at_all() {
    let plane = plane().await;
    let bad = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Upper}\n";
    let refused = plane.apply_files(&[("good.yaml", GOOD), ("bad.yaml", bad)]).await.unwrap_err();
    let text = refused.to_string();
    assert!(
        text.starts_with("bad.yaml, document 1 (v1 ConfigMap default/Upper):\n  metadata.name: "),
        "{text}"
    );
    assert_eq!(config_maps(&plane).await, 0);
    let other = GOOD.replace("good", "other");
    assert_eq!(plane.apply_files(&[("good.yaml", GOOD), ("other.yaml", &other)]).await.unwrap().len(), 2);
    assert_eq!(config_maps(&plane).await, 2);
    plane.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_stream_that_is_no_yaml_names_the_document() {
    check("kind: [\n", 400, "bad.yaml, document 2:").await;
}

#[tokio::test]
async fn documents_of_one_stream_see_each_other() {
    let plane = plane().await;
    let stream = "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod}\n---\napiVersion: v1\nkind: \
                  ConfigMap\nmetadata: {name: a, namespace: prod}\n";
    plane.apply_yaml("both.yaml", stream).await.unwrap();
    assert_eq!(config_maps(&plane).await, 1);
    check(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: nowhere}\n",
        404,
        "namespaces \"nowhere\" not found",
    )
    .await;
    plane.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_stale_update_is_told_the_current_version() {
    let plane = plane().await;
    plane.apply_yaml("good.yaml", GOOD).await.unwrap();
    let maps = plane.api::<ConfigMap>().in_namespace("default");
    let stale = maps.get("good").await.unwrap();
    let newer = maps.edit("good", |map| map.immutable = Some(false)).await.unwrap();
    let error = maps.update(&stale).await.unwrap_err();
    assert_eq!(error.code, 409, "{error}");
    let current = newer.metadata.resource_version.unwrap();
    assert!(error.details.causes.iter().any(|cause| cause.message.contains(&current)), "{error:?}");
    plane.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_watch_below_the_compacted_revision_is_gone() {
    let plane = plane().await;
    plane.apply_yaml("good.yaml", GOOD).await.unwrap();
    let maps = plane.api::<ConfigMap>().in_namespace("default");
    maps.edit("good", |map| map.data = Some([("a".to_owned(), "1".to_owned())].into())).await.unwrap();
    let head = plane.storage().current().await.unwrap();
    plane.storage().compact(head).await.unwrap();
    let kind = plane.service().find_kind("v1", "Secret").unwrap();
    let query = WatchQuery::all().after(Revision::new(1));
    let error = plane.service().watch(&kind, &query).await.unwrap_err();
    assert_eq!((error.code, error.is_expired()), (410, true), "{error}");
    plane.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_list_of_wrong_fields_is_complete() {
    let plane = plane().await;
    let kind = plane.service().find_kind("v1", "Pod").unwrap();
    let pod = json!({
        "metadata": { "name": "Upper" }, "spec": { "containers": [{ "name": "c" }] },
    });
    let error = plane.service().create(&kind, "default", pod, &WriteOptions::default()).await.unwrap_err();
    let fields: Vec<&str> = error.details.causes.iter().map(|c| c.field.as_str()).collect();
    assert!(fields.contains(&"metadata.name") && fields.contains(&"spec.containers[0].image"), "{fields:?}");
    plane.shutdown().await.unwrap();
}
