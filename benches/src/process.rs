//! What a bench that is a plain program prints, and what its process holds.

use std::io;

/// Prints one line of a table, each cell `width` characters wide, to the right.
#[expect(clippy::print_stdout, reason = "the table is what the programs are for")]
pub fn print_row<S: AsRef<str>>(width: usize, cells: &[S]) {
    let cells: Vec<String> = cells.iter().map(|cell| format!("{:>width$}", cell.as_ref())).collect();
    println!("{}", cells.join(" "));
}

/// Bytes that this process is resident with.
///
/// # Errors
/// `/proc` is not there.
pub fn resident() -> io::Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| io::Error::other("no VmRSS"))
}
