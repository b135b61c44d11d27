//! Lists in pages.

use super::{World, config_maps, map, run, world};
use kube_core::error::ApiError;
use kube_store::service::{DeleteOptions, ListQuery, ObjectService, RawList};
use kube_store::storage::Revision;
use serde_json::json;

fn filled() -> World {
    let w = world();
    for n in 0..7 {
        let mut object = map(&format!("m{n}"), "1");
        object["metadata"]["labels"] = json!({"odd": (n % 2 == 1).to_string()});
        w.create(config_maps(), object);
    }
    w
}

fn page(w: &World, query: &ListQuery) -> Result<RawList, ApiError> {
    run(w.objects.list(config_maps(), query))
}

fn names(list: &RawList) -> String {
    list.items.iter().map(|item| item.meta.name.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn pages_show_one_revision_whatever_is_written_between() {
    let w = filled();
    let first = page(&w, &ListQuery::namespaced("default").limit(3)).expect("page");
    assert_eq!((names(&first).as_str(), first.remaining), ("m0 m1 m2", Some(4)));
    w.create(config_maps(), map("m20", "new"));
    run(w.objects.delete(config_maps(), &super::key("m4"), &DeleteOptions::default())).expect("deleted");
    w.update(config_maps(), "m5", map("m5", "2"));
    let token = first.continue_token.expect("more");
    let second = page(&w, &ListQuery::namespaced("default").limit(3).after(&token)).expect("page");
    assert_eq!((names(&second).as_str(), second.remaining), ("m3 m4 m5", Some(1)));
    assert_eq!(second.revision, first.revision);
    assert_eq!(super::value(&second.items[2])["data"]["x"], "1");
    let third =
        page(&w, &ListQuery::namespaced("default").limit(3).after(second.continue_token.expect("more")));
    let third = third.expect("page");
    assert_eq!((names(&third).as_str(), third.remaining, third.continue_token.as_ref()), ("m6", None, None));
}

#[test]
fn pages_with_a_selector_are_full() {
    let w = filled();
    let query = ListQuery::all().labels("odd=true".parse().expect("selector")).limit(2);
    let first = page(&w, &query).expect("page");
    assert_eq!((names(&first).as_str(), first.remaining), ("m1 m3", None));
    let second = page(&w, &query.after(first.continue_token.expect("more"))).expect("page");
    assert_eq!((names(&second).as_str(), second.continue_token), ("m5", None));
}

#[test]
fn an_expired_page_tells_how_to_go_on() {
    let w = filled();
    let first = page(&w, &ListQuery::namespaced("default").limit(3)).expect("page");
    w.create(config_maps(), map("m20", "new"));
    run(w.storage.compact(Revision::new(w.head()))).expect("compacted");
    let token = first.continue_token.expect("more");
    let error = page(&w, &ListQuery::namespaced("default").limit(3).after(token)).expect_err("expired");
    assert_eq!(error.code, 410);
    let fresh = error.continue_token.expect("a fresh token");
    let rest = page(&w, &ListQuery::namespaced("default").after(fresh)).expect("rest");
    // Inconsistent with the first page, as the token says: `m20` is new.
    assert_eq!(names(&rest), "m20 m3 m4 m5 m6");
    assert_eq!(rest.revision.get(), w.head());
}

#[test]
fn a_token_that_is_none_is_refused() {
    let w = filled();
    let other =
        page(&w, &ListQuery::namespaced("default").limit(1)).expect("page").continue_token.expect("more");
    for (namespace, token) in [("default", "nonsense"), ("default", "e30"), ("other", other.as_str())] {
        let error = page(&w, &ListQuery::namespaced(namespace).after(token)).expect_err(token);
        assert_eq!(error.code, 400, "{token}");
        assert!(error.message.starts_with("continue key is not valid"), "{error}");
    }
}
