//! The fields of a JSON object, found without decoding their values.

use bytes::Bytes;
use memchr::memchr2;
use std::ops::Range;
use std::sync::Arc;

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
    Fields::at(object, after_blanks(object, 0))
}

/// The value of one field of an object.
pub fn field<'a>(object: &'a [u8], name: &str) -> Option<&'a [u8]> {
    fields(object).find(|field| field.name == name).map(|field| field.value)
}

/// An object that was looked through once: where its fields stand, and those of the objects among them.
///
/// ```
/// use kube_core::wire::Scanned;
///
/// let object = Scanned::new(&br#"{"kind":"Pod","spec":{"hostNetwork":true,"nodeName":"n"}}"#[..]);
/// assert!(object.is_whole());
/// assert_eq!(object.field("kind"), Some(&br#""Pod""#[..]));
/// let spec: Vec<&str> = object.fields_of("spec").map(|field| field.name).collect();
/// assert_eq!(spec, ["hostNetwork", "nodeName"]);
/// ```
#[derive(Clone, Debug)]
pub struct Scanned {
    bytes: Bytes,
    fields: Arc<[Scan]>,
    whole: bool,
}

/// Where a field stands, and the fields of its value where that is an object.
#[derive(Debug)]
struct Scan {
    place: Place,
    inner: Vec<Place>,
}

/// Where the name and the value of a field stand.
#[derive(Clone, Debug)]
struct Place {
    name: Range<usize>,
    value: Range<usize>,
}

impl Scanned {
    /// Looks through the text of an object. What is not one has no fields, and is not whole.
    pub fn new(object: impl Into<Bytes>) -> Self {
        let bytes = object.into();
        let mut scans = Vec::with_capacity(6);
        let mut all = fields(&bytes);
        while let Some((name, start)) = all.name_and_start() {
            let mut inner = Vec::new();
            let end = if bytes.get(start) == Some(&b'{') {
                let mut within = Fields::at(&bytes, start);
                inner.extend(std::iter::from_fn(|| within.place()));
                within.whole.then_some(within.end)
            } else {
                end_of_value(&bytes, start)
            };
            let Some(value) = end.and_then(|end| all.finish(start, end)) else { break };
            scans.push(Scan { place: Place { name, value }, inner });
        }
        let whole = all.whole;
        Self { bytes, fields: scans.into(), whole }
    }

    /// The text.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Whether the text is an object to its end.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// The fields, in the order in which they stand.
    pub fn fields(&self) -> impl Iterator<Item = RawField<'_>> {
        self.fields.iter().filter_map(|scan| self.at(&scan.place))
    }

    /// The value of one field.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields().find(|field| field.name == name).map(|field| field.value)
    }

    /// The fields of one field; none where its value is no object.
    pub fn fields_of(&self, name: &str) -> impl Iterator<Item = RawField<'_>> {
        let is = |scan: &&Scan| self.at(&scan.place).is_some_and(|field| field.name == name);
        let inner = self.fields.iter().find(is).map(|scan| &*scan.inner).unwrap_or_default();
        inner.iter().filter_map(|place| self.at(place))
    }

    fn at(&self, place: &Place) -> Option<RawField<'_>> {
        let name = std::str::from_utf8(self.bytes.get(place.name.clone())?).ok()?;
        Some(RawField { name, value: self.bytes.get(place.value.clone())? })
    }
}

/// The fields of an object; see [`fields`].
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    object: &'a [u8],
    at: usize,
    /// Whether the end of the object was seen.
    whole: bool,
    /// Behind the end, once it was seen.
    end: usize,
}

impl<'a> Fields<'a> {
    /// The fields of the object that begins at `begin`.
    fn at(object: &'a [u8], begin: usize) -> Self {
        if object.get(begin) != Some(&b'{') {
            return Self { object, at: object.len(), whole: false, end: object.len() };
        }
        let at = after_blanks(object, begin + 1);
        let whole = object.get(at) == Some(&b'}');
        Self { object, at: if whole { object.len() } else { at }, whole, end: at + 1 }
    }

    /// The name of the field that comes next.
    pub fn name(&self) -> Option<&'a str> {
        let (name, _) = self.clone().name_and_start()?;
        std::str::from_utf8(self.object.get(name)?).ok()
    }

    /// Where the name of the next field stands, and where its value begins.
    fn name_and_start(&mut self) -> Option<(Range<usize>, usize)> {
        let name_start = after_blanks(self.object, self.at);
        let name_end = end_of_text(self.object, name_start)?;
        let colon = after_blanks(self.object, name_end);
        if self.object.get(colon) != Some(&b':') {
            return None;
        }
        Some((name_start + 1..name_end - 1, after_blanks(self.object, colon + 1)))
    }

    /// Goes on behind a value, and tells where it stands without the blanks that follow it.
    fn finish(&mut self, start: usize, end: usize) -> Option<Range<usize>> {
        let value = self.object.get(start..end)?.trim_ascii_end();
        let next = after_blanks(self.object, end);
        let mark = *self.object.get(next)?;
        self.whole = mark == b'}';
        self.end = next + 1;
        self.at = if mark == b',' { next + 1 } else { self.object.len() };
        Some(start..start + value.len())
    }

    fn place(&mut self) -> Option<Place> {
        let (name, start) = self.name_and_start()?;
        let end = end_of_value(self.object, start)?;
        Some(Place { name, value: self.finish(start, end)? })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = RawField<'a>;

    fn next(&mut self) -> Option<RawField<'a>> {
        let Place { name, value } = self.place()?;
        let name = std::str::from_utf8(self.object.get(name)?).ok()?;
        Some(RawField { name, value: self.object.get(value)? })
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
        at += memchr2(b'"', b'\\', json.get(at..)?)?;
        if json[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Where the value that begins at `start` ends.
fn end_of_value(json: &[u8], start: usize) -> Option<usize> {
    match json.get(start)? {
        b'"' => return end_of_text(json, start),
        b'{' | b'[' => {}
        _ => {
            let rest = json.get(start..)?;
            return Some(start + rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?);
        }
    }
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        at += json.get(at..)?.iter().position(|&byte| MARKS[usize::from(byte)])?;
        match json.get(at)? {
            b'"' => {
                at = end_of_text(json, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            _ => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
        }
        at += 1;
    }
}

/// The bytes that say where a list or an object ends.
const MARKS: [bool; 256] = {
    let mut marks = [false; 256];
    let bytes = br#""{}[]"#;
    let mut at = 0;
    while at < bytes.len() {
        marks[bytes[at] as usize] = true;
        at += 1;
    }
    marks
};

/// An object of these fields, in their order. It takes no more memory than its text.
pub fn object_of<'a>(fields: impl IntoIterator<Item = RawField<'a>>) -> Bytes {
    let fields: Vec<RawField<'_>> = fields.into_iter().collect();
    // Quotes, a colon, and a comma or a brace with each.
    let length: usize = fields.iter().map(|field| field.name.len() + field.value.len() + 4).sum();
    let mut json = Vec::with_capacity(1 + length.max(1));
    json.push(b'{');
    for field in &fields {
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
