//! What may stand as a name, a label, a key, an address or a port, and the words said when it may not.
//!
//! Every validator returns the list of its complaints, in the words of the API server; a valid value gives an
//! empty list, for which nothing is allocated. Those that know where the value stands take a
//! [`FieldPath`](crate::error::FieldPath) and return [`FieldError`](crate::error::FieldError)s.
//!
//! - DNS labels and subdomains: [`is_dns1123_label`], [`is_dns1123_subdomain`], [`is_dns1035_label`], …
//! - label keys and values, finalizers: [`is_qualified_name`], [`is_valid_label_value`], …
//! - names of objects: [`name_is_dns_subdomain`] and its siblings, which also judge `metadata.generateName`
//! - domains with a path: [`is_fully_qualified_domain_name`], [`is_domain_prefixed_path`], …
//! - identifiers: [`is_c_identifier`], [`is_env_var_name`], [`is_config_map_key`], [`is_http_header_name`], …
//! - path segments: [`is_path_segment_name`]
//! - numbers: [`is_valid_port_num`], [`is_valid_user_id`], [`is_valid_percent`], …
//! - addresses: [`is_valid_ip`], [`is_valid_cidr`] and the forms for fields older than strict validation
//!
//! Source: `k8s.io/apimachinery/pkg/util/validation`, `pkg/api/validation`, `pkg/api/validate/content` and
//! `pkg/apis/meta/v1/validation`, Kubernetes 1.36.

mod dns;
mod domain;
mod generate;
mod identifier;
mod ip;
mod ip_text;
mod numbers;
mod path;
mod qualified;
#[cfg(test)]
mod tests;
mod text;

pub use dns::{
    DNS1035_LABEL_MAX_LENGTH, DNS1123_LABEL_MAX_LENGTH, DNS1123_SUBDOMAIN_MAX_LENGTH, is_dns1035_label,
    is_dns1123_label, is_dns1123_subdomain, is_dns1123_subdomain_caseless,
    is_dns1123_subdomain_with_underscore, is_wildcard_dns1123_subdomain,
};
pub use domain::{
    is_domain_prefixed_key, is_domain_prefixed_path, is_fully_qualified_domain_name, is_fully_qualified_name,
};
pub use generate::{
    NameRule, name_is_dns_label, name_is_dns_subdomain, name_is_dns1035_label, name_is_path_segment,
    validate_namespace_name, validate_service_account_name,
};
pub use identifier::{
    is_c_identifier, is_config_map_key, is_env_var_name, is_http_header_name, is_relaxed_env_var_name,
    is_valid_condition_reason, is_valid_port_name,
};
pub use ip::{
    is_legacy_ip, is_legacy_subnet, is_valid_cidr, is_valid_cidr_for_legacy_field,
    is_valid_interface_address, is_valid_ip, is_valid_ip_for_legacy_field, warnings_for_cidr,
    warnings_for_ip,
};
pub use numbers::{
    is_decimal_integer, is_in_range, is_valid_group_id, is_valid_percent, is_valid_port_num, is_valid_user_id,
};
pub use path::{is_path_segment_name, is_path_segment_prefix};
pub use qualified::{
    LABEL_VALUE_MAX_LENGTH, is_qualified_name, is_valid_label_value, validate_finalizer_name,
    validate_label_name,
};
