//! Which of the nodes that fit is best.

use super::cycle::Cycle;
use super::observe::{Laps, SKIP, SUCCESS};
use super::{Decision, NodeScores, Scores};
use crate::framework::{MAX_NODE_SCORE, Nodes, Normalize, PluginError, default_normalize};
use crate::snapshot::NodeSlot;
use kube_core::env::Rng;
use std::sync::Arc;

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

impl Cycle<'_> {
    pub(super) fn choose(
        &self,
        fitting: &[NodeSlot],
        rng: Option<&mut Rng>,
    ) -> Result<Decision, PluginError> {
        let table = self.score(fitting, false)?;
        let highest = table.totals.iter().copied().max().unwrap_or(0);
        let best: Vec<usize> = (0..fitting.len()).filter(|row| table.totals[*row] == highest).collect();
        let picked = rng.map_or(0, |rng| if best.len() > 1 { rng.below(best.len()) } else { 0 });
        let row = best[picked];
        let plugins = table.columns.iter().map(|column| (column.name, column.weighted[row])).collect();
        let scores = Scores { total: highest, plugins, feasible: fitting.len(), best: best.len() };
        Ok(Decision::Place { node: self.name(fitting[row]), scores })
    }

    /// The scores of each of these nodes, in their order.
    pub(super) fn score_rows(&self, fitting: &[NodeSlot]) -> Result<Vec<NodeScores>, PluginError> {
        let table = self.score(fitting, true)?;
        let rows = fitting.iter().enumerate().map(|(row, slot)| table.row(row, self.name(*slot)));
        Ok(rows.collect())
    }

    fn name(&self, slot: NodeSlot) -> Arc<str> {
        self.cluster.node_at(slot).map(|node| node.name().clone()).unwrap_or_default()
    }

    fn score(&self, slots: &[NodeSlot], keep_raw: bool) -> Result<Table, PluginError> {
        let mut table = Table { totals: vec![0; slots.len()], columns: Vec::new() };
        let laps = |point| Laps::begin(self.at.observer, point);
        let (mut pre, mut own, mut normal) =
            (laps("PreScore"), laps("Score"), laps("ScoreExtensionNormalize"));
        for by in &self.engine.scores {
            self.at.set((by.name, "PreScore"));
            pre.resume();
            let nodes = Nodes::some(self.cluster, slots, &by.reads);
            let scoring = by.plugin.pre_score(self.pod, nodes);
            pre.lap(by.name, if scoring.is_some() { SUCCESS } else { SKIP });
            let Some(scoring) = scoring else { continue };
            own.resume();
            self.at.set((by.name, "Score"));
            let mut scores = Vec::with_capacity(slots.len());
            scoring.score_all(nodes, &mut scores);
            own.lap(by.name, SUCCESS);
            normal.resume();
            let raw = keep_raw.then(|| scores.clone());
            self.at.set((by.name, "NormalizeScore"));
            match scoring.normalization() {
                Normalize::None => {}
                Normalize::Default { reverse } => default_normalize(&mut scores, reverse),
                Normalize::Custom => scoring.normalize(nodes, &mut scores),
            }
            normal.lap(by.name, SUCCESS);
            if let Some(score) = scores.iter().find(|score| !(0..=MAX_NODE_SCORE).contains(*score)) {
                let text = format!(
                    "returns an invalid score {score}, it should in the range of [0, {MAX_NODE_SCORE}]"
                );
                return Err(PluginError::new(by.name, "Score", text));
            }
            for (score, total) in scores.iter_mut().zip(&mut table.totals) {
                *score *= by.weight;
                *total += *score;
            }
            table.columns.push(Column { name: by.name, raw, weighted: scores });
        }
        for laps in [pre, own, normal] {
            laps.end(SUCCESS);
        }
        Ok(table)
    }
}

impl Table {
    fn row(&self, row: usize, node: Arc<str>) -> NodeScores {
        let plugins = self.columns.iter().map(|column| {
            let raw = column.raw.as_ref().map_or(0, |raw| raw[row]);
            (column.name, raw, column.weighted[row])
        });
        NodeScores { node, total: self.totals[row], plugins: plugins.collect() }
    }
}
