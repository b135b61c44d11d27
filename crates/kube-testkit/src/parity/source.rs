//! One file of cases: where it is, and reading it strictly.

use super::report::Report;
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// The environment variable that names another folder of vectors, laid out like `tests/data`.
const FOLDER: &str = "KUBE_VECTORS";

/// A file of cases and the name it has in reports.
#[derive(Debug)]
pub(super) struct Source {
    name: String,
    path: PathBuf,
}

impl Source {
    pub(super) fn find(manifest_dir: &str, topic: &str, file: &str) -> Self {
        Self::under(std::env::var_os(FOLDER), manifest_dir, topic, file)
    }

    pub(super) fn under(folder: Option<OsString>, manifest_dir: &str, topic: &str, file: &str) -> Self {
        let data = folder.map_or_else(|| PathBuf::from(manifest_dir).join("tests/data"), PathBuf::from);
        Self { name: format!("{topic}/{file}"), path: data.join(topic).join(format!("{file}.json")) }
    }

    pub(super) fn cases(&self) -> Vec<Value> {
        let text = std::fs::read(&self.path)
            .unwrap_or_else(|error| self.broken(&format!("cannot read {}: {error}", self.path.display())));
        let cases: Vec<Value> = serde_json::from_slice(&text)
            .unwrap_or_else(|error| self.broken(&format!("not an array of cases: {error}")));
        let mut seen = BTreeSet::new();
        for (index, case) in cases.iter().enumerate() {
            match case["id"].as_str() {
                None => self.broken(&format!("case {index} has no `id`")),
                Some(id) if !seen.insert(id) => self.broken(&format!("the id `{id}` is used twice")),
                Some(_) => {}
            }
        }
        if cases.is_empty() {
            self.broken("holds no case");
        }
        cases
    }

    /// Checks the `in` and `want` of every case.
    pub(super) fn check_pairs(&self, check: &mut dyn FnMut(&Value, &Value) -> Result<(), String>) {
        let cases = self.cases();
        for case in &cases {
            for field in ["in", "want"] {
                if case.get(field).is_none() {
                    self.broken(&format!("case {} has no `{field}`", case["id"]));
                }
            }
        }
        self.check_all(&cases, &mut |case| check(&case["in"], &case["want"]));
    }

    /// Checks every case as it stands.
    pub(super) fn check_whole(&self, check: &mut dyn FnMut(&Value) -> Result<(), String>) {
        self.check_all(&self.cases(), check);
    }

    /// A panic inside `check` is the failure of that case and does not stop the others.
    fn check_all(&self, cases: &[Value], check: &mut dyn FnMut(&Value) -> Result<(), String>) {
        let mut report = Report::new(self.name.clone());
        for case in cases {
            let outcome = catch_unwind(AssertUnwindSafe(|| check(case)));
            report.add(
                case["id"].as_str().unwrap_or_default(),
                outcome.unwrap_or_else(|payload| Err(panic_text(payload.as_ref()))),
            );
        }
        report.finish();
    }

    #[expect(clippy::panic, reason = "a broken vector file must fail its test")]
    fn broken(&self, what: &str) -> ! {
        panic!("{}: {what}", self.name)
    }
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("(no message)"))
}
