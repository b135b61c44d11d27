//! What pods are told to trust.

use super::plan::{ENTRY, config_map, corrected};

#[test]
fn what_somebody_changed_is_put_right_and_the_rest_left_alone() {
    let map = config_map("default", "PEM");
    assert_eq!(corrected(&map, "PEM"), None);
    assert_eq!(corrected(&map, "NEW").and_then(|map| map.data).expect("data")[ENTRY], "NEW");
    let mut edited = map.clone();
    edited.data.as_mut().expect("data").insert("more".to_owned(), "x".to_owned());
    edited.metadata.annotations.as_mut().expect("annotations").clear();
    edited.metadata.annotations.as_mut().expect("annotations").insert("own".to_owned(), "y".to_owned());
    let again = corrected(&edited, "PEM").expect("a correction");
    assert_eq!(again.data, map.data);
    assert_eq!(again.metadata.annotations.expect("annotations").len(), 2);
    let mut described = map;
    let texts = described.metadata.annotations.as_mut().expect("annotations").values_mut();
    texts.for_each(|text| *text = "mine".into());
    assert_eq!(corrected(&described, "PEM"), None, "whoever describes it otherwise may");
}
