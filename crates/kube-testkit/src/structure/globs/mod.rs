//! No `use x::*`: where a name comes from must be readable, and a re-export is a decision.

#[cfg(test)]
mod tests;

use super::{SourceFile, Violation};
use syn::visit::{self, Visit};
use syn::{Attribute, ItemMod, ItemUse, Meta, UseTree};

/// Every glob import and re-export, apart from `use super::*` in a module of tests.
pub fn check(file: &SourceFile) -> Vec<Violation> {
    let mut uses = Uses { file, in_tests: file.is_test(), found: Vec::new() };
    uses.visit_file(&file.syntax);
    uses.found
}

struct Uses<'f> {
    file: &'f SourceFile,
    in_tests: bool,
    found: Vec<Violation>,
}

impl Uses<'_> {
    fn tree(&mut self, tree: &UseTree, path: &mut Vec<String>) {
        match tree {
            UseTree::Path(step) => {
                path.push(step.ident.to_string());
                self.tree(&step.tree, path);
                path.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|item| self.tree(item, path)),
            UseTree::Glob(glob) if !(self.in_tests && path.as_slice() == ["super"]) => {
                let line = glob.star_token.spans[0].start().line;
                let message = format!("glob `{}::*`: name what is used", path.join("::"));
                self.found.push(self.file.violation(line, message));
            }
            _ => {}
        }
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let outer = self.in_tests;
        self.in_tests |= item.attrs.iter().any(is_test_only);
        visit::visit_item_mod(self, item);
        self.in_tests = outer;
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&item.tree, &mut Vec::new());
    }
}

/// `#[cfg(test)]`.
fn is_test_only(attribute: &Attribute) -> bool {
    matches!(&attribute.meta, Meta::List(list) if list.path.is_ident("cfg") && list.tokens.to_string() == "test")
}
