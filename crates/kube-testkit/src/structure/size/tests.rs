//! One line too many is seen in a file, a function, a method, a default method and a macro call.

use super::{FILE_LINES, FUNCTION_LINES, check};
use crate::structure::SourceFile;

fn violations(text: &str) -> Vec<String> {
    let file = SourceFile::parse("a.rs", text).expect("the sample parses");
    check(&file).iter().map(ToString::to_string).collect()
}

/// `fn <name>` of so many lines, signature and braces included.
fn function(name: &str, lines: usize) -> String {
    format!("fn {name}(\n) {{\n{}}}\n", "    ();\n".repeat(lines - 3))
}

#[test]
fn the_bounds_themselves_are_allowed() {
    assert_eq!(violations(&"//\n".repeat(FILE_LINES)), [""; 0]);
    assert_eq!(violations(&function("f", FUNCTION_LINES)), [""; 0]);
    assert_eq!(violations(&format!("proptest! {{ {} }}", function("f", FUNCTION_LINES))), [""; 0]);
}

#[test]
fn a_long_file_is_seen() {
    assert_eq!(
        violations(&"//\n".repeat(FILE_LINES + 1)),
        ["a.rs:601: 601 lines, 600 at most: split it by responsibility"]
    );
}

#[test]
fn a_long_function_is_seen_wherever_it_stands() {
    let long = function("f", FUNCTION_LINES + 1);
    assert_eq!(violations(&format!("//!\n{long}")), ["a.rs:2: `f` has 71 lines, 70 at most"]);
    for (head, tail) in [
        ("impl X {", "}"),
        ("trait X {", "}"),
        ("mod x {", "}"),
        ("#[test]", ""),
        ("const X: u8 = {", "1 };"),
        ("proptest! {", "}"),
        ("macro_rules! x { () => {", "} }"),
    ] {
        assert_eq!(violations(&format!("{head}\n{long}{tail}")).len(), 1, "{head}");
    }
    assert_eq!(violations(&format!("fn outer() {{\n{long}}}")).len(), 2);
}

#[test]
fn function_pointers_and_declarations_in_macros_have_no_length() {
    let filler = "    ();\n".repeat(FUNCTION_LINES);
    assert_eq!(violations(&format!("x! {{ f: fn(u8) -> u8, g: {{\n{filler}}} }}")), [""; 0]);
    assert_eq!(violations(&format!("x! {{ fn f(); g: {{\n{filler}}} }}")), [""; 0]);
}
