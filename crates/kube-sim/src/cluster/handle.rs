//! The cluster as a scenario drives it.

use super::World;
use super::machine::Plane;
use crate::oracle::State;
use kube_core::env::{Env, Mono};
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::Pod;
use kube_core::resource::{Resource, ResourceExt};
use kube_plane::manifest;
use kube_store::api::Api;
use kube_store::service::{DeleteOptions, ObjectService};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::RwLockReadGuard;

/// How long nothing may be written before the cluster counts as settled.
const QUIET: Duration = Duration::from_secs(20);

/// The longest that a scenario waits for anything.
const PATIENCE: Duration = Duration::from_hours(1);

/// The cluster, as the user of a scenario sees it: what it asks for is always answered.
///
/// Methods panic when the server refuses what is asked, or when what is waited for does not come about: in a test that
/// is the failure to report.
#[derive(Clone, Debug)]
pub struct Cluster {
    world: Arc<World>,
}

impl Cluster {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    /// The true time, and the run's own random numbers.
    pub fn env(&self) -> &Env {
        &self.world.env
    }

    /// The API server; over a store on a disk, its present life.
    pub fn service(&self) -> Arc<dyn ObjectService> {
        self.world.machine.plane().server
    }

    /// Objects of one kind, in all namespaces.
    pub fn api<K: Resource>(&self) -> Api<K> {
        Api::all(self.service())
    }

    /// Creates an object, in `default` where it names no namespace.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn create<K: Resource>(&self, mut object: K) -> K {
        if K::kind_info().is_namespaced() && object.namespace().is_empty() {
            object.metadata_mut().namespace = Some("default".to_owned());
        }
        let mut in_doubt = false;
        loop {
            let (plane, held) = self.world.machine.steady().await;
            let api = Api::<K>::all(plane.server.clone());
            let answer = match api.create(&object).await {
                // It was stored after all.
                Err(error) if in_doubt && error.is_already_exists() => {
                    api.get(&object.key().to_string()).await
                }
                answer => answer,
            };
            match self.unless_lost(&plane, answer) {
                Some(answer) => return answered(answer),
                None => in_doubt = true,
            }
            self.wait_for_another(held).await;
        }
    }

    /// Applies a manifest of one or more documents.
    ///
    /// # Panics
    /// When a document is refused.
    #[expect(clippy::panic, reason = "the failure of a test")]
    pub async fn apply(&self, manifest: &str) {
        loop {
            let (plane, held) = self.world.machine.steady().await;
            let applied = manifest::apply(&[("scenario", manifest)], &*plane.server).await;
            match self.unless_lost(&plane, applied) {
                Some(Err(refused)) => panic!("{refused}"),
                Some(Ok(_)) => return,
                None => self.wait_for_another(held).await,
            }
        }
    }

    /// Changes an object; `name` is `namespace/name`.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn edit<K: Resource>(&self, name: &str, mut change: impl FnMut(&mut K) + Send) -> K {
        loop {
            let (plane, held) = self.world.machine.steady().await;
            let answer = Api::<K>::all(plane.server.clone()).edit(name, &mut change).await;
            match self.unless_lost(&plane, answer) {
                Some(answer) => return answered(answer),
                None => self.wait_for_another(held).await,
            }
        }
    }

    /// Sets the replica count; `name` is `namespace/name`.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn scale<K: Resource>(&self, name: &str, replicas: i32) -> K {
        loop {
            let (plane, held) = self.world.machine.steady().await;
            let answer = Api::<K>::all(plane.server.clone()).scale(name, replicas).await;
            match self.unless_lost(&plane, answer) {
                Some(answer) => return answered(answer),
                None => self.wait_for_another(held).await,
            }
        }
    }

    /// Deletes an object, or begins its deletion; `name` is `namespace/name`. One that is not there is no failure.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn delete<K: Resource>(&self, name: &str) {
        self.delete_by::<K>(name, &DeleteOptions::default()).await;
    }

    /// Deletes an object without grace, as `kubectl delete --force` does: of a pod nobody waits until it has ended.
    /// One that is not there is no failure.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn delete_now<K: Resource>(&self, name: &str) {
        self.delete_by::<K>(name, &DeleteOptions::now()).await;
    }

    async fn delete_by<K: Resource>(&self, name: &str, options: &DeleteOptions) {
        loop {
            let (plane, held) = self.world.machine.steady().await;
            let answer = Api::<K>::all(plane.server.clone()).delete(name, options).await;
            match self.unless_lost(&plane, answer) {
                Some(Err(error)) if error.is_not_found() => return,
                Some(answer) => return drop(answered(answer)),
                None => self.wait_for_another(held).await,
            }
        }
    }

    /// Asks for the eviction of a pod; `name` is `namespace/name`. Gives whether its disruption budget allowed it.
    ///
    /// # Panics
    /// When the server refuses it for another reason.
    pub async fn evict(&self, name: &str) -> bool {
        loop {
            let (plane, held) = self.world.machine.steady().await;
            let answer = Api::<Pod>::all(plane.server.clone()).evict(name, &DeleteOptions::default()).await;
            match self.unless_lost(&plane, answer) {
                Some(Err(error)) if error.is_not_found() || error.code == 429 => return false,
                Some(answer) => {
                    answered(answer);
                    return true;
                }
                None => self.wait_for_another(held).await,
            }
        }
    }

    /// The answer; `None` when it says no more than that the store could not do it, and another try may tell.
    fn unless_lost<T, E>(&self, plane: &Plane, answer: Result<T, E>) -> Option<Result<T, E>> {
        let troubled = plane.has_failed() || self.world.weather.is_hard_on_disks();
        if answer.is_err() && troubled { None } else { Some(answer) }
    }

    /// Lets the server go and gives it a moment.
    async fn wait_for_another(&self, held: RwLockReadGuard<'_, ()>) {
        drop(held);
        self.sleep(Duration::from_secs(1)).await;
    }

    /// Looks at what is stored.
    pub fn state<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        self.world.observer.with_state(look)
    }

    /// Lets time pass.
    pub async fn sleep(&self, duration: Duration) {
        self.world.env.sleep(duration).await;
    }

    /// Waits until `condition` holds for what is stored.
    ///
    /// # Panics
    /// When it does not within an hour of virtual time.
    pub async fn until(&self, what: &str, condition: impl Fn(&State) -> bool) {
        let deadline = self.world.env.now() + PATIENCE;
        while !self.state(&condition) {
            self.check(deadline, what);
            self.sleep(Duration::from_millis(250)).await;
        }
    }

    /// Waits until nothing is written any more, signs of life aside, and nobody is down or held back.
    ///
    /// # Panics
    /// When that does not come within an hour of virtual time.
    pub async fn settle(&self) {
        self.quiet(QUIET).await;
    }

    pub(crate) async fn quiet(&self, length: Duration) {
        let (env, observer) = (&self.world.env, &self.world.observer);
        let deadline = env.now() + PATIENCE;
        // What was just asked for takes a moment to show.
        let mut since = env.now();
        loop {
            self.check(deadline, "quiet");
            since = since.max(observer.last_busy());
            if !self.world.is_calm() {
                since = env.now();
            }
            if env.now().since(since) >= length {
                return;
            }
            env.sleep_until((since + length).min(env.now() + Duration::from_secs(5)).max(env.now() + TICK))
                .await;
        }
    }

    fn check(&self, deadline: Mono, what: &str) {
        assert!(self.world.env.now() <= deadline, "waited an hour of virtual time in vain for: {what}");
    }

    /// Kills a component, which starts again after `down`. Components have the names of their controllers,
    /// `default-scheduler`, and `node-0` and so on.
    ///
    /// # Panics
    /// When there is no such component.
    #[expect(clippy::panic, reason = "the failure of a test")]
    pub fn crash(&self, component: &str, down: Duration) {
        let Some(index) = self.world.find(component) else { panic!("there is no component {component:?}") };
        if let Some(member) = self.world.members.get(index) {
            self.world.crashes.kill(&member.process, down);
        }
    }
}

const TICK: Duration = Duration::from_millis(1);

#[expect(clippy::panic, reason = "the failure of a test")]
fn answered<T>(answer: Result<T, ApiError>) -> T {
    answer.unwrap_or_else(|error| panic!("the server refuses: {error}"))
}
