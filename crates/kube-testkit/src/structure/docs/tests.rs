//! A file without its sentence is seen.

use super::check;
use crate::structure::SourceFile;

fn passes(path: &str, text: &str) -> bool {
    check(&SourceFile::parse(path, text).expect("the sample parses")).is_empty()
}

#[test]
fn a_sentence_or_the_readme_of_a_crate_will_do() {
    assert!(passes("src/a.rs", "//! What it is.\n"));
    assert!(passes("src/lib.rs", "#![doc = include_str!(\"../README.md\")]\n"));
}

#[test]
fn anything_else_on_the_first_line_is_seen() {
    for text in
        ["", "//!\n//! Late.", "// A comment.", "\n//! Late.", "/// Of the next item.\nmod a;", "use a::B;"]
    {
        assert!(!passes("src/a.rs", text), "{text}");
    }
    assert!(!passes("src/a/mod.rs", "#![doc = include_str!(\"../README.md\")]\n"));
}
