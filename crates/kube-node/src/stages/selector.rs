//! Which pods a stage is for.

use super::path::Path;
use serde_json::Value;

/// Which pods a stage is for: all requirements hold. Without a selector it is for none.
#[derive(Clone, Debug)]
pub(super) struct Selector(Option<Vec<Requirement>>);

/// What a pod must have at some place.
#[derive(Clone, Debug)]
pub(super) struct Requirement {
    path: Path,
    operator: Operator,
}

#[derive(Clone, Debug)]
enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    DoesNotExist,
}

impl Selector {
    pub(super) fn nothing() -> Self {
        Self(None)
    }

    pub(super) fn all_of(requirements: Vec<Requirement>) -> Self {
        Self(Some(requirements))
    }

    pub(super) fn matches(&self, pod: &Value) -> bool {
        self.0.as_ref().is_some_and(|all| all.iter().all(|requirement| requirement.holds(pod)))
    }
}

impl Requirement {
    pub(super) fn new(path: Path, operator: &str, values: Vec<String>) -> Result<Self, String> {
        let operator = match (operator, values.is_empty()) {
            ("In", false) => Operator::In(values),
            ("NotIn", false) => Operator::NotIn(values),
            ("Exists", true) => Operator::Exists,
            ("DoesNotExist", true) => Operator::DoesNotExist,
            ("In" | "NotIn", true) => return Err(format!("operator {operator} needs values")),
            ("Exists" | "DoesNotExist", false) => return Err(format!("operator {operator} takes no values")),
            _ => return Err(format!("operator {operator:?} is not In, NotIn, Exists or DoesNotExist")),
        };
        Ok(Self { path, operator })
    }

    pub(super) fn equal(path: Path, value: String) -> Self {
        Self { path, operator: Operator::In(vec![value]) }
    }

    fn holds(&self, pod: &Value) -> bool {
        let found = self.path.find(pod);
        let is_one_of = |values: &[String]| {
            found.iter().any(|found| match found {
                Value::String(text) => values.contains(text),
                other => values.contains(&other.to_string()),
            })
        };
        match &self.operator {
            Operator::In(values) => is_one_of(values),
            Operator::NotIn(values) => !is_one_of(values),
            Operator::Exists => !found.is_empty(),
            Operator::DoesNotExist => found.is_empty(),
        }
    }
}
