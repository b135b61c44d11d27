//! The resolver's configuration of a node.

use super::dns::DnsConfig;

/// Reads the text of a `resolv.conf`. Name servers add up, the last search list counts, of an option the last value.
///
/// Source: `parseResolvConf`.
pub(super) fn parse(text: &str) -> DnsConfig {
    let mut config = DnsConfig::default();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => config.nameservers.extend(words.next().map(str::to_owned)),
            Some("search") => {
                // The root says nothing: names are looked up as they are anyway.
                let domains = words.filter(|domain| *domain != ".");
                config.searches =
                    domains.map(|domain| domain.strip_suffix('.').unwrap_or(domain).to_owned()).collect();
            }
            Some("options") => words.for_each(|option| set_option(&mut config.options, option.to_owned())),
            _ => {}
        }
    }
    config
}

/// Sets an option, in place of one of the same name.
pub(super) fn set_option(options: &mut Vec<String>, option: String) {
    let name = |option: &str| option.split(':').next().unwrap_or_default().to_owned();
    match options.iter_mut().find(|other| name(other) == name(&option)) {
        Some(other) => *other = option,
        None => options.push(option),
    }
}
