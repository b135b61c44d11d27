//! A licence that is not allowed is seen in whatever form it is declared.

use super::{Package, Policy, check, satisfied};

const DENY: &str = r#"
[bans]
allow = [
    "GPL-3.0-only",
]

[licenses]
# "AGPL-3.0-only",
allow = [
    "MIT", # a reason
    # "GPL-2.0-only",
    "Apache-2.0 WITH LLVM-exception",
]
exceptions = [
    { allow = ["MPL-2.0"], crate = "imbl" }, # a reason
]

[sources]
allow = [
    "Zlib",
]
"#;

fn violations(packages: &[(&str, Option<&str>)]) -> Vec<String> {
    let packages = packages.iter().map(|(name, licence)| Package {
        name: (*name).to_owned(),
        version: "1.0.0".to_owned(),
        licence: licence.map(str::to_owned),
    });
    let packages: Vec<Package> = packages.collect();
    check(&packages, &Policy::parse(DENY)).iter().map(|violation| violation.message.clone()).collect()
}

#[test]
fn allowed_licences_and_exceptions_pass() {
    let packages = [("imbl", Some("MPL-2.0")), ("a", Some("MIT")), ("b", Some("GPL-2.0-only OR MIT"))];
    assert_eq!(violations(&packages), [""; 0]);
}

#[test]
fn what_is_not_allowed_is_seen() {
    let imbl = ("imbl", Some("MPL-2.0"));
    for licence in ["MPL-2.0", "GPL-2.0-only", "GPL-3.0-only", "AGPL-3.0-only", "Zlib", "Apache-2.0"] {
        assert_eq!(
            violations(&[imbl, ("a", Some(licence))]),
            [format!("`a 1.0.0` is under {licence}, not allowed")]
        );
    }
    assert_eq!(violations(&[imbl, ("a", None)]).len(), 1);
    assert_eq!(violations(&[]), ["the exception for `imbl` is not needed"]);
}

#[test]
fn expressions_are_read_as_spdx() {
    let allowed = |id: &str| ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].contains(&id);
    for expression in [
        "MIT OR GPL-3.0-only",
        "MIT+",
        "GPL-3.0-only/MIT",
        "(MIT OR X) AND Apache-2.0",
        "X OR MIT AND Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(satisfied(expression, &allowed), "{expression}");
    }
    for expression in
        ["X", "MIT AND X", "(MIT AND X) OR X", "MIT WITH X", "MIT OR", "(MIT", "MIT)", "", "MIT MIT"]
    {
        assert!(!satisfied(expression, &allowed), "{expression}");
    }
}
