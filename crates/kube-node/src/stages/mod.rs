//! What pods do as documents: KWOK's `Stage`, in its common subset.
//!
//! A pod goes through stages: one whose selector matches it is chosen by weight, waits for its delay, and then changes the
//! pod: status by template, finalizers, an event, or its deletion. What is not understood is refused when it is read.
//!
//! Selectors name what they look at by paths in the manner of jq: `.a.b`, `.a["b/c"]`, `.a.[]`, `.a[0]`,
//! `| select( .type == "Ready" )`. Templates are Go's: variables, `if`, `with`, `range`, `define`, and the functions in
//! [`FUNCTIONS`].
//!
//! ```
//! use kube_node::stages::Stages;
//! use kube_node::SimFleet;
//!
//! let stages = Stages::parse(r#"
//! apiVersion: kwok.x-k8s.io/v1alpha1
//! kind: Stage
//! metadata: { name: pod-ready }
//! spec:
//!   resourceRef: { apiGroup: v1, kind: Pod }
//!   selector:
//!     matchExpressions:
//!     - { key: .status.phase, operator: In, values: [Pending] }
//!   delay: { durationMilliseconds: 1000, jitterDurationMilliseconds: 5000 }
//!   next:
//!     statusTemplate: |
//!       phase: Running
//!       startTime: {{ Now | Quote }}
//! "#)?;
//! let fleet = SimFleet::new(3).stages(stages);
//! # let _ = fleet;
//! # Ok::<(), kube_node::stages::StageError>(())
//! ```
//!
//! Source of the semantics: `sigs.k8s.io/kwok/pkg/apis/v1alpha1` (`stage_types.go`), `pkg/utils/lifecycle`.

mod delay;
mod document;
mod path;
mod pod;
mod selector;
mod template;
#[cfg(test)]
mod tests;

pub(crate) use pod::StagedPod;
pub use template::FUNCTIONS;

use delay::Delay;
use document::Document;
use kube_core::env::Rng;
use kube_core::wire::documents;
use selector::Selector;
use serde_json::Value;
use template::Template;

/// Stages that pods go through.
#[derive(Clone, Debug)]
pub struct Stages(Vec<Stage>);

/// A document that is not a stage, or says something that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Stage {stage}: {field}: {problem}")]
pub struct StageError {
    /// The stage's name, or the number of its document.
    pub stage: String,
    /// Which field.
    pub field: String,
    /// What was wrong.
    pub problem: String,
}

/// One stage.
#[derive(Clone, Debug)]
struct Stage {
    name: String,
    selector: Selector,
    weight: u64,
    delay: Delay,
    steps: Vec<Step>,
}

/// What a stage does.
#[derive(Clone, Debug)]
enum Step {
    Event { warning: bool, reason: String, message: Template },
    Finalizers { add: Vec<String>, remove: Vec<String>, empty: bool },
    Status(Template),
    Delete,
}

impl Stages {
    /// Reads the stages of pods in a stream of YAML documents. Stages of other kinds are left out: this fleet's nodes
    /// look after themselves.
    ///
    /// # Errors
    /// The first thing that is not understood.
    pub fn parse(yaml: &str) -> Result<Self, StageError> {
        let error =
            |stage: String, problem: String| StageError { stage, field: "document".to_owned(), problem };
        let documents = documents(yaml).map_err(|found| error("-".to_owned(), found.to_string()))?;
        let mut stages = Vec::new();
        for (index, document) in documents.into_iter().enumerate() {
            let number = (index + 1).to_string();
            let read: Document = serde_json::from_value(document.value)
                .map_err(|found| error(number.clone(), found.to_string()))?;
            if read.kind != "Stage" {
                return Err(error(number, format!("its kind is {:?}, not \"Stage\"", read.kind)));
            }
            if read.spec.resource_ref.kind == "Pod" {
                stages.push(read.compile()?);
            }
        }
        Ok(Self(stages))
    }

    /// The stages that match, by number.
    fn matching(&self, pod: &Value) -> Vec<usize> {
        let all = self.0.iter().enumerate();
        all.filter(|(_, stage)| stage.selector.matches(pod)).map(|(index, _)| index).collect()
    }

    /// One of those, by weight; where none has a weight all are alike.
    fn choose(&self, among: &[usize], rng: &mut Rng) -> Option<usize> {
        let weight = |index: &usize| self.0.get(*index).map_or(0, |stage| stage.weight);
        let total: u64 = among.iter().map(weight).sum();
        if total == 0 {
            return rng.pick(among).copied();
        }
        let mut drawn = rng.below(usize::try_from(total).unwrap_or(usize::MAX)) as u64;
        among.iter().copied().find(|index| {
            let weight = weight(index);
            let chosen = drawn < weight;
            drawn = drawn.saturating_sub(weight);
            chosen
        })
    }
}
