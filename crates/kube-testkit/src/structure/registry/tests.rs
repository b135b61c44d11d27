//! An entry that is not registered, or half there, is seen.

use super::{Folder, List, Registry, check};

const CONTROLLERS: Registry = Registry {
    folder: "src/builtin",
    list: List::Items,
    shape: &["mod.rs", "plan.rs", "tests.rs"],
    besides: &[],
};

const ENGINES: Registry =
    Registry { folder: "src/storage", list: List::Exports, shape: &["mod.rs"], besides: &["core"] };

const JOB: [(&str, &str); 3] =
    [("src/builtin/job/mod.rs", ""), ("src/builtin/job/plan.rs", ""), ("src/builtin/job/tests.rs", "")];

fn violations(registry: &Registry, files: &[(&str, &str)]) -> Vec<String> {
    let folder = Folder::of(registry.folder, files.iter().copied());
    check(registry, false, folder.as_ref()).iter().map(ToString::to_string).collect()
}

fn controllers(index: &str) -> Vec<String> {
    violations(&CONTROLLERS, &[&[("src/builtin/mod.rs", index)], JOB.as_slice()].concat())
}

#[test]
fn registered_entries_pass() {
    for index in [
        "mod job; pub fn builtin() -> Vec<X> { vec![boxed(job::Jobs::new())] }",
        "mod job; pub const ALL: &[X] = &[job::ENTRY];",
        "mod job; pub static ALL: [X; 1] = [self::job::entry];",
        "mod job; impl Set { pub fn all() -> Self { Self::new().with(job::entry()) } }",
    ] {
        assert_eq!(controllers(index), [""; 0], "{index}");
    }
}

#[test]
fn an_entry_without_its_line_is_seen() {
    for index in [
        "mod job; pub use job::Jobs; pub fn builtin() -> Vec<X> { vec![] }",
        "mod job; pub fn builtin() -> Vec<X> { vec![\n// job::Jobs::new(),\n] }",
        "mod job; pub fn builtin() -> Vec<X> { vec![cron_job::Jobs::new(), job()] }",
        "mod job; pub fn builtin() -> X { let job: X = \"job::Jobs\"; job }",
        "",
    ] {
        assert_eq!(
            controllers(index),
            ["src/builtin/mod.rs:1: `job/` is not in the list: add the line that names `job::`"],
            "{index}"
        );
    }
}

#[test]
fn a_missing_file_of_the_shape_is_seen() {
    let index = ("src/builtin/mod.rs", "fn builtin() { job::new() }");
    assert_eq!(
        violations(&CONTROLLERS, &[index, JOB[0], JOB[2]]),
        ["src/builtin/job/plan.rs:1: missing: every entry here has the same files"]
    );
    assert_eq!(violations(&CONTROLLERS, &[index, ("src/builtin/job/deep/mod.rs", "")]).len(), 3);
    assert!(violations(&CONTROLLERS, &JOB)[0].contains("needs a `mod.rs`"));
}

#[test]
fn engines_are_listed_by_their_exports() {
    let files = |index| {
        [("src/storage/mod.rs", index), ("src/storage/disk/mod.rs", ""), ("src/storage/core/mod.rs", "")]
    };
    assert_eq!(violations(&ENGINES, &files("pub mod disk; pub use disk::DiskStorage;")), [""; 0]);
    assert_eq!(violations(&ENGINES, &files("pub use {disk::DiskStorage, key::Key};")), [""; 0]);
    assert_eq!(violations(&ENGINES, &files("pub mod disk; fn f() { disk::open() }")).len(), 1);
}

#[test]
fn a_folder_that_is_gone_is_seen_where_it_is_required() {
    assert_eq!(violations(&CONTROLLERS, &[("src/other/mod.rs", "")]), [""; 0]);
    assert_eq!(check(&CONTROLLERS, true, None).len(), 1);
}
