//! The lexer's and the set's corners, as tables.

use super::{LabelSelector, LabelSet, Labels, Operator, Requirement, Selector, SelectorOperator};
use crate::error::FieldPath;
use std::sync::Arc;

type Pairs = &'static [(&'static str, &'static str)];

fn labels(pairs: &[(&str, &str)]) -> LabelSet {
    pairs.iter().copied().collect()
}

/// `want` is the normal form; `None` where the text is no selector.
#[track_caller]
fn check(text: &str, want: Option<&str>) {
    let got = text.parse::<Selector>().map(|selector| selector.to_string());
    assert_eq!(got.as_deref().ok(), want, "{text:?}: {got:?}");
}

#[test]
fn texts() {
    let table = [
        ("", Some("")),
        ("x= ", Some("x=")),
        ("x= ,z= ", Some("x=,z=")),
        ("! x", Some("!x")),
        ("x>007", Some("x>007")),
        ("x in ()", Some("x in ()")),
        ("x in (,)", Some("x in ()")),
        ("x in (a,,a,,a,,)", Some("x in (,a)")),
        ("x notin (, a)", Some("x notin (,a)")),
        ("a in (x,y,notin, z,in)", Some("a in (in,notin,x,y,z)")),
        ("in in (in)", Some("in in (in)")),
        ("notin=in", Some("notin=in")),
        ("\rx", Some("x")),
        (
            "0.1.2.domain/99 notin (10.10.100.1, tick.tack.clock)",
            Some("0.1.2.domain/99 notin (10.10.100.1,tick.tack.clock)"),
        ),
        ("x=a,x=b", Some("x=a,x=b")),
        ("x=a,a=x", Some("a=x,x=a")),
        ("a=x,x=a", Some("a=x,x=a")),
        ("b==1,a!=2,!c,d,e<3", Some("a!=2,b==1,!c,d,e<3")),
    ];
    for (text, want) in table {
        check(text, want);
    }
}

#[test]
fn texts_that_are_no_selector() {
    let table = [
        "!!x",
        "!x=a",
        "x==a==b",
        "x===a",
        "x=!a",
        "x<a",
        "x>9223372036854775808",
        "x>-1",
        "x>+1",
        "x>",
        "x>=1",
        "a in (xyz abc)",
        "x,,y",
        ",x",
        "x,",
        "a in (xyz),",
        "a in (x)b notin ()",
        "a notin(",
        "a notin(,",
        "a notin(a,",
        "a (",
        "(",
        "!",
        "x=a||y=b",
        "A/b",
        "a/",
        "/a",
        "a/b/c",
        "x in a",
        "x in",
        "x IN (a)",
    ];
    for text in table {
        check(text, None);
    }
}

#[test]
fn lengths() {
    check(&"k".repeat(63), Some(&"k".repeat(63)));
    check(&"k".repeat(64), None);
    check(&format!("{}/k", "p".repeat(254)), None);
    check(&format!("x={}", "v".repeat(63)), Some(&format!("x={}", "v".repeat(63))));
    check(&format!("x={}", "v".repeat(64)), None);
}

#[test]
fn nul_ends_a_token_and_at_the_start_of_one_the_text() {
    check("x \0 ((garbage", Some("x"));
    check("x=a\0,y=b", Some("x=a,y=b"));
    check("x\0=\0a", Some("x=a"));
    check("x=\0\0a", Some("x="));
    check("x\0y", None);
}

#[test]
fn matching() {
    let table: [(&str, Pairs, bool); 14] = [
        ("", &[], true),
        ("x>007", &[("x", "8")], true),
        ("x>007", &[("x", "+8")], true),
        ("x>007", &[("x", "7")], false),
        ("x<7", &[("x", "-9")], true),
        ("x<7", &[("x", "six")], false),
        ("x<7", &[], false),
        ("z>1", &[("z", "v2")], false),
        ("x notin (\"\")", &[], false),
        ("x notin ()", &[], true),
        ("x notin ()", &[("x", "")], false),
        ("x!=a", &[], true),
        ("x=a,x=b", &[("x", "a")], false),
        ("x in (c,a,b)", &[("x", "b")], true),
    ];
    for (text, pairs, want) in table {
        let got = text.parse::<Selector>().is_ok_and(|selector| selector.matches(&labels(pairs)));
        assert_eq!(got, want, "{text:?} on {pairs:?}");
    }
}

#[test]
fn nothing_everything_and_the_rest() {
    let nothing = Selector::from_label_selector(None).unwrap();
    assert!(nothing.is_nothing() && !nothing.is_everything() && nothing.requirements().is_none());
    assert!(!nothing.matches(&LabelSet::EMPTY) && nothing.to_string().is_empty());
    let everything = LabelSelector::default().to_selector().unwrap();
    assert!(everything.is_everything() && everything.matches(&LabelSet::EMPTY));
    assert_eq!(Selector::from_labels(LabelSet::EMPTY), everything);
    let contradiction: Selector = "a=b,a!=b".parse().unwrap();
    assert!(!contradiction.is_nothing());
    let more = Requirement::new("z", Operator::Exists, vec![], &FieldPath::root()).unwrap();
    assert!(nothing.and([more.clone()]).is_nothing());
    assert_eq!(everything.and([more]).to_string(), "z");
}

#[test]
fn exact_values() {
    let selector: Selector = "a=1,b==2,c in (3),d in (4,5),e!=6,f,f=7".parse().unwrap();
    let got: Vec<Option<&str>> =
        ["a", "b", "c", "d", "e", "f", "g"].map(|key| selector.requires_exact(key)).into();
    assert_eq!(got, [Some("1"), Some("2"), Some("3"), None, None, None, None]);
}

#[test]
fn requirements_are_checked() {
    let wrong = |key: &str, operator, values: &[&str]| {
        let values: Vec<Arc<str>> = values.iter().map(|v| Arc::from(*v)).collect();
        Requirement::new(key, operator, values, &FieldPath::new("at")).err().map_or(0, |errors| errors.len())
    };
    assert_eq!(wrong("a", Operator::In, &[]), 1);
    assert_eq!(wrong("a", Operator::Equals, &["b", "c"]), 1);
    assert_eq!(wrong("a", Operator::Exists, &["b", "-"]), 2);
    assert_eq!(wrong("a b", Operator::GreaterThan, &["x", "1"]), 3);
    assert_eq!(wrong("a", Operator::LessThan, &["1"]), 0);
}

#[test]
fn texts_as_structures() {
    let selector: LabelSelector = "a=1,a==2,b in (x),!c".parse().unwrap();
    assert_eq!(selector.match_labels, labels(&[("a", "2")]));
    let operators: Vec<&SelectorOperator> = selector.match_expressions.iter().map(|e| &e.operator).collect();
    assert_eq!(operators, [&SelectorOperator::In, &SelectorOperator::DoesNotExist]);
    assert!("a!=1".parse::<LabelSelector>().is_err());
    assert!("a>1".parse::<LabelSelector>().is_err());
}

#[test]
fn label_sets() {
    let read = |text: &str| serde_json::from_str::<LabelSet>(text);
    let set = read(r#"{"b":"1","a":"2","b":"3"}"#).unwrap();
    assert_eq!(set, labels(&[("a", "2"), ("b", "3")]));
    assert_eq!(serde_json::to_string(&set).unwrap(), r#"{"a":"2","b":"3"}"#);
    assert_eq!((set.value("b"), set.value("c"), set.len()), (Some("3"), None, 2));
    assert_eq!((read("null").unwrap(), read("{}").unwrap()), (LabelSet::EMPTY, LabelSet::EMPTY));
    assert!(read(r#"{"a":1}"#).is_err() && read("[]").is_err());
    assert_eq!(labels(&[("a", "1"), ("a-b", "2")]).to_string(), "a-b=2,a=1");
    assert_eq!(labels(&[("x", "1"), ("x", "2"), ("x", "3")]).to_string(), "x=3");
}

#[test]
fn structures_read_nulls() {
    let read = |text: &str| serde_json::from_str::<Option<LabelSelector>>(text).unwrap();
    assert_eq!(read("null"), None);
    assert_eq!(read("{}"), Some(LabelSelector::default()));
    assert_eq!(read(r#"{"matchLabels":null,"matchExpressions":null}"#), Some(LabelSelector::default()));
    let text = r#"{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"c","operator":"Odd"},{"key":"d","operator":"In","values":["e"]}]}"#;
    assert_eq!(serde_json::to_string(&read(text)).unwrap(), text);
}
