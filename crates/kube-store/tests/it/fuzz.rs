//! Whatever a client sends as a continue token: an answer, never a panic.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::resource::Resource;
use kube_store::objects::Objects;
use kube_store::rt;
use kube_store::service::{ListQuery, ObjectService, WriteOptions};
use kube_store::storage::MemoryStorage;
use kube_testkit::fuzz;
use serde_json::json;
use std::sync::Arc;

#[test]
fn fuzz_continue_tokens() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let objects = runtime.block_on(async {
        let objects = Objects::builder(Arc::new(MemoryStorage::new()), rt::env()).build();
        for name in ["a", "b", "c"] {
            let object = json!({"metadata": {"name": name}});
            let kind = ConfigMap::kind_info();
            objects.create(kind, "default", object, &WriteOptions::default()).await.unwrap();
        }
        objects
    });
    let list = |token: &str| {
        let query = ListQuery::namespaced("default").limit(1).after(token);
        runtime.block_on(objects.list(ConfigMap::kind_info(), &query))
    };
    let first = runtime.block_on(objects.list(ConfigMap::kind_info(), &ListQuery::all().limit(1))).unwrap();
    let own = URL_SAFE_NO_PAD.decode(first.continue_token.unwrap()).unwrap();
    let own = String::from_utf8(own).unwrap();
    let corpus = [
        own.as_str(),
        r#"{"v":"meta.k8s.io/v1","rv":2,"start":"default/a\u0000"}"#,
        r#"{"v":"meta.k8s.io/v1","rv":-1,"start":"b"}"#,
        r#"{"v":"meta.k8s.io/v1","rv":9223372036854775807,"start":"../x"}"#,
    ];
    fuzz::run("continue tokens", &corpus, |input| {
        // As it comes, and with the envelope right.
        let bare = list(input);
        let page = list(&URL_SAFE_NO_PAD.encode(input));
        for answer in [&bare, &page] {
            if let Err(error) = answer {
                assert!((400..500).contains(&error.code) || error.code == 504, "{error:?}");
            }
        }
        page.is_ok()
    });
}
