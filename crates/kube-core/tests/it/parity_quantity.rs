//! Quantities against Kubernetes' own answers.

use kube_core::quantity::Quantity;
use kube_testkit::parity;
use serde_json::{Value, json};
use std::collections::BTreeMap;

type Verdict = Result<(), String>;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("{value} is not a text"))
}

fn quantity(value: &Value) -> Result<Quantity, String> {
    text(value)?.parse().map_err(|error| format!("{value}: {error}"))
}

/// Compares what the vector has; every answer of ours must be in it.
fn same(got: BTreeMap<&str, Value>, want: &Value) -> Verdict {
    for (name, got) in got {
        let want = want.get(name).ok_or_else(|| format!("no {name}"))?;
        same_text(name, &got, want)?;
    }
    Ok(())
}

fn same_text(name: &str, got: &Value, want: &Value) -> Verdict {
    (got == want).then_some(()).ok_or_else(|| format!("{name}: got {got}; want {want}"))
}

fn close(got: f64, want: &Value) -> Verdict {
    let want: f64 = text(want)?.parse().map_err(|error| format!("{error}"))?;
    let equal = got.total_cmp(&want).is_eq() || (got - want).abs() <= 1e-12 * want.abs();
    equal.then_some(()).ok_or_else(|| format!("float64: got {got}; want {want}"))
}

#[test]
fn parity_quantity_parse() {
    parity::run(CRATE, "quantity", "parse", |input, want| {
        let source = text(&input["quantity"])?;
        let quantity: Quantity = match (source.parse(), want.get("error")) {
            (Ok(quantity), None) => quantity,
            (Err(error), Some(words)) if *words == Value::String(ToString::to_string(&error)) => {
                return Ok(());
            }
            (got, _) => return Err(format!("got {got:?}; want {want}")),
        };
        // Kubernetes keeps some texts as they came; ours is the canonical form of the same
        let kept = |text: &Value| if text == source { want["canonical"].clone() } else { text.clone() };
        let rounded = |field: &str, (got, exact): (Quantity, bool)| {
            let want = json!({ "exact": want[field]["exact"], "string": kept(&want[field]["string"]) });
            same_text(field, &json!({ "exact": exact, "string": got.to_string() }), &want)
        };
        rounded("roundUpMilli", quantity.round_up_milli())?;
        rounded("roundUpUnit", quantity.round_up_unit())?;
        let encoded = serde_json::to_value(quantity).map_err(|error| error.to_string())?;
        let want_encoded: Value =
            serde_json::from_str(text(&want["json"])?).map_err(|error| error.to_string())?;
        same_text("json", &encoded, &kept(&want_encoded))?;
        same_text("string", &json!(quantity.to_string()), &kept(&want["string"]))?;
        let mut got = BTreeMap::from([
            ("canonical", json!(quantity.to_string())),
            ("format", json!(quantity.format().as_str())),
            ("sign", json!(quantity.sign())),
            ("asInt64", quantity.as_i64().map_or(Value::Null, |value| json!(value.to_string()))),
        ]);
        if want.get("valueWraps").is_none() {
            got.insert("value", json!(quantity.value().to_string()));
        }
        if want.get("milliValueWraps").is_none() {
            got.insert("milliValue", json!(quantity.milli_value().to_string()));
        }
        same(got, want)?;
        close(quantity.to_f64(), &want["float64"])
    });
}

#[test]
fn parity_quantity_ops() {
    parity::run(CRATE, "quantity", "ops", |input, want| {
        let (a, b) = (quantity(&input["a"])?, quantity(&input["b"])?);
        let factor: i64 = text(&input["mul"])?.parse().map_err(|error| format!("{error}"))?;
        let (product, exact) = a.mul_int64(factor);
        let order = a.cmp(&b) as i8;
        let got = BTreeMap::from([
            ("cmp", json!(order)),
            ("equal", json!(a == b)),
            ("add", json!((a + b).to_string())),
            ("sub", json!((a - b).to_string())),
            ("neg", json!((-a).to_string())),
            ("mul", json!(product.to_string())),
            ("mulExact", json!(exact)),
        ]);
        same(got, want)
    });
}

/// Thousandths modulo 2^64: the sums' milli values wrap.
fn wrapped_milli(sum: Quantity) -> Result<i64, String> {
    let (rounded, _) = sum.round_up_milli();
    let shown =
        rounded.mul_int64(1000).0.with_format(kube_core::quantity::Format::DecimalExponent).to_string();
    let (number, zeros) = shown.split_once('e').unwrap_or((&shown, "0"));
    let zeros: u32 = zeros.parse().map_err(|error| format!("{error}"))?;
    let number: i128 = number.parse().map_err(|error| format!("{error}"))?;
    let low = (number * 10_i128.pow(zeros)) & i128::from(u64::MAX);
    u64::try_from(low).map(u64::cast_signed).map_err(|error| error.to_string())
}

#[test]
fn parity_quantity_sum() {
    parity::run(CRATE, "quantity", "sum", |input, want| {
        let all = input["quantities"].as_array().ok_or("no quantities")?;
        let all = all.iter().map(quantity).collect::<Result<Vec<_>, _>>()?;
        let sum: Quantity = all.iter().copied().sum();
        let largest = all.iter().copied().reduce(|a, b| if b > a { b } else { a }).ok_or("no quantity")?;
        let milli = match sum.milli_value() {
            i64::MAX | i64::MIN => wrapped_milli(sum)?,
            milli => milli,
        };
        let got = BTreeMap::from([
            ("sum", json!(sum.to_string())),
            ("sumMilli", json!(milli.to_string())),
            ("max", json!(largest.to_string())),
        ]);
        same(got, want)
    });
}
