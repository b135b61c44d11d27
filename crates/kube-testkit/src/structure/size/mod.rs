//! How long a file and a function may be, tests included.

#[cfg(test)]
mod tests;

use super::{SourceFile, Violation};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The most lines of a file.
pub const FILE_LINES: usize = 600;

/// The most lines of a function, from `fn` to its closing brace.
pub const FUNCTION_LINES: usize = 70;

/// The file when it is too long, and every function in it that is, also inside a macro call.
pub fn check(file: &SourceFile) -> Vec<Violation> {
    let mut functions = Functions { file, found: Vec::new() };
    let lines = file.text.lines().count();
    if lines > FILE_LINES {
        let message = format!("{lines} lines, {FILE_LINES} at most: split it by responsibility");
        functions.found.push(file.violation(FILE_LINES + 1, message));
    }
    functions.visit_file(&file.syntax);
    functions.found
}

struct Functions<'f> {
    file: &'f SourceFile,
    found: Vec<Violation>,
}

impl Functions<'_> {
    fn measure(&mut self, name: &Ident, first: usize, last: usize) {
        let lines = last + 1 - first;
        if lines > FUNCTION_LINES {
            let message = format!("`{name}` has {lines} lines, {FUNCTION_LINES} at most");
            self.found.push(self.file.violation(first, message));
        }
    }

    fn signature(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let last = block.brace_token.span.close().end().line;
        self.measure(&signature.ident, signature.fn_token.span.start().line, last);
    }

    /// Functions in the arguments of a macro, such as `proptest!`: `fn`, a name, and the next braces.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut open: Option<(Ident, usize)> = None;
        let mut after_fn = None;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if ident == "fn" => after_fn = Some(ident.span().start().line),
                TokenTree::Ident(ident) => {
                    if let Some(line) = after_fn.take() {
                        open = Some((ident, line));
                    }
                }
                TokenTree::Group(group) => {
                    after_fn = None;
                    if group.delimiter() == Delimiter::Brace
                        && let Some((name, line)) = open.take()
                    {
                        self.measure(&name, line, group.span_close().end().line);
                    }
                    self.tokens(group.stream());
                }
                TokenTree::Punct(punct) => {
                    after_fn = None;
                    if punct.as_char() == ';' {
                        open = None;
                    }
                }
                TokenTree::Literal(_) => after_fn = None,
            }
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.signature(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.signature(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.signature(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}
