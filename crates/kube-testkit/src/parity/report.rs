//! What came of the cases of one file.

/// How many failed cases are named.
const NAMED: usize = 20;

/// Counts the cases of one file and keeps the messages of those that failed.
#[derive(Debug)]
pub(super) struct Report {
    name: String,
    total: usize,
    failures: Vec<(String, String)>,
}

impl Report {
    pub(super) fn new(name: String) -> Self {
        Self { name, total: 0, failures: Vec::new() }
    }

    pub(super) fn add(&mut self, id: &str, outcome: Result<(), String>) {
        self.total += 1;
        if let Err(message) = outcome {
            self.failures.push((id.to_owned(), message));
        }
    }

    pub(super) fn summary(&self) -> String {
        format!("{}: {}/{}", self.name, self.total - self.failures.len(), self.total)
    }

    pub(super) fn failure(&self) -> Option<String> {
        if self.failures.is_empty() {
            return None;
        }
        let mut text = self.summary();
        for (id, message) in self.failures.iter().take(NAMED) {
            text.extend(["\n  ", id, ": ", message]);
        }
        if let Some(more) = self.failures.len().checked_sub(NAMED).filter(|more| *more > 0) {
            text.extend(["\n  and ", &more.to_string(), " more"]);
        }
        Some(text)
    }

    /// Prints the summary line, then fails if a case failed.
    #[expect(clippy::print_stdout, reason = "the counts are the output of a parity test")]
    #[expect(clippy::panic, reason = "a failed case fails its test")]
    pub(super) fn finish(&self) {
        println!("{}", self.summary());
        if let Some(failure) = self.failure() {
            panic!("{failure}");
        }
    }
}
