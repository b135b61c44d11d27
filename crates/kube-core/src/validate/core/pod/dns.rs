//! How a pod resolves names.

use crate::error::{FieldError, FieldPath, ShownAsJson};
use crate::kinds::core::v1::{HostAlias, PodDNSConfig, PodSpec};
use crate::names::{is_dns1123_subdomain_with_underscore, is_valid_ip};
use crate::validate::fields::{Items, Text, dns_subdomain, invalid};

/// What is wrong with the resolver's configuration.
///
/// Source: `validatePodDNSConfig`.
pub(super) fn validate_dns_config(spec: &PodSpec, path: &FieldPath) -> Vec<FieldError> {
    let is_none = spec.dns_policy.text() == "None";
    let Some(config) = &spec.dns_config else {
        if !is_none {
            return Vec::new();
        }
        return vec![FieldError::required(path, "must provide `dnsConfig` when `dnsPolicy` is None")];
    };
    if is_none && config.nameservers.items().is_empty() {
        let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        return vec![FieldError::required(&path.child("nameservers"), detail)];
    }
    validate_config(config, path)
}

fn validate_config(config: &PodDNSConfig, path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let (servers, searches) = (config.nameservers.items(), config.searches.items());
    let list = path.child("nameservers");
    if servers.len() > MAX_SERVERS {
        let detail = format!("must not have more than {MAX_SERVERS} nameservers");
        errors.push(FieldError::invalid(&list, ShownAsJson(servers), detail));
    }
    for (index, server) in servers.iter().enumerate() {
        errors.extend(is_valid_ip(&list.index(index), server));
    }
    let list = path.child("searches");
    if searches.len() > MAX_SEARCHES {
        let detail = format!("must not have more than {MAX_SEARCHES} search paths");
        errors.push(FieldError::invalid(&list, ShownAsJson(searches), detail));
    }
    if searches.join(" ").len() > MAX_SEARCH_CHARACTERS {
        let detail = format!(
            "must not have more than {MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list"
        );
        errors.push(FieldError::invalid(&list, ShownAsJson(searches), detail));
    }
    for (index, search) in searches.iter().enumerate().filter(|(_, search)| *search != ".") {
        let search = search.strip_suffix('.').unwrap_or(search);
        let complaints = is_dns1123_subdomain_with_underscore(search);
        errors.extend(invalid(&list.index(index), search, complaints));
    }
    for (index, option) in config.options.items().iter().enumerate() {
        if option.name.text().is_empty() {
            let path = path.child("options").index(index);
            errors.push(FieldError::required(&path, "must not be empty"));
        }
    }
    errors
}

/// What is wrong with a pod's own table of hosts.
///
/// Source: `ValidateHostAliases`.
pub(super) fn validate_host_aliases(aliases: &[HostAlias], path: &FieldPath) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (index, alias) in aliases.iter().enumerate() {
        let path = path.index(index);
        errors.extend(is_valid_ip(&path.child("ip"), &alias.ip));
        for (position, host) in alias.hostnames.items().iter().enumerate() {
            errors.extend(dns_subdomain(host, &path.child("hostnames").index(position)));
        }
    }
    errors
}

const MAX_SERVERS: usize = 3;
const MAX_SEARCHES: usize = 32;
const MAX_SEARCH_CHARACTERS: usize = 2048;
