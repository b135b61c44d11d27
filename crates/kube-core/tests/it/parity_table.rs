//! Rows are those of Kubernetes' API server.

use jiff::Timestamp;
use kube_core::resource::{GroupVersionKind, KindInfo, NameList, Scope, find_builtin};
use kube_core::table::{columns, row};
use kube_testkit::parity;
use serde_json::Value;

#[test]
fn parity_table() {
    parity::run(env!("CARGO_MANIFEST_DIR"), "table", "rows", |input, want| {
        let object = &input["object"];
        let kind = kind_of(object)?;
        let wanted = want["cells"].as_array().ok_or("no cells")?;
        let now = now(object, wanted)?;
        let got = row(&kind, object, now);
        if columns(&kind).len() > got.len() {
            return Err(format!("{} columns, {} cells", columns(&kind).len(), got.len()));
        }
        let same = got.len() == wanted.len() && got.iter().zip(wanted).all(|(got, want)| is_same(got, want));
        if same { Ok(()) } else { Err(format!("got {got:?}, want {wanted:?}")) }
    });
}

fn kind_of(object: &Value) -> Result<KindInfo, String> {
    let text = |field: &str| object[field].as_str().ok_or_else(|| format!("no {field}"));
    let GroupVersionKind { group, version, kind } =
        GroupVersionKind::from_type_meta(text("apiVersion")?, text("kind")?);
    // Not every kind with a table is one that the object layer serves.
    Ok(find_builtin(&group, &version, &kind).cloned().unwrap_or_else(|| KindInfo {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        plural: "".into(),
        singular: "".into(),
        short_names: NameList::Static(&[]),
        categories: NameList::Static(&[]),
        subresources: NameList::Static(&[]),
        scope: Scope::Cluster,
    }))
}

/// When the row was recorded: told by the seconds of an age that was left in it, otherwise any time later.
fn now(object: &Value, wanted: &[Value]) -> Result<Timestamp, String> {
    let Some(created) = object["metadata"]["creationTimestamp"].as_str() else {
        return Ok(Timestamp::UNIX_EPOCH);
    };
    let created: Timestamp = created.parse().map_err(|error| format!("{error}"))?;
    let seconds = wanted.last().and_then(Value::as_str).and_then(|age| age.strip_suffix('s')?.parse().ok());
    Ok(created + jiff::SignedDuration::from_secs(seconds.unwrap_or(90_000)))
}

/// Whether two cells say the same; `<TIME>` stands for any time or duration.
fn is_same(got: &Value, want: &Value) -> bool {
    const TIME: &str = "<TIME>";
    let (Some(text), Some(wanted)) = (got.as_str(), want.as_str()) else { return got == want };
    match wanted.split_once(TIME) {
        None => text == wanted,
        Some((before, after)) => {
            let inner = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            inner.is_some_and(is_time)
        }
    }
}

fn is_time(text: &str) -> bool {
    let duration =
        text.ends_with(|c: char| "smhdy".contains(c)) && text.starts_with(|c: char| c.is_ascii_digit());
    duration || matches!(text, "<invalid>" | "<unknown>")
}
