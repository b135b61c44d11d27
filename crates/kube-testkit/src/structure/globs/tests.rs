//! Globs are seen at any depth; the one exception is narrow.

use super::check;
use crate::structure::SourceFile;

fn violations(path: &str, text: &str) -> Vec<String> {
    let file = SourceFile::parse(path, text).expect("the sample parses");
    check(&file).iter().map(ToString::to_string).collect()
}

#[test]
fn named_imports_pass() {
    assert_eq!(violations("src/a.rs", "pub use x::{A, b::C as D}; use std::fmt::Write as _;"), [""; 0]);
}

#[test]
fn globs_are_seen() {
    assert_eq!(
        violations("src/a.rs", "\npub use x::y::*;"),
        ["src/a.rs:2: glob `x::y::*`: name what is used"]
    );
    for text in
        ["use x::*;", "use x::{A, b::*};", "use super::*;", "fn f() { use E::*; }", "mod m { use super::*; }"]
    {
        assert_eq!(violations("src/a.rs", text).len(), 1, "{text}");
    }
}

#[test]
fn modules_of_tests_may_use_all_of_their_parent_and_no_more() {
    let inline = |import: &str| format!("#[cfg(test)]\nmod tests {{ {import} }}");
    assert_eq!(violations("src/a.rs", &inline("use super::*;")), [""; 0]);
    assert_eq!(violations("src/a/tests.rs", "use super::*;"), [""; 0]);
    assert_eq!(violations("tests/it/a.rs", "use super::*;"), [""; 0]);
    assert_eq!(violations("src/a.rs", &inline("use super::super::*;")).len(), 1);
    assert_eq!(violations("src/a/tests.rs", "use x::*;").len(), 1);
    assert_eq!(violations("src/a.rs", &format!("{} use super::*;", inline(""))).len(), 1);
}
