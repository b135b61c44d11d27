//! What comes of a template.

use super::Surroundings;
use super::functions::{call, is_true, shown};
use super::parse::{Node, Operand, Pipeline};
use serde_json::Value;

/// Templates may call each other this deep.
const MAX_DEPTH: usize = 32;

struct Run<'a> {
    defined: &'a [(String, Vec<Node>)],
    around: &'a Surroundings,
    variables: Vec<(String, Value)>,
    depth: usize,
    out: String,
}

pub(super) fn render(
    nodes: &[Node],
    defined: &[(String, Vec<Node>)],
    dot: &Value,
    around: &Surroundings,
) -> Result<String, String> {
    let variables = vec![(String::new(), dot.clone())];
    let mut run = Run { defined, around, variables, depth: 0, out: String::new() };
    run.all(nodes, dot)?;
    Ok(run.out)
}

impl Run<'_> {
    /// Variables that are set within are gone behind.
    fn scoped(&mut self, nodes: &[Node], dot: &Value) -> Result<(), String> {
        let held = self.variables.len();
        let done = self.all(nodes, dot);
        self.variables.truncate(held);
        done
    }

    fn all(&mut self, nodes: &[Node], dot: &Value) -> Result<(), String> {
        nodes.iter().try_for_each(|node| self.one(node, dot))
    }

    fn one(&mut self, node: &Node, dot: &Value) -> Result<(), String> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Print(pipeline) => {
                let value = self.value(pipeline, dot)?;
                self.out.push_str(&shown(&value));
            }
            Node::Set { name, new, value } => {
                let value = self.value(value, dot)?;
                let present = self.variables.iter_mut().rev().find(|(other, _)| other == name);
                match present.filter(|_| !new) {
                    Some((_, present)) => *present = value,
                    None => self.variables.push((name.clone(), value)),
                }
            }
            Node::If { cases, otherwise } => {
                for (condition, body) in cases {
                    if is_true(&self.value(condition, dot)?) {
                        return self.scoped(body, dot);
                    }
                }
                self.scoped(otherwise, dot)?;
            }
            Node::With { value, body, otherwise } => {
                let value = self.value(value, dot)?;
                if is_true(&value) {
                    self.scoped(body, &value)?;
                } else {
                    self.scoped(otherwise, dot)?;
                }
            }
            Node::Range { index, item, over, body, otherwise } => {
                let items = entries(self.value(over, dot)?)?;
                if items.is_empty() {
                    return self.scoped(otherwise, dot);
                }
                for (key, value) in items {
                    let held = self.variables.len();
                    self.variables.extend(index.iter().map(|name| (name.clone(), key.clone())));
                    self.variables.extend(item.iter().map(|name| (name.clone(), value.clone())));
                    let done = self.all(body, &value);
                    self.variables.truncate(held);
                    done?;
                }
            }
            Node::Call { name, with } => self.call_template(name, with.as_ref(), dot)?,
        }
        Ok(())
    }

    fn call_template(&mut self, name: &str, with: Option<&Pipeline>, dot: &Value) -> Result<(), String> {
        let found = self.defined.iter().find(|(other, _)| other == name);
        let (_, body) = found.ok_or_else(|| format!("there is no template {name:?}"))?;
        let dot = with.map_or(Ok(Value::Null), |with| self.value(with, dot))?;
        if self.depth >= MAX_DEPTH {
            return Err(format!("template {name:?} calls itself without end"));
        }
        self.depth += 1;
        let held = std::mem::replace(&mut self.variables, vec![(String::new(), dot.clone())]);
        let done = self.all(body, &dot);
        self.variables = held;
        self.depth -= 1;
        done
    }

    fn value(&self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let mut last = None;
        for command in &pipeline.0 {
            last = Some(self.command(command, last, dot)?);
        }
        Ok(last.unwrap_or(Value::Null))
    }

    fn command(&self, command: &[Operand], piped: Option<Value>, dot: &Value) -> Result<Value, String> {
        let Some((first, rest)) = command.split_first() else { return Ok(Value::Null) };
        if let Operand::Function(name) = first {
            let mut arguments = Vec::with_capacity(rest.len() + 1);
            for operand in rest {
                arguments.push(self.operand(operand, dot)?);
            }
            arguments.extend(piped);
            return call(name, &arguments, self.around);
        }
        if !rest.is_empty() || piped.is_some() {
            return Err("a value is used as a function".to_owned());
        }
        self.operand(first, dot)
    }

    fn operand(&self, operand: &Operand, dot: &Value) -> Result<Value, String> {
        Ok(match operand {
            Operand::Literal(value) => value.clone(),
            Operand::Dot(fields) => at(dot, fields),
            Operand::Variable(name, fields) => {
                let found = self.variables.iter().rev().find(|(other, _)| other == name);
                let (_, value) = found.ok_or_else(|| format!("there is no variable ${name}"))?;
                at(value, fields)
            }
            Operand::Function(name) => call(name, &[], self.around)?,
            Operand::Nested(pipeline, fields) => at(&self.value(pipeline, dot)?, fields),
        })
    }
}

fn at(value: &Value, fields: &[String]) -> Value {
    let mut found = value;
    for field in fields {
        match found.get(field) {
            Some(inner) => found = inner,
            None => return Value::Null,
        }
    }
    found.clone()
}

fn entries(value: Value) -> Result<Vec<(Value, Value)>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items.into_iter().enumerate().map(|(i, v)| (i.into(), v)).collect()),
        Value::Object(fields) => Ok(fields.into_iter().map(|(k, v)| (k.into(), v)).collect()),
        other => Err(format!("one cannot range over {other}")),
    }
}
