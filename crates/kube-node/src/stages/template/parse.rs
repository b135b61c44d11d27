//! Actions as a tree.

use super::functions::FUNCTIONS;
use super::lex::{Piece, Token};
use serde_json::Value;

/// One part of a template.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text(String),
    Print(Pipeline),
    /// Sets a variable: one that is new here, or one that is there.
    Set {
        name: String,
        new: bool,
        value: Pipeline,
    },
    If {
        cases: Vec<(Pipeline, Vec<Self>)>,
        otherwise: Vec<Self>,
    },
    With {
        value: Pipeline,
        body: Vec<Self>,
        otherwise: Vec<Self>,
    },
    Range {
        index: Option<String>,
        item: Option<String>,
        over: Pipeline,
        body: Vec<Self>,
        otherwise: Vec<Self>,
    },
    Call {
        name: String,
        with: Option<Pipeline>,
    },
}

/// Commands, each given what the one before it yields as its last argument.
#[derive(Clone, Debug)]
pub(super) struct Pipeline(pub(super) Vec<Vec<Operand>>);

/// One operand of a command.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Literal(Value),
    /// Fields of the dot.
    Dot(Vec<String>),
    Variable(String, Vec<String>),
    Function(String),
    Nested(Pipeline, Vec<String>),
}

type Defined = Vec<(String, Vec<Node>)>;

/// The tree, and the templates defined on the way.
pub(super) fn parse(pieces: &[Piece]) -> Result<(Vec<Node>, Defined), String> {
    let mut parser = Parser { pieces, at: 0, defined: Vec::new() };
    let (nodes, end) = parser.block()?;
    match end {
        Some(word) => Err(format!("`{word}` without a beginning")),
        None => Ok((nodes, parser.defined)),
    }
}

struct Parser<'a> {
    pieces: &'a [Piece],
    at: usize,
    defined: Defined,
}

impl<'a> Parser<'a> {
    /// Up to `end` or `else`, whose action is left to be read.
    fn block(&mut self) -> Result<(Vec<Node>, Option<&'a str>), String> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.get(self.at) {
            self.at += 1;
            let tokens = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text.clone()));
                    continue;
                }
                Piece::Action(tokens) => tokens,
            };
            match tokens.as_slice() {
                [] => {}
                [Token::Word(word), ..] if matches!(word.as_str(), "end" | "else") => {
                    return Ok((nodes, Some(word)));
                }
                [Token::Word(word), rest @ ..] => nodes.extend(self.action(word, tokens, rest)?),
                _ => nodes.push(set_or_print(tokens)?),
            }
        }
        Ok((nodes, None))
    }

    fn action(&mut self, word: &str, all: &[Token], rest: &[Token]) -> Result<Option<Node>, String> {
        Ok(Some(match word {
            "if" => self.conditional(rest)?,
            "with" => {
                let value = pipeline(rest)?;
                let (body, otherwise) = self.body()?;
                Node::With { value, body, otherwise }
            }
            "range" => self.range(rest)?,
            "define" => {
                let [Token::Text(name)] = rest else { return Err("`define` needs a name".to_owned()) };
                let (body, _) = self.body()?;
                self.defined.push((name.clone(), body));
                return Ok(None);
            }
            "template" => {
                let [Token::Text(name), with @ ..] = rest else {
                    return Err("`template` needs a name".to_owned());
                };
                let with = if with.is_empty() { None } else { Some(pipeline(with)?) };
                Node::Call { name: name.clone(), with }
            }
            "break" | "continue" | "block" => return Err(format!("`{word}` is not understood")),
            _ => Node::Print(pipeline(all)?),
        }))
    }

    fn conditional(&mut self, condition: &[Token]) -> Result<Node, String> {
        let mut cases = Vec::new();
        let mut condition = condition;
        loop {
            let (body, end) = self.block()?;
            cases.push((pipeline(condition)?, body));
            match (end, self.last_action()) {
                (Some("end"), _) => return Ok(Node::If { cases, otherwise: Vec::new() }),
                (Some("else"), [_, Token::Word(word), rest @ ..]) if word == "if" => condition = rest,
                (Some("else"), [_]) => {
                    let (otherwise, end) = self.block()?;
                    closed(end)?;
                    return Ok(Node::If { cases, otherwise });
                }
                _ => return Err("`if` is not closed".to_owned()),
            }
        }
    }

    fn range(&mut self, head: &[Token]) -> Result<Node, String> {
        let variable = |name: &String| Some(name.clone());
        let (index, item, over) = match head {
            [
                Token::Variable(index),
                Token::Sign(","),
                Token::Variable(item),
                Token::Sign(":="),
                over @ ..,
            ] => (variable(index), variable(item), over),
            [Token::Variable(item), Token::Sign(":="), over @ ..] => (None, variable(item), over),
            over => (None, None, over),
        };
        let over = pipeline(over)?;
        let (body, otherwise) = self.body()?;
        Ok(Node::Range { index, item, over, body, otherwise })
    }

    /// Up to `end`, and what stands behind `else`.
    fn body(&mut self) -> Result<(Vec<Node>, Vec<Node>), String> {
        let (body, end) = self.block()?;
        if end != Some("else") {
            closed(end)?;
            return Ok((body, Vec::new()));
        }
        let (otherwise, end) = self.block()?;
        closed(end)?;
        Ok((body, otherwise))
    }

    fn last_action(&self) -> &'a [Token] {
        match self.pieces.get(self.at.wrapping_sub(1)) {
            Some(Piece::Action(tokens)) => tokens,
            _ => &[],
        }
    }
}

fn closed(end: Option<&str>) -> Result<(), String> {
    if end == Some("end") { Ok(()) } else { Err("a block is not closed".to_owned()) }
}

fn set_or_print(tokens: &[Token]) -> Result<Node, String> {
    if let [Token::Variable(name), Token::Sign(sign @ (":=" | "=")), value @ ..] = tokens {
        return Ok(Node::Set { name: name.clone(), new: *sign == ":=", value: pipeline(value)? });
    }
    Ok(Node::Print(pipeline(tokens)?))
}

fn pipeline(tokens: &[Token]) -> Result<Pipeline, String> {
    let mut at = 0;
    let read = commands(tokens, &mut at)?;
    if at < tokens.len() { Err("a parenthesis too many".to_owned()) } else { Ok(read) }
}

/// Up to a closing parenthesis, which is left to be read.
fn commands(tokens: &[Token], at: &mut usize) -> Result<Pipeline, String> {
    let mut commands = vec![Vec::new()];
    while let Some(token) = tokens.get(*at) {
        if *token == Token::Sign(")") {
            break;
        }
        *at += 1;
        let operand = match token {
            Token::Sign("|") => {
                commands.push(Vec::new());
                continue;
            }
            Token::Sign("(") => {
                let inner = commands_in_parentheses(tokens, at)?;
                Operand::Nested(inner, following(tokens, at))
            }
            Token::Sign(sign) => return Err(format!("`{sign}` stands where a value should")),
            Token::Text(text) => Operand::Literal(text.clone().into()),
            Token::Number(number) => Operand::Literal((*number).into()),
            Token::Fields(names, _) => Operand::Dot(names.clone()),
            Token::Variable(name) => Operand::Variable(name.clone(), following(tokens, at)),
            Token::Word(word) => word_operand(word)?,
        };
        if let Some(command) = commands.last_mut() {
            command.push(operand);
        }
    }
    if commands.iter().any(Vec::is_empty) {
        Err("a value is missing".to_owned())
    } else {
        Ok(Pipeline(commands))
    }
}

fn commands_in_parentheses(tokens: &[Token], at: &mut usize) -> Result<Pipeline, String> {
    let inner = commands(tokens, at)?;
    if tokens.get(*at) != Some(&Token::Sign(")")) {
        return Err("a parenthesis is not closed".to_owned());
    }
    *at += 1;
    Ok(inner)
}

/// Fields that follow at once.
fn following(tokens: &[Token], at: &mut usize) -> Vec<String> {
    match tokens.get(*at) {
        Some(Token::Fields(names, true)) => {
            *at += 1;
            names.clone()
        }
        _ => Vec::new(),
    }
}

fn word_operand(word: &str) -> Result<Operand, String> {
    Ok(match word {
        "true" => Operand::Literal(true.into()),
        "false" => Operand::Literal(false.into()),
        "nil" => Operand::Literal(Value::Null),
        _ if FUNCTIONS.contains(&word) => Operand::Function(word.to_owned()),
        _ => return Err(format!("there is no function {word:?}")),
    })
}
