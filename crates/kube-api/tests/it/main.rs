//! The public contract of kube-api: real sockets, over a store in memory.

#[cfg(test)]
mod client;

use client::{Client, serve, serve_in};
use kube_core::env::Env;
use kube_core::kinds::core::v1::ConfigMap;
use kube_store::api::Api;
use serde_json::{Value, json};
use std::time::Duration;

fn config_map(name: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "labels": { "app": name } }, "data": { "key": value },
    })
}

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[tokio::test]
async fn objects_are_created_read_changed_and_deleted() {
    let server = serve().await;
    let client = Client(server.address);
    let (code, created) = client.send("POST", MAPS, &config_map("a", "1")).await;
    assert_eq!(code, 201, "{created}");
    assert!(created["metadata"]["resourceVersion"].is_string(), "{created}");

    let (code, mut read) = client.get(&format!("{MAPS}/a")).await;
    assert_eq!((code, &read["data"]["key"]), (200, &json!("1")));

    read["data"]["key"] = "2".into();
    let (code, updated) = client.send("PUT", &format!("{MAPS}/a"), &read).await;
    assert_eq!(code, 200, "{updated}");
    let (code, stale) = client
        .send("PUT", &format!("{MAPS}/a"), &{
            read["data"]["key"] = "3".into();
            read
        })
        .await;
    assert_eq!((code, &stale["reason"]), (409, &json!("Conflict")), "{stale}");

    let (code, deleted) = client.send("DELETE", &format!("{MAPS}/a"), &Value::Null).await;
    assert_eq!((code, &deleted["status"]), (200, &json!("Success")), "{deleted}");
    let (code, gone) = client.get(&format!("{MAPS}/a")).await;
    assert_eq!((code, &gone["message"]), (404, &json!("configmaps \"a\" not found")));
}

#[tokio::test]
async fn lists_come_in_pages_and_by_label() {
    let server = serve().await;
    let client = Client(server.address);
    for name in ["a", "b", "c"] {
        client.send("POST", MAPS, &config_map(name, "1")).await;
    }
    let (_, page) = client.get(&format!("{MAPS}?limit=2")).await;
    assert_eq!(page["kind"], "ConfigMapList");
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert_eq!(page["metadata"]["remainingItemCount"], 1);
    let token = page["metadata"]["continue"].as_str().unwrap();
    let (_, rest) = client.get(&format!("{MAPS}?limit=2&continue={token}")).await;
    assert_eq!(rest["items"][0]["metadata"]["name"], "c");
    let (_, labelled) = client.get(&format!("{MAPS}?labelSelector=app%3Db")).await;
    assert_eq!(labelled["items"].as_array().unwrap().len(), 1);
    let (code, _) = client.get(&format!("{MAPS}?labelSelector=a%20in%20(")).await;
    assert_eq!(code, 400);
}

#[tokio::test]
async fn a_watch_streams_changes_until_the_server_stops() {
    let server = serve().await;
    let client = Client(server.address);
    client.send("POST", MAPS, &config_map("a", "1")).await;
    let mut watch = client.watch(&format!("{MAPS}?watch=1&allowWatchBookmarks=true")).await;
    assert_eq!(watch.next().await.unwrap()["type"], "ADDED");
    assert_eq!(watch.next().await.unwrap()["type"], "BOOKMARK");
    let maps = Api::<ConfigMap>::namespaced(server.objects.clone(), "default");
    maps.edit("a", |map| map.data.get_or_insert_default().clear()).await.unwrap();
    assert_eq!(watch.next().await.unwrap()["type"], "MODIFIED");
    server.running.stop();
    while watch.next().await.is_some() {}
    server.running.ended().await.unwrap();
}

/// A client that was told how far the store is can come back there, whatever was compacted meanwhile.
#[tokio::test]
async fn a_watch_of_a_quiet_kind_is_told_how_far_the_store_is() {
    let (_, clock) = Env::manual(1);
    let server = serve_in(kube_store::rt::env().with_clock(clock.clone())).await;
    let client = Client(server.address);
    let mut watch = client.watch(&format!("{MAPS}?watch=1&allowWatchBookmarks=true")).await;
    assert_eq!(watch.next().await.unwrap()["type"], "BOOKMARK");
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" } });
    let (_, created) = client.send("POST", "/api/v1/namespaces/default/secrets", &secret).await;
    clock.advance(Duration::from_secs(61));
    let told = watch.next().await.unwrap();
    assert_eq!(told["type"], "BOOKMARK");
    assert_eq!(told["object"]["metadata"]["resourceVersion"], created["metadata"]["resourceVersion"]);
}

#[tokio::test]
async fn discovery_lists_what_is_served() {
    let server = serve().await;
    let client = Client(server.address);
    let (_, groups) = client.get("/apis").await;
    let names: Vec<&str> =
        groups["groups"].as_array().unwrap().iter().filter_map(|g| g["name"].as_str()).collect();
    assert!(names.contains(&"apps"), "{names:?}");
    let (_, core) = client.get("/api/v1").await;
    let pods = core["resources"].as_array().unwrap().iter().find(|r| r["name"] == "pods").unwrap();
    assert_eq!((&pods["kind"], &pods["shortNames"]), (&json!("Pod"), &json!(["po"])));
    assert_eq!(client.get("/apis/sloths/v1").await.0, 404);
    assert_eq!(client.get("/version").await.1["gitVersion"], "v1.36.2");
    assert_eq!(client.send("DELETE", "/api/v1", &Value::Null).await.0, 405);
}

#[tokio::test]
async fn parameters_that_do_not_read_get_a_status() {
    let server = serve().await;
    let client = Client(server.address);
    let (code, status) = client.get(&format!("{MAPS}?limit=many")).await;
    assert_eq!(
        (code, &status["kind"], &status["reason"]),
        (400, &json!("Status"), &json!("BadRequest")),
        "{status}"
    );
}

#[tokio::test]
async fn parts_of_an_object_are_read_as_what_they_are() {
    let server = serve().await;
    let client = Client(server.address);
    let template = json!({
        "metadata": { "labels": { "app": "web" } },
        "spec": { "containers": [{ "name": "web", "image": "web:1" }] },
    });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": { "replicas": 2, "selector": { "matchLabels": { "app": "web" } }, "template": template },
    });
    let path = "/apis/apps/v1/namespaces/default/deployments";
    assert_eq!(client.send("POST", path, &deployment).await.0, 201);
    let (code, scale) = client.get(&format!("{path}/web/scale")).await;
    assert_eq!(
        (code, &scale["kind"], &scale["spec"]["replicas"]),
        (200, &json!("Scale"), &json!(2)),
        "{scale}"
    );
    assert_eq!(client.get(&format!("{path}/web/status")).await.1["kind"], "Deployment");
    assert_eq!(client.get("/api/v1/namespaces/default/pods/web/binding").await.0, 405);
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let server = serve().await;
    let client = Client(server.address);
    let (code, status) = client.send("POST", MAPS, &config_map("Upper", "1")).await;
    assert_eq!((code, &status["kind"]), (422, &json!("Status")), "{status}");
    assert_eq!(status["details"]["causes"][0]["field"], "metadata.name");
}

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io, application/json";

#[tokio::test]
async fn objects_are_shown_as_tables() {
    let server = serve().await;
    let client = Client(server.address);
    client.send("POST", MAPS, &config_map("a", "1")).await;
    let (_, table) = client.send_as(TABLE, "GET", MAPS, &Value::Null).await;
    assert_eq!(
        (&table["kind"], &table["apiVersion"]),
        (&json!("Table"), &json!("meta.k8s.io/v1")),
        "{table}"
    );
    assert_eq!(table["columnDefinitions"][1]["name"], "Data");
    assert_eq!((&table["rows"][0]["cells"][0], &table["rows"][0]["cells"][1]), (&json!("a"), &json!(1)));
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    let (_, one) =
        client.send_as(TABLE, "GET", &format!("{MAPS}/a?includeObject=Object"), &Value::Null).await;
    assert_eq!(one["rows"][0]["object"]["data"]["key"], "1", "{one}");
    let mut watch = client.watch_as(TABLE, &format!("{MAPS}?watch=1")).await;
    let first = watch.next().await.unwrap();
    assert_eq!((&first["type"], &first["object"]["kind"]), (&json!("ADDED"), &json!("Table")));
    let maps = Api::<ConfigMap>::namespaced(server.objects.clone(), "default");
    maps.edit("a", |map| map.data.get_or_insert_default().clear()).await.unwrap();
    let second = watch.next().await.unwrap();
    assert_eq!(second["object"]["columnDefinitions"], json!([]), "they are told once");
    assert_eq!(second["object"]["rows"][0]["cells"][1], 0);
}

#[tokio::test]
async fn unknown_fields_are_told_of_or_refused() {
    let server = serve().await;
    let client = Client(server.address);
    let mut map = config_map("a", "1");
    map["dat"] = json!({});
    let strict = format!("{MAPS}?fieldValidation=Strict");
    let (code, refused) = client.send("POST", &strict, &map).await;
    assert_eq!(code, 400);
    assert_eq!(
        refused["message"],
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"dat\""
    );
    let (code, _) = client.send("POST", &format!("{MAPS}?fieldValidation=Lax"), &map).await;
    assert_eq!(code, 422);
    let (head, _) = client.send_as("*/*", "POST", MAPS, &map).await;
    let head = head.to_lowercase();
    assert!(head.starts_with("http/1.1 201"), "{head}");
    assert!(head.contains(r#"warning: 299 - "unknown field \"dat\"""#), "{head}");
    map["metadata"]["name"] = "b".into();
    let silent = format!("{MAPS}?fieldValidation=Ignore");
    let (head, _) = client.send_as("*/*", "POST", &silent, &map).await;
    assert!(!head.to_lowercase().contains("warning"), "{head}");
}

#[tokio::test]
async fn a_group_tells_its_versions() {
    let served = serve().await;
    let client = Client(served.address);
    let (_, group) = client.get("/apis/autoscaling").await;
    assert_eq!((&group["kind"], &group["name"]), (&json!("APIGroup"), &json!("autoscaling")), "{group}");
    assert!(
        group["versions"].as_array().unwrap().iter().any(|version| version["version"] == "v2"),
        "{group}"
    );
    assert_eq!(client.get("/apis/none.example.com").await.0, 404);
}
