//! The labels of all nodes, turned round: per key a column of values.

use super::{NodeSlot, SlotColumn};
use imbl::{OrdMap, Vector};
use kube_core::selector::LabelSet;
use std::sync::Arc;

/// One label of all nodes: which value each node has.
#[derive(Clone, Debug, Default)]
pub struct LabelColumn {
    /// Number of the value and 1; 0 where the node lacks the label.
    slots: SlotColumn,
    values: Vector<Value>,
    numbers: OrdMap<Arc<str>, u32>,
    free: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Value {
    text: Arc<str>,
    nodes: u32,
}

impl LabelColumn {
    /// The number of the node's value, below [`LabelColumn::width`]; `None` where the node lacks the label.
    pub fn of(&self, slot: NodeSlot) -> Option<usize> {
        self.slots.get(slot).checked_sub(1).map(|number| number as usize)
    }

    /// Every value's number is below this.
    pub fn width(&self) -> usize {
        self.values.len()
    }

    /// How many nodes have the label.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no node has it.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The numbers of the values that some node has.
    pub fn in_use(&self) -> impl Iterator<Item = usize> + '_ {
        self.values.iter().enumerate().filter(|(_, value)| value.nodes > 0).map(|(number, _)| number)
    }

    /// The value of a number.
    pub fn value(&self, number: usize) -> Option<&Arc<str>> {
        self.values.get(number).map(|value| &value.text)
    }

    /// The number of a value, if some node has it.
    pub fn number(&self, value: &str) -> Option<usize> {
        self.numbers.get(value).map(|number| *number as usize)
    }

    /// Every node that has the label, and the number of its value.
    pub fn for_each(&self, mut each: impl FnMut(NodeSlot, usize)) {
        self.slots.for_each(|slot, number| each(slot, number as usize - 1));
    }

    fn set(&mut self, slot: NodeSlot, text: &Arc<str>) {
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => self.invent(text),
        };
        self.values[number as usize].nodes += 1;
        self.slots.set(slot, number + 1);
    }

    fn invent(&mut self, text: &Arc<str>) -> u32 {
        let value = Value { text: text.clone(), nodes: 0 };
        let number = self.free.pop().unwrap_or_else(|| u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        if number as usize == self.values.len() {
            self.values.push_back(value);
        } else {
            self.values[number as usize] = value;
        }
        self.numbers.insert(text.clone(), number);
        number
    }

    fn clear(&mut self, slot: NodeSlot) {
        let Some(number) = self.of(slot) else { return };
        self.slots.set(slot, 0);
        let value = &mut self.values[number];
        value.nodes -= 1;
        if value.nodes == 0 {
            let text = value.text.clone();
            self.numbers.remove(&text);
            self.free.extend(u32::try_from(number));
        }
    }
}

/// A column for every label that some node has.
#[derive(Clone, Debug, Default)]
pub(super) struct NodeLabels(OrdMap<Arc<str>, Arc<LabelColumn>>);

impl NodeLabels {
    pub(super) fn column(&self, key: &str) -> Option<&Arc<LabelColumn>> {
        self.0.get(key)
    }

    pub(super) fn change(&mut self, slot: NodeSlot, old: &LabelSet, new: &LabelSet) {
        for (key, value) in old.iter() {
            if new.get(key) != Some(value) {
                self.clear(slot, key);
            }
        }
        for (key, value) in new.iter() {
            if old.get(key) != Some(value) {
                let column = self.0.entry(key.clone()).or_default();
                Arc::make_mut(column).set(slot, value);
            }
        }
    }

    fn clear(&mut self, slot: NodeSlot, key: &Arc<str>) {
        let Some(column) = self.0.get_mut(key) else { return };
        let column = Arc::make_mut(column);
        column.clear(slot);
        if column.slots.is_empty() {
            self.0.remove(key);
        }
    }
}
