//! Every rule is put to the workspace.

use super::arrows::Member;
use super::licences::Package;
use super::registry::{REGISTRIES, REQUIRED};
use super::{SourceFile, Workspace, check};

#[test]
fn no_rule_is_left_out() {
    let long = format!("//! Long.\nuse x::*;\nfn f() {{\n{}}}\n", "    ();\n".repeat(600));
    let file = |path: &str, text: &str| SourceFile::parse(path, text);
    let workspace = Workspace {
        members: vec![Member {
            name: "stray".to_owned(),
            manifest: "crates/stray/Cargo.toml".to_owned(),
            text: String::new(),
            dependencies: Vec::new(),
        }],
        files: vec![
            file("a.rs", &long).expect("it parses"),
            file("b/utils.rs", "").expect("it parses"),
            file("crates/kube-store/src/storage/disk/mod.rs", "//! Disk.").expect("it parses"),
        ],
        broken: vec![file("c.rs", "fn").expect_err("it does not parse")],
        packages: vec![Package { name: "p".to_owned(), version: "1.0.0".to_owned(), licence: None }],
        deny: String::new(),
    };
    let found: Vec<String> = check(&workspace).iter().map(ToString::to_string).collect();
    let starts = [
        "a.rs:2: glob",
        "a.rs:3: `f` has",
        "a.rs:601: 604 lines",
        "b/utils.rs:1: `utils`",
        "b/utils.rs:1: the first line",
        "c.rs:1: does not parse",
        "crates/kube-controllers/src/builtin:1: the folder of a registry is gone",
        "crates/kube-net/src/balance:1: the folder of a registry is gone",
        "crates/kube-sched/src/plugins:1: the folder of a registry is gone",
        "crates/kube-store/src/objects/admission:1: the folder of a registry is gone",
        "crates/kube-store/src/storage/mod.rs:1: a folder of entries",
        "crates/stray/Cargo.toml:1: `stray` is not",
        "deny.toml:1: `p 1.0.0`",
    ];
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    for (line, start) in found.iter().zip(starts) {
        assert!(line.starts_with(start), "{line} against {start}");
    }
}

#[test]
fn what_is_required_is_a_registry() {
    for folder in REQUIRED {
        assert!(REGISTRIES.iter().any(|registry| registry.folder == *folder), "{folder}");
    }
}
