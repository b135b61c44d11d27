//! Pods that are alike to other pods, counted per node.
//!
//! What affinity and spreading see of a pod is its namespace, its labels, its own terms and whether it terminates.
//! Pods that share these are one shape: a selector is asked once per shape, not once per pod.

use super::{NodeSlot, SlotColumn};
use crate::framework::PodShape;
use imbl::OrdMap;
use std::sync::Arc;

/// Every shape, with the number of its pods on each node.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    /// Those without terms of their own.
    plain: OrdMap<Arc<PodShape>, Arc<SlotColumn>>,
    /// Those with terms.
    with_terms: OrdMap<Arc<PodShape>, Arc<SlotColumn>>,
}

impl Shapes {
    /// Every shape.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<PodShape>, &SlotColumn)> {
        let both = self.plain.iter().chain(self.with_terms.iter());
        both.map(|(shape, column)| (shape, &**column))
    }

    /// Those that have affinity terms of their own.
    pub fn with_terms(&self) -> impl Iterator<Item = (&Arc<PodShape>, &SlotColumn)> {
        self.with_terms.iter().map(|(shape, column)| (shape, &**column))
    }

    /// Those of one namespace.
    pub fn in_namespace<'s>(
        &'s self,
        namespace: &'s str,
    ) -> impl Iterator<Item = (&'s Arc<PodShape>, &'s SlotColumn)> {
        let first = Arc::new(PodShape::first_of(namespace));
        [&self.plain, &self.with_terms].into_iter().flat_map(move |map| {
            map.range(first.clone()..)
                .take_while(move |(shape, _)| *shape.namespace == *namespace)
                .map(|(shape, column)| (shape, &**column))
        })
    }

    /// Gives the shape that is kept of those alike.
    pub(super) fn add(&mut self, slot: NodeSlot, shape: &Arc<PodShape>, by: i32) -> Arc<PodShape> {
        let map = if shape.terms.is_some() { &mut self.with_terms } else { &mut self.plain };
        if let Some((kept, column)) = map.get_key_value_mut(shape) {
            let kept = kept.clone();
            let counts = Arc::make_mut(column);
            counts.add(slot, by);
            if counts.is_empty() {
                map.remove(shape);
            }
            return kept;
        }
        if by > 0 {
            let mut counts = SlotColumn::default();
            counts.add(slot, by);
            map.insert(shape.clone(), Arc::new(counts));
        }
        shape.clone()
    }
}
