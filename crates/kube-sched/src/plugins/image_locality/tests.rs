//! The thresholds.

use super::{LEAST, MAX_PER_CONTAINER, scaled, spread};

#[test]
fn small_images_do_not_count_and_large_ones_count_up_to_a_limit() {
    assert_eq!(scaled(LEAST, 1), 0);
    assert_eq!(scaled(LEAST + (MAX_PER_CONTAINER - LEAST) / 2, 1), 50);
    assert_eq!(scaled(MAX_PER_CONTAINER * 3, 1), 100);
    assert_eq!(scaled(MAX_PER_CONTAINER, 2), 49);
}

#[test]
fn an_image_counts_by_the_part_of_nodes_that_have_it() {
    assert_eq!(spread(1000, 1, 4), 250);
    assert_eq!(spread(1000, 4, 4), 1000);
}
