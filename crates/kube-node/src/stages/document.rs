//! Stages as they are written: both forms, `next` and `steps`.

use super::delay::{Amount, Delay};
use super::path::Path;
use super::selector::{Requirement, Selector};
use super::template::Template;
use super::{Stage, StageError, Step};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    metadata: Metadata,
    pub(super) spec: Spec,
}

#[derive(Debug, Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec {
    pub(super) resource_ref: ResourceRef,
    #[serde(default)]
    selector: Option<SelectorDocument>,
    #[serde(default)]
    weight: u64,
    #[serde(default)]
    delay: DelayDocument,
    #[serde(default)]
    next: StepDocument,
    #[serde(default)]
    steps: Vec<StepDocument>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResourceRef {
    pub(super) kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_field_names, reason = "KWOK's own names")]
struct SelectorDocument {
    match_labels: BTreeMap<String, String>,
    match_annotations: BTreeMap<String, String>,
    match_expressions: Vec<RequirementDocument>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RequirementDocument {
    jq: Option<Box<Self>>,
    key: String,
    operator: String,
    values: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DelayDocument {
    duration_milliseconds: Option<i64>,
    duration_from: Option<Expression>,
    jitter_duration_milliseconds: Option<i64>,
    jitter_duration_from: Option<Expression>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Expression {
    expression_from: String,
    jq: Option<JqExpression>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct JqExpression {
    expression: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StepDocument {
    event: Option<EventDocument>,
    finalizers: Option<FinalizersDocument>,
    delete: bool,
    status_template: String,
    patch: Option<PatchDocument>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct EventDocument {
    #[serde(rename = "type")]
    kind: String,
    reason: String,
    message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FinalizersDocument {
    add: Vec<Finalizer>,
    remove: Vec<Finalizer>,
    empty: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Finalizer {
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PatchDocument {
    subresource: String,
    root: String,
    template: String,
}

impl Document {
    /// The stage that it describes.
    pub(super) fn compile(self) -> Result<Stage, StageError> {
        let name = self.metadata.name;
        let wrong = |field: &str, problem: String| StageError {
            stage: name.clone(),
            field: field.to_owned(),
            problem,
        };
        let selector = match self.spec.selector {
            None => Selector::nothing(),
            Some(document) => document.compile().map_err(|p| wrong("spec.selector", p))?,
        };
        let delay = self.spec.delay.compile().map_err(|p| wrong("spec.delay", p))?;
        let mut steps = self.spec.next.compile().map_err(|p| wrong("spec.next", p))?;
        for (index, step) in self.spec.steps.into_iter().enumerate() {
            let field = format!("spec.steps[{index}]");
            steps.extend(step.compile().map_err(|p| wrong(&field, p))?);
        }
        Ok(Stage { selector, weight: self.spec.weight, delay, steps, name })
    }
}

impl SelectorDocument {
    fn compile(self) -> Result<Selector, String> {
        let mut all = Vec::new();
        for (field, labels) in [("labels", self.match_labels), ("annotations", self.match_annotations)] {
            for (key, value) in labels {
                all.push(Requirement::equal(Path::of_metadata(field, &key), value));
            }
        }
        for document in self.match_expressions {
            let document = match document.jq {
                Some(jq) => *jq,
                None => document,
            };
            let path = Path::parse(&document.key)?;
            all.push(Requirement::new(path, &document.operator, document.values)?);
        }
        Ok(Selector::all_of(all))
    }
}

impl DelayDocument {
    fn compile(self) -> Result<Delay, String> {
        Ok(Delay {
            duration: Amount::new(self.duration_milliseconds, Expression::text(self.duration_from))?,
            jitter: Amount::new(
                self.jitter_duration_milliseconds,
                Expression::text(self.jitter_duration_from),
            )?,
        })
    }
}

impl Expression {
    fn text(given: Option<Self>) -> Option<String> {
        let given = given?;
        Some(given.jq.map_or(given.expression_from, |jq| jq.expression))
    }
}

impl StepDocument {
    fn compile(self) -> Result<Vec<Step>, String> {
        let mut steps = Vec::new();
        if let Some(event) = self.event {
            let message = Template::parse(&event.message)?;
            steps.push(Step::Event { warning: event.kind == "Warning", reason: event.reason, message });
        }
        if let Some(finalizers) = self.finalizers {
            let names = |list: Vec<Finalizer>| list.into_iter().map(|item| item.value).collect();
            steps.push(Step::Finalizers {
                add: names(finalizers.add),
                remove: names(finalizers.remove),
                empty: finalizers.empty,
            });
        }
        if !self.status_template.trim().is_empty() {
            steps.push(Step::Status(Template::parse(&self.status_template)?));
        }
        if let Some(patch) = self.patch {
            if patch.subresource != "status" || patch.root != "status" {
                return Err("only patches of `status` are understood".to_owned());
            }
            steps.push(Step::Status(Template::parse(&patch.template)?));
        }
        if self.delete {
            steps.push(Step::Delete);
        }
        Ok(steps)
    }
}
