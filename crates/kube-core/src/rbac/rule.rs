//! Whether one rule allows what is asked.

use super::attributes::{Attributes, Target};
use super::explain::Lack;
use crate::error::quoted;
use crate::kinds::rbac::v1::PolicyRule;

/// Stands for every verb, API group, resource or path.
pub(super) const ALL: &str = "*";

/// Whether `rule` allows what is asked.
///
/// Source: `RuleAllows`.
pub fn allows(rule: &PolicyRule, asked: &Attributes<'_>) -> bool {
    has_or_all(&rule.verbs, asked.verb)
        && match asked.target {
            Target::Resource { group, resource, subresource, name, .. } => {
                has_or_all(list(rule.api_groups.as_ref()), group)
                    && has_resource(list(rule.resources.as_ref()), resource, subresource)
                    && has_name(list(rule.resource_names.as_ref()), name)
            }
            Target::Path(path) => has_path(list(rule.non_resource_urls.as_ref()), path),
        }
}

/// What `rule` lacks to allow what is asked; nothing if it does.
pub(super) fn lacks(rule: &PolicyRule, asked: &Attributes<'_>) -> Vec<Lack> {
    let parts = match asked.target {
        Target::Resource { group, resource, subresource, name, .. } => vec![
            (Lack::ApiGroup, has_or_all(list(rule.api_groups.as_ref()), group)),
            (Lack::Resource, has_resource(list(rule.resources.as_ref()), resource, subresource)),
            (Lack::ResourceName, has_name(list(rule.resource_names.as_ref()), name)),
        ],
        Target::Path(path) => vec![(Lack::Path, has_path(list(rule.non_resource_urls.as_ref()), path))],
    };
    let verb = (Lack::Verb, has_or_all(&rule.verbs, asked.verb));
    std::iter::once(verb).chain(parts).filter(|(_, there)| !there).map(|(lack, _)| lack).collect()
}

/// The rule on one line, empty parts left out: `{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}`.
///
/// Source: `CompactString` of `k8s.io/kubernetes/pkg/apis/rbac/v1`.
pub fn compact_string(rule: &PolicyRule) -> String {
    let parts = [
        ("APIGroups", list(rule.api_groups.as_ref())),
        ("Resources", list(rule.resources.as_ref())),
        ("NonResourceURLs", list(rule.non_resource_urls.as_ref())),
        ("ResourceNames", list(rule.resource_names.as_ref())),
        ("Verbs", &rule.verbs),
    ];
    let shown = parts.into_iter().filter(|(_, values)| !values.is_empty()).map(|(part, values)| {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        format!("{part}:[{}]", values.join(" "))
    });
    format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
}

pub(super) fn list(values: Option<&Vec<String>>) -> &[String] {
    values.map_or(&[], Vec::as_slice)
}

fn has_or_all(values: &[String], asked: &str) -> bool {
    values.iter().any(|value| value == asked || value == ALL)
}

/// Source: `ResourceMatches`.
fn has_resource(resources: &[String], resource: &str, subresource: &str) -> bool {
    resources.iter().any(|value| {
        if subresource.is_empty() {
            return value == ALL || value == resource;
        }
        let below =
            |of: &str| value.strip_prefix(of).and_then(|rest| rest.strip_prefix('/')) == Some(subresource);
        value == ALL || below(resource) || below(ALL)
    })
}

fn has_name(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|value| value == name)
}

/// Source: `NonResourceURLMatches`.
fn has_path(paths: &[String], path: &str) -> bool {
    paths.iter().any(|value| path_covers(value, path))
}

/// Whether `owner` stands for `path`: it is the same, or a beginning of it with `*` behind.
pub(super) fn path_covers(owner: &str, path: &str) -> bool {
    owner == path || owner.ends_with('*') && path.starts_with(owner.trim_end_matches('*'))
}
