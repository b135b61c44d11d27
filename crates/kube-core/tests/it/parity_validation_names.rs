//! Names, addresses and numbers are judged in the words of Kubernetes.

use kube_core::error::{FieldError, FieldPath};
use kube_core::names;
use kube_testkit::parity;
use serde_json::{Value, json};

#[test]
fn parity_validation_names() {
    parity::run(env!("CARGO_MANIFEST_DIR"), "validation-names", "names", |input, want| {
        let value = input["value"].as_str().ok_or("no value")?;
        compare(want, |function| name_validator(function, value))
    });
}

#[test]
fn parity_validation_names_ip_cidr() {
    parity::run(env!("CARGO_MANIFEST_DIR"), "validation-names", "ip_cidr", |input, want| {
        let value = input["value"].as_str().ok_or("no value")?;
        // The warnings are recorded only where the legacy check has accepted the value.
        compare(want, |function| ip_validator(function, value))
    });
}

#[test]
fn parity_validation_names_numbers() {
    parity::run(env!("CARGO_MANIFEST_DIR"), "validation-names", "numbers", |input, want| {
        let value = input["value"].as_i64().ok_or("no value")?;
        let errors = match input["fn"].as_str() {
            Some("IsValidPortNum") => names::is_valid_port_num(value),
            Some("IsValidUserID") => names::is_valid_user_id(value),
            Some("IsValidGroupID") => names::is_valid_group_id(value),
            other => return Err(format!("unknown function {other:?}")),
        };
        let got = json!({ "errors": errors });
        if &got == want { Ok(()) } else { Err(format!("got {got}, want {want}")) }
    });
}

fn compare(want: &Value, validate: impl Fn(&str) -> Option<Vec<String>>) -> Result<(), String> {
    let want = want.as_object().ok_or("want is not an object")?;
    if want.is_empty() {
        return Err("nothing to compare".to_owned());
    }
    for (function, messages) in want {
        let got = json!(validate(function).ok_or_else(|| format!("unknown function {function}"))?);
        if &got != messages {
            return Err(format!("{function}: got {got}, want {messages}"));
        }
    }
    Ok(())
}

fn name_validator(function: &str, value: &str) -> Option<Vec<String>> {
    let root = FieldPath::root();
    let metadata = FieldPath::new("metadata");
    Some(match function {
        "IsCIdentifier" => names::is_c_identifier(value),
        "IsConfigMapKey" => names::is_config_map_key(value),
        "IsDNS1035Label" => names::is_dns1035_label(value),
        "IsDNS1123Label" => names::is_dns1123_label(value),
        "IsDNS1123Subdomain" => names::is_dns1123_subdomain(value),
        "IsDNS1123SubdomainWithUnderscore" => names::is_dns1123_subdomain_with_underscore(value),
        "IsDomainPrefixedPath" => texts(&names::is_domain_prefixed_path(&root, value)),
        "IsEnvVarName" => names::is_env_var_name(value),
        "IsFullyQualifiedDomainName" => texts(&names::is_fully_qualified_domain_name(&root, value)),
        "IsFullyQualifiedName" => texts(&names::is_fully_qualified_name(&root, value)),
        "IsHTTPHeaderName" => names::is_http_header_name(value),
        "IsPathSegmentName" => names::is_path_segment_name(value),
        "IsQualifiedName" => names::is_qualified_name(value),
        "IsRelaxedEnvVarName" => names::is_relaxed_env_var_name(value),
        "IsValidLabelValue" => names::is_valid_label_value(value),
        "IsValidPercent" => names::is_valid_percent(value),
        "IsValidPortName" => names::is_valid_port_name(value),
        "IsWildcardDNS1123Subdomain" => names::is_wildcard_dns1123_subdomain(value),
        "NameIsDNS1035Label/generateName" => names::name_is_dns1035_label(value, true),
        "NameIsDNSLabel/generateName" => names::name_is_dns_label(value, true),
        "NameIsDNSSubdomain/generateName" => names::name_is_dns_subdomain(value, true),
        "ValidateFinalizerName" => {
            texts(&names::validate_finalizer_name(value, &metadata.child("finalizers")))
        }
        "ValidateLabelName" => texts(&names::validate_label_name(value, &metadata.child("labels"))),
        _ => return None,
    })
}

fn ip_validator(function: &str, value: &str) -> Option<Vec<String>> {
    let ip = FieldPath::new("ip");
    let cidr = FieldPath::new("cidr");
    Some(match function {
        "GetWarningsForCIDR" => names::warnings_for_cidr(&cidr, value),
        "GetWarningsForIP" => names::warnings_for_ip(&ip, value),
        "IsValidCIDR" => texts(&names::is_valid_cidr(&cidr, value)),
        "IsValidCIDRForLegacyField" => {
            texts(&names::is_valid_cidr_for_legacy_field(&cidr, value, false, &[]))
        }
        "IsValidCIDRForLegacyField/strict" => {
            texts(&names::is_valid_cidr_for_legacy_field(&cidr, value, true, &[]))
        }
        "IsValidIP" => texts(&names::is_valid_ip(&ip, value)),
        "IsValidIPForLegacyField" => texts(&names::is_valid_ip_for_legacy_field(&ip, value, false, &[])),
        "IsValidIPForLegacyField/strict" => {
            texts(&names::is_valid_ip_for_legacy_field(&ip, value, true, &[]))
        }
        "IsValidInterfaceAddress" => {
            texts(&names::is_valid_interface_address(&FieldPath::new("addr"), value))
        }
        _ => return None,
    })
}

fn texts(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}
