//! Rules as tables of data.

use super::{
    is_decimal_integer, is_dns1123_subdomain_caseless, is_domain_prefixed_key,
    is_fully_qualified_domain_name, is_in_range, is_valid_cidr_for_legacy_field, is_valid_condition_reason,
    is_valid_interface_address, is_valid_ip, is_valid_ip_for_legacy_field, name_is_dns_label,
    name_is_path_segment, warnings_for_cidr, warnings_for_ip,
};
use crate::error::{FieldPath, quoted};
use proptest::prelude::{any, proptest};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[test]
fn what_cannot_be_printed_is_quoted_as_go_does() {
    let cases = [
        ("a\"\\'", r#""a\"\\'""#),
        ("\u{0}\u{7}\u{8}\u{b}\u{c}\n\r\t\u{1b}\u{7f}", r#""\x00\a\b\v\f\n\r\t\x1b\x7f""#),
        ("é日\u{301}😀", "\"é日\u{301}😀\""),
        ("\u{80}\u{a0}\u{ad}\u{200b}\u{2028}\u{feff}", r#""\u0080\u00a0\u00ad\u200b\u2028\ufeff""#),
        ("\u{e0001}\u{10ffff}", r#""\U000e0001\U0010ffff""#),
    ];
    for (text, want) in cases {
        assert_eq!(quoted(text), want);
    }
}

#[test]
fn the_end_of_a_generate_name_may_be_a_dash() {
    assert!(name_is_dns_label("web-", true).is_empty());
    assert!(!name_is_dns_label("web-", false).is_empty());
    assert!(!name_is_dns_label("-", true).is_empty());
    // As in Kubernetes, the byte before the dash is masked too.
    assert!(name_is_dns_label("web_-", true).is_empty());
    assert!(!name_is_dns_label("é-", true).is_empty());
    assert!(name_is_dns_label(&format!("{}-", "a".repeat(63)), true).is_empty());
    assert_eq!(name_is_path_segment("..", false), ["may not be '..'"]);
    assert!(name_is_path_segment("..", true).is_empty());
    assert_eq!(name_is_path_segment("%/", true), ["may not contain '/'", "may not contain '%'"]);
}

#[test]
fn validators_without_vectors() {
    let path = FieldPath::new("f");
    assert!(is_dns1123_subdomain_caseless("Foo.Bar").is_empty());
    assert!(is_dns1123_subdomain_caseless("Foo_")[0].starts_with("an RFC 1123 subdomain must consist"));
    assert!(is_domain_prefixed_key(&path, "a.io/K").is_empty());
    let errors = is_domain_prefixed_key(&path, "K");
    assert_eq!(
        errors[0].to_string(),
        r#"f: Invalid value: "K": must be a domain-prefixed key (such as "acme.io/foo")"#
    );
    assert!(
        is_fully_qualified_domain_name(&path, ".")[0]
            .to_string()
            .starts_with(r#"f: Invalid value: "": a low"#)
    );
    assert_eq!(is_in_range(5, 1, 4), ["must be between 1 and 4, inclusive"]);
    for good in ["0", "7", "-7", "120"] {
        assert!(is_decimal_integer(good).is_empty(), "{good}");
    }
    for bad in ["", "-", "-0", "07", "+7", "1a", "--1"] {
        assert!(!is_decimal_integer(bad).is_empty(), "{bad}");
    }
    for good in ["A", "MinimumReplicas_1", "a,b:c"] {
        assert!(is_valid_condition_reason(good).is_empty(), "{good}");
    }
    for bad in ["", "1A", "_a", "a,", "a b", "é"] {
        assert!(!is_valid_condition_reason(bad).is_empty(), "{bad}");
    }
}

#[test]
fn stored_values_pass_in_legacy_fields() {
    let path = FieldPath::new("ip");
    assert!(is_valid_ip_for_legacy_field(&path, "junk", true, &["junk"]).is_empty());
    assert!(!is_valid_ip_for_legacy_field(&path, "junk", false, &[]).is_empty());
    assert!(is_valid_cidr_for_legacy_field(&path, "junk", true, &["junk"]).is_empty());
}

#[test]
fn ipv4_in_ipv6_and_long_groups_are_refused_only_strictly() {
    let path = FieldPath::new("f");
    let strict = |value| is_valid_ip_for_legacy_field(&path, value, true, &[]);
    let lenient = |value| is_valid_ip_for_legacy_field(&path, value, false, &[]).is_empty();
    assert!(lenient("00001::2") && lenient("::ffff:001.2.3.4"));
    assert_eq!(strict("00001::2")[0].detail, "must not have leading 0s");
    assert_eq!(strict("::ffff:1.2.3.4")[0].detail, "must not be an IPv4-mapped IPv6 address");
    assert!(!lenient("10001000::2") && !lenient(":::") && !lenient("1:2:3:4:5:6:7:8::"));
    assert!(!lenient("::1%eth0") && !lenient("1:2:3:4:5:6:7:1.2.3.4") && lenient("1:2:3:4:5:6:1.2.3.4"));
    assert_eq!(
        warnings_for_cidr(&path, "::ffff:1.2.3.4/120"),
        [
            r#"f: CIDR value "::ffff:1.2.3.4/120" is ambiguous in this context (should be "1.2.3.0/24" or "1.2.3.4/128"?)"#,
            r#"f: non-standard CIDR value "::ffff:1.2.3.4/120" is invalid: use "1.2.3.0/24""#,
        ]
    );
    let shown = |value| is_valid_interface_address(&path, value)[0].detail.clone();
    assert_eq!(shown("::ffff:1.2.3.4/120"), r#"must be in canonical form ("1.2.3.4/24")"#);
    assert_eq!(shown("::ffff:1.2.3.4/64"), r#"must be in canonical form ("1.2.3.4/-32")"#);
    assert!(warnings_for_ip(&path, "junk").is_empty() && warnings_for_cidr(&path, "junk").is_empty());
}

proptest! {
    #[test]
    fn the_strict_reader_agrees_with_the_standard_library(
        text in "([0-9]{1,3}\\.){3}[0-9]{1,3}|(::)?([0-9a-f]{1,5}:{1,2}){0,7}(([0-9]{1,2}\\.){3})?[0-9a-f]{0,3}"
    ) {
        let path = FieldPath::root();
        let ours = is_valid_ip_for_legacy_field(&path, &text, true, &[]).is_empty();
        let theirs = match text.parse::<IpAddr>() {
            Ok(IpAddr::V6(v6)) => v6.to_ipv4_mapped().is_none(),
            other => other.is_ok(),
        };
        assert_eq!(ours, theirs, "{text}");
    }

    #[test]
    fn canonical_addresses_are_valid(v4 in any::<u32>(), v6 in any::<[u16; 8]>(), zeros in 0_u8..=255) {
        let path = FieldPath::root();
        let mut groups = v6;
        for (bit, group) in groups.iter_mut().enumerate() {
            if zeros >> bit & 1 == 1 {
                *group = 0;
            }
        }
        let v6 = Ipv6Addr::from(groups);
        assert_eq!(is_valid_ip(&path, &Ipv4Addr::from_bits(v4).to_string()), []);
        assert!(v6.to_ipv4_mapped().is_some() || is_valid_ip(&path, &v6.to_string()).is_empty(), "{v6}");
    }
}
