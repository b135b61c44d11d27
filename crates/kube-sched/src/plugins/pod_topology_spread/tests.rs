//! The logarithm; counts are held to the vectors.

use super::logarithm::ln;

#[test]
fn the_logarithm_is_within_a_bit_of_the_platforms() {
    let mut different = 0_u32;
    for n in 2..20_000_u32 {
        let (ours, platform) = (ln(f64::from(n)), f64::from(n).ln());
        assert!(ours.to_bits().abs_diff(platform.to_bits()) <= 1, "{n}");
        different += u32::from(ours.to_bits() != platform.to_bits());
    }
    assert!(different > 0, "else there is no need for our own");
}
