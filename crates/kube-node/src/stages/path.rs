//! Paths in the manner of jq.

use serde_json::Value;

/// A path into an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Item(usize),
    Each,
    Select { path: Path, equal: bool, to: Value },
}

impl Path {
    /// Reads a path.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        for part in split_pipes(text)? {
            let part = part.trim();
            match part.strip_prefix("select") {
                Some(condition) => steps.push(select(condition.trim())?),
                None => parse_steps(part, &mut steps)?,
            }
        }
        Ok(Self(steps))
    }

    /// The value of a label or an annotation.
    pub(super) fn of_metadata(field: &str, key: &str) -> Self {
        Self(["metadata", field, key].map(|name| Step::Field(name.to_owned())).into())
    }

    /// What stands there, `null` left out.
    pub(super) fn find<'a>(&self, object: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![object];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| step.of(value)).collect();
        }
        found.retain(|value| !value.is_null());
        found
    }
}

impl Step {
    fn of<'a>(&self, value: &'a Value) -> Vec<&'a Value> {
        match self {
            Self::Field(name) => value.get(name).into_iter().collect(),
            Self::Item(index) => value.get(index).into_iter().collect(),
            Self::Each => match value {
                Value::Array(items) => items.iter().collect(),
                Value::Object(fields) => fields.values().collect(),
                _ => Vec::new(),
            },
            Self::Select { path, equal, to } => {
                let holds = path.find(value).contains(&to) == *equal;
                if holds { vec![value] } else { Vec::new() }
            }
        }
    }
}

/// The parts between pipes that stand outside of quotes and parentheses.
fn split_pipes(text: &str) -> Result<Vec<&str>, String> {
    let (mut depth, mut quoted, mut from) = (0_usize, false, 0);
    let mut parts = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth = depth.checked_sub(1).ok_or_else(|| unreadable(text))?,
            b'|' if !quoted && depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    if quoted || depth > 0 { Err(unreadable(text)) } else { Ok(parts) }
}

fn select(condition: &str) -> Result<Step, String> {
    let inner = condition.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let inner = inner.ok_or_else(|| unreadable(condition))?;
    for (operator, equal) in [("==", true), ("!=", false)] {
        if let Some((path, to)) = inner.split_once(operator) {
            let to = serde_json::from_str(to.trim()).map_err(|_| unreadable(condition))?;
            return Ok(Step::Select { path: Path::parse(path)?, equal, to });
        }
    }
    Err(unreadable(condition))
}

fn parse_steps(part: &str, steps: &mut Vec<Step>) -> Result<(), String> {
    let mut rest = part;
    if !rest.starts_with(['.', '[']) {
        return Err(unreadable(part));
    }
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[').or_else(|| rest.strip_prefix(".[")) {
            let (key, after) = inner.split_once(']').ok_or_else(|| unreadable(part))?;
            steps.push(bracket(key.trim()).ok_or_else(|| unreadable(part))?);
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('.') {
            let end = inner.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(inner.len());
            if end > 0 {
                steps.push(Step::Field(inner[..end].to_owned()));
            }
            rest = &inner[end..];
            if end == 0 && !rest.is_empty() {
                return Err(unreadable(part));
            }
        } else {
            return Err(unreadable(part));
        }
    }
    Ok(())
}

fn bracket(key: &str) -> Option<Step> {
    if key.is_empty() {
        return Some(Step::Each);
    }
    if key.starts_with('"') {
        return serde_json::from_str(key).ok().map(Step::Field);
    }
    key.parse().ok().map(Step::Item)
}

fn unreadable(text: &str) -> String {
    format!("{text:?} is not a path that is understood")
}
