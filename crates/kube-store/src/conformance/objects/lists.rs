//! Lists: modes, filters, pages.

use super::super::probe::{Seen, broken, same};
use super::super::{Contract, Verdict};
use super::{World, labelled, listed, map, maps, names, on_node, parsed, pods, refused, texts, version};
use crate::service::{DeleteOptions, ListQuery, ObjectService, Patch, RawList, Subresource, WriteOptions};
use crate::storage::{ReadAt, Revision};
use kube_core::error::ApiError;
use kube_core::resource::{KindInfo, ObjectKey};
use serde_json::Value;

pub(in super::super) const CONTRACTS: &[Contract] = &[
    Contract::objects("a list shows one revision, in every mode", |w| Box::pin(modes(w)))
        .asked_by(&["RunTestList"]),
    Contract::objects("a list at the newest is consistent", |w| Box::pin(consistent(w)))
        .asked_by(&["RunTestConsistentList"]),
    Contract::objects("a list of one object", |w| Box::pin(one(w))).asked_by(&["RunTestGetListNonRecursive"]),
    Contract::objects("a list goes on where its page ended", |w| Box::pin(continuation(w)))
        .asked_by(&["RunTestListContinuation"]),
    Contract::objects("a page is filled from far away", |w| Box::pin(rare(w)))
        .asked_by(&["RunTestListPaginationRareObject"]),
    Contract::objects("a page with a filter is full", |w| Box::pin(filtered_pages(w)))
        .asked_by(&["RunTestListContinuationWithFilter"]),
    Contract::objects("an expired page can go on inconsistently", |w| Box::pin(inconsistent(w)))
        .asked_by(&["RunTestListInconsistentContinuation"]),
    Contract::objects("an exact list repeats", |w| Box::pin(repeats(w)))
        .asked_by(&["RunTestListResourceVersionMatch"]),
    Contract::objects("pages leave out what came later", |w| Box::pin(paging(w)))
        .asked_by(&["RunTestListPaging"]),
    Contract::objects("a list is of a namespace and of fields", |w| Box::pin(scoped(w)))
        .asked_by(&["RunTestNamespaceScopedList"]),
];

fn all() -> ListQuery {
    ListQuery::all()
}

async fn rows(w: &World, query: ListQuery) -> Seen<Vec<String>> {
    listed(&w.list(&query).await?)
}

/// Every object of a list in pages of `limit`, each page at the revision of the first.
async fn paged(w: &World, kind: &KindInfo, query: ListQuery, limit: usize) -> Seen<Vec<String>> {
    let mut seen = Vec::new();
    let mut page = w.objects.list(kind, &query.clone().limit(limit)).await?;
    let revision = page.revision;
    loop {
        same("the revision of a page", page.revision, revision)?;
        same("no page is too long", page.items.len() <= limit, true)?;
        seen.extend(names(&page));
        let Some(token) = page.continue_token.take() else { return Ok(seen) };
        let next = ListQuery { at: ReadAt::Latest, ..query.clone() };
        page = w.objects.list(kind, &next.limit(limit).after(token)).await?;
    }
}

/// What a seeded tree of objects shows at each of its revisions, whole and in pages.
async fn modes(w: &World) -> Verdict {
    let before = w.storage.current().await?;
    let mut states: Vec<(Revision, Vec<&str>)> = vec![(before, vec![])];
    for (namespace, name, state) in [
        ("first", "bar", vec!["first/bar=1"]),
        ("second", "bar", vec!["first/bar=1", "second/bar=1"]),
        ("second", "foo", vec!["first/bar=1", "second/bar=1", "second/foo=1"]),
        ("second", "baz", vec!["first/bar=1", "second/bar=1", "second/baz=1", "second/foo=1"]),
    ] {
        states.push((version(&w.create(maps(), namespace, map(name, "1")).await?), state));
    }
    let patch = Patch::Merge(map("bar", "2"));
    let place = ObjectKey::new("first", "bar");
    let options = WriteOptions::default();
    let changed = w.objects.patch(maps(), &place, Subresource::Main, &patch, &options).await?;
    states.push((version(&changed), vec!["first/bar=2", "second/bar=1", "second/baz=1", "second/foo=1"]));
    let deleted = ObjectKey::new("second", "baz");
    w.objects.delete(maps(), &deleted, &DeleteOptions::default()).await?;
    let newest = ["first/bar=2", "second/bar=1", "second/foo=1"];
    let head = w.storage.current().await?;
    states.push((head, newest.to_vec()));
    for (revision, state) in &states {
        let list = w.list(&all().at(ReadAt::Exactly(*revision))).await?;
        same("the revision", list.revision, *revision)?;
        same(&format!("the list at {revision}"), listed(&list)?, texts(state))?;
        let limited = all().at(ReadAt::Exactly(*revision));
        same("the same in pages", paged(w, maps(), limited, 2).await?, names(&list))?;
    }
    for at in [ReadAt::Latest, ReadAt::AtLeast(before), ReadAt::AtLeast(head)] {
        same(&format!("{at:?}"), rows(w, all().at(at)).await?, texts(&newest))?;
    }
    let any = rows(w, all().at(ReadAt::Any)).await?;
    let known = states.iter().any(|(_, state)| texts(state) == any);
    same("a list at any revision is one of them", known, true)?;
    refusals(w, head).await
}

/// Revisions to come and below compaction, tokens that are none.
async fn refusals(w: &World, head: Revision) -> Verdict {
    let far = Revision::new(1 << 62);
    for at in [ReadAt::Exactly(far), ReadAt::AtLeast(far)] {
        refused("a revision to come", w.list(&all().at(at)).await, 504)?;
    }
    refused("a token that is none", w.list(&all().after("none")).await, 400)?;
    w.storage.compact(head).await?;
    let below = Revision::new(head.get() - 1);
    refused("a list below compaction", w.list(&all().at(ReadAt::Exactly(below))).await, 410)?;
    same("a list at the compacted revision", w.list(&all().at(ReadAt::Exactly(head))).await?.items.len(), 3)
}

/// Writes elsewhere count: the newest revision is that of the store, not of the kind.
async fn consistent(w: &World) -> Verdict {
    w.map("foo").await?;
    for _ in 0..3 {
        let head = w.elsewhere().await?;
        same("the revision of a list", w.list(&all()).await?.revision, head)?;
        let list = w.list(&ListQuery::namespaced("empty")).await?;
        same("the revision of an empty list", (list.revision, list.items.len()), (head, 0))?;
        let page = w.list(&all().limit(1)).await?;
        same("the revision of a page", page.revision, head)?;
    }
    let head = w.elsewhere().await?;
    let any = w.list(&all().at(ReadAt::Any)).await?;
    same("a list at any revision is not from the future", any.revision <= head, true)
}

/// A list that a name and a namespace narrow to one object, in the modes of a list.
async fn one(w: &World) -> Verdict {
    let first = w.map("foo").await?;
    let second = w.set("foo", "2").await?;
    w.map("foo2").await?;
    let query = ListQuery::namespaced("a").fields(parsed("metadata.name=foo")?);
    let at = |at| rows(w, query.clone().at(at));
    let now = texts(&["a/foo=2"]);
    same("newest", at(ReadAt::Latest).await?, now.clone())?;
    same("not older", at(ReadAt::AtLeast(version(&second))).await?, now.clone())?;
    same("exactly", at(ReadAt::Exactly(version(&second))).await?, now)?;
    same("exactly before", at(ReadAt::Exactly(version(&first))).await?, texts(&["a/foo=1"]))?;
    let far = ReadAt::AtLeast(Revision::new(1 << 62));
    refused("a revision to come", w.list(&query.clone().at(far)).await, 504)?;
    let none = ListQuery::namespaced("a").fields(parsed("metadata.name=none")?);
    same("an absent name", rows(w, none).await?, vec![])?;
    let contradiction = ListQuery::namespaced("b").fields(parsed("metadata.name=foo")?);
    same("the name elsewhere", rows(w, contradiction).await?, vec![])
}

async fn three(w: &World) -> Result<Revision, ApiError> {
    w.create(maps(), "first", map("bar", "1")).await?;
    w.create(maps(), "second", map("bar", "1")).await?;
    Ok(version(&w.create(maps(), "second", map("foo", "1")).await?))
}

fn token(page: &mut RawList) -> Seen<String> {
    page.continue_token.take().map_or_else(|| broken("a page that ends early has no token"), Ok)
}

/// Page, rest; page, page, page; always at the revision of the first.
async fn continuation(w: &World) -> Verdict {
    let head = three(w).await?;
    let mut first = w.list(&all().limit(1)).await?;
    same("the first page", (names(&first), first.revision), (texts(&["first/bar"]), head))?;
    same("what remains", first.remaining, Some(2))?;
    let second = token(&mut first)?;
    let rest = w.list(&all().after(&*second)).await?;
    let wanted = (texts(&["second/bar", "second/foo"]), head, None);
    same("the rest", (names(&rest), rest.revision, rest.continue_token), wanted)?;
    let mut page = w.list(&all().limit(1).after(&*second)).await?;
    same("the second page", (names(&page), page.revision), (texts(&["second/bar"]), head))?;
    let third = token(&mut page)?;
    let last = w.list(&all().limit(1).after(third)).await?;
    let wanted = (texts(&["second/foo"]), head, None);
    same("the third page", (names(&last), last.revision, last.continue_token), wanted)
}

/// One object of many, behind all others, fills the first page.
async fn rare(w: &World) -> Verdict {
    for n in 0..1_000 {
        w.map(&format!("map-{n}")).await?;
    }
    let page = w.list(&all().limit(1).fields(parsed("metadata.name=map-999")?)).await?;
    same("the page", (names(&page), page.continue_token), (texts(&["a/map-999"]), None))
}

/// What the filter drops does not make a page short.
async fn filtered_pages(w: &World) -> Verdict {
    for (namespace, name) in [("1", "foo"), ("2", "bar"), ("3", "foo"), ("4", "foo")] {
        w.create(maps(), namespace, map(name, "1")).await?;
    }
    let head = w.storage.current().await?;
    let query = all().limit(2).fields(parsed("metadata.name!=bar")?);
    let mut page = w.list(&query).await?;
    same("the first page", (names(&page), page.revision), (texts(&["1/foo", "3/foo"]), head))?;
    let rest = w.list(&query.clone().after(token(&mut page)?)).await?;
    let wanted = (texts(&["4/foo"]), head, None);
    same("the second page", (names(&rest), rest.revision, rest.continue_token), wanted)
}

/// 410 tells a token that goes on at the newest revision; from there on pages are consistent again.
async fn inconsistent(w: &World) -> Verdict {
    three(w).await?;
    let mut page = w.list(&all().limit(1)).await?;
    let second = token(&mut page)?;
    let patch = Patch::Merge(serde_json::json!({"metadata": {"labels": {"state": "new"}}}));
    let place = ObjectKey::new("second", "foo");
    let options = WriteOptions::default();
    let changed = w.objects.patch(maps(), &place, Subresource::Main, &patch, &options).await?;
    w.storage.compact(version(&changed)).await?;
    let error = refused("the expired page", w.list(&all().after(&*second)).await, 410)?;
    let Some(inconsistent) = error.continue_token else { return broken("410 without a way to go on") };
    let mut page = w.list(&all().limit(1).after(inconsistent)).await?;
    same("the second page", names(&page), texts(&["second/bar"]))?;
    same("its revision is not older", page.revision >= version(&changed), true)?;
    let revision = page.revision;
    w.elsewhere().await?;
    let last = w.list(&all().limit(1).after(token(&mut page)?)).await?;
    let wanted = (texts(&["second/foo"]), revision, None);
    same("the third page", (names(&last), last.revision, last.continue_token), wanted)
}

/// A list says its revision; the same list at exactly that revision is the same, whatever came later.
async fn repeats(w: &World) -> Verdict {
    for n in 0..5 {
        let tier = if n % 2 == 0 { "even" } else { "odd" };
        w.create(maps(), "a", labelled(&format!("map-{n}"), "1", tier)).await?;
    }
    let query = all().labels(parsed("tier=even")?);
    let first = w.list(&query).await?;
    w.create(maps(), "a", labelled("map-6", "1", "even")).await?;
    w.gone("map-0").await?;
    let again = w.list(&query.clone().at(ReadAt::Exactly(first.revision))).await?;
    same("the same list again", (listed(&again)?, again.revision), (listed(&first)?, first.revision))?;
    let newer = w.list(&query.clone().at(ReadAt::AtLeast(first.revision))).await?;
    same("a list that is not older", newer.revision >= first.revision, true)?;
    let again = w.list(&query.at(ReadAt::Exactly(newer.revision))).await?;
    same("that list again", (listed(&again)?, again.revision), (listed(&newer)?, newer.revision))
}

/// An object created between two pages is in none of them.
async fn paging(w: &World) -> Verdict {
    for n in 0..4 {
        w.map(&format!("test-{n}")).await?;
    }
    let (mut seen, mut calls, mut query) = (Vec::new(), 0, all().limit(1));
    loop {
        let mut page = w.list(&query).await?;
        calls += 1;
        seen.extend(names(&page));
        if calls == 2 {
            w.map("test-5").await?;
        }
        match page.continue_token.take() {
            Some(token) => query = all().limit(1).after(token),
            None => break,
        }
    }
    same("the calls", calls, 4)?;
    same("the objects", seen, texts(&["a/test-0", "a/test-1", "a/test-2", "a/test-3"]))
}

/// Namespaces and fields, alone and together, contradicting and not.
async fn scoped(w: &World) -> Verdict {
    for (namespace, name, node) in [
        ("ns1", "foo1", ""),
        ("ns1", "foo2", "bar1"),
        ("ns1", "foo3", "bar2"),
        ("ns10", "foo1", "bar1"),
        ("ns2", "foo1", "bar2"),
        ("ns2", "foo2", ""),
    ] {
        let pod: Value = if node.is_empty() { super::pod(name) } else { on_node(name, node) };
        w.create(pods(), namespace, pod).await?;
    }
    let everything = ["ns1/foo1", "ns1/foo2", "ns1/foo3", "ns10/foo1", "ns2/foo1", "ns2/foo2"];
    let cases: [(Option<&str>, &str, &[&str]); 12] = [
        (None, "", &everything),
        (None, "metadata.namespace=ns1", &everything[..3]),
        (None, "spec.nodeName=bar1", &["ns1/foo2", "ns10/foo1"]),
        (None, "spec.nodeName!=bar1", &["ns1/foo1", "ns1/foo3", "ns2/foo1", "ns2/foo2"]),
        (Some("ns1"), "", &everything[..3]),
        (Some("ns1"), "metadata.namespace=ns1", &everything[..3]),
        (Some("ns1"), "metadata.namespace=ns2", &[]),
        (Some("ns1"), "spec.nodeName=bar2", &["ns1/foo3"]),
        (None, "metadata.name=foo1", &["ns1/foo1", "ns10/foo1", "ns2/foo1"]),
        (None, "metadata.name=foo1,metadata.namespace=ns2", &["ns2/foo1"]),
        (None, "metadata.name=foo1,spec.nodeName!=bar1", &["ns1/foo1", "ns2/foo1"]),
        (Some("ns2"), "metadata.name=foo2,metadata.namespace=ns2,spec.nodeName!=bar2", &["ns2/foo2"]),
    ];
    for (namespace, fields, wanted) in cases {
        let mut query = namespace.map_or_else(ListQuery::all, ListQuery::namespaced);
        if !fields.is_empty() {
            query = query.fields(parsed(fields)?);
        }
        let list = w.objects.list(pods(), &query).await?;
        same(&format!("{namespace:?} {fields}"), names(&list), texts(wanted))?;
        same("the same in pages", paged(w, pods(), query, 2).await?, texts(wanted))?;
    }
    Ok(())
}
