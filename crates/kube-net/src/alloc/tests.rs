//! Bands and the order of candidates.

use super::free::{Believed, Places};
use super::taken::Taken;
use super::{AddressRange, PortRange, ServiceRanges};
use kube_store::storage::{Key, KeyRange};
use std::collections::BTreeSet;
use std::net::IpAddr;

fn range(network: &str) -> AddressRange {
    ServiceRanges::new([network.parse().unwrap()]).unwrap().addresses()[0]
}

#[test]
fn lower_bands_are_those_of_kubernetes() {
    for (network, size) in [
        ("10.96.0.0/16", 256),
        ("10.0.0.0/22", 64),
        ("10.0.0.0/26", 16),
        ("10.0.0.0/29", 0),
        ("fd00::/108", 256),
    ] {
        assert_eq!(range(network).static_addresses(), size, "{network}");
    }
    for (low, high, size) in
        [(30_000, 32_767, 86), (20_000, 32_766, 128), (30_000, 30_199, 16), (30_000, 30_014, 0)]
    {
        assert_eq!(PortRange::new(low, high).unwrap().static_ports(), size);
    }
}

#[test]
fn every_address_is_tried_once_the_upper_band_first() {
    let range = range("10.0.0.0/26");
    let spans = range.spans(&mut |bound| bound / 2).into_iter();
    let tried: Vec<IpAddr> = spans.flat_map(|(low, high)| low..=high).map(|n| range.address(n)).collect();
    assert_eq!(tried.len(), 62);
    assert_eq!(tried.iter().collect::<BTreeSet<_>>().len(), 62);
    assert!(tried.iter().all(|ip| range.contains(*ip)));
    let low: Vec<bool> = tried.iter().map(|ip| *ip <= IpAddr::from([10, 0, 0, 16])).collect();
    assert!(low.is_sorted());
    assert!(!range.contains(IpAddr::from([10, 0, 0, 0])) && !range.contains(IpAddr::from([10, 0, 0, 63])));
}

#[test]
fn ranges_must_make_sense() {
    let nets =
        |texts: &[&str]| ServiceRanges::new(texts.iter().map(|text| text.parse().unwrap())).map(|_| ());
    assert!(nets(&["10.0.0.0/24", "fd00::/108"]).is_ok());
    assert!(nets(&["10.0.0.0/24", "10.1.0.0/24"]).is_err());
    assert!(nets(&[]).is_err());
    assert!(nets(&["10.0.0.0/31"]).is_err());
    assert!(nets(&["fd00::/48"]).is_err());
    assert!(PortRange::new(2, 1).is_err());
}

/// Runs hold what a set holds, whatever was put in and taken out before.
#[test]
fn runs_equal_a_set() {
    let (mut runs, mut set, mut state) = (Taken::default(), BTreeSet::new(), 7_u64);
    for _ in 0..5_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let number = u128::from(state >> 33) % 40;
        if state & (1 << 20) == 0 {
            runs.insert(number);
            set.insert(number);
        } else {
            runs.remove(number);
            set.remove(&number);
        }
        for low in 0..42 {
            assert_eq!(runs.next_free(low, 40), (low..=40).find(|n| !set.contains(n)), "{set:?}");
        }
        assert_eq!(runs, set.iter().copied().collect::<Taken>(), "{set:?}");
    }
    runs.insert(u128::MAX);
    assert_eq!(runs.next_free(u128::MAX, u128::MAX), None);
}

/// Nobody is sent to a number that another has just chosen; one that is being given back comes last, and a number whose
/// write may have failed comes back where nothing else is left.
#[test]
fn no_two_writers_try_the_same_number() {
    let believed = Believed::default();
    let except = BTreeSet::from([3]);
    let key = |number: u128| Key::new(number.to_string());
    let places = Places {
        spans: vec![(2, 4), (0, 1)],
        except: &except,
        key: &key,
        number: &|key: &Key| key.as_str().parse().ok(),
        all: KeyRange::prefix(String::new()),
    };
    let choose = || believed.choose(&places);
    let (first, second) = (choose().unwrap(), choose().unwrap());
    assert_eq!([first.number, second.number], [2, 4]);
    believed.tried(first, true);
    believed.tried(second, false);
    // Free ones of the lower band come behind those of the upper band that are being given back.
    believed.release(2);
    let again = choose().unwrap();
    assert_eq!(again.number, 2);
    believed.tried(again, false);
    believed.release(4);
    let next = [choose().unwrap(), choose().unwrap(), choose().unwrap(), choose().unwrap()];
    assert_eq!(next.map(|choice| choice.number), [2, 4, 0, 1]);
    // What was chosen first may be free after all, if its write has failed.
    assert_eq!(choose().map(|choice| choice.number), Some(2));
    assert_eq!(choose(), None);
}
