//! Reading quantities.

use kube_benches::quantity::{baseline, milli, mix};

#[test]
fn the_exact_baseline_reads_what_we_read() {
    for text in mix(1_000).iter().map(String::as_str).chain(["1n", "3u", "0.07", "1E3", "5e-2"]) {
        let ours = milli(text);
        assert!(ours.is_some(), "{text}");
        assert_eq!(ours, baseline::milli(text), "{text}");
    }
    assert_eq!((milli("1x"), baseline::milli("1x")), (None, None));
}

#[test]
fn the_float_baseline_is_near() {
    for text in mix(1_000) {
        let (Some(exact), Some(near)) = (milli(&text), baseline::float(&text)) else {
            panic!("{text} is a quantity");
        };
        #[expect(clippy::cast_precision_loss, reason = "compared with a tolerance")]
        let exact = exact as f64 / 1000.0;
        assert!((exact - near).abs() <= exact * 1e-9 + 1e-3, "{text}: {exact} and {near}");
    }
}

#[test]
fn the_float_baseline_is_inexact() {
    let rounded = |text: &str| baseline::float(text).map(|units| (units * 1000.0).ceil());
    assert_eq!(rounded("9m"), Some(10.0));
    assert_eq!((milli("9m"), baseline::milli("9m")), (Some(9), Some(9)));
}
