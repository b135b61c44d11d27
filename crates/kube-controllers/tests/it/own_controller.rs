//! Something useful with this crate's arrows only: a store, informers, a controller of one's own, no scheduler.

use crate::world::World;
use kube_controllers::runtime::{Applied, Context, Controller, Error, Outcome, OwnedBy, Reconciler, Request};
use kube_core::custom::{CustomKind, Object};
use kube_core::kinds::core::v1::ConfigMap;
use kube_core::kinds::meta::v1::ObjectMeta;
use kube_core::resource::ResourceExt;
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, Patch};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug)]
struct NotebookSpec {
    pages: u32,
}

#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default)]
struct NotebookStatus {
    written: u32,
}

impl CustomKind for NotebookSpec {
    const GROUP: &'static str = "example.com";
    const VERSION: &'static str = "v1";
    const KIND: &'static str = "Notebook";
    const PLURAL: &'static str = "notebooks";
    type Status = NotebookStatus;
}

type Notebook = Object<NotebookSpec>;

/// Keeps a ConfigMap per page, one per reconcile.
#[derive(Default)]
struct Notebooks {
    seen: Arc<Mutex<Vec<(u32, Applied)>>>,
}

impl Reconciler for Notebooks {
    type Resource = Notebook;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        assert!(!request.causes.is_empty(), "every reconcile has a cause");
        let Some(notebook) = cx.get::<Notebook>(&request.key) else { return Ok(Outcome::Done) };
        let pages: Vec<_> = cx.list::<ConfigMap>();
        let written = u32::try_from(pages.len()).expect("few pages");
        cx.patch_status(&*notebook, |status| status.written = written).await?;
        let number = written.min(notebook.spec.pages.saturating_sub(1));
        let page = ConfigMap {
            metadata: ObjectMeta { name: Some(format!("page-{number}")), ..ObjectMeta::default() },
            data: Some(BTreeMap::from([("text".to_owned(), format!("page {number}"))])),
            ..ConfigMap::default()
        };
        let applied = cx.apply(page.owned_by(&*notebook)).await?;
        self.seen.lock().expect("no panic").push((number, applied));
        Ok(Outcome::Done)
    }
}

fn notebook_world(controller: Controller) -> (World, Api<Notebook>) {
    let world = World::with(vec![controller]);
    world.objects.register_kind::<Notebook>();
    let notebooks = world.api();
    (world, notebooks)
}

#[tokio::test]
async fn children_follow_and_nothing_is_written_twice() {
    let reconciler = Notebooks::default();
    let seen = reconciler.seen.clone();
    let (world, notebooks) = notebook_world(Controller::builder(reconciler).owns::<ConfigMap>().build());
    notebooks.create(&Notebook::new("diary", NotebookSpec { pages: 3 })).await.expect("created");
    world
        .until::<Notebook>("three pages", |all| {
            all.iter().any(|n| n.status.as_ref().is_some_and(|status| status.written == 3))
        })
        .await;
    world.settle().await;
    // Each reconcile saw what the one before had written: no page was tried twice.
    let created: Vec<u32> = {
        let seen = seen.lock().expect("no panic");
        seen.iter().filter(|(_, applied)| *applied == Applied::Created).map(|(number, _)| *number).collect()
    };
    assert_eq!(created, [0, 1, 2]);
    assert_eq!(world.health[0].now().failures, 0);

    let change = Patch::Merge(json!({ "data": { "text": "scribble" } }));
    world.api::<ConfigMap>().patch("page-2", &change).await.expect("patched");
    world
        .until::<ConfigMap>("put right", |all| {
            all.iter().all(|page| page.data.as_ref().is_some_and(|data| data["text"].starts_with("page")))
        })
        .await;
    world.api::<ConfigMap>().delete("page-0", &DeleteOptions::now()).await.expect("deleted");
    world.until::<ConfigMap>("two pages", |all| all.len() == 2).await;
}

/// Fails, panics, then works, and counts.
struct Moody {
    calls: Arc<AtomicU32>,
}

impl Reconciler for Moody {
    type Resource = ConfigMap;

    async fn reconcile(&self, cx: &Context, request: Request) -> Result<Outcome, Error> {
        let Some(map) = cx.get::<ConfigMap>(&request.key) else { return Ok(Outcome::Done) };
        match map.name() {
            "hopeless" => Err(Error::terminal("no use")),
            "moody" => match self.calls.fetch_add(1, Ordering::Relaxed) {
                0 => Err(Error::failed("not today")),
                1 => panic!("enough"),
                2 => Ok(Outcome::RequeueAfter(Duration::from_millis(1))),
                _ => {
                    let done = BTreeMap::from([("attempt".to_owned(), request.attempt.to_string())]);
                    cx.apply(ConfigMap { data: Some(done), ..ConfigMap::clone(&map) }).await?;
                    Ok(Outcome::Done)
                }
            },
            _ => Ok(Outcome::Done),
        }
    }
}

#[tokio::test]
async fn failures_and_panics_are_retried_and_stay_with_their_key() {
    let calls = Arc::new(AtomicU32::new(0));
    let world = World::with(vec![Controller::builder(Moody { calls: calls.clone() }).build()]);
    for name in ["hopeless", "moody", "plain"] {
        world.create::<ConfigMap>(json!({ "metadata": { "name": name } })).await;
    }
    world
        .until::<ConfigMap>("worked at last", |all| {
            let moody = all.iter().find(|map| map.name() == "moody");
            moody.and_then(|map| map.data.as_ref()).is_some_and(|data| data["attempt"] == "0")
        })
        .await;
    world.settle().await;
    let health = world.health[0].now();
    assert_eq!((health.failures, health.panics, health.queued, health.delayed), (3, 1, 0, 0));
    assert_eq!(&*health.name, "configmap-controller");
}

#[tokio::test]
async fn a_child_of_somebody_else_is_not_touched() {
    let (world, notebooks) =
        notebook_world(Controller::builder(Notebooks::default()).owns::<ConfigMap>().build());
    world
        .create::<ConfigMap>(json!({
            "metadata": {
                "name": "page-1",
                "ownerReferences": [
                    { "apiVersion": "v1", "kind": "Node", "name": "n", "uid": "u", "controller": true }
                ],
            },
            "data": { "text": "mine" },
        }))
        .await;
    world.until::<ConfigMap>("there", |all| all.len() == 1).await;
    world.settle().await;
    notebooks.create(&Notebook::new("diary", NotebookSpec { pages: 3 })).await.expect("created");
    world.until::<Notebook>("reported", |all| all.iter().any(|n| n.status.is_some())).await;
    while world.health[0].now().failures == 0 {
        tokio::task::yield_now().await;
    }
    let page = world.api::<ConfigMap>().get("page-1").await.expect("it is there");
    assert_eq!(page.data.expect("data")["text"], "mine");
    let (_, failure) = world.health[0].now().last_failure.expect("a failure");
    assert!(failure.contains("it is managed by Node \"n\""), "{failure}");
}
