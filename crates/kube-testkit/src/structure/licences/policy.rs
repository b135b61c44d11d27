//! The `[licenses]` table of `deny.toml`, as far as it allows.

use std::collections::{BTreeMap, BTreeSet};

/// Which licences are allowed: for every package, and for named packages besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    all: BTreeSet<String>,
    besides: BTreeMap<String, BTreeSet<String>>,
}

impl Policy {
    /// Reads the `allow` array, one licence a line, and the `exceptions`, one table a line, of `deny.toml`.
    pub fn parse(text: &str) -> Self {
        let mut policy = Self::default();
        let mut array = "";
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let lines = lines.skip_while(|line| *line != "[licenses]").skip(1);
        for line in lines.take_while(|line| !line.starts_with('[')) {
            if line == "]" {
                array = "";
            } else if let Some(name) = line.strip_suffix("= [") {
                array = name.trim_end();
            } else if array == "allow" {
                policy.all.extend(strings(line).map(str::to_owned));
            } else if array == "exceptions"
                && let Some((allow, rest)) = line.split_once(']')
                && let Some(name) = rest.split_once("crate = ").and_then(|(_, name)| strings(name).next())
            {
                policy.besides.entry(name.to_owned()).or_default().extend(strings(allow).map(str::to_owned));
            }
        }
        policy
    }

    /// Whether `package` may be under `licence`.
    pub fn allows(&self, package: &str, licence: &str) -> bool {
        self.all.contains(licence) || self.besides.get(package).is_some_and(|more| more.contains(licence))
    }

    /// The packages with licences of their own.
    pub fn exceptions(&self) -> impl Iterator<Item = &str> {
        self.besides.keys().map(String::as_str)
    }
}

/// What stands between double quotes.
fn strings(line: &str) -> impl Iterator<Item = &str> {
    line.split('"').skip(1).step_by(2)
}
