//! Seeded arrows are seen, allowed ones are not reported.

use super::{Dependency, Member, check};
use cargo_metadata::DependencyKind;

fn member(name: &str, arrows: &[(&str, DependencyKind, bool)]) -> Member {
    let dependencies = arrows.iter().map(|(name, kind, local)| Dependency {
        name: (*name).to_owned(),
        kind: *kind,
        local: *local,
    });
    Member {
        name: name.to_owned(),
        manifest: format!("crates/{name}/Cargo.toml"),
        text: "[package]\n\n[dependencies]\nkube-core.workspace = true\nkube-sched = { path = \"..\" }\n\n\
               [dev-dependencies]\nkube-core.workspace = true\nkube-net.workspace = true\n"
            .to_owned(),
        dependencies: dependencies.collect(),
    }
}

/// The violations of one crate among the crates that it can name.
fn violations(name: &str, arrows: &[(&str, DependencyKind, bool)]) -> Vec<String> {
    let names = ["kube-core", "kube-store", "kube-sched", "kube-net", "kube-testkit", "kube-plane"];
    let mut members: Vec<Member> =
        names.iter().filter(|other| **other != name).map(|name| member(name, &[])).collect();
    members.push(member(name, arrows));
    check(&members).iter().map(ToString::to_string).collect()
}

#[test]
fn allowed_arrows_pass() {
    use DependencyKind::{Development, Normal};
    let none: [String; 0] = [];
    assert_eq!(violations("kube-store", &[("kube-core", Normal, true), ("serde", Normal, false)]), none);
    assert_eq!(violations("kube-core", &[("kube-testkit", Development, true)]), none);
    assert_eq!(violations("kube-store", &[("kube-store", Development, true)]), none);
    assert_eq!(violations("kube-plane", &[("kube-sched", Normal, true), ("kube-net", Normal, true)]), none);
    assert_eq!(violations("kube-benches", &[("kube-sched", Normal, true)]), none);
}

#[test]
fn an_arrow_outside_the_table_is_seen_with_its_line() {
    use DependencyKind::{Development, Normal};
    assert_eq!(
        violations("kube-controllers", &[("kube-sched", Normal, true)]),
        ["crates/kube-controllers/Cargo.toml:5: `kube-controllers` may not depend on `kube-sched`"]
    );
    assert_eq!(
        violations("kube-sched", &[("kube-net", Development, true)]),
        ["crates/kube-sched/Cargo.toml:9: `kube-sched` may not depend on `kube-net`"]
    );
}

#[test]
fn test_tools_stay_out_of_libraries_and_know_none_of_ours() {
    use DependencyKind::{Build, Development, Normal};
    assert_eq!(violations("kube-plane", &[("kube-testkit", Normal, true)]).len(), 1);
    assert_eq!(violations("kube-plane", &[("kube-testkit", Build, true)]).len(), 1);
    assert_eq!(violations("kube-testkit", &[("kube-core", Development, true)]).len(), 1);
}

#[test]
fn a_namesake_in_the_registry_and_strangers_are_seen() {
    use DependencyKind::Normal;
    assert!(violations("kube-store", &[("kube-core", Normal, false)])[0].contains("of the registry"));
    assert!(violations("kube-store", &[("elsewhere", Normal, true)])[0].contains("outside the workspace"));
    assert!(violations("kube-new", &[])[0].contains("`kube-new` is not in the table"));
}
