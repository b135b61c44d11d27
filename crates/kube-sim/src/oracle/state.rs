//! What is stored, as oracles see it: always exactly what was committed.

use super::Known;
use kube_core::env::Mono;
use kube_core::kinds::apps::v1::{Deployment, ReplicaSet};
use kube_core::resource::{KindInfo, ObjectKey, ResourceVersion, Uid};
use kube_core::view::{KindView, Meta, NodeView, PodView, RawObject};
use kube_store::objects::Keys;
use kube_store::storage::{Key, KeyRange, KeyValue, Revision};
use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// One version of one stored value; it is parsed when somebody asks, and once per view.
pub struct Stored {
    kv: Arc<KeyValue>,
    raw: OnceLock<Option<RawObject>>,
    views: Mutex<Vec<(TypeId, Arc<dyn Any + Send + Sync>)>>,
}

impl Stored {
    pub(crate) fn new(kv: Arc<KeyValue>) -> Self {
        Self { kv, raw: OnceLock::new(), views: Mutex::default() }
    }

    pub(crate) fn kv(&self) -> &Arc<KeyValue> {
        &self.kv
    }

    /// The key.
    pub fn key(&self) -> &Key {
        &self.kv.key
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.kv.value
    }

    /// The object; `None` for a value that is none.
    pub fn raw(&self) -> Option<&RawObject> {
        let read = || {
            let version = ResourceVersion::new(self.kv.mod_revision.get());
            RawObject::new(self.kv.value.clone(), version).ok()
        };
        self.raw.get_or_init(read).as_ref()
    }

    /// Its metadata.
    pub fn meta(&self) -> Option<&Arc<Meta>> {
        self.raw().map(|raw| &raw.meta)
    }

    /// As `V` sees it, whatever its kind.
    pub fn view<V: kube_core::view::View>(&self) -> Option<Arc<V>> {
        let wanted = TypeId::of::<V>();
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, view)) = views.iter().find(|(of, _)| *of == wanted) {
            return view.clone().downcast().ok();
        }
        let view = Arc::new(V::decode(self.raw()?).ok()?);
        views.push((wanted, view.clone()));
        Some(view)
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kv.key, self.kv.mod_revision)
    }
}

/// Everything that is stored at one revision.
#[derive(Debug)]
pub struct State {
    objects: BTreeMap<Key, Arc<Stored>>,
    keys: Keys,
    revision: Revision,
    now: Mono,
    wall: jiff::Timestamp,
}

impl State {
    pub(crate) fn new(wall: jiff::Timestamp) -> Self {
        Self {
            objects: BTreeMap::new(),
            keys: Keys::new("/registry"),
            revision: Revision::ZERO,
            now: Mono::default(),
            wall,
        }
    }

    pub(crate) fn advance(&mut self, revision: Revision, now: Mono, wall: jiff::Timestamp) {
        self.revision = revision;
        self.tell_time(now, wall);
    }

    pub(crate) fn tell_time(&mut self, now: Mono, wall: jiff::Timestamp) {
        (self.now, self.wall) = (now, wall);
    }

    pub(crate) fn put(&mut self, stored: Arc<Stored>) {
        self.objects.insert(stored.key().clone(), stored);
    }

    pub(crate) fn remove(&mut self, key: &Key) -> Option<Arc<Stored>> {
        self.objects.remove(key)
    }

    pub(crate) fn stored(&self, key: &Key) -> Option<&Arc<Stored>> {
        self.objects.get(key)
    }

    /// The revision.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The true time of the last commit.
    pub fn now(&self) -> Mono {
        self.now
    }

    /// The true wall time of the last commit.
    pub fn wall(&self) -> jiff::Timestamp {
        self.wall
    }

    /// Every value, in key order.
    pub fn everything(&self) -> impl Iterator<Item = &Arc<Stored>> {
        self.objects.values()
    }

    /// The values of a kind, in key order.
    pub fn of_kind(&self, kind: &KindInfo) -> impl Iterator<Item = &Arc<Stored>> {
        let range = self.keys.range(kind, None);
        let start = Key::new(range.start());
        self.objects
            .range((Bound::Included(start), Bound::Unbounded))
            .take_while(move |(key, _)| in_range(&range, key))
            .map(|(_, stored)| stored)
    }

    /// The objects of a kind, in key order.
    pub fn all<V: KindView>(&self) -> Vec<Arc<V>> {
        self.of_kind(V::kind()).filter_map(|stored| stored.view()).collect()
    }

    /// One object.
    pub fn get<V: KindView>(&self, key: &ObjectKey) -> Option<Arc<V>> {
        self.objects.get(&self.keys.object(V::kind(), key))?.view()
    }

    /// All pods.
    pub fn pods(&self) -> Vec<Arc<PodView>> {
        self.all()
    }

    /// The pods of an owner of that uid that neither ended nor are to go.
    pub fn active_pods_of(&self, owner: &Uid) -> impl Iterator<Item = Arc<PodView>> {
        let is_its = |pod: &PodView| pod.meta.controller().is_some_and(|other| other.uid == *owner);
        let pods = self.of_kind(<PodView as KindView>::kind()).filter_map(|stored| stored.view());
        pods.filter(move |pod: &Arc<PodView>| pod.is_active() && is_its(pod))
    }

    /// All nodes.
    pub fn nodes(&self) -> Vec<Arc<NodeView>> {
        self.all()
    }

    /// One Deployment; `deployment` is `namespace/name`.
    pub fn deployment(&self, deployment: &str) -> Option<Arc<Deployment>> {
        self.get(&ObjectKey::from(deployment))
    }

    /// All ReplicaSets.
    pub fn replica_sets(&self) -> Vec<Arc<ReplicaSet>> {
        self.all()
    }

    /// Pods of a Deployment that are ready and stay; `deployment` is `namespace/name`.
    pub fn ready(&self, deployment: &str) -> usize {
        let Some(deployment) = self.deployment(deployment) else { return 0 };
        let uid = deployment.metadata.uid.as_deref().unwrap_or_default();
        let owned_by =
            |owners: &[kube_core::view::OwnerRef], uid: &str| owners.iter().any(|o| o.uid.as_str() == uid);
        let sets: Vec<Arc<Meta>> = self
            .of_kind(<ReplicaSet as KindView>::kind())
            .filter_map(|stored| stored.meta().cloned())
            .filter(|meta| owned_by(&meta.owner_references, uid))
            .collect();
        let of_sets = |pod: &&Arc<PodView>| {
            sets.iter().any(|set| owned_by(&pod.meta.owner_references, set.uid.as_str()))
        };
        self.pods().iter().filter(of_sets).filter(|pod| pod.is_ready() && pod.is_active()).count()
    }
}

/// What follows the first part of a path, if that is `part`.
fn below<'a>(path: &'a str, part: &str) -> Option<&'a str> {
    path.strip_prefix(part)?.strip_prefix('/')
}

fn in_range(range: &KeyRange, key: &Key) -> bool {
    range.contains(key)
}

/// One transaction that was committed.
#[derive(Debug)]
pub struct Commit {
    /// Its revision.
    pub revision: Revision,
    /// The component that asked for it; `scenario` for the run itself.
    pub author: Arc<str>,
    /// When.
    pub at: Mono,
    /// What it changed.
    pub changes: Vec<Change>,
    /// What its author can have read when it made up its mind.
    pub known: Known,
}

impl Commit {
    /// Up to which revision its author had been told of that kind when it began what it is doing.
    pub fn known<V: KindView>(&self) -> Option<Revision> {
        self.known.of(V::kind())
    }
}

/// An object before and after a change.
pub type Pair<V> = (Option<Arc<V>>, Option<Arc<V>>);

/// One value that a transaction changed.
#[derive(Debug)]
pub struct Change {
    /// The key.
    pub key: Key,
    /// What stood there.
    pub before: Option<Arc<Stored>>,
    /// What stands there now.
    pub after: Option<Arc<Stored>>,
}

impl Change {
    /// Whether it is an object of that kind.
    pub fn is(&self, kind: &KindInfo) -> bool {
        let group = if kind.group.is_empty() { "core" } else { &*kind.group };
        let object = below(self.key.as_str(), "/registry");
        object.and_then(|path| below(path, group)).and_then(|path| below(path, &kind.plural)).is_some()
    }

    /// What it is before and after, as `V` sees it; `None` when it is of another kind.
    pub fn of<V: KindView>(&self) -> Option<Pair<V>> {
        if !self.is(V::kind()) {
            return None;
        }
        let view = |stored: &Option<Arc<Stored>>| stored.as_ref().and_then(|stored| stored.view());
        Some((view(&self.before), view(&self.after)))
    }

    /// Whether it is a sign of life (a Lease) or something told to people (an Event), which say nothing about the
    /// state of the cluster.
    pub fn is_chatter(&self) -> bool {
        self.is_lease() || self.key.as_str().starts_with("/registry/core/events/")
    }

    pub(crate) fn is_lease(&self) -> bool {
        self.key.as_str().starts_with("/registry/coordination.k8s.io/leases/")
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (&self.before, &self.after) {
            (None, _) => "created",
            (_, None) => "removed",
            _ => "changed",
        };
        write!(f, "{what} {}", self.key.as_str().strip_prefix("/registry/").unwrap_or(self.key.as_str()))
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = std::time::Duration::from_nanos(self.at.nanos()).as_secs_f64();
        write!(f, "{seconds:>9.3} s  r{:<5} {}:", self.revision, self.author)?;
        for change in &self.changes {
            write!(f, " {change}")?;
        }
        Ok(())
    }
}
