//! Private steps of the planner.

use super::endpoint::parse_address;

#[test]
fn addresses_are_read_leniently() {
    let read = |text| parse_address(text).map(|ip| ip.to_string());
    assert_eq!(read("010.0.0.007").as_deref(), Some("10.0.0.7"));
    assert_eq!(read("::ffff:10.0.0.1").as_deref(), Some("10.0.0.1"));
    assert_eq!(read("FD00::1").as_deref(), Some("fd00::1"));
    assert_eq!(read("10.0.0"), None);
    assert_eq!(read("10.0.0.256"), None);
    assert_eq!(read("10.0.0.1.2"), None);
}
