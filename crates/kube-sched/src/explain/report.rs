//! The long answer.

use super::{NearFit, Why};
use std::fmt::Write as _;

impl Why {
    /// Several lines: the message, what each plugin rejected, the nodes that lack least and what would have to change.
    pub fn report(&self) -> String {
        let mut text = self.to_string();
        for (plugin, count) in self.by_plugin() {
            let name = if plugin.is_empty() { "(not asked for by name)" } else { plugin };
            let _ = write!(text, "\n  {name}: {count} of {} nodes", self.nodes);
        }
        for near in &self.nearest {
            near.write_to(&mut text);
        }
        text
    }
}

impl NearFit {
    fn write_to(&self, text: &mut String) {
        let _ = write!(text, "\n  {} would fit, if you", self.node);
        let mut first = true;
        for obstacle in &self.obstacles {
            if obstacle.remedies.is_empty() {
                let lead = if std::mem::take(&mut first) { "" } else { "," };
                let _ = write!(text, "{lead} satisfy {} ({})", obstacle.plugin, obstacle.reasons);
            }
            for remedy in &obstacle.remedies {
                let lead = if std::mem::take(&mut first) { "" } else { ", and" };
                let _ = write!(text, "{lead} {}", remedy.change);
            }
        }
    }
}
