//! What this process has used so far, where the system tells.

use std::fmt;

/// Memory and CPU of this process.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Process {
    /// Most bytes it was ever resident with.
    peak: Option<u64>,
    /// Hundredths of CPU seconds.
    ticks: Option<u64>,
}

impl Process {
    /// As the system tells it now.
    pub(super) fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // Fields behind the name, which stands in parentheses: user time is the 12th, system time the 13th.
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
        let times = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks = times.collect::<Result<Vec<_>, _>>().ok().filter(|times| times.len() == 2);
        Self {
            peak: kilobytes.map(|kilobytes| kilobytes * 1024),
            ticks: ticks.map(|times| times.iter().sum()),
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match (self.peak, self.ticks) {
            (Some(peak), Some(ticks)) => {
                format!("peak {} MiB, CPU {}.{:02} s", peak >> 20, ticks / 100, ticks % 100)
            }
            _ => "memory and CPU unknown here".to_owned(),
        };
        f.pad(&text)
    }
}
