//! What an example shows: lines, and on a terminal a progress display.

use indicatif::{ProgressBar, ProgressStyle};
use std::fmt;
use std::io::{self, IsTerminal, Write};

/// Where an example shows what happens.
pub struct Screen {
    out: Box<dyn Write + Send>,
    /// Whether somebody watches a terminal.
    live: bool,
    bar: Option<ProgressBar>,
    shown: Option<(String, usize, usize)>,
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Screen").field("shown", &self.shown).finish_non_exhaustive()
    }
}

impl Screen {
    /// Standard output: with a progress display on a terminal, plain lines when piped.
    pub fn stdout() -> Self {
        Self { out: Box::new(io::stdout()), live: io::stdout().is_terminal(), bar: None, shown: None }
    }

    /// Plain lines to `out`.
    pub fn plain(out: impl Write + Send + 'static) -> Self {
        Self { out: Box::new(out), live: false, bar: None, shown: None }
    }

    /// Shows a line (or several), which ends the step before: its progress display goes.
    pub fn line(&mut self, text: impl fmt::Display) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.shown = None;
        // Nobody is left to read when the reader of a pipe has gone: the example still ends well.
        let _written = writeln!(self.out, "{text}");
    }

    /// Shows a headline.
    pub fn headline(&mut self, text: &str) {
        self.line(format_args!("\n== {text}"));
    }

    /// Shows that `done` of `all` are there; told often, shown when it changes.
    pub fn progress(&mut self, what: &str, done: usize, all: usize) {
        let now = (what.to_owned(), done, all);
        if self.shown.as_ref() == Some(&now) {
            return;
        }
        if self.live {
            let bar = self.bar.get_or_insert_with(bar);
            bar.set_length(all as u64);
            bar.set_position(done as u64);
            bar.set_message(what.to_owned());
        } else {
            self.line(format_args!("  {what}: {done}/{all}"));
        }
        self.shown = Some(now);
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("  {bar:30} {pos:>3}/{len:<3} {msg}");
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
