//! Asking by `dig`.

use std::net::SocketAddr;
use std::process::Command;

/// What `dig` got: the status, and the records of the answer section as `type data`, sorted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) status: String,
    pub(crate) answers: Vec<String>,
    /// The name that was asked for last: with a search path not the one given.
    pub(crate) asked: String,
}

impl Got {
    /// Status and answers, to compare.
    pub(crate) fn pair(self) -> (String, Vec<String>) {
        (self.status, self.answers)
    }
}

/// What is to be got, as [`Got::pair`].
pub(crate) fn wanted(status: &str, answers: &[&str]) -> (String, Vec<String>) {
    (status.to_owned(), answers.iter().map(|answer| (*answer).to_owned()).collect())
}

/// Runs `dig` with these words.
pub(crate) fn dig(server: SocketAddr, words: &[&str]) -> Got {
    let port = server.port().to_string();
    let at = format!("@{}", server.ip());
    let mut command = Command::new("dig");
    command.args([&at, "-p", &port]).args(["+tries=1", "+time=5", "+nocookie"]).args(words);
    let output = command.output().expect("`dig` is installed: see `./test real`");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{words:?}: {text}");
    read(&text)
}

fn read(text: &str) -> Got {
    let status = text.split_once("status: ").and_then(|(_, rest)| rest.split_once(','));
    let status = status.unwrap_or_else(|| panic!("no status in {text}")).0.to_owned();
    let section = |title: &'static str| {
        let lines = text.lines().skip_while(move |line| *line != title).skip(1);
        lines.take_while(|line| !line.is_empty())
    };
    let mut answers: Vec<String> = section(";; ANSWER SECTION:").map(record).collect();
    answers.sort();
    let question = section(";; QUESTION SECTION:").next().unwrap_or_default();
    let asked = question.trim_start_matches(';').split_whitespace().next().unwrap_or_default().to_owned();
    Got { status, answers, asked }
}

/// `name ttl IN type data` as `type data`.
fn record(line: &str) -> String {
    line.split_whitespace().skip(3).collect::<Vec<_>>().join(" ")
}
