//! Paths that are allocated and paths that are not.

use super::FieldPath;

#[test]
fn long_paths_are_like_short_ones() {
    let mut path = FieldPath::root();
    let mut text = String::new();
    for step in 0..200 {
        assert_eq!((path.as_str(), path.to_string() == "<nil>"), (text.as_str(), step == 0));
        path = match step % 3 {
            0 => path.child("né"),
            1 => path.index(step),
            _ => path.key("a/b"),
        };
        let said = match step % 3 {
            0 if step == 0 => "né".to_owned(),
            0 => ".né".to_owned(),
            1 => format!("[{step}]"),
            _ => "[a/b]".to_owned(),
        };
        text.push_str(&said);
    }
    assert!(text.len() > 500 && path > FieldPath::root());
    assert_eq!(FieldPath::new(&text), path);
}
