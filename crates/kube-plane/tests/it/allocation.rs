//! Addresses and node ports under many writers, on every embedded engine, and after a restart.

use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Service;
use kube_core::resource::ResourceExt;
use kube_net::alloc::{PortRange, ServiceRanges};
use kube_plane::ControlPlane;
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, ListQuery};
use kube_store::storage::{MemoryStorage, RedbStorage, SledStorage, Storage};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const WRITERS: usize = 64;
/// Every writer asks for so many: more than there are.
const EACH: usize = 3;
/// The addresses of a /25, without its own and the broadcast address.
const ADDRESSES: usize = 126;

/// Alone in `/25`, so that addresses run out first; one node port more than addresses.
async fn plane(storage: Arc<dyn Storage>) -> ControlPlane {
    let ranges = ServiceRanges::new(["10.96.7.0/25".parse().unwrap()]).unwrap();
    let ports = PortRange::new(30_000, 30_126).unwrap();
    let builder = ControlPlane::builder().shared_storage(storage).without_scheduler();
    builder.service_ranges(ranges.with_node_ports(ports)).start().await.unwrap()
}

fn service(name: &str) -> Service {
    let spec = json!({"type": "NodePort", "ports": [{"port": 80}]});
    serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).unwrap()
}

/// What a Service holds.
fn holds(service: &Service) -> (String, i32) {
    let spec = service.spec.as_ref().unwrap();
    (spec.cluster_ip.clone().unwrap(), spec.ports.as_ref().unwrap()[0].node_port.unwrap())
}

async fn stored(services: &Api<Service>) -> BTreeMap<String, (String, i32)> {
    let all = services.list(&ListQuery::all()).await.unwrap().items;
    all.iter().map(|service| (service.name().to_owned(), holds(service))).collect()
}

fn assert_nothing_twice(held: &BTreeMap<String, (String, i32)>) {
    let ips: BTreeSet<_> = held.values().map(|(ip, _)| ip).collect();
    let ports: BTreeSet<_> = held.values().map(|(_, port)| port).collect();
    assert_eq!((ips.len(), ports.len()), (held.len(), held.len()), "{held:?}");
}

fn is_full(error: &ApiError) -> bool {
    error.to_string().contains("range is full")
}

/// Runs every writer on its own task; returns what each answered.
async fn each_writer<T, F>(write: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(tokio::sync::Barrier::new(WRITERS));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (start, work) = (start.clone(), write(writer));
        writers.spawn(async move {
            start.wait().await;
            work.await
        });
    }
    writers.join_all().await
}

/// Fills the range with more writes than fit, then has every writer give back what it has and take anew.
async fn writers_share_nothing(plane: &ControlPlane) -> BTreeMap<String, (String, i32)> {
    let services: Api<Service> = plane.api::<Service>().in_namespace("default");
    let answers = each_writer(|writer| {
        let services = services.clone();
        async move {
            let mut made = Vec::new();
            for n in 0..EACH {
                made.push(services.create(&service(&format!("s{writer}-{n}"))).await);
            }
            made
        }
    })
    .await;
    let answers: Vec<Result<Service, ApiError>> = answers.into_iter().flatten().collect();
    let refused: Vec<&ApiError> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(refused.iter().all(|error| is_full(error)), "{refused:?}");
    assert_eq!(answers.len() - refused.len(), ADDRESSES, "the range is used to the last address");
    let held = stored(&services).await;
    assert_nothing_twice(&held);
    let told = answers.iter().flatten().map(|service| (service.name().to_owned(), holds(service)));
    assert_eq!(told.collect::<BTreeMap<_, _>>(), held, "what is answered is what is stored");

    // Whoever has deleted one finds one: at no moment are there fewer free than writers that look for one.
    let names: Vec<String> = held.into_keys().collect();
    let churned = each_writer(|writer| {
        let (services, old) = (services.clone(), names[writer].clone());
        async move {
            services.delete(&old, &DeleteOptions::default()).await?;
            services.create(&service(&format!("again-{writer}"))).await
        }
    })
    .await;
    let failed: Vec<&ApiError> = churned.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    let held = stored(&services).await;
    assert_eq!(held.len(), ADDRESSES);
    assert_nothing_twice(&held);
    held
}

/// What is held stays held: nothing is given out again, and what is given back is.
async fn what_was_held_is_held(plane: &ControlPlane, held: &BTreeMap<String, (String, i32)>) {
    let services: Api<Service> = plane.api::<Service>().in_namespace("default");
    assert_eq!(stored(&services).await, *held);
    assert!(plane.repair_allocations().await.unwrap().is_empty());
    let refused = services.create(&service("more")).await.unwrap_err();
    assert!(is_full(&refused), "{refused}");
    let (name, (ip, _)) = held.first_key_value().unwrap();
    services.delete(name, &DeleteOptions::default()).await.unwrap();
    assert_eq!(holds(&services.create(&service("more")).await.unwrap()).0, *ip);
    assert_nothing_twice(&stored(&services).await);
    assert!(plane.repair_allocations().await.unwrap().is_empty());
}

/// An empty directory that goes with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kube-plane-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

async fn survives_a_restart<S: Storage>(name: &str, open: impl Fn(&Path) -> S) {
    let directory = Scratch::new(name);
    let first = plane(Arc::new(open(&directory.0))).await;
    let held = writers_share_nothing(&first).await;
    first.storage().close();
    first.ended().await;
    // Tasks that ended let go of the store when the runtime gets to them, but the store of its directory.
    first.storage().closed().await;
    let second = plane(Arc::new(open(&directory.0))).await;
    what_was_held_is_held(&second, &held).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_writers_share_nothing_in_memory() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let first = plane(storage.clone()).await;
    let held = writers_share_nothing(&first).await;
    // A second plane over the same store remembers nothing itself.
    what_was_held_is_held(&plane(storage).await, &held).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_writers_share_nothing_on_redb_and_after_a_restart() {
    survives_a_restart("redb", |path| RedbStorage::open(path).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_writers_share_nothing_on_sled_and_after_a_restart() {
    survives_a_restart("sled", |path| SledStorage::open(path).unwrap()).await;
}
