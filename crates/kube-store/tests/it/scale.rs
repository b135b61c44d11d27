//! How large a run is: small by itself, as large as the variables say in a campaign.

/// The number in the variable `name`, or `otherwise`.
pub(crate) fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var_os(name).and_then(|text| text.to_str()?.parse().ok()).unwrap_or(otherwise)
}

/// The first seed: 1, or what the variable `STORE_SEED` says.
pub(crate) fn seed() -> u64 {
    number("STORE_SEED", 1).into()
}

/// Tells how far a long campaign is, about twenty times, with the seed to go on from.
pub(crate) fn progress(name: &str, done: usize, wanted: usize, step: usize, next_seed: u64) {
    let part = wanted / 20;
    if part > 100 && done / part != done.saturating_sub(step) / part {
        say(&format!("{name}: {done} of {wanted}, next seed {next_seed}"));
    }
}

/// Tells a count.
pub(crate) fn say(line: &str) {
    #[expect(clippy::print_stdout, reason = "the counts of a campaign are read by people")]
    {
        println!("{line}");
    }
}
