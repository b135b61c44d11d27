//! The workspace has the shape of its design: arrows, sizes, names, docs, imports, registries, licences.

use kube_testkit::structure::{Workspace, check};
use std::fmt::Write as _;
use std::path::Path;

#[test]
fn the_workspace_keeps_its_shape() {
    let workspace =
        Workspace::read(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the workspace is readable");
    assert!(workspace.members.len() > 1 && workspace.files.len() > 1 && workspace.packages.len() > 1);
    let violations = check(&workspace);
    let mut text = format!("{} violations", violations.len());
    for violation in &violations {
        write!(text, "\n{violation}").expect("a string takes everything");
    }
    assert!(violations.is_empty(), "{text}");
}
