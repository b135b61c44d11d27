//! A template as text and actions.

/// One piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// As it stands.
    Text(String),
    /// What stands between braces, in words.
    Action(Vec<Token>),
}

/// A word of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, of a function or a keyword.
    Word(String),
    /// `.a.b`, without the dots; empty for the dot alone. Whether it follows upon what stands before it.
    Fields(Vec<String>, bool),
    /// `$a`, without the dollar.
    Variable(String),
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `|`, `(`, `)`, `,`, `:=`, `=`.
    Sign(&'static str),
}

/// The pieces of a template.
pub(super) fn pieces(template: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    let mut trim_next = false;
    while let Some((before, after)) = rest.split_once("{{") {
        let trims = after.strip_prefix("- ").or_else(|| after.strip_prefix("-\n"));
        let end = action_end(trims.unwrap_or(after))?;
        let inner = &trims.unwrap_or(after)[..end];
        let mut text = if trim_next { before.trim_start() } else { before };
        if trims.is_some() {
            text = text.trim_end();
        }
        pieces.push(Piece::Text(text.to_owned()));
        let body = inner.strip_suffix(" -").or_else(|| inner.strip_suffix("\n-"));
        trim_next = body.is_some();
        let body = body.unwrap_or(inner).trim();
        if !body.starts_with("/*") {
            pieces.push(Piece::Action(tokens(body)?));
        }
        rest = &trims.unwrap_or(after)[end + 2..];
    }
    let rest = if trim_next { rest.trim_start() } else { rest };
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

/// Where the action ends, at braces outside of quotes.
fn action_end(text: &str) -> Result<usize, String> {
    let bytes = text.as_bytes();
    let (mut at, mut quote) = (0, None);
    while at < bytes.len() {
        match (quote, bytes[at]) {
            (Some(b'"'), b'\\') => at += 1,
            (Some(q), byte) if q == byte => quote = None,
            (None, byte @ (b'"' | b'`')) => quote = Some(byte),
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Ok(at),
            _ => {}
        }
        at += 1;
    }
    Err("an action is not closed".to_owned())
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = text;
    let mut spaced = true;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
            spaced = true;
            continue;
        }
        let (token, after) =
            token(rest, first, spaced).ok_or_else(|| format!("{rest:?} is not understood"))?;
        tokens.push(token);
        rest = after;
        spaced = false;
    }
    Ok(tokens)
}

fn token(rest: &str, first: char, spaced: bool) -> Option<(Token, &str)> {
    for sign in [":=", "=", "|", "(", ")", ","] {
        if let Some(after) = rest.strip_prefix(sign) {
            return Some((Token::Sign(sign), after));
        }
    }
    match first {
        '"' => {
            let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let text = stream.next()?.ok()?;
            Some((Token::Text(text), &rest[stream.byte_offset()..]))
        }
        '`' => {
            let (text, after) = rest[1..].split_once('`')?;
            Some((Token::Text(text.to_owned()), after))
        }
        '.' => {
            let end = rest.find(|c: char| !is_name(c) && c != '.').unwrap_or(rest.len());
            let names = rest[..end].split('.').filter(|name| !name.is_empty()).map(str::to_owned);
            Some((Token::Fields(names.collect(), !spaced), &rest[end..]))
        }
        '$' => {
            let end = rest[1..].find(|c: char| !is_name(c)).map_or(rest.len(), |end| end + 1);
            Some((Token::Variable(rest[1..end].to_owned()), &rest[end..]))
        }
        _ => {
            let end = rest.find(|c: char| !is_name(c) && c != '-').unwrap_or(rest.len());
            let word = &rest[..end];
            if let Ok(number) = word.parse() {
                return Some((Token::Number(number), &rest[end..]));
            }
            let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            (end > 0).then(|| (Token::Word(rest[..end].to_owned()), &rest[end..]))
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
