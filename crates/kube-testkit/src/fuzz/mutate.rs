//! Changing a text a little.

use super::rng::Rng;

/// What formats are made of: signs, ends of ranges, what parsers treat in their own way.
const TOKENS: [&str; 44] = [
    "",
    "\"",
    "'",
    "\\",
    "/",
    ",",
    ":",
    ": ",
    "- ",
    "\n",
    "\n---\n",
    "\t",
    " ",
    "  ",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "!",
    "!=",
    "==",
    "=",
    "&a ",
    "*a",
    "<<: *a",
    "|",
    ">",
    "#",
    "@",
    "%",
    "null",
    "~",
    "true",
    "0",
    "-1",
    "1e999",
    "9223372036854775808",
    "Ki",
    "in (",
    "notin",
    "\u{0}",
    "\u{fffd}é☃",
];

/// `base` after one to four changes, some of which take from `other`; at most `max` bytes.
pub(super) fn mutated(base: &str, other: &str, max: usize, rng: &mut Rng) -> String {
    let mut text: Vec<char> = base.chars().collect();
    for _ in 0..=rng.below(4) {
        change(&mut text, other, rng);
    }
    let mut text: String = text.into_iter().collect();
    while text.len() > max {
        text.pop();
    }
    text
}

fn change(text: &mut Vec<char>, other: &str, rng: &mut Rng) {
    let at = rng.below(text.len() + 1);
    let end = (at + rng.below(8)).min(text.len());
    match rng.below(8) {
        0 => drop(text.drain(at..end)),
        1 => insert(text, at, rng.pick(&TOKENS).copied().unwrap_or_default()),
        2 => replace(text, at, end, rng.pick(&TOKENS).copied().unwrap_or_default()),
        3 => {
            // The same once more, or many times.
            let part: String = text.get(at..end).unwrap_or_default().iter().collect();
            insert(text, at, &part.repeat(1 + rng.below(40)));
        }
        4 => {
            let other: Vec<char> = other.chars().collect();
            let from = rng.below(other.len() + 1);
            let to = (from + rng.below(32)).min(other.len());
            let part: String = other.get(from..to).unwrap_or_default().iter().collect();
            insert(text, at, &part);
        }
        5 => {
            if let Some(c) = text.get_mut(at) {
                let code = u32::from(*c) ^ (1 << rng.below(7));
                *c = char::from_u32(code).unwrap_or('?');
            }
        }
        6 => text.truncate(at),
        _ => {
            let digit = char::from_digit(u32::try_from(rng.below(10)).unwrap_or_default(), 10).unwrap_or('0');
            text.insert(at, digit);
        }
    }
}

fn insert(text: &mut Vec<char>, at: usize, part: &str) {
    replace(text, at, at, part);
}

fn replace(text: &mut Vec<char>, from: usize, to: usize, part: &str) {
    text.splice(from..to, part.chars());
}
