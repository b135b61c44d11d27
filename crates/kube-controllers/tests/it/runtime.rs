//! What the runtime promises to every reconciler, and to those who ask about it.

use crate::world::World;
use kube_controllers::builtin::{deployment, replica_set};
use kube_controllers::runtime::{
    Context, Controller, Error, Finalizer, Manager, Outcome, Reconciler, Request, Source,
};
use kube_core::kinds::apps::v1::Deployment;
use kube_core::kinds::core::v1::{ConfigMap, Pod, Secret};
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::metrics::{Counter, Discard, Gauge, Histogram, Metrics};
use kube_core::resource::{ObjectKey, Resource, ResourceExt};
use kube_store::client::Running;
use kube_store::informer::Informers;
use kube_store::objects::Objects;
use kube_store::service::DeleteOptions;
use kube_store::storage::MemoryStorage;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a test wants done with a ConfigMap; the future may hang or panic.
struct Do<F>(F);

impl<F, R> Reconciler for Do<F>
where
    F: Fn(Arc<ConfigMap>, ConfigMap) -> R + Send + Sync + 'static,
    R: Future<Output = Option<ConfigMap>> + Send,
{
    type Resource = ConfigMap;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(map) = cx.get::<ConfigMap>(&request.key) else { return Ok(Outcome::Done) };
        let copy = ConfigMap::clone(&map);
        if let Some(wanted) = (self.0)(map, copy).await {
            cx.update(&wanted).await?;
        }
        Ok(Outcome::Done)
    }
}

async fn create(world: &World, name: &str) -> ConfigMap {
    world.create(json!({ "metadata": { "name": name } })).await
}

fn set(mut map: ConfigMap, key: &str, value: &str) -> Option<ConfigMap> {
    let data = map.data.get_or_insert_default();
    let before = data.insert(key.to_owned(), value.to_owned());
    (before.as_deref() != Some(value)).then_some(map)
}

#[tokio::test]
async fn a_reconcile_that_hangs_is_given_up_and_tried_again() {
    let calls = Arc::new(Mutex::new(0));
    let counted = calls.clone();
    let hang_once = Do(move |_, map| {
        let call = {
            let mut calls = counted.lock().expect("no panic");
            *calls += 1;
            *calls
        };
        async move {
            if call == 1 {
                std::future::pending::<()>().await;
            }
            set(map, "done", "yes")
        }
    });
    let controller = Controller::builder(hang_once).timeout(Duration::from_millis(20)).build();
    let world = World::with(vec![controller]);
    create(&world, "a").await;
    world.until::<ConfigMap>("done at last", |all| all.iter().any(|map| map.data.is_some())).await;
    let health = world.health[0].now();
    assert_eq!((health.timeouts, health.failures), (1, 1));
    assert!(health.last_failure.expect("a failure").1.contains("longer than 20ms"));
}

#[tokio::test]
async fn a_reconcile_that_never_rests_is_named_with_its_write() {
    let count = Do(|map: Arc<ConfigMap>, copy| async move {
        let version = map.metadata.resource_version.clone().expect("a version");
        set(copy, "seen", &version)
    });
    let world = World::with(vec![Controller::builder(count).build()]);
    create(&world, "restless").await;
    while world.health[0].now().hot_loops.is_empty() {
        tokio::task::yield_now().await;
    }
    let told = world.health[0].now().hot_loops[0].to_string();
    assert!(
        told.starts_with("default/restless was reconciled 50 times in a row for its own write"),
        "{told}"
    );
    assert!(told.contains("ConfigMap default/restless changed at "), "{told}");
}

#[tokio::test]
async fn nothing_is_a_hot_loop_that_comes_to_rest() {
    let world = World::with(vec![deployment::controller(), replica_set::controller()]);
    world.create::<Deployment>(crate::rollout::web(600, &crate::rollout::rolling())).await;
    world.until::<Pod>("all pods", |pods| pods.len() == 600).await;
    world.settle().await;
    for health in &world.health {
        assert_eq!(health.now().hot_loops, []);
    }
}

/// Follows a Deployment's pod back to the Deployment.
#[tokio::test]
async fn why_an_object_is_there_can_be_asked() {
    let world = World::with(vec![deployment::controller(), replica_set::controller()]);
    world.create::<Deployment>(crate::rollout::web(1, &crate::rollout::rolling())).await;
    world.until::<Pod>("the pod", |pods| pods.len() == 1).await;
    let pod = world.list::<Pod>().await.remove(0);
    let why = world.handle.why(Pod::kind_info(), &pod.key()).expect("a controller wrote it");
    let told = why.to_string();
    assert!(told.starts_with(&format!("Pod {} at ", pod.key())), "{told}");
    for part in ["written by replicaset-controller", "because ReplicaSet", "written by deployment-controller"]
    {
        assert!(told.contains(part), "{part:?} is missing in {told}");
    }
    assert!(told.contains("because Deployment default/web "), "{told}");
    assert_eq!(world.handle.why(Deployment::kind_info(), &ObjectKey::new("default", "nobody")), None);
}

/// Keeps a Secret for every ConfigMap, in another place that no owner reference reaches: the finalizer does.
struct Paired;

const CLEANUP: &str = "example.com/paired";

impl Reconciler for Paired {
    type Resource = ConfigMap;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(map) = cx.get::<ConfigMap>(&request.key) else { return Ok(Outcome::Done) };
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(map.name().to_owned()),
                namespace: Some("kube-system".to_owned()),
                ..ObjectMeta::default()
            },
            ..Secret::default()
        };
        match cx.finalizer(&*map, CLEANUP).await? {
            Finalizer::Added | Finalizer::Done => {}
            Finalizer::Live => drop(cx.apply(secret).await?),
            Finalizer::CleanUp => {
                if let Some(present) = cx.get::<Secret>(&secret.key()) {
                    cx.delete(&*present).await?;
                }
                cx.finalized(&*map, CLEANUP).await?;
            }
        }
        Ok(Outcome::Done)
    }
}

#[tokio::test]
async fn a_finalizer_lets_an_object_go_only_after_the_clean_up() {
    let world = World::with(vec![Controller::builder(Paired).reads::<Secret>().build()]);
    create(&world, "a").await;
    world.until::<Secret>("the secret", |all| all.len() == 1).await;
    let map = world.api::<ConfigMap>().get("a").await.expect("it lives");
    assert_eq!(map.metadata.finalizers.as_deref(), Some(&[CLEANUP.to_owned()][..]));
    world.api::<ConfigMap>().delete("a", &DeleteOptions::default()).await.expect("deleted");
    world.until::<ConfigMap>("gone", <[_]>::is_empty).await;
    assert!(world.list_all::<Secret>().await.is_empty(), "the clean-up comes before the end");
    world.settle().await;
    assert_eq!(world.health[0].now().panics, 0);
}

#[tokio::test]
async fn a_source_that_panics_is_counted_and_others_go_on() {
    let panics = Source::<Secret>::new(|_, _| panic!("no such key"));
    let done = Do(|_, map| async { set(map, "done", "yes") });
    let world = World::with(vec![
        Controller::builder(Do(|_, _| async { None })).named("broken").watches(panics).build(),
        Controller::builder(done).watches(Source::<Secret>::silent()).build(),
    ]);
    world.create::<Secret>(json!({ "metadata": { "name": "s" } })).await;
    world.until::<Secret>("it is seen", |all| all.len() == 1).await;
    create(&world, "a").await;
    world.until::<ConfigMap>("done", |all| all.iter().all(|map| map.data.is_some())).await;
    let health = world.health[0].now();
    assert_eq!(health.panics, 1);
    assert_eq!(health.last_failure.expect("told").1, "the source of Secret panicked: no such key");
    assert!(world.handle.is_ready() && world.handle.is_alive());
}

/// Keeps the numbers by name and labels.
#[derive(Debug, Default)]
pub(crate) struct Book {
    counters: Mutex<BTreeMap<String, Counter>>,
    gauges: Mutex<BTreeMap<String, Gauge>>,
}

impl Book {
    pub(crate) fn counted(&self, name: &str) -> u64 {
        self.counters.lock().expect("no panic")[name].total()
    }

    pub(crate) fn gauge(&self, name: &str) -> u64 {
        self.gauges.lock().expect("no panic")[name].value()
    }
}

fn labelled(name: &str, labels: &[(&'static str, &str)]) -> String {
    labels.iter().fold(name.to_owned(), |text, (key, value)| format!("{text} {key}={value}"))
}

impl Metrics for Book {
    fn counter(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Counter {
        self.counters.lock().expect("no panic").entry(labelled(name, labels)).or_default().clone()
    }

    fn gauge(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Gauge {
        self.gauges.lock().expect("no panic").entry(labelled(name, labels)).or_default().clone()
    }

    fn histogram(&self, name: &'static str, labels: &[(&'static str, &str)]) -> Arc<dyn Histogram> {
        Discard.histogram(name, labels)
    }
}

#[tokio::test]
async fn reconciles_are_counted_by_the_usual_names() {
    let env = kube_store::rt::env();
    let objects = Objects::new(Arc::new(MemoryStorage::new()), env.clone());
    let informers = Informers::new(objects.clone());
    let book = Arc::new(Book::default());
    let fail = Do(|map: Arc<ConfigMap>, copy| async move {
        assert!(map.name() != "bad", "bad");
        set(copy, "done", "yes")
    });
    let controller = Controller::builder(fail).named("counted").workers(3).build();
    let running =
        Running::start(&env, Box::new(Manager::with_metrics(&informers, [controller], book.clone())));
    let maps = kube_store::api::Api::<ConfigMap>::namespaced(objects.clone(), "default");
    for name in ["good", "bad"] {
        let map = ConfigMap {
            metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
            ..ConfigMap::default()
        };
        maps.create(&map).await.expect("created");
    }
    let counted = |name: &str| book.counted(name);
    while counted("controller_runtime_reconcile_panics_total controller=counted") == 0
        || counted("controller_runtime_reconcile_total controller=counted result=success") < 2
    {
        tokio::task::yield_now().await;
    }
    running.stop();
    running.ended().await.expect("a clean stop");
    assert!(counted("workqueue_adds_total name=counted") >= 3);
    assert!(counted("workqueue_retries_total name=counted") >= 1);
    assert!(counted("controller_runtime_reconcile_errors_total controller=counted") >= 1);
    let gauge = |name: &str| book.gauge(name);
    assert_eq!(gauge("controller_runtime_max_concurrent_reconciles controller=counted"), 3);
    assert_eq!(gauge("controller_runtime_active_workers controller=counted"), 0);
}
