//! Banned names are seen in files, folders and inline modules.

use super::{BANNED, check};
use crate::structure::SourceFile;

fn violations(path: &str, text: &str) -> Vec<String> {
    let file = SourceFile::parse(path, text).expect("the sample parses");
    check(&file).iter().map(ToString::to_string).collect()
}

#[test]
fn names_that_say_something_pass() {
    assert_eq!(violations("crates/kube-core/src/quantity/mod.rs", "mod parse; mod text {}"), [""; 0]);
    assert_eq!(violations("crates/kube-core/src/common_name.rs", ""), [""; 0]);
}

#[test]
fn banned_files_folders_and_modules_are_seen() {
    for name in BANNED {
        assert_eq!(violations(&format!("src/{name}.rs"), "").len(), 1, "{name}");
        assert_eq!(violations(&format!("src/{name}/mod.rs"), "").len(), 1, "{name}");
        assert!(
            violations("src/a.rs", &format!("\n\nmod {name} {{}}"))[0].starts_with("src/a.rs:3: "),
            "{name}"
        );
    }
    assert_eq!(
        violations("tests/it/helpers.rs", ""),
        ["tests/it/helpers.rs:1: `helpers` says nothing: name the thing and put it with its noun"]
    );
}
