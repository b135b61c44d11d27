//! The runner sees failures, panics and broken files.

use super::report::Report;
use super::source::Source;
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// A file of this crate's own data, whatever folder the environment names.
fn own(file: &str) -> Source {
    Source::under(None, HERE, "runner", file)
}

fn text_of_panic(run: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(run)).expect_err("it should have panicked");
    payload.downcast_ref::<String>().cloned().expect("a formatted message")
}

fn even(input: &Value, _: &Value) -> Result<(), String> {
    match input.as_u64() {
        None => panic!("not a number"),
        Some(number) if number % 2 == 0 => Ok(()),
        Some(number) => Err(format!("{number} is odd")),
    }
}

#[test]
fn passes_and_counts() {
    let mut calls = 0;
    own("even").check_pairs(&mut |input, want| {
        calls += 1;
        assert_eq!(*want, json!("even"));
        even(input, want)
    });
    assert_eq!(calls, 2);
    assert_eq!(own("even").cases().len(), 2);
}

#[test]
fn names_each_failure_and_survives_a_panicking_check() {
    let text = text_of_panic(|| own("mixed").check_pairs(&mut even));
    assert_eq!(
        text,
        "runner/mixed: 2/4\n  runner/mixed/0002: 3 is odd\n  runner/mixed/0003: panicked: not a number"
    );
}

#[test]
fn own_formats_need_only_an_id() {
    let mut themes = Vec::new();
    own("own").check_whole(&mut |case| {
        themes.push(case["theme"].clone());
        Ok(())
    });
    assert_eq!(themes, [json!("a"), json!("b")]);
    assert!(text_of_panic(|| own("own").check_pairs(&mut |_, _| Ok(()))).contains("has no `in`"));
    assert!(text_of_panic(|| own("own").check_whole(&mut |_| Err("no".to_owned()))).contains("own-2: no"));
}

#[test]
fn broken_files_fail() {
    let broken = |file| text_of_panic(|| drop(own(file).cases()));
    assert!(broken("absent").contains("cannot read"));
    assert!(broken("empty").contains("holds no case"));
    assert!(broken("twice").contains("the id `x` is used twice"));
    assert!(broken("nameless").contains("case 1 has no `id`"));
    assert!(broken("object").contains("not an array of cases"));
}

#[test]
fn another_folder_replaces_the_data_of_the_crate() {
    let folder = std::path::Path::new(HERE).join("tests/data").into_os_string();
    assert_eq!(Source::under(Some(folder), "/nowhere", "runner", "even").cases().len(), 2);
    assert!(
        text_of_panic(|| drop(Source::under(None, "/nowhere", "runner", "even").cases())).contains("cannot")
    );
}

#[test]
fn at_most_twenty_failures_are_named() {
    let mut report = Report::new("a/b".to_owned());
    for number in 0..25 {
        report.add(&format!("id-{number}"), Err("bad".to_owned()));
    }
    let text = report.failure().expect("it failed");
    assert_eq!(text.lines().count(), 22);
    assert!(text.contains("id-19: bad") && !text.contains("id-20") && text.ends_with("and 5 more"));
}
