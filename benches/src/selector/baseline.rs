//! What one writes first: labels in the map they were decoded into, requirements as key, operator and values, and a
//! loop over all of them. No text is parsed while matching, so the comparison is with a sane linear scan.

use super::World;
use std::collections::BTreeMap;

/// How a requirement compares.
#[derive(Clone, Copy, Debug)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}

/// One requirement of a selector.
#[derive(Debug)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

/// Pods and selectors in vectors.
#[derive(Debug)]
pub struct Linear {
    selectors: Vec<Vec<Requirement>>,
    pods: Vec<BTreeMap<String, String>>,
}

impl Linear {
    /// The selectors and pods of `world`.
    pub fn new(world: &World) -> Self {
        Self {
            selectors: world.selectors.iter().map(|text| requirements(text)).collect(),
            pods: world.pods.clone(),
        }
    }

    /// How many selectors match pod number `pod`.
    pub fn selectors_of(&self, pod: usize) -> usize {
        let Some(labels) = self.pods.get(pod) else { return 0 };
        self.selectors.iter().filter(|selector| matches(selector, labels)).count()
    }

    /// How many pods selector number `selector` matches.
    pub fn pods_of(&self, selector: usize) -> usize {
        let Some(selector) = self.selectors.get(selector) else { return 0 };
        self.pods.iter().filter(|labels| matches(selector, labels)).count()
    }

    /// Gives pod number `pod` other labels; answers how many selectors began or ceased to match it.
    pub fn relabel(&mut self, pod: usize, labels: BTreeMap<String, String>) -> usize {
        let Some(pod) = self.pods.get_mut(pod) else { return 0 };
        let before = std::mem::replace(pod, labels);
        let changed = |selector: &&Vec<Requirement>| matches(selector, &before) != matches(selector, pod);
        self.selectors.iter().filter(changed).count()
    }
}

fn matches(selector: &[Requirement], labels: &BTreeMap<String, String>) -> bool {
    selector.iter().all(|requirement| {
        let value = labels.get(&requirement.key);
        match requirement.operator {
            Operator::In => value.is_some_and(|value| requirement.values.contains(value)),
            Operator::NotIn => value.is_none_or(|value| !requirement.values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
        }
    })
}

/// The requirements of a text as [`World`] writes them.
fn requirements(text: &str) -> Vec<Requirement> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let closed = rest.find('(').filter(|open| rest.find(',').is_none_or(|comma| *open < comma));
        let end = closed.and_then(|_| rest.find(')').map(|at| at + 1)).or_else(|| rest.find(','));
        let (term, tail) = rest.split_at(end.unwrap_or(rest.len()));
        out.push(requirement(term));
        rest = tail.trim_start_matches(',');
    }
    out
}

fn requirement(term: &str) -> Requirement {
    let new = |key: &str, operator, values: &str| Requirement {
        key: key.to_owned(),
        operator,
        values: values.trim_end_matches(')').split(',').map(str::to_owned).collect(),
    };
    if let Some((key, values)) = term.split_once(" in (") {
        new(key, Operator::In, values)
    } else if let Some((key, values)) = term.split_once(" notin (") {
        new(key, Operator::NotIn, values)
    } else if let Some((key, value)) = term.split_once("!=") {
        new(key, Operator::NotIn, value)
    } else if let Some((key, value)) = term.split_once('=') {
        new(key, Operator::In, value)
    } else if let Some(key) = term.strip_prefix('!') {
        new(key, Operator::DoesNotExist, "")
    } else {
        new(term, Operator::Exists, "")
    }
}
