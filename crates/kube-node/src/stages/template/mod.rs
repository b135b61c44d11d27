//! Go's templates, as far as stages use them.

mod eval;
mod functions;
mod lex;
mod parse;

pub use functions::FUNCTIONS;

use jiff::Timestamp;
use kube_core::wire::documents;
use parse::Node;
use serde_json::Value;
use std::net::IpAddr;

/// A template that was understood.
#[derive(Clone, Debug)]
pub(super) struct Template {
    nodes: Vec<Node>,
    defined: Vec<(String, Vec<Node>)>,
}

/// What functions know beside the pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings {
    /// The node's address.
    pub(super) node: IpAddr,
    /// The pod's own.
    pub(super) own: IpAddr,
    /// What time it is.
    pub(super) now: Timestamp,
}

impl Template {
    /// Reads a template.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (nodes, defined) = parse::parse(&lex::pieces(text)?)?;
        Ok(Self { nodes, defined })
    }

    /// The text that comes of it for `pod`.
    pub(super) fn render(&self, pod: &Value, around: &Surroundings) -> Result<String, String> {
        eval::render(&self.nodes, &self.defined, pod, around)
    }

    /// The YAML that comes of it, as a value.
    pub(super) fn yaml(&self, pod: &Value, around: &Surroundings) -> Result<Value, String> {
        let text = self.render(pod, around)?;
        let mut read = documents(&text).map_err(|error| error.to_string())?;
        match read.len() {
            0 => Ok(Value::Object(serde_json::Map::new())),
            1 => Ok(read.remove(0).value),
            many => Err(format!("{many} documents instead of one")),
        }
    }
}
