//! The fields of a JSON object, found without decoding their values.

use bytes::Bytes;

/// One field of an object: its name, and its value as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawField<'a> {
    /// The name.
    pub name: &'a str,
    /// The value.
    pub value: &'a [u8],
}

/// The fields of an object, in the order in which they stand.
///
/// Values are skipped, not checked: this is for JSON that was printed, by whomever. Iteration ends early where the
/// text is not an object. Names are given as they are written, escapes and all.
///
/// ```
/// use kube_core::wire::fields;
///
/// let all: Vec<_> = fields(br#"{"a":[1,{"b":"}"}],"c":"\""}"#).map(|field| (field.name, field.value)).collect();
/// assert_eq!(all, [("a", &br#"[1,{"b":"}"}]"#[..]), ("c", br#""\"""#)]);
/// ```
pub fn fields(object: &[u8]) -> Fields<'_> {
    let begin = after_blanks(object, 0);
    if object.get(begin) != Some(&b'{') {
        return Fields { object, at: object.len(), whole: false };
    }
    let at = after_blanks(object, begin + 1);
    Fields { object, at, whole: object.get(at) == Some(&b'}') }
}

/// All fields of an object; `None` where the text is none, or ends before the object does. Of values no more is checked
/// than that their brackets are closed.
///
/// ```
/// use kube_core::wire::all_fields;
///
/// assert_eq!(all_fields(br#"{"a":1,"b":[]}"#).map(|all| all.len()), Some(2));
/// assert_eq!(all_fields(br#"{"a":1,"b":["#), None);
/// ```
pub fn all_fields(object: &[u8]) -> Option<Vec<RawField<'_>>> {
    let mut all = Vec::with_capacity(8);
    let mut fields = fields(object);
    all.extend(&mut fields);
    fields.whole.then_some(all)
}

/// The value of one field of an object.
pub fn field<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    fields(object).find(|field| field.name == name).map(|field| field.value)
}

/// The fields of an object; see [`fields`].
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    object: &'a [u8],
    at: usize,
    /// Whether the end of the object was seen.
    whole: bool,
}

impl<'a> Iterator for Fields<'a> {
    type Item = RawField<'a>;

    fn next(&mut self) -> Option<RawField<'a>> {
        let name_start = after_blanks(self.object, self.at);
        let name_end = end_of_text(self.object, name_start)?;
        let name = std::str::from_utf8(self.object.get(name_start + 1..name_end - 1)?).ok()?;
        let colon = after_blanks(self.object, name_end);
        if self.object.get(colon) != Some(&b':') {
            return None;
        }
        let start = after_blanks(self.object, colon + 1);
        let end = end_of_value(self.object, start)?;
        let value = self.object.get(start..end)?.trim_ascii_end();
        let next = after_blanks(self.object, end);
        let end = *self.object.get(next)?;
        self.whole = end == b'}';
        self.at = if end == b',' { next + 1 } else { self.object.len() };
        Some(RawField { name, value })
    }
}

/// Where the first byte from `at` on stands that is no blank. What we print has none.
fn after_blanks(json: &[u8], at: usize) -> usize {
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    at + json.get(at..).map_or(0, |rest| rest.iter().take_while(blank).count())
}

/// Where the text that begins at `start` ends, its quotes included.
fn end_of_text(json: &[u8], start: usize) -> Option<usize> {
    if json.get(start) != Some(&b'"') {
        return None;
    }
    let mut at = start + 1;
    loop {
        at += json.get(at..)?.iter().position(|&byte| byte == b'"' || byte == b'\\')?;
        if json[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Where the value that begins at `start` ends.
fn end_of_value(json: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        at += json.get(at..)?.iter().position(|&byte| MARKS[usize::from(byte)])?;
        match json.get(at)? {
            b'"' => {
                at = end_of_text(json, at)?;
                if depth == 0 {
                    return Some(at);
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return Some(at),
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// The bytes that say where a value ends.
const MARKS: [bool; 256] = {
    let mut marks = [false; 256];
    let bytes = br#""{}[],"#;
    let mut at = 0;
    while at < bytes.len() {
        marks[bytes[at] as usize] = true;
        at += 1;
    }
    marks
};

/// An object of these fields, in their order.
pub fn object_of<'a>(fields: impl IntoIterator<Item = RawField<'a>>) -> Bytes {
    let mut json = Vec::with_capacity(4096);
    json.push(b'{');
    for field in fields {
        if json.len() > 1 {
            json.push(b',');
        }
        json.push(b'"');
        json.extend_from_slice(field.name.as_bytes());
        json.extend_from_slice(b"\":");
        json.extend_from_slice(field.value);
    }
    json.push(b'}');
    Bytes::from(json)
}
