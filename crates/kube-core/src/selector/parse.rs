//! The text form of label selectors: `app=web,tier in (front,edge),!canary`.
//!
//! Source: `k8s.io/apimachinery/pkg/labels` (`Lexer`, `Parser`), whose errors are repeated word for word.

use super::requirement::check_key;
use super::{Operator, Requirement, SelectorError};
use crate::error::{FieldError, FieldPath};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The requirements of `text`, as written.
pub(super) fn requirements(text: &str, path: &FieldPath) -> Result<Vec<Requirement>, SelectorError> {
    Parser { tokens: Lexer { text, at: 0 }.tokens(), at: 0, path }.requirements()
}

/// `in` and `notin` are identifiers to the lexer: only where an operator is due are they operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    End,
    Identifier(&'a str),
    Symbol(&'static str),
}

impl<'a> Token<'a> {
    fn literal(self) -> &'a str {
        match self {
            Token::End => "",
            Token::Identifier(text) | Token::Symbol(text) => text,
        }
    }
}

const OPEN: Token<'static> = Token::Symbol("(");
const CLOSE: Token<'static> = Token::Symbol(")");
const COMMA: Token<'static> = Token::Symbol(",");
const NOT: Token<'static> = Token::Symbol("!");

/// Longest first.
const SYMBOLS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn tokens(mut self) -> Vec<Token<'a>> {
        let mut tokens = Vec::new();
        loop {
            let token = self.token();
            tokens.push(token);
            if token == Token::End {
                return tokens;
            }
        }
    }

    fn token(&mut self) -> Token<'a> {
        let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
        self.at = self.text.len() - self.rest().trim_start_matches(blank).len();
        let rest = self.rest();
        // A NUL where a token should start ends the text, whatever follows it: Kubernetes reads it like the end.
        if rest.is_empty() || rest.starts_with('\0') {
            return Token::End;
        }
        let token = if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) {
            Token::Symbol(symbol)
        } else {
            let ends = |c: char| c == '\0' || blank(c) || "=!(),><".contains(c);
            Token::Identifier(rest.split(ends).next().unwrap_or_default())
        };
        self.at += token.literal().len();
        // A NUL after a token is swallowed with it.
        self.at += usize::from(self.rest().starts_with('\0'));
        token
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    path: &'a FieldPath,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens.get(self.at).copied().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirements(mut self) -> Result<Vec<Requirement>, SelectorError> {
        let mut requirements = Vec::new();
        match self.peek() {
            Token::End => return Ok(requirements),
            Token::Identifier(_) | NOT => {}
            other @ Token::Symbol(_) => {
                return Err(found(other, ", expected: !, identifier, or 'end of string'"));
            }
        }
        loop {
            let requirement = self
                .requirement()
                .map_err(|error| SelectorError::new(format!("unable to parse requirement: {error}")))?;
            requirements.push(requirement);
            match self.next() {
                Token::End => return Ok(requirements),
                COMMA => {}
                other => return Err(found(other, ", expected: ',' or 'end of string'")),
            }
            match self.peek() {
                Token::Identifier(_) | NOT => {}
                other => return Err(found(other, ", expected: identifier after ','")),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, SelectorError> {
        let mut token = self.next();
        let negated = token == NOT;
        if negated {
            token = self.next();
        }
        let Token::Identifier(key) = token else { return Err(found(token, ", expected: identifier")) };
        if let Some(error) = check_key(key, || self.path.clone()) {
            return Err(SelectorError::new(error.to_string()));
        }
        let (operator, values) = if negated {
            (Operator::DoesNotExist, BTreeSet::new())
        } else if matches!(self.peek(), Token::End | COMMA) {
            (Operator::Exists, BTreeSet::new())
        } else {
            let operator = self.operator()?;
            let listed = matches!(operator, Operator::In | Operator::NotIn);
            (operator, if listed { self.values()? } else { self.exact_value()? })
        };
        let values = values.into_iter().map(Arc::from).collect();
        Requirement::new(key, operator, values, self.path)
            .map_err(|errors| SelectorError::new(aggregate(&errors)))
    }

    fn operator(&mut self) -> Result<Operator, SelectorError> {
        match self.next() {
            Token::Identifier("in") => Ok(Operator::In),
            Token::Identifier("notin") => Ok(Operator::NotIn),
            Token::Symbol("=") => Ok(Operator::Equals),
            Token::Symbol("==") => Ok(Operator::DoubleEquals),
            Token::Symbol("!=") => Ok(Operator::NotEquals),
            Token::Symbol(">") => Ok(Operator::GreaterThan),
            Token::Symbol("<") => Ok(Operator::LessThan),
            other => Err(found(other, ", expected: in, notin, =, ==, !=, gt, lt")),
        }
    }

    /// `(a,b)`; an empty place between commas or parentheses is the empty value.
    fn values(&mut self) -> Result<BTreeSet<&'a str>, SelectorError> {
        let open = self.next();
        if open != OPEN {
            return Err(found(open, " expected: '('"));
        }
        let mut values = BTreeSet::new();
        match self.peek() {
            CLOSE => {
                self.next();
                values.insert("");
                return Ok(values);
            }
            Token::Identifier(_) | COMMA => {}
            other => return Err(found(other, ", expected: ',', ')' or identifier")),
        }
        while self.peek() != CLOSE {
            match self.next() {
                Token::Identifier(value) => {
                    values.insert(value);
                    if !matches!(self.peek(), COMMA | CLOSE) {
                        return Err(found(self.peek(), ", expected: ',' or ')'"));
                    }
                }
                COMMA => {
                    if values.is_empty() || matches!(self.peek(), COMMA | CLOSE) {
                        values.insert("");
                    }
                }
                other => return Err(found(other, ", expected: ',', or identifier")),
            }
        }
        self.next();
        Ok(values)
    }

    /// The value after `=` and its like; absent is the empty value.
    fn exact_value(&mut self) -> Result<BTreeSet<&'a str>, SelectorError> {
        if matches!(self.peek(), Token::End | COMMA) {
            return Ok(BTreeSet::from([""]));
        }
        match self.next() {
            Token::Identifier(value) => Ok(BTreeSet::from([value])),
            other => Err(found(other, ", expected: identifier")),
        }
    }
}

fn found(token: Token<'_>, expected: &str) -> SelectorError {
    SelectorError::new(format!("found '{}'{expected}", token.literal()))
}

/// Several errors as one text, each once. Source: `k8s.io/apimachinery/pkg/util/errors` (`Aggregate`).
pub(super) fn aggregate(errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}
