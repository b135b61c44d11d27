//! One attempt to place one pod.

use super::{Decision, Engine, Evaluation, NodeOutcome, NodeScores, Scores};
use crate::explain::{NearFit, Obstacle, PodRejection, Rejection, Why};
use crate::framework::{
    BoundFilter, MAX_NODE_SCORE, NodeRef, Nodes, Normalize, PluginError, PodInfo, Prepared, Reason, Reasons,
    Verdict, default_normalize, guarded,
};
use crate::snapshot::Snapshot;
use kube_core::env::Rng;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The attempt: the filters bound to the pod, and the names that a `PreFilter` left.
pub(super) struct Cycle<'c> {
    engine: &'c Engine,
    cluster: &'c Snapshot,
    pod: &'c PodInfo,
    filters: Vec<Filtering<'c>>,
    only: Option<BTreeSet<Arc<str>>>,
    narrowed_by: Vec<&'static str>,
    rejected: Option<PodRejection>,
    at: &'c At,
}

struct Filtering<'c> {
    name: &'static str,
    columns: u32,
    filter: Box<dyn BoundFilter + 'c>,
}

/// Which plugin is running, to name it should it panic.
struct At(Cell<(&'static str, &'static str)>);

/// A node that does not fit: the plugin, and what it says.
struct Misfit<'c> {
    node: NodeRef<'c>,
    plugin: &'static str,
    verdict: Verdict,
}

/// The scores of some nodes, one column per plugin.
struct Table {
    totals: Vec<i64>,
    columns: Vec<Column>,
}

struct Column {
    name: &'static str,
    raw: Option<Vec<i64>>,
    weighted: Vec<i64>,
}

impl<'c> Cycle<'c> {
    /// Prepares an attempt and runs `answer` on it. A plugin that panics fails the attempt and nothing else.
    pub(super) fn guarded<T>(
        engine: &Engine,
        cluster: &Snapshot,
        pod: &PodInfo,
        answer: impl FnOnce(&Cycle<'_>) -> Result<T, PluginError>,
    ) -> Result<T, PluginError> {
        let at = At(Cell::new(("", "")));
        guarded(|| answer(&Cycle::prepare(engine, cluster, pod, &at))).unwrap_or_else(|message| {
            let (plugin, point) = at.0.get();
            Err(PluginError::new(plugin, point, message))
        })
    }

    fn prepare(engine: &'c Engine, cluster: &'c Snapshot, pod: &'c PodInfo, at: &'c At) -> Self {
        let filters = Vec::with_capacity(engine.filters.len());
        let mut cycle =
            Self { engine, cluster, pod, filters, only: None, narrowed_by: Vec::new(), rejected: None, at };
        for filter in &engine.filters {
            at.0.set((filter.name, "PreFilter"));
            let prepared = filter.plugin.pre_filter(pod, Nodes::all(cluster, filter.columns));
            let bound = |bound| Filtering { name: filter.name, columns: filter.columns, filter: bound };
            match prepared {
                Prepared::Skip => {}
                Prepared::All(filter) => cycle.filters.push(bound(filter)),
                Prepared::Only(by, names) => {
                    cycle.filters.push(bound(by));
                    if !cycle.narrow(filter.name, names) {
                        break;
                    }
                }
                Prepared::Reject(reasons) => {
                    // The others still run: making room needs what they prepare.
                    let rejection = PodRejection { plugin: filter.name, for_good: false, reasons };
                    cycle.rejected.get_or_insert(rejection);
                }
                Prepared::RejectForGood(reasons) => {
                    let rejection = PodRejection { plugin: filter.name, for_good: true, reasons };
                    cycle.rejected = Some(rejection);
                    break;
                }
            }
        }
        cycle
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
        let (fitting, misfits) = self.filter();
        match fitting.as_slice() {
            [] => Ok(Decision::Unschedulable(self.why(misfits))),
            [one] => {
                let scores = Scores { feasible: 1, best: 1, ..Scores::default() };
                Ok(Decision::Place { node: one.name().clone(), scores })
            }
            several => self.choose(several, rng),
        }
    }

    fn choose(&self, fitting: &[NodeRef<'_>], rng: Option<&mut Rng>) -> Result<Decision, PluginError> {
        let table = self.score(fitting, false)?;
        let highest = table.totals.iter().copied().max().unwrap_or(0);
        let best: Vec<usize> = (0..fitting.len()).filter(|row| table.totals[*row] == highest).collect();
        let picked = rng.map_or(0, |rng| if best.len() > 1 { rng.below(best.len()) } else { 0 });
        let row = best[picked];
        let plugins = table.columns.iter().map(|column| (column.name, column.weighted[row])).collect();
        let scores = Scores { total: highest, plugins, feasible: fitting.len(), best: best.len() };
        Ok(Decision::Place { node: fitting[row].name().clone(), scores })
    }

    pub(super) fn evaluate(&self) -> Result<Evaluation, PluginError> {
        let mut evaluation =
            Evaluation { pod: self.rejected.clone(), only: self.only.clone(), ..Evaluation::default() };
        if self.rejected.is_some() {
            return Ok(evaluation);
        }
        let (fitting, misfits) = self.filter();
        let mut misfits = misfits.into_iter().peekable();
        for node in self.cluster.nodes() {
            let misfit = misfits.next_if(|misfit| misfit.node.slot() == node.slot());
            let (plugin, verdict) = match misfit {
                Some(misfit) => (misfit.plugin, misfit.verdict),
                None if self.left_out(&node) => ("", self.not_asked_for()),
                None => ("", Verdict::Fits),
            };
            evaluation.nodes.push(NodeOutcome { node: node.name().clone(), plugin, verdict });
        }
        let table = self.score(&fitting, true)?;
        evaluation.scores =
            (fitting.iter().enumerate()).map(|(row, node)| table.row(row, node.name())).collect();
        Ok(evaluation)
    }

    /// The nodes that lack least.
    pub(super) fn nearest(&self, most: usize) -> Vec<NearFit> {
        let mut all: Vec<NearFit> = self.cluster.nodes().map(|node| self.obstacles(node)).collect();
        all.sort_by_cached_key(|near| (near.distance(), near.node.clone()));
        all.retain(|near| !near.obstacles.is_empty());
        all.truncate(most);
        all
    }

    /// Everything that every plugin has against a node.
    fn obstacles(&self, node: NodeRef<'_>) -> NearFit {
        let mut obstacles = Vec::new();
        for by in &self.filters {
            let node = node.with_columns(by.columns);
            self.at.0.set((by.name, "Filter"));
            if let Some(reasons) = by.filter.filter(node).reasons() {
                let remedies = by.filter.remedies(node);
                obstacles.push(Obstacle { plugin: by.name, reasons: reasons.clone(), remedies });
            }
        }
        NearFit { node: node.name().clone(), obstacles }
    }

    /// The nodes that fit and those that do not, in the order of the snapshot. Nodes that a `PreFilter` left out are in
    /// neither.
    fn filter(&self) -> (Vec<NodeRef<'c>>, Vec<Misfit<'c>>) {
        let (mut fitting, mut misfits) = (Vec::new(), Vec::new());
        let sort = |node: NodeRef<'c>| match self.verdict(node) {
            None => fitting.push(node),
            Some((plugin, verdict)) => misfits.push(Misfit { node, plugin, verdict }),
        };
        match &self.only {
            None => self.cluster.nodes().for_each(sort),
            Some(names) => {
                let mut nodes: Vec<NodeRef<'c>> =
                    names.iter().filter_map(|name| self.cluster.node(name)).collect();
                nodes.sort_by_key(NodeRef::slot);
                nodes.into_iter().for_each(sort);
            }
        }
        (fitting, misfits)
    }

    /// The first plugin that rejects the node, and what it says.
    fn verdict(&self, node: NodeRef<'_>) -> Option<(&'static str, Verdict)> {
        self.filters.iter().find_map(|by| {
            self.at.0.set((by.name, "Filter"));
            match by.filter.filter(node.with_columns(by.columns)) {
                Verdict::Fits => None,
                verdict => Some((by.name, verdict)),
            }
        })
    }

    fn left_out(&self, node: &NodeRef<'_>) -> bool {
        self.only.as_ref().is_some_and(|names| !names.contains(node.name()))
    }

    fn not_asked_for(&self) -> Verdict {
        Verdict::never(format!("node(s) didn't satisfy plugin(s) [{}]", self.narrowed_by.join(" ")))
    }

    fn why(&self, misfits: Vec<Misfit<'_>>) -> Why {
        let mut why = Why { nodes: self.cluster.node_count(), pod: self.rejected.clone(), ..Why::default() };
        why.narrowed_by.clone_from(&self.narrowed_by);
        if why.pod.is_some() {
            return why;
        }
        why.rejections = misfits.into_iter().filter_map(|m| rejection(m.node, m.plugin, m.verdict)).collect();
        if self.only.is_some() {
            let left_out = self.cluster.nodes().filter(|node| self.left_out(node));
            let verdict = self.not_asked_for();
            why.rejections.extend(left_out.filter_map(|node| rejection(node, "", verdict.clone())));
        }
        why
    }

    fn score(&self, nodes: &[NodeRef<'_>], keep_raw: bool) -> Result<Table, PluginError> {
        let mut table = Table { totals: vec![0; nodes.len()], columns: Vec::new() };
        for by in &self.engine.scores {
            self.at.0.set((by.name, "PreScore"));
            let some = Nodes::some(self.cluster, nodes, by.columns);
            let Some(scoring) = by.plugin.pre_score(self.pod, some) else { continue };
            self.at.0.set((by.name, "Score"));
            let raw: Vec<i64> =
                nodes.iter().map(|node| scoring.score(node.with_columns(by.columns))).collect();
            let kept = keep_raw.then(|| raw.clone());
            let mut scores = raw;
            self.at.0.set((by.name, "NormalizeScore"));
            match scoring.normalization() {
                Normalize::None => {}
                Normalize::Default { reverse } => default_normalize(&mut scores, reverse),
                Normalize::Custom => scoring.normalize(some, &mut scores),
            }
            for (score, total) in scores.iter_mut().zip(&mut table.totals) {
                if !(0..=MAX_NODE_SCORE).contains(score) {
                    let text = format!(
                        "returns an invalid score {score}, it should in the range of [0, {MAX_NODE_SCORE}]"
                    );
                    return Err(PluginError::new(by.name, "Score", text));
                }
                *score *= by.weight;
                *total += *score;
            }
            table.columns.push(Column { name: by.name, raw: kept, weighted: scores });
        }
        Ok(table)
    }
}

impl Table {
    fn row(&self, row: usize, node: &Arc<str>) -> NodeScores {
        let plugins = self.columns.iter().map(|column| {
            let raw = column.raw.as_ref().map_or(0, |raw| raw[row]);
            (column.name, raw, column.weighted[row])
        });
        NodeScores { node: node.clone(), total: self.totals[row], plugins: plugins.collect() }
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
