//! One attempt to place one pod: which nodes fit, and why the others do not.

use super::observe::{Laps, Observer, SKIP, SUCCESS, UNRESOLVABLE, UNSCHEDULABLE};
use super::room::Trial;
use super::{Decision, Engine, Evaluation, FilterAt, NodeOutcome, Scores};
use crate::explain::{PodRejection, Rejection, Why};
use crate::framework::{
    AttachedFilter, ClusterEvent, NodeRef, NodeSet, Nodes, PluginError, PodInfo, Prepared, Reads, Reason,
    Reasons, Verdict, guarded,
};
use crate::snapshot::{NodeSlot, Snapshot};
use kube_core::env::Rng;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The attempt: the filters attached to the pod, and the names that a `PreFilter` left.
pub(super) struct Cycle<'c> {
    pub(super) engine: &'c Engine,
    pub(super) cluster: &'c Snapshot,
    pub(super) pod: &'c PodInfo,
    pub(super) filters: Vec<Filtering<'c>>,
    pub(super) at: &'c At<'c>,
    only: Option<BTreeSet<Arc<str>>>,
    narrowed_by: Vec<&'static str>,
    rejected: Option<PodRejection>,
}

pub(super) struct Filtering<'c> {
    pub(super) name: &'static str,
    pub(super) monotone: bool,
    pub(super) reads: &'c Reads,
    pub(super) filter: Box<dyn AttachedFilter + 'c>,
}

/// Which plugin is running, to name it should it panic; and who watches.
pub(super) struct At<'o> {
    running: Cell<(&'static str, &'static str)>,
    pub(super) observer: Option<&'o dyn Observer>,
}

impl At<'_> {
    pub(super) fn set(&self, running: (&'static str, &'static str)) {
        self.running.set(running);
    }

    fn get(&self) -> (&'static str, &'static str) {
        self.running.get()
    }
}

/// A node that does not fit: the plugin, and what it says.
struct Misfit {
    slot: NodeSlot,
    plugin: &'static str,
    verdict: Verdict,
}

impl<'c> Cycle<'c> {
    /// Prepares an attempt and runs `answer` on it. A plugin that panics fails the attempt and nothing else.
    pub(super) fn guarded<T>(
        engine: &Engine,
        cluster: &Snapshot,
        pod: &PodInfo,
        answer: impl FnOnce(&Cycle<'_>) -> Result<T, PluginError>,
    ) -> Result<T, PluginError> {
        Self::observed(engine, cluster, (pod, None), answer)
    }

    /// As [`Cycle::guarded`], watched.
    pub(super) fn observed<T>(
        engine: &Engine,
        cluster: &Snapshot,
        (pod, observer): (&PodInfo, Option<&dyn Observer>),
        answer: impl FnOnce(&Cycle<'_>) -> Result<T, PluginError>,
    ) -> Result<T, PluginError> {
        let at = At { running: Cell::new(("", "")), observer };
        guarded(|| answer(&Cycle::prepare(engine, cluster, pod, &at))).unwrap_or_else(|message| {
            let (plugin, point) = at.get();
            Err(PluginError::new(plugin, point, message))
        })
    }

    fn prepare(engine: &'c Engine, cluster: &'c Snapshot, pod: &'c PodInfo, at: &'c At<'c>) -> Self {
        let filters = Vec::with_capacity(engine.filters.len());
        let mut cycle =
            Self { engine, cluster, pod, filters, only: None, narrowed_by: Vec::new(), rejected: None, at };
        let mut laps = Laps::begin(at.observer, "PreFilter");
        for plugin in &engine.filters {
            at.set((plugin.name, "PreFilter"));
            let prepared = plugin.plugin.pre_filter(pod, Nodes::all(cluster, &plugin.reads));
            laps.lap(plugin.name, status_of(&prepared));
            if !cycle.take(plugin, prepared) {
                break;
            }
        }
        laps.end(match &cycle.rejected {
            None => SUCCESS,
            Some(rejection) if rejection.for_good => UNRESOLVABLE,
            Some(_) => UNSCHEDULABLE,
        });
        cycle
    }

    /// Takes what a `PreFilter` came to; `false` where no further one needs to be asked.
    fn take(&mut self, plugin: &'c FilterAt, prepared: Prepared<'c>) -> bool {
        let FilterAt { name, monotone, reads, .. } = plugin;
        let (name, monotone) = (*name, *monotone);
        match prepared {
            Prepared::Skip => true,
            Prepared::All(filter) => {
                self.filters.push(Filtering { name, monotone, reads, filter });
                true
            }
            Prepared::Only(filter, names) => {
                self.filters.push(Filtering { name, monotone, reads, filter });
                self.narrow(name, names)
            }
            Prepared::Reject(reasons) => {
                // The others still run: making room needs what they prepare.
                self.rejected.get_or_insert(PodRejection { plugin: name, for_good: false, reasons });
                true
            }
            Prepared::RejectForGood(reasons) => {
                self.rejected = Some(PodRejection { plugin: name, for_good: true, reasons });
                false
            }
        }
    }

    /// Leaves only the nodes of these names; `false` where none is left.
    fn narrow(&mut self, plugin: &'static str, names: BTreeSet<Arc<str>>) -> bool {
        self.narrowed_by.push(plugin);
        let left = match self.only.take() {
            None => names,
            Some(others) => others.intersection(&names).cloned().collect(),
        };
        let empty = left.is_empty();
        if empty {
            let text = match self.narrowed_by.as_slice() {
                [one] => format!("node(s) didn't satisfy plugin {one}"),
                several => format!("node(s) didn't satisfy plugin(s) [{}] simultaneously", several.join(" ")),
            };
            let reasons = Reasons::from(Reason::from(text));
            self.rejected = Some(PodRejection { plugin, for_good: true, reasons });
        }
        self.only = Some(left);
        !empty
    }

    pub(super) fn decide(&self, rng: Option<&mut Rng>) -> Result<Decision, PluginError> {
        if self.rejected.is_some() || self.cluster.node_count() == 0 {
            return Ok(Decision::Unschedulable(self.why(Vec::new())));
        }
        if let Some(node) = self.nominated() {
            let scores = Scores { feasible: 1, best: 1, ..Scores::default() };
            return Ok(Decision::Place { node: node.name().clone(), scores });
        }
        let (fitting, stages) = self.filter();
        match fitting.as_slice() {
            [] => Ok(Decision::Unschedulable(self.why(self.misfits(&stages)))),
            [one] => {
                let node = self.cluster.node_at(*one).map(|node| node.name().clone()).unwrap_or_default();
                let scores = Scores { feasible: 1, best: 1, ..Scores::default() };
                Ok(Decision::Place { node, scores })
            }
            several => self.choose(several, rng),
        }
    }

    /// The node that room was made on for this pod, if it fits there now: then no other is looked at.
    fn nominated(&self) -> Option<NodeRef<'c>> {
        let stated = self.pod.view().status.nominated_node_name.as_ref();
        let node = self.cluster.node(self.cluster.nominated_node(self.pod.key()).or(stated)?)?;
        let fits = !self.left_out(&node) && self.verdict(node).is_none();
        fits.then_some(node)
    }

    pub(super) fn evaluate(&self) -> Result<Evaluation, PluginError> {
        let mut evaluation =
            Evaluation { pod: self.rejected.clone(), only: self.only.clone(), ..Evaluation::default() };
        if self.rejected.is_some() {
            return Ok(evaluation);
        }
        let (fitting, stages) = self.filter();
        let mut misfits = self.misfits(&stages).into_iter().peekable();
        for node in self.cluster.nodes() {
            let misfit = misfits.next_if(|misfit| misfit.slot == node.slot());
            let (plugin, verdict) = match misfit {
                Some(misfit) => (misfit.plugin, misfit.verdict),
                None if self.left_out(&node) => ("", self.not_asked_for()),
                None => ("", Verdict::Fits),
            };
            evaluation.nodes.push(NodeOutcome { node: node.name().clone(), plugin, verdict });
        }
        evaluation.scores = self.score_rows(&fitting)?;
        Ok(evaluation)
    }

    /// The nodes that fit, in the order of the snapshot; and what each filter took away, for [`Cycle::misfits`]. Nodes
    /// that a `PreFilter` left out are in neither.
    fn filter(&self) -> (Vec<NodeSlot>, Vec<NodeSet>) {
        let mut set: NodeSet = match &self.only {
            None => self.cluster.marked().all.clone(),
            Some(names) => names.iter().filter_map(|name| Some(self.cluster.node(name)?.slot())).collect(),
        };
        let mut stages = vec![set.clone()];
        let mut laps = Laps::begin(self.at.observer, "Filter");
        for by in &self.filters {
            self.at.set((by.name, "Filter"));
            by.filter.retain(Nodes::all(self.cluster, by.reads), &mut set);
            stages.push(set.clone());
            laps.lap(by.name, SUCCESS);
            if set.is_empty() {
                break;
            }
        }
        laps.end(SUCCESS);
        if self.cluster.has_nominations() {
            set.retain(|slot| {
                self.cluster.node_at(slot).is_some_and(|node| self.with_nominated(node).is_none())
            });
            stages.push(set.clone());
        }
        (set.to_vec(), stages)
    }

    /// What is said of each node that a stage of the filter took away, in the order of the snapshot.
    fn misfits(&self, stages: &[NodeSet]) -> Vec<Misfit> {
        let mut misfits = Vec::new();
        for (number, pair) in stages.windows(2).enumerate() {
            let [before, after] = pair else { continue };
            for slot in before.iter().filter(|slot| !after.contains(*slot)) {
                let Some(node) = self.cluster.node_at(slot) else { continue };
                let said = match self.filters.get(number) {
                    Some(by) => {
                        self.at.set((by.name, "Filter"));
                        Some((by.name, by.filter.filter(node.with_columns(by.reads.columns()))))
                    }
                    None => self.with_nominated(node),
                };
                misfits.extend(said.map(|(plugin, verdict)| Misfit { slot, plugin, verdict }));
            }
        }
        misfits.sort_unstable_by_key(|misfit| misfit.slot);
        misfits
    }

    /// The first plugin that rejects the node, and what it says; with the pods that room there is set aside for as well.
    pub(super) fn verdict(&self, node: NodeRef<'_>) -> Option<(&'static str, Verdict)> {
        let said = self.filters.iter().find_map(|by| {
            self.at.set((by.name, "Filter"));
            match by.filter.filter(node.with_columns(by.reads.columns())) {
                Verdict::Fits => None,
                verdict => Some((by.name, verdict)),
            }
        });
        said.or_else(|| self.with_nominated(node))
    }

    fn with_nominated(&self, node: NodeRef<'_>) -> Option<(&'static str, Verdict)> {
        let pods = self.cluster.nominated(node.name());
        if !pods.iter().any(|other| Trial::counts(other, self.pod)) {
            return None;
        }
        Trial::new(self, node.slot())?.with_nominated()
    }

    /// See [`Engine::may_fit`].
    pub(super) fn may_fit(&self, event: Option<&ClusterEvent>) -> bool {
        if self.rejected.is_some() {
            return false;
        }
        let local = self.filters.iter().all(|by| by.filter.fork().is_none());
        match event.and_then(ClusterEvent::node).filter(|_| local) {
            Some(name) => self
                .cluster
                .node(name)
                .is_some_and(|node| !self.left_out(&node) && self.verdict(node).is_none()),
            None => !self.filter().0.is_empty(),
        }
    }

    fn left_out(&self, node: &NodeRef<'_>) -> bool {
        self.only.as_ref().is_some_and(|names| !names.contains(node.name()))
    }

    fn not_asked_for(&self) -> Verdict {
        Verdict::never(format!("node(s) didn't satisfy plugin(s) [{}]", self.narrowed_by.join(" ")))
    }

    fn why(&self, misfits: Vec<Misfit>) -> Why {
        let mut why = Why { nodes: self.cluster.node_count(), pod: self.rejected.clone(), ..Why::default() };
        why.narrowed_by.clone_from(&self.narrowed_by);
        if why.pod.is_some() {
            return why;
        }
        let named = |slot| self.cluster.node_at(slot);
        why.rejections = misfits
            .into_iter()
            .filter_map(|misfit| rejection(named(misfit.slot)?, misfit.plugin, misfit.verdict))
            .collect();
        if self.only.is_some() {
            let left_out = self.cluster.nodes().filter(|node| self.left_out(node));
            let verdict = self.not_asked_for();
            why.rejections.extend(left_out.filter_map(|node| rejection(node, "", verdict.clone())));
        }
        why
    }
}

fn status_of(prepared: &Prepared<'_>) -> &'static str {
    match prepared {
        Prepared::Skip => SKIP,
        Prepared::All(_) | Prepared::Only(..) => SUCCESS,
        Prepared::Reject(_) => UNSCHEDULABLE,
        Prepared::RejectForGood(_) => UNRESOLVABLE,
    }
}

fn rejection(node: NodeRef<'_>, plugin: &'static str, verdict: Verdict) -> Option<Rejection> {
    let (for_good, reasons) = match verdict {
        Verdict::Fits => return None,
        Verdict::No(reasons) => (false, reasons),
        Verdict::Never(reasons) => (true, reasons),
    };
    Some(Rejection { node: node.name().clone(), plugin, for_good, reasons })
}
