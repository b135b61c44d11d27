//! Names that say nothing: a file is named for the thing in it.

#[cfg(test)]
mod tests;

use super::{SourceFile, Violation};
use syn::visit::{self, Visit};

/// The names that no file, folder or module may have.
pub const BANNED: &[&str] =
    &["util", "utils", "utility", "utilities", "common", "commons", "helper", "helpers", "misc", "types"];

/// The file or one of its folders, and every inline module, with a banned name.
pub fn check(file: &SourceFile) -> Vec<Violation> {
    let mut modules = Modules { file, found: Vec::new() };
    for part in file.path.split('/') {
        modules.name(part.strip_suffix(".rs").unwrap_or(part), 1);
    }
    modules.visit_file(&file.syntax);
    modules.found
}

struct Modules<'f> {
    file: &'f SourceFile,
    found: Vec<Violation>,
}

impl Modules<'_> {
    fn name(&mut self, name: &str, line: usize) {
        if BANNED.contains(&name) {
            let message = format!("`{name}` says nothing: name the thing and put it with its noun");
            self.found.push(self.file.violation(line, message));
        }
    }
}

impl<'ast> Visit<'ast> for Modules<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_some() {
            self.name(&item.ident.to_string(), item.mod_token.span.start().line);
        }
        visit::visit_item_mod(self, item);
    }
}
