//! The text that Go's `dump.ForHash` makes of a pod template: what Kubernetes hashes.
//!
//! Fields come in the order of the Go structure, each with its Go type, absent ones too. The structures are data, in
//! `go_types.txt`. Empty lists and maps are written as absent ones, which is how a controller reads them: the API
//! server stores protobuf, which cannot tell them apart.
//!
//! Source: `k8s.io/apimachinery/pkg/util/dump`, `github.com/davecgh/go-spew/spew`, `k8s.io/api/core/v1`.

use kube_core::kinds::core::v1::PodTemplateSpec;
use kube_core::quantity::{Format, Quantity};
use kube_core::resource::Part;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::sync::LazyLock;

const ROOT: &str = "v1.PodTemplateSpec";
const ABSENT: &Value = &Value::Null;

/// The Go picture of `template`.
pub(super) fn dump(template: &PodTemplateSpec) -> String {
    let value = template.to_json_value().unwrap_or_default();
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_typed(&mut text, ROOT, &value);
    text
}

struct Field {
    name: &'static str,
    go_type: &'static str,
    /// Nothing for a structure that is written as part of its parent.
    json: Option<&'static str>,
}

#[derive(Default)]
struct Types {
    structures: BTreeMap<&'static str, Vec<Field>>,
    names: BTreeMap<&'static str, &'static str>,
}

static TYPES: LazyLock<Types> = LazyLock::new(|| {
    let mut types = Types::default();
    let mut structure = "";
    for line in include_str!("go_types.txt").lines() {
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["#", ..] | [] => {}
            [name] => structure = name,
            [name, "=", of] => _ = types.names.insert(name, of),
            [name, go_type, json] => {
                let json = Some(json).filter(|json| *json != ".");
                types.structures.entry(structure).or_default().push(Field { name, go_type, json });
            }
            _ => {}
        }
    }
    types
});

fn write_typed(out: &mut String, go_type: &str, value: &Value) -> fmt::Result {
    match go_type.strip_prefix('*') {
        None => {
            write!(out, "({go_type})")?;
            write_plain(out, go_type, value)
        }
        Some(_) if value.is_null() => write!(out, "({go_type})<nil>"),
        Some(target) => {
            write!(out, "({go_type})")?;
            write_plain(out, target, value)
        }
    }
}

fn write_plain(out: &mut String, go_type: &str, value: &Value) -> fmt::Result {
    match go_type {
        "string" => return out.write_str(value.as_str().unwrap_or_default()),
        "bool" => return write!(out, "{}", value.as_bool().unwrap_or_default()),
        "int32" | "int64" => return write!(out, "{}", value.as_i64().unwrap_or_default()),
        // Only the zero time is met: a template was never created.
        "v1.Time" => {
            return out
                .write_str("{Time:(time.Time){wall:(uint64)0 ext:(int64)0 loc:(*time.Location)<nil>}}");
        }
        "intstr.IntOrString" => return write_int_or_string(out, value),
        "resource.Quantity" => return write_quantity(out, value.as_str().unwrap_or_default()),
        _ => {}
    }
    if let Some(target) = TYPES.names.get(go_type) {
        return write_plain(out, target, value);
    }
    if let Some(element) = go_type.strip_prefix("[]") {
        return write_list(out, element, value.as_array().map(Vec::as_slice).unwrap_or_default());
    }
    if let Some((_, element)) = go_type.strip_prefix("map[").and_then(|rest| rest.split_once(']')) {
        return write_map(out, element, value.as_object());
    }
    write_structure(out, TYPES.structures.get(go_type).map(Vec::as_slice).unwrap_or_default(), value)
}

fn write_structure(out: &mut String, fields: &[Field], value: &Value) -> fmt::Result {
    out.write_char('{')?;
    for (number, field) in fields.iter().enumerate() {
        let separator = if number == 0 { "" } else { " " };
        write!(out, "{separator}{}:", field.name)?;
        let inner = field.json.map_or(value, |json| value.get(json).unwrap_or(ABSENT));
        write_typed(out, field.go_type, inner)?;
    }
    out.write_char('}')
}

fn write_list(out: &mut String, element: &str, items: &[Value]) -> fmt::Result {
    if items.is_empty() {
        return out.write_str("<nil>");
    }
    for (number, item) in items.iter().enumerate() {
        out.write_char(if number == 0 { '[' } else { ' ' })?;
        write_plain(out, element, item)?;
    }
    out.write_char(']')
}

fn write_map(out: &mut String, element: &str, entries: Option<&Map<String, Value>>) -> fmt::Result {
    // By key, whatever the order of the JSON.
    let entries: BTreeMap<&String, &Value> = entries.into_iter().flatten().collect();
    if entries.is_empty() {
        return out.write_str("<nil>");
    }
    out.write_str("map")?;
    for (number, (key, value)) in entries.into_iter().enumerate() {
        out.write_char(if number == 0 { '[' } else { ' ' })?;
        write!(out, "{key}:")?;
        write_plain(out, element, value)?;
    }
    out.write_char(']')
}

fn write_int_or_string(out: &mut String, value: &Value) -> fmt::Result {
    let text = value.as_str();
    let number = value.as_i64().unwrap_or_default();
    let kind = u8::from(text.is_some());
    let text = text.unwrap_or_default();
    write!(out, "{{Type:(intstr.Type){kind} IntVal:(int32){number} StrVal:(string){text}}}")
}

/// A quantity as Go keeps it after reading `text`: digits and a power of ten, or the bytes of a binary one.
fn write_quantity(out: &mut String, text: &str) -> fmt::Result {
    // What Go cannot keep in 64 bits the API server writes in canonical form before a controller reads it.
    let (text, parts) = if let Some(parts) = Parts::of(text) {
        (text.to_owned(), parts)
    } else {
        let text = Quantity::parse(text).map(|quantity| quantity.to_string()).unwrap_or_default();
        let parts = Parts::of(&text).unwrap_or_default();
        (text, parts)
    };
    let Parts { value, scale } = parts;
    let format = Quantity::parse(&text).map_or(Format::DecimalSI, Quantity::format);
    write!(
        out,
        "{{i:(resource.int64Amount){{value:(int64){value} scale:(resource.Scale){scale}}} \
         d:(resource.infDecAmount){{Dec:(*inf.Dec)<nil>}} s:(string){text} Format:(resource.Format){format}}}"
    )
}

#[derive(Default)]
struct Parts {
    value: i64,
    scale: i32,
}

impl Parts {
    /// Nothing if Go does not read `text` the quick way.
    fn of(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits: i64 = format!("{whole}{fraction}").parse().ok()?;
        let places = i32::try_from(fraction.len()).ok()?;
        if let Some(shift) = binary_shift(suffix) {
            let value = digits.checked_mul(1 << shift).filter(|_| places == 0)?;
            return Some(Self { value, scale: 0 });
        }
        let scale = decimal_scale(suffix)? - places;
        (scale >= -9).then_some(Self { value: digits, scale })
    }
}

fn binary_shift(suffix: &str) -> Option<u32> {
    let place = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].iter().position(|known| *known == suffix)?;
    u32::try_from(10 * (place + 1)).ok()
}

fn decimal_scale(suffix: &str) -> Option<i32> {
    Some(match suffix {
        "n" => -9,
        "u" => -6,
        "m" => -3,
        "" => 0,
        "k" => 3,
        "M" => 6,
        "G" => 9,
        "T" => 12,
        "P" => 15,
        "E" => 18,
        exponent => exponent.strip_prefix(['e', 'E'])?.parse().ok()?,
    })
}
