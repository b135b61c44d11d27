//! An election on a real etcd: the fence refuses who was deposed.

use super::server::{Server, program, runtime};
use kube_core::kinds::core::v1::ConfigMap;
use kube_store::api::Api;
use kube_store::client::election::{Election, ElectionConfig};
use kube_store::objects::Objects;
use kube_store::rt;
use serde_json::{from_value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

fn config(identity: &str, lease: Duration) -> ElectionConfig {
    ElectionConfig {
        lease_duration: lease,
        renew_deadline: lease * 4 / 5,
        retry_period: Duration::from_millis(400),
        ..ElectionConfig::new("test", identity)
    }
}

/// A lease that does not end while a test runs.
const LONG: Duration = Duration::from_mins(10);

fn map(name: &str) -> ConfigMap {
    from_value(json!({"metadata": {"name": name}})).unwrap()
}

/// Two processes' worth of objects over one prefix: one is paused, the other takes over.
#[test]
fn a_deposed_leader_writes_nothing() {
    let Some(program) = program() else { return };
    let runtime = runtime();
    let server = Server::start(&program, runtime.handle());
    runtime.block_on(async {
        let prefix = server.prefix();
        let mut planes = Vec::new();
        for _ in 0..2 {
            let storage = Arc::new(server.open(prefix.clone()).await.unwrap());
            planes.push(Objects::new(storage, rt::env()));
        }
        let [here, there] = [planes[0].clone(), planes[1].clone()];
        let first =
            Election::start(&rt::env(), here.clone(), config("first", Duration::from_secs(5))).unwrap();
        let mine = Api::<ConfigMap>::namespaced(here, "default").fenced(first.won().await);
        mine.create(&map("a")).await.unwrap();
        let second = Election::start(&rt::env(), there.clone(), config("second", LONG)).unwrap();
        drop(first);
        let fence = second.won().await;
        let refused = mine.create(&map("b")).await.unwrap_err();
        assert_eq!(refused.code, 409, "{refused}");
        let theirs = Api::<ConfigMap>::namespaced(there.clone(), "default").fenced(fence);
        assert!(theirs.find("b").await.unwrap().is_none());
        theirs.create(&map("b")).await.unwrap();
        // The other plane sees it, and follows at once when the leader goes.
        assert!(mine.find("b").await.unwrap().is_some());
        let third = Election::start(&rt::env(), there, config("third", LONG)).unwrap();
        // It stands by once it knows who leads.
        while third.holder().as_deref() != Some("second") {
            rt::env().sleep(Duration::from_millis(10)).await;
        }
        // No lease ends meanwhile: only a release hands over.
        second.release().await;
        let won = timeout(Duration::from_mins(1), third.won()).await;
        assert!(won.is_ok(), "a release hands over at once");
    });
}
