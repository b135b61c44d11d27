//! Which nodes a selector matches: column by column, once per value of a label instead of once per node.

use super::{NodeSet, Nodes};
use kube_core::selector::node::{CompiledTerm, RequiredNodeAffinity};

impl Nodes<'_> {
    /// The nodes of the cluster that a pod's node selector and required node affinity match
    /// ([`Reads::NODE_LABELS`](super::Reads::NODE_LABELS)): those for which
    /// [`RequiredNodeAffinity::matches`] is `Ok(true)`.
    pub fn matched_by(&self, affinity: &RequiredNodeAffinity) -> NodeSet {
        let mut matched = match affinity.affinity() {
            None => self.whole().clone(),
            Some(affinity) => {
                let mut any = NodeSet::default();
                for term in affinity.terms() {
                    any.add(&self.meeting(term));
                }
                any
            }
        };
        for (key, value) in affinity.node_selector().iter() {
            self.keep_where(&mut matched, key, |there| there == Some(&**value));
        }
        matched
    }

    /// The nodes of the cluster that meet a term ([`Reads::NODE_LABELS`](super::Reads::NODE_LABELS)).
    pub fn meeting(&self, term: &CompiledTerm) -> NodeSet {
        let mut met = self.whole().clone();
        for requirement in term.labels() {
            self.keep_where(&mut met, requirement.key(), |value| requirement.matches_value(value));
        }
        if !term.fields().is_empty() {
            met.retain(|slot| self.at(slot).is_some_and(|node| term.matches_name(node.name())));
        }
        met
    }

    fn keep_where(&self, set: &mut NodeSet, key: &str, meets: impl Fn(Option<&str>) -> bool) {
        let absent = meets(None);
        let Some(column) = self.labels(key) else {
            if !absent {
                *set = NodeSet::default();
            }
            return;
        };
        let mut met = vec![false; column.width()];
        for number in column.in_use() {
            met[number] = meets(column.value(number).map(AsRef::as_ref));
        }
        set.retain(|slot| column.of(slot).map_or(absent, |number| met[number]));
    }
}
