//! How names are read.

use super::name::{lower, parse};

#[test]
fn names_are_read_in_every_form() {
    let read = |name: &str| {
        parse(&lower(name), "here", "cluster.local").map(|(namespace, name)| format!("{namespace}/{name}"))
    };
    for name in
        ["web.prod", "web.prod.svc", "web.prod.svc.cluster.local", "WEB.Prod.SVC.Cluster.Local.", "web.prod."]
    {
        assert_eq!(read(name).as_deref(), Some("prod/web"), "{name}");
    }
    assert_eq!(read("web").as_deref(), Some("here/web"));
    assert_eq!(read("web.svc").as_deref(), Some("svc/web"));
    for name in [
        "",
        ".",
        "web.",
        "a..b",
        "web.prod.pod",
        "web.prod.cluster.local",
        "web.cluster.local",
        "a.b.c.svc",
        "svc.cluster.local",
    ] {
        let wanted = (name == "web.").then(|| "here/web".to_owned());
        assert_eq!(read(name), wanted, "{name}");
    }
    assert_eq!(parse("web.prod.svc.example.org", "here", "example.org"), Some(("prod", "web")));
}
