//! A small cluster, and everything that can happen to it.

use kube_core::env::Rng;
use kube_core::kinds::core::v1::{PersistentVolume, PersistentVolumeClaim};
use kube_core::kinds::storage::v1::StorageClass;
use kube_core::resource::ObjectKey;
use kube_core::view::{NodeView, PodView, from_value};
use kube_sched::framework::{ClusterEvent, PodInfo};
use kube_sched::snapshot::{Kept, NamespaceView, ServiceView, Snapshot};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Objects as a store would hold them, and the snapshot that is kept by deltas.
#[derive(Default)]
pub(super) struct World {
    nodes: BTreeMap<String, Arc<NodeView>>,
    pods: BTreeMap<ObjectKey, Arc<PodView>>,
    namespaces: BTreeMap<ObjectKey, Arc<NamespaceView>>,
    services: BTreeMap<ObjectKey, Arc<ServiceView>>,
    volumes: BTreeMap<ObjectKey, Arc<PersistentVolume>>,
    claims: BTreeMap<ObjectKey, Arc<PersistentVolumeClaim>>,
    classes: BTreeMap<ObjectKey, Arc<StorageClass>>,
    pub(super) kept: Snapshot,
    /// What a queue is told of the last step.
    pub(super) events: Vec<ClusterEvent>,
}

/// A mistake of the index: what it forgets to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    /// A node's new labels do not count.
    StaleNodeLabels,
    /// A node's new taints do not count.
    StaleTaints,
    /// A node that goes is still there.
    NodeStays,
    /// A pod that goes is still there.
    PodStays,
    /// A pod that ends is still there.
    EndedPodStays,
    /// A pod's new labels do not count.
    StalePodLabels,
    /// A pod that begins to terminate looks as before.
    StaleTermination,
    /// A pod that moves to another node is at the old one.
    PodDoesNotMove,
    /// A namespace's new labels do not count.
    StaleNamespace,
    /// A Service that goes still selects.
    ServiceStays,
    /// A claim's volume does not count.
    StaleClaim,
    /// A volume that goes is still there.
    VolumeStays,
}

impl Mutant {
    pub(super) const ALL: [Self; 12] = [
        Self::StaleNodeLabels,
        Self::StaleTaints,
        Self::NodeStays,
        Self::PodStays,
        Self::EndedPodStays,
        Self::StalePodLabels,
        Self::StaleTermination,
        Self::PodDoesNotMove,
        Self::StaleNamespace,
        Self::ServiceStays,
        Self::StaleClaim,
        Self::VolumeStays,
    ];

    /// As the table names it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::StaleNodeLabels => "stale labels of a node",
            Self::StaleTaints => "stale taints of a node",
            Self::NodeStays => "a deleted node stays",
            Self::PodStays => "a deleted pod stays",
            Self::EndedPodStays => "a pod that has ended stays",
            Self::StalePodLabels => "stale labels of a pod",
            Self::StaleTermination => "a pod that terminates looks as before",
            Self::PodDoesNotMove => "a pod that moved is at the old node",
            Self::StaleNamespace => "stale labels of a namespace",
            Self::ServiceStays => "a deleted Service selects",
            Self::StaleClaim => "a claim's volume does not count",
            Self::VolumeStays => "a deleted volume stays",
        }
    }
}

pub(super) fn made<V: kube_core::view::View>(value: Value) -> Arc<V> {
    Arc::new(from_value(value).unwrap())
}

fn pick<'a>(rng: &mut Rng, texts: &'a [&'a str]) -> &'a str {
    texts[rng.below(texts.len())]
}

impl World {
    /// One thing happens; with a mutant the snapshot does not hear of some of it.
    pub(super) fn step(&mut self, rng: &mut Rng, mutant: Option<Mutant>) {
        let is = |one| mutant == Some(one);
        self.events.clear();
        match rng.below(20) {
            0..=3 => self.node(rng, mutant),
            4 => {
                let name = format!("n{}", rng.below(8));
                if let Some(old) = self.nodes.remove(&name)
                    && !is(Mutant::NodeStays)
                {
                    self.kept.remove_node(&name);
                    self.events.push(ClusterEvent::NodeDeleted(old));
                }
            }
            5..=11 => self.pod(rng, mutant),
            12 | 13 => {
                let key = ObjectKey::new(pick(rng, &["default", "other"]), format!("p{}", rng.below(20)));
                if let Some(old) = self.pods.remove(&key)
                    && !is(Mutant::PodStays)
                {
                    self.kept.remove_pod(&key);
                    if !old.is_terminal() {
                        self.events.push(ClusterEvent::PodDeleted(old));
                    }
                }
            }
            14 => {
                let name = pick(rng, &["default", "other"]);
                let labels = json!({"tier": pick(rng, &["prod", "dev"])});
                let made = made::<NamespaceView>(json!({"metadata": {"name": name, "labels": labels}}));
                let known = self.namespaces.insert(ObjectKey::cluster(name), made.clone()).is_some();
                if !(known && is(Mutant::StaleNamespace)) {
                    self.kept.upsert(made);
                    self.other::<NamespaceView>(ObjectKey::cluster(name));
                }
            }
            15 => self.service(rng, mutant),
            _ => self.storage(rng, mutant),
        }
    }

    fn node(&mut self, rng: &mut Rng, mutant: Option<Mutant>) {
        let name = format!("n{}", rng.below(8));
        let mut labels = json!({"kubernetes.io/hostname": name, "disk": pick(rng, &["ssd", "hdd"])});
        if rng.chance(0.8) {
            labels["topology.kubernetes.io/zone"] = json!(pick(rng, &["a", "b", "c"]));
        }
        let taints = match rng.below(4) {
            0 => json!([{"key": "dedicated", "effect": "NoSchedule"}]),
            1 => json!([{"key": "soft", "effect": "PreferNoSchedule"}]),
            _ => json!([]),
        };
        let images = json!([{"names": ["app:1"], "sizeBytes": 100_000_000 + 50_000_000 * rng.below(9)}]);
        let node = made::<NodeView>(json!({
            "metadata": {"name": name, "labels": labels},
            "spec": {"taints": taints, "unschedulable": rng.chance(0.05)},
            "status": {
                "allocatable": {"cpu": pick(rng, &["2", "4", "8"]), "memory": "8Gi", "pods": pick(rng, &["3", "110"])},
                "images": if rng.chance(0.5) { images } else { json!([]) },
            },
        }));
        let before = self.nodes.insert(name, node.clone());
        self.events.push(match before.clone() {
            None => ClusterEvent::NodeAdded(node.clone()),
            Some(old) => ClusterEvent::NodeUpdated { old, new: node.clone() },
        });
        let mut told = (*node).clone();
        if let Some(before) = before {
            match mutant {
                Some(Mutant::StaleNodeLabels) => told.meta = before.meta.clone(),
                Some(Mutant::StaleTaints) => told.spec = before.spec.clone(),
                _ => {}
            }
        }
        self.kept.upsert_node(&Arc::new(told));
    }

    fn pod(&mut self, rng: &mut Rng, mutant: Option<Mutant>) {
        let namespace = pick(rng, &["default", "other"]);
        let name = format!("p{}", rng.below(20));
        let key = ObjectKey::new(namespace, name.as_str());
        let mut value = pod(rng, namespace, &name);
        value["spec"]["nodeName"] = json!(format!("n{}", rng.below(8)));
        if rng.chance(0.1) {
            value["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        }
        let ended = rng.chance(0.1);
        if ended {
            value["status"] = json!({"phase": "Succeeded"});
        }
        let new = made::<PodView>(value);
        let before = self.pods.insert(key, new.clone());
        self.pod_events(before.as_ref(), &new);
        let mut told = (*new).clone();
        if let Some(before) = before {
            match mutant {
                Some(Mutant::StalePodLabels) if before.meta.is_terminating() == new.meta.is_terminating() => {
                    told.meta = before.meta.clone();
                }
                Some(Mutant::StaleTermination) if before.meta.labels == new.meta.labels => {
                    told.meta = before.meta.clone();
                }
                Some(Mutant::PodDoesNotMove) => told.spec.node_name.clone_from(&before.spec.node_name),
                Some(Mutant::EndedPodStays) if ended => return,
                _ => {}
            }
        }
        self.kept.upsert_pod(&Arc::new(told));
    }

    /// As the driver tells it: a pod that moves goes and comes.
    fn pod_events(&mut self, before: Option<&Arc<PodView>>, new: &Arc<PodView>) {
        let before = before.filter(|pod| !pod.is_terminal());
        let same_node = before.is_some_and(|old| old.node_name() == new.node_name());
        match (before, new.is_terminal()) {
            (Some(old), false) if same_node => {
                self.events.push(ClusterEvent::PodUpdated { old: old.clone(), new: new.clone() });
            }
            (old, ended) => {
                self.events.extend(old.map(|old| ClusterEvent::PodDeleted(old.clone())));
                self.events.extend((!ended).then(|| ClusterEvent::PodAssigned(new.clone())));
            }
        }
    }

    fn other<V: Kept>(&mut self, key: ObjectKey) {
        self.events.push(ClusterEvent::Other { kind: Arc::new(V::kind().clone()), key });
    }

    fn service(&mut self, rng: &mut Rng, mutant: Option<Mutant>) {
        let key = ObjectKey::new(pick(rng, &["default", "other"]), "s");
        if rng.chance(0.5) {
            let value = json!({"metadata": {"name": "s", "namespace": &*key.namespace},
                "spec": {"selector": {"app": pick(rng, &["web", "db"])}}});
            let made = made::<ServiceView>(value);
            self.services.insert(key.clone(), made.clone());
            self.kept.upsert(made);
            self.other::<ServiceView>(key);
        } else if self.services.remove(&key).is_some() && mutant != Some(Mutant::ServiceStays) {
            self.kept.remove::<ServiceView>(&key);
            self.other::<ServiceView>(key);
        }
    }

    fn storage(&mut self, rng: &mut Rng, mutant: Option<Mutant>) {
        let number = rng.below(3);
        let (volume, claim) =
            (ObjectKey::cluster(format!("v{number}")), ObjectKey::new("default", format!("c{number}")));
        match rng.below(4) {
            0 => {
                let mode = pick(rng, &["WaitForFirstConsumer", "Immediate"]);
                let value = json!({"metadata": {"name": "local"}, "volumeBindingMode": mode,
                    "provisioner": "kubernetes.io/no-provisioner"});
                keep(&mut self.classes, &mut self.kept, made::<StorageClass>(value));
                self.other::<StorageClass>(ObjectKey::cluster("local"));
            }
            1 => {
                let terms = json!([{"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In",
                    "values": [pick(rng, &["a", "b"])]}]}]);
                let value = json!({"metadata": {"name": &*volume.name}, "status": {"phase": "Available"},
                    "spec": {"storageClassName": "local", "capacity": {"storage": "5Gi"},
                        "nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}});
                keep(&mut self.volumes, &mut self.kept, made::<PersistentVolume>(value));
                self.other::<PersistentVolume>(volume);
            }
            2 => {
                if self.volumes.remove(&volume).is_some() && mutant != Some(Mutant::VolumeStays) {
                    self.kept.remove::<PersistentVolume>(&volume);
                    self.other::<PersistentVolume>(volume);
                }
            }
            _ => {
                let mut value = json!({"metadata": {"name": &*claim.name, "namespace": "default"},
                    "spec": {"storageClassName": "local", "accessModes": [pick(rng, &["ReadWriteOnce", "ReadWriteOncePod"])],
                        "resources": {"requests": {"storage": "1Gi"}}}});
                if rng.chance(0.5) {
                    value["spec"]["volumeName"] = json!(&*volume.name);
                    value["metadata"]["annotations"] = json!({"pv.kubernetes.io/bind-completed": "yes"});
                }
                let new = made::<PersistentVolumeClaim>(value);
                let known = self.claims.insert(claim.clone(), new.clone()).is_some();
                if !(known && mutant == Some(Mutant::StaleClaim)) {
                    self.kept.upsert(new);
                    self.other::<PersistentVolumeClaim>(claim);
                }
            }
        }
    }

    /// The same cluster, made from nothing.
    pub(super) fn rebuilt(&self) -> Snapshot {
        let mut cluster = Snapshot::new();
        self.nodes.values().for_each(|node| cluster.upsert_node(node));
        self.pods.values().for_each(|pod| cluster.upsert_pod(pod));
        self.namespaces.values().for_each(|one| cluster.upsert(one.clone()));
        self.services.values().for_each(|one| cluster.upsert(one.clone()));
        self.volumes.values().for_each(|one| cluster.upsert(one.clone()));
        self.claims.values().for_each(|one| cluster.upsert(one.clone()));
        self.classes.values().for_each(|one| cluster.upsert(one.clone()));
        cluster
    }
}

fn keep<V: Kept>(all: &mut BTreeMap<ObjectKey, Arc<V>>, cluster: &mut Snapshot, object: Arc<V>) {
    all.insert(object.key(), object.clone());
    cluster.upsert(object);
}

/// A pod that wants something of everything.
pub(super) fn pod(rng: &mut Rng, namespace: &str, name: &str) -> Value {
    let requests =
        json!({"cpu": pick(rng, &["0", "100m", "500m", "1"]), "memory": pick(rng, &["0", "128Mi", "1Gi"])});
    let mut container = json!({"name": "c", "image": "app:1", "resources": {"requests": requests}});
    if rng.chance(0.15) {
        container["ports"] = json!([{"hostPort": 80 + rng.below(2)}]);
    }
    let mut spec = json!({"containers": [container], "priority": rng.below(3)});
    let selector = json!({"matchLabels": {"app": pick(rng, &["web", "db"])}});
    let key = pick(rng, &["topology.kubernetes.io/zone", "kubernetes.io/hostname"]);
    if rng.chance(0.25) {
        spec["topologySpreadConstraints"] = json!([{"maxSkew": 1 + rng.below(2), "topologyKey": key,
            "whenUnsatisfiable": pick(rng, &["DoNotSchedule", "ScheduleAnyway"]), "labelSelector": selector,
            "nodeTaintsPolicy": pick(rng, &["Honor", "Ignore"])}]);
    }
    if rng.chance(0.35) {
        let mut term = json!({"topologyKey": key, "labelSelector": selector});
        match rng.below(3) {
            0 => term["namespaceSelector"] = json!({"matchLabels": {"tier": "prod"}}),
            1 => term["namespaces"] = json!(["other"]),
            _ => {}
        }
        let (kind, how) = (pick(rng, &["podAffinity", "podAntiAffinity"]), rng.below(2));
        spec["affinity"][kind] = if how == 0 {
            json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]})
        } else {
            let weighted = json!({"weight": 1 + rng.below(100), "podAffinityTerm": term});
            json!({"preferredDuringSchedulingIgnoredDuringExecution": [weighted]})
        };
    }
    if rng.chance(0.15) {
        spec["nodeSelector"] = json!({"disk": "ssd"});
    }
    if rng.chance(0.3) {
        spec["tolerations"] = json!([{"key": pick(rng, &["dedicated", "soft"]), "operator": "Exists"}]);
    }
    if rng.chance(0.15) && namespace == "default" {
        let claim = format!("c{}", rng.below(3));
        spec["volumes"] = json!([{"name": "v", "persistentVolumeClaim": {"claimName": claim}}]);
    }
    let labels = json!({"app": pick(rng, &["web", "db", "none"])});
    json!({"metadata": {"name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"), "labels": labels},
        "spec": spec})
}

pub(super) fn asking(rng: &mut Rng) -> PodInfo {
    PodInfo::new(made::<PodView>(pod(rng, "default", "asking")))
}
