//! Runs golden vectors: cases computed with Kubernetes' own code, one JSON object per line of a JSON array.
//!
//! A case is `{"id", "note"?, "in", "want"}`; files with a format of their own keep only the `id` and go through
//! [`run_whole`]. No case can be left out: every one is checked, and a check that panics fails its case alone.

mod report;
mod source;

#[cfg(test)]
mod tests;

use serde_json::Value;
use source::Source;

/// Reads every case of `<data>/<topic>/<file>.json` and compares it through `check(input, want)`.
///
/// `<data>` is the folder named by the environment variable `KUBE_VECTORS` if that is set, else
/// `<manifest_dir>/tests/data`; pass `env!("CARGO_MANIFEST_DIR")`. Prints `<topic>/<file>: passed/total`.
///
/// ```no_run
/// use serde_json::Value;
///
/// kube_testkit::parity::run(env!("CARGO_MANIFEST_DIR"), "quantity", "parse", |input: &Value, want: &Value| {
///     (input["quantity"] == want["string"]).then_some(()).ok_or_else(|| format!("want {want}"))
/// });
/// ```
///
/// # Panics
/// At the end, naming the failed cases (the first 20, with their messages), when a check returned an error or
/// panicked. At once when the file cannot be read, holds no case, or a case has no `id`, `in` or `want`.
pub fn run(
    manifest_dir: &str,
    topic: &str,
    file: &str,
    mut check: impl FnMut(&Value, &Value) -> Result<(), String>,
) {
    Source::find(manifest_dir, topic, file).check_pairs(&mut check);
}

/// As [`run`], for files with a format of their own: `check` gets the whole case, of which only `id` is required.
///
/// # Panics
/// As [`run`], apart from `in` and `want`.
pub fn run_whole(
    manifest_dir: &str,
    topic: &str,
    file: &str,
    mut check: impl FnMut(&Value) -> Result<(), String>,
) {
    Source::find(manifest_dir, topic, file).check_whole(&mut check);
}

/// The cases of `<data>/<topic>/<file>.json` (see [`run`]), each a JSON object with an `id` of its own.
///
/// For a test that counts or combines cases; to check them one by one use [`run`] or [`run_whole`].
///
/// # Panics
/// When the file cannot be read, is not an array of objects, holds no case, or an `id` is absent or used twice.
pub fn cases(manifest_dir: &str, topic: &str, file: &str) -> Vec<Value> {
    Source::find(manifest_dir, topic, file).cases()
}
