//! Reading the workspace: what `cargo metadata` says, and every Rust file in the tree.

use super::arrows::Member;
use super::licences::Package;
use super::{SourceFile, Violation};
use cargo_metadata::{Metadata, MetadataCommand};
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Everything that the rules look at.
#[derive(Debug)]
#[non_exhaustive]
pub struct Workspace {
    /// The crates of the workspace.
    pub members: Vec<Member>,
    /// Every Rust file under the root, in order of their paths.
    pub files: Vec<SourceFile>,
    /// Files that do not parse.
    pub broken: Vec<Violation>,
    /// Every package that a build with default features uses on this machine, ours included.
    pub packages: Vec<Package>,
    /// The text of `deny.toml`.
    pub deny: String,
}

/// Why the workspace could not be read.
#[derive(Debug)]
pub struct ReadError(String);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

impl Workspace {
    /// Reads the workspace that the package in `manifest_dir` belongs to. Changes nothing and needs no network once
    /// the dependencies are there.
    ///
    /// # Errors
    /// When `cargo metadata` fails, for instance because `Cargo.lock` is not up to date, or a file cannot be read.
    pub fn read(manifest_dir: &Path) -> Result<Self, ReadError> {
        let metadata = metadata(manifest_dir)?;
        let root = metadata.workspace_root.as_std_path();
        let mut paths = Vec::new();
        walk(root, "", &mut paths)?;
        paths.sort();
        let (mut files, mut broken) = (Vec::new(), Vec::new());
        for path in paths {
            let text = text(&root.join(&path))?;
            match SourceFile::parse(path, text) {
                Ok(file) => files.push(file),
                Err(violation) => broken.push(violation),
            }
        }
        let members = metadata.workspace_packages().into_iter();
        let members = members.map(|package| {
            let manifest = text(package.manifest_path.as_std_path())?;
            Ok(Member::new(&metadata, package, manifest))
        });
        Ok(Self {
            members: members.collect::<Result<_, _>>()?,
            files,
            broken,
            packages: metadata.packages.iter().map(Package::from).collect(),
            deny: text(&root.join("deny.toml"))?,
        })
    }
}

/// The graph of default features on this machine: exactly what every build has downloaded, so this needs no network.
fn metadata(manifest_dir: &Path) -> Result<Metadata, ReadError> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version =
        Command::new(rustc).arg("-vV").output().map_err(|error| ReadError(format!("rustc: {error}")))?;
    let version = String::from_utf8_lossy(&version.stdout);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    MetadataCommand::new()
        .manifest_path(manifest_dir.join("Cargo.toml"))
        .other_options(["--locked", "--filter-platform", host].map(str::to_owned))
        .exec()
        .map_err(|error| ReadError(error.to_string()))
}

/// Collects the Rust files under `root/folder`, leaving out hidden folders and build output.
fn walk(root: &Path, folder: &str, paths: &mut Vec<String>) -> Result<(), ReadError> {
    let full = root.join(folder);
    if full.join("CACHEDIR.TAG").exists() {
        return Ok(());
    }
    let failed = |error: std::io::Error| ReadError(format!("{}: {error}", full.display()));
    for entry in fs::read_dir(&full).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() && !name.starts_with('.') && name != "target" {
            walk(root, &path, paths)?;
        } else if kind.is_file() && Path::new(&name).extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
    Ok(())
}

fn text(path: &Path) -> Result<String, ReadError> {
    fs::read_to_string(path).map_err(|error| ReadError(format!("{}: {error}", path.display())))
}
