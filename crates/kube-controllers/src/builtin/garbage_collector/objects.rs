//! All objects as the garbage collector sees them: who owns whom, who is going.

use kube_core::graph::{ObjectRef, OwnerGraph};
use kube_core::resource::{KindInfo, ObjectKey, Uid};
use kube_core::view::{Meta, OwnerRef};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::plan::{Dependent, FOREGROUND, ORPHAN};

/// An object.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) kind: Arc<KindInfo>,
    pub(super) meta: Arc<Meta>,
}

impl Item {
    /// Whether its deletion waits for dependents.
    pub(super) fn is_waiting(&self) -> bool {
        self.meta.is_terminating() && self.has_finalizer(FOREGROUND)
    }

    pub(super) fn has_finalizer(&self, name: &str) -> bool {
        self.meta.finalizers.iter().any(|finalizer| &**finalizer == name)
    }

    fn object(&self) -> ObjectRef {
        ObjectRef {
            api_version: self.kind.api_version().into(),
            kind: self.kind.kind.as_ref().into(),
            key: self.meta.key(),
            uid: self.meta.uid.clone(),
        }
    }
}

/// Every object of every kind.
#[derive(Debug, Default)]
pub(super) struct Objects {
    graph: OwnerGraph,
    items: BTreeMap<Uid, Item>,
    /// How many objects hold up the foreground deletion of an owner; none where nothing stands.
    blocking: BTreeMap<Uid, usize>,
    /// Uids that are known to be gone, oldest first.
    gone: VecDeque<Uid>,
    is_gone: BTreeSet<Uid>,
}

/// Uids remembered as gone.
///
/// Source: `k8s.io/kubernetes/pkg/controller/garbagecollector` (`absentOwnerCache`).
const GONE: usize = 500;

impl Objects {
    /// The object of that uid, if it was seen.
    pub(super) fn item(&self, uid: &Uid) -> Option<&Item> {
        self.items.get(uid)
    }

    /// Whether the object of that uid is known to be gone.
    pub(super) fn is_gone(&self, uid: &Uid) -> bool {
        self.is_gone.contains(uid)
    }

    /// The ownership graph, for people.
    pub(super) fn graph(&self) -> &OwnerGraph {
        &self.graph
    }

    /// Takes in a change of an object. Gives the uids that have to be looked at.
    pub(super) fn observe(
        &mut self,
        kind: &Arc<KindInfo>,
        old: Option<&Arc<Meta>>,
        new: Option<&Arc<Meta>>,
    ) -> Vec<Uid> {
        let mut affected = Vec::new();
        if let Some(old) = old.filter(|old| new.is_none_or(|new| new.uid != old.uid)) {
            self.remove(&old.uid, &mut affected);
        }
        if let Some(new) = new {
            let before = old.filter(|old| old.uid == new.uid);
            if before.is_none_or(|before| concerns_us(before, new)) {
                self.upsert(kind, new, &mut affected);
            } else if let Some(item) = self.items.get_mut(&new.uid) {
                item.meta = new.clone();
            }
        }
        affected
    }

    fn upsert(&mut self, kind: &Arc<KindInfo>, new: &Arc<Meta>, affected: &mut Vec<Uid>) {
        let item = Item { kind: kind.clone(), meta: new.clone() };
        let owners: Vec<ObjectRef> = new.owner_references.iter().map(|owner| of_owner(owner, new)).collect();
        self.graph.upsert(&item.object(), &owners);
        let held = item.has_finalizer(FOREGROUND) || item.has_finalizer(ORPHAN);
        if (new.is_terminating() && held) || !self.is_owned(new) {
            affected.push(new.uid.clone());
        }
        let before = self.items.insert(new.uid.clone(), item);
        self.block(new);
        if let Some(before) = before {
            self.unblock(&before.meta, affected);
        }
    }

    fn block(&mut self, meta: &Meta) {
        for owner in meta.owner_references.iter().filter(|owner| owner.block_owner_deletion) {
            *self.blocking.entry(owner.uid.clone()).or_default() += 1;
        }
    }

    /// Takes back what [`Objects::block`] did. Owners that have waited for this object alone are to be looked at.
    fn unblock(&mut self, meta: &Meta, affected: &mut Vec<Uid>) {
        for owner in meta.owner_references.iter().filter(|owner| owner.block_owner_deletion) {
            let Some(count) = self.blocking.get_mut(&owner.uid) else { continue };
            *count -= 1;
            if *count == 0 {
                self.blocking.remove(&owner.uid);
                if self.is_waiting(&owner.uid) {
                    affected.push(owner.uid.clone());
                }
            }
        }
    }

    /// Whether every owner was seen where the reference says, and stays.
    fn is_owned(&self, meta: &Meta) -> bool {
        meta.owner_references.iter().all(|reference| {
            self.items.get(&reference.uid).is_some_and(|owner| {
                let namespace = &owner.meta.namespace;
                let here = namespace.is_empty() || *namespace == meta.namespace;
                here && owner.meta.name == reference.name
                    && *owner.kind.kind == *reference.kind
                    && !owner.is_waiting()
            })
        })
    }

    /// Whether there is nothing to do for an object, as far as is known.
    pub(super) fn is_settled(&self, item: &Item) -> bool {
        !item.meta.is_terminating() && self.is_owned(&item.meta)
    }

    fn remove(&mut self, uid: &Uid, affected: &mut Vec<Uid>) {
        let dependents = self.graph.dependents(uid);
        let has_dependents = !dependents.is_empty();
        affected.extend(dependents.iter().map(|object| object.uid.clone()));
        self.graph.remove(uid);
        if let Some(item) = self.items.remove(uid) {
            self.unblock(&item.meta, affected);
        }
        if has_dependents {
            self.remember_gone(uid);
        }
    }

    /// Takes an object for gone. Gives the uids that have to be looked at.
    pub(super) fn bury(&mut self, uid: &Uid) -> Vec<Uid> {
        let mut affected = Vec::new();
        self.remove(uid, &mut affected);
        affected
    }

    fn remember_gone(&mut self, uid: &Uid) {
        if self.is_gone.insert(uid.clone()) {
            self.gone.push_back(uid.clone());
        }
        if self.gone.len() > GONE
            && let Some(oldest) = self.gone.pop_front()
        {
            self.is_gone.remove(&oldest);
        }
    }

    fn is_waiting(&self, uid: &Uid) -> bool {
        self.items.get(uid).is_some_and(Item::is_waiting)
    }

    /// The objects that name `uid` as an owner, in order of uid.
    pub(super) fn dependents(&self, uid: &Uid) -> Vec<Dependent> {
        let items = self.graph.dependents(uid).into_iter().filter_map(|object| self.items.get(&object.uid));
        let dependents = items.map(|item| Dependent {
            kind: item.kind.clone(),
            key: item.meta.key(),
            uid: item.meta.uid.clone(),
            blocking: item.meta.owner_references.iter().any(|o| o.uid == *uid && o.block_owner_deletion),
            waiting: item.is_waiting(),
        });
        dependents.collect()
    }
}

/// Whether the garbage collector cares for what changed.
fn concerns_us(old: &Meta, new: &Meta) -> bool {
    old.owner_references != new.owner_references
        || old.finalizers != new.finalizers
        || old.is_terminating() != new.is_terminating()
}

/// The owner as its dependent knows it: in its own namespace.
fn of_owner(owner: &OwnerRef, dependent: &Meta) -> ObjectRef {
    ObjectRef {
        api_version: owner.api_version.clone(),
        kind: owner.kind.clone(),
        key: ObjectKey::new(dependent.namespace.clone(), owner.name.clone()),
        uid: owner.uid.clone(),
    }
}
