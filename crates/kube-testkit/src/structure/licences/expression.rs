//! SPDX licence expressions: `OR`, `AND`, `WITH`, parentheses, and the old `/` for `OR`.

/// Whether the licences that `allowed` accepts satisfy `expression`. What does not parse is not satisfied.
///
/// `X WITH Y` is one licence, asked for as `"X WITH Y"`; `X+` leaves the choice of a version, so `X` will do.
pub fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut parser = Parser { words: spaced.split_whitespace().peekable(), allowed };
    parser.any() == Some(true) && parser.words.next().is_none()
}

struct Parser<'e, I: Iterator<Item = &'e str>> {
    words: std::iter::Peekable<I>,
    allowed: &'e dyn Fn(&str) -> bool,
}

impl<'e, I: Iterator<Item = &'e str>> Parser<'e, I> {
    fn any(&mut self) -> Option<bool> {
        let mut satisfied = self.all()?;
        while self.words.next_if_eq(&"OR").is_some() {
            satisfied |= self.all()?;
        }
        Some(satisfied)
    }

    fn all(&mut self) -> Option<bool> {
        let mut satisfied = self.one()?;
        while self.words.next_if_eq(&"AND").is_some() {
            satisfied &= self.one()?;
        }
        Some(satisfied)
    }

    fn one(&mut self) -> Option<bool> {
        match self.words.next()? {
            "(" => {
                let inner = self.any()?;
                self.words.next_if_eq(&")").map(|_| inner)
            }
            ")" | "OR" | "AND" | "WITH" => None,
            licence if self.words.next_if_eq(&"WITH").is_some() => {
                Some((self.allowed)(&format!("{licence} WITH {}", self.words.next()?)))
            }
            licence => Some((self.allowed)(licence.strip_suffix('+').unwrap_or(licence))),
        }
    }
}
