//! Where the value of a column stands: the part of Kubernetes' `JSONPath` that columns use.
//!
//! `.spec.replicas`, `.metadata.labels['app']`, `.metadata.labels.app\.kubernetes\.io/name`, `.spec.ports[0].port`,
//! `.spec.ports[*].port`, `.status.conditions[?(@.type=="Ready")].status`.
//!
//! Source: `k8s.io/client-go/util/jsonpath`.

use serde_json::Value;

/// A path, ready to be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    /// From the end where it is negative.
    Item(i64),
    Each,
    /// Items whose field there is that text.
    Where(Path, String),
}

impl Path {
    /// Reads a path; `None` where it is none, or one that columns do not use.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, after) = match rest.strip_prefix('.') {
                Some(name) => field(name)?,
                None => brackets(rest.strip_prefix('[')?)?,
            };
            steps.push(step);
            rest = after;
        }
        Some(Self(steps))
    }

    /// The first value there.
    pub(super) fn first<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        let mut found = vec![object];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| step.follow(value)).collect();
        }
        found.first().copied()
    }
}

impl Step {
    fn follow<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        let items = || value.as_array().into_iter().flatten();
        match self {
            Self::Field(name) => value.get(name).into_iter().collect(),
            Self::Item(index) => {
                let count = value.as_array().map_or(0, Vec::len);
                let from_end =
                    usize::try_from(index.unsigned_abs()).ok().and_then(|back| count.checked_sub(back));
                let at = if *index < 0 { from_end } else { usize::try_from(*index).ok() };
                at.and_then(|at| value.get(at)).into_iter().collect()
            }
            Self::Each => items().chain(value.as_object().into_iter().flat_map(|map| map.values())).collect(),
            Self::Where(path, text) => {
                let is = |item: &&Value| path.first(item).is_some_and(|value| shown(value) == *text);
                items().filter(is).collect()
            }
        }
    }
}

/// A name up to the next step; a backslash takes what follows it into the name.
fn field(text: &str) -> Option<(Step, &str)> {
    let mut name = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '.' | '[' => return (!name.is_empty()).then(|| (Step::Field(name), &text[at..])),
            '\\' => name.push(chars.next()?.1),
            '*' if name.is_empty() => return Some((Step::Each, &text[at + 1..])),
            c => name.push(c),
        }
    }
    (!name.is_empty()).then_some((Step::Field(name), ""))
}

/// What stands in brackets, the first of which is gone.
fn brackets(text: &str) -> Option<(Step, &str)> {
    if let Some(condition) = text.strip_prefix("?(@") {
        let (condition, rest) = condition.split_once(")]")?;
        let (path, text) = condition.split_once("==")?;
        let text = unquoted(text.trim()).unwrap_or_else(|| text.trim());
        return Some((Step::Where(Path::parse(path.trim())?, text.to_owned()), rest));
    }
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
    if let Some(quote) = quote {
        let (name, rest) = text[1..].split_once(quote)?;
        return Some((Step::Field(name.to_owned()), rest.strip_prefix(']')?));
    }
    let (inner, rest) = text.split_once(']')?;
    let step = if inner == "*" { Step::Each } else { Step::Item(inner.parse().ok()?) };
    Some((step, rest))
}

fn unquoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text.strip_prefix(quote)?.strip_suffix(quote)
}

/// A value as text: what it says, or its JSON.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
