//! A plugin, controller, balancer or engine is a folder of a fixed shape with one line in its registry.
//!
//! The registry is the list in the `mod.rs` beside the folders. A folder that is not named there as `name::…` compiles
//! and does nothing.

#[cfg(test)]
mod tests;

use super::Violation;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};

/// What names the entries in `mod.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum List {
    /// The body of a function, constant or static.
    Items,
    /// The `pub use` lines: the user picks an entry by its type.
    Exports,
}

/// A place where every subfolder is an entry.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Registry {
    /// The folder, relative to the root of the workspace; its `mod.rs` holds the list.
    pub folder: &'static str,
    /// What the list is made of.
    pub list: List,
    /// The files that every entry has.
    pub shape: &'static [&'static str],
    /// Subfolders that are no entries: what the entries stand on.
    pub besides: &'static [&'static str],
}

/// All registries of the workspace.
pub const REGISTRIES: &[Registry] = &[
    Registry { folder: "crates/kube-sched/src/plugins", list: List::Items, shape: &["mod.rs"], besides: &[] },
    Registry {
        folder: "crates/kube-controllers/src/builtin",
        list: List::Items,
        shape: &["mod.rs", "plan.rs", "tests.rs"],
        besides: &["history"],
    },
    Registry { folder: "crates/kube-net/src/balance", list: List::Items, shape: &["mod.rs"], besides: &[] },
    Registry {
        folder: "crates/kube-store/src/objects/admission",
        list: List::Exports,
        shape: &["mod.rs"],
        besides: &["policy"],
    },
    Registry {
        folder: "crates/kube-store/src/storage",
        list: List::Exports,
        shape: &["mod.rs"],
        besides: &["mvcc"],
    },
];

/// The folders of [`REGISTRIES`] that must exist. Add each one once it does, so that a move cannot switch its rule off.
pub const REQUIRED: &[&str] = &[
    "crates/kube-controllers/src/builtin",
    "crates/kube-net/src/balance",
    "crates/kube-sched/src/plugins",
    "crates/kube-store/src/objects/admission",
    "crates/kube-store/src/storage",
];

/// What lies in the folder of a [`Registry`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Folder {
    /// The text of its `mod.rs`, if it has one.
    pub index: Option<String>,
    /// The names of the files in each subfolder.
    pub entries: BTreeMap<String, BTreeSet<String>>,
}

impl Folder {
    /// The folder `path` among `files` (path and text); `None` where nothing lies under it.
    pub fn of<'a>(path: &str, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut folder = None;
        for (file, text) in files {
            let Some(rest) = file.strip_prefix(path).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            let folder: &mut Self = folder.get_or_insert_default();
            match rest.split_once('/') {
                None if rest == "mod.rs" => folder.index = Some(text.to_owned()),
                None => {}
                Some((entry, name)) => {
                    folder.entries.entry(entry.to_owned()).or_default().insert(name.to_owned());
                }
            }
        }
        folder
    }
}

/// Every entry that its list does not name or that lacks a file of the shape. `None`: the folder does not exist.
pub fn check(registry: &Registry, required: bool, folder: Option<&Folder>) -> Vec<Violation> {
    let index = format!("{}/mod.rs", registry.folder);
    let Some(folder) = folder else {
        let missing =
            required.then(|| Violation::new(registry.folder, 1, "the folder of a registry is gone"));
        return missing.into_iter().collect();
    };
    let Some(text) = &folder.index else {
        return vec![Violation::new(index, 1, "a folder of entries needs a `mod.rs` with their list")];
    };
    let named = named(text, registry.list);
    let mut found = Vec::new();
    for (entry, files) in &folder.entries {
        if registry.besides.contains(&entry.as_str()) {
            continue;
        }
        if !named.contains(entry) {
            let message = format!("`{entry}/` is not in the list: add the line that names `{entry}::`");
            found.push(Violation::new(&index, 1, message));
        }
        for file in registry.shape.iter().filter(|file| !files.contains(**file)) {
            let path = format!("{}/{entry}/{file}", registry.folder);
            found.push(Violation::new(path, 1, "missing: every entry here has the same files"));
        }
    }
    found
}

/// The names that stand ahead of `::` in the lists of a `mod.rs`; comments are no tokens and name nothing.
fn named(text: &str, list: List) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut item = Vec::new();
    let mut listing = false;
    for token in text.parse::<TokenStream>().unwrap_or_default() {
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && list == List::Items,
            _ => false,
        };
        if let TokenTree::Ident(ident) = &token {
            listing |= match list {
                List::Items => ["fn", "const", "static", "impl"].iter().any(|keyword| ident == keyword),
                List::Exports => ident == "use",
            };
        }
        item.push(token);
        if ends {
            let item = item.drain(..);
            if std::mem::take(&mut listing) {
                paths(item, &mut names);
            }
        }
    }
    names
}

/// Every identifier with `::` after it, at any depth.
fn paths(tokens: impl IntoIterator<Item = TokenTree>, names: &mut BTreeSet<String>) {
    let mut last = None;
    let mut colons = 0;
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ':' => {
                colons += 1;
                if colons == 2 {
                    names.extend(last.take());
                }
                continue;
            }
            TokenTree::Ident(ident) => last = Some(ident.to_string()),
            TokenTree::Group(group) => {
                last = None;
                paths(group.stream(), names);
            }
            _ => last = None,
        }
        colons = 0;
    }
}
