//! Equal traces are equal, and the first difference is found wherever it is.

use super::{Trace, TraceHash, compare};
use serde_json::json;

#[test]
fn equal_traces_have_equal_hashes() {
    let trace = || ["create a", "bind a n1"].into_iter().collect::<Trace>();
    assert_eq!(compare(&trace(), &trace()), Ok(()));
    assert_eq!(trace().hash(), trace().hash());
    assert_eq!(compare(&Trace::new(), &Trace::new()), Ok(()));
}

#[test]
fn the_hash_is_fnv_1a_for_ever() {
    assert_eq!(TraceHash::new().to_string(), "cbf29ce484222325");
    assert_eq!(TraceHash::new().bytes(b"a").to_string(), "af63dc4c8601ec8c");
    assert_eq!(TraceHash::new().bytes(b"foobar").value(), 0x8594_4171_f739_67e8);
}

#[test]
fn step_borders_and_order_change_the_hash() {
    let hash = |steps: &[&str]| steps.iter().copied().collect::<Trace>().hash();
    assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    assert_ne!(hash(&["a", "b"]), hash(&["b", "a"]));
    assert_ne!(hash(&[]), hash(&[""]));
}

#[test]
fn the_first_difference_comes_with_its_context() {
    let steps = |last: &str| (0..8).map(|n| format!("step {n}")).chain([last.to_owned(), "end".to_owned()]);
    let (left, right) = (steps("left").collect(), steps("right").collect());
    let divergence = compare(&left, &right).expect_err("they differ");
    assert_eq!(divergence.at, 8);
    assert_eq!(divergence.before, ["step 3", "step 4", "step 5", "step 6", "step 7"]);
    let text = divergence.to_string();
    assert!(text.starts_with("the traces part at step 8\n       3   step 3\n"), "{text}");
    assert!(text.ends_with("       8 < left\n       8 > right"), "{text}");
}

#[test]
fn a_shorter_trace_parts_at_its_end() {
    let left: Trace = ["a", "b"].into_iter().collect();
    let right: Trace = ["a"].into_iter().collect();
    let divergence = compare(&left, &right).expect_err("one is shorter");
    assert_eq!((divergence.at, divergence.left.as_deref(), divergence.right), (1, Some("b"), None));
    assert!(compare(&right, &left).expect_err("one is shorter").to_string().contains("1 < (ended)"));
}

#[test]
fn json_steps_are_compact() {
    let mut trace = Trace::new();
    trace.push_json(&json!({"verb": "create", "key": ["pods", "a"]})).expect("it serializes");
    assert_eq!(trace.steps(), [r#"{"key":["pods","a"],"verb":"create"}"#]);
}
