//! Reads, lists, pages, compaction.

use super::probe::{broken, commit, keys, put, refused, remove, same, text, text_at, write};
use super::{Contract, Run, Verdict};
use crate::storage::{
    Continue, Key, KeyRange, ListOptions, Page, ReadAt, Revision, Storage, StorageError, StorageResult, Txn,
};

pub(super) const CONTRACTS: &[Contract] = &[
    Contract { name: "a read sees the acknowledged writes", run: Run::Storage(|s| Box::pin(latest(s))) },
    Contract { name: "every revision can be read", run: Run::Storage(|s| Box::pin(every_revision(s))) },
    Contract { name: "revisions to come are refused", run: Run::Storage(|s| Box::pin(future(s))) },
    Contract { name: "a list has the range in order", run: Run::Storage(|s| Box::pin(range(s))) },
    Contract { name: "pages show one revision", run: Run::Storage(|s| Box::pin(pages(s))) },
    Contract {
        name: "a page of a compacted revision expires",
        run: Run::Storage(|s| Box::pin(expired_page(s))),
    },
    Contract { name: "compaction forgets what is below", run: Run::Storage(|s| Box::pin(compaction(s))) },
    Contract {
        name: "compaction keeps what is newest",
        run: Run::Storage(|s| Box::pin(compaction_keeps(s))),
    },
    Contract { name: "a snapshot stays as it is", run: Run::Storage(|s| Box::pin(snapshot(s))) },
];

fn expired(asked: Revision, compacted: Revision) -> impl Fn(&StorageError) -> bool {
    move |error| matches!(error, StorageError::Expired { asked: a, compacted: c, .. } if (*a, *c) == (asked, compacted))
}

async fn at(storage: &dyn Storage, revision: Revision) -> StorageResult<()> {
    let at = ReadAt::Exactly(revision);
    storage.list(&KeyRange::all(), &ListOptions { at, ..ListOptions::default() }).await?;
    storage.get(&"/a".into(), at).await.map(drop)
}

/// `Latest`, and `AtLeast` the revision of the write, show the write.
async fn latest(storage: &dyn Storage) -> Verdict {
    same("an absent key", text(storage, "/a").await?, None)?;
    for value in ["1", "2", "3"] {
        let revision = put(storage, "/a", value).await?;
        for at in [ReadAt::Latest, ReadAt::AtLeast(revision), ReadAt::Exactly(revision)] {
            same("the value", text_at(storage, "/a", at).await?, Some(value.into()))?;
            let got = storage.get(&"/a".into(), at).await?;
            same("the revision read", got.revision, revision)?;
        }
        same("the newest revision", storage.current().await?, revision)?;
    }
    storage.get(&"/a".into(), ReadAt::Any).await?;
    Ok(())
}

/// A chain of versions, deletes among them, reads back at each revision.
async fn every_revision(storage: &dyn Storage) -> Verdict {
    let mut wanted = Vec::new();
    for round in 0..30 {
        let revision = put(storage, "/other", "x").await?;
        wanted.push((revision, wanted.last().and_then(|(_, value): &(_, Option<&str>)| *value)));
        let (op, value) = match round % 3 {
            0 => (write("/a", "one"), Some("one")),
            1 => (write("/a", "two"), Some("two")),
            _ => (remove("/a"), None),
        };
        wanted.push((commit(storage, Txn::of(vec![op])).await?, value));
    }
    for (revision, value) in wanted {
        let at = ReadAt::Exactly(revision);
        same("the value", text_at(storage, "/a", at).await?, value.map(String::from))?;
        let listed = keys(storage, &KeyRange::prefix("/a"), at).await?;
        same("the list", listed.len(), usize::from(value.is_some()))?;
    }
    Ok(())
}

/// A revision that does not exist yet is `Future`.
async fn future(storage: &dyn Storage) -> Verdict {
    let head = put(storage, "/a", "1").await?;
    let far = Revision::new(head.get() + 1000);
    for at in [ReadAt::Exactly(far), ReadAt::AtLeast(far)] {
        let result = storage.get(&"/a".into(), at).await;
        refused(
            "a read",
            result,
            |error| matches!(error, StorageError::Future { asked, .. } if *asked == far),
        )?;
    }
    refused("a compaction", storage.compact(far).await, |error| matches!(error, StorageError::Future { .. }))
}

/// Prefix, single key, half-open, everything.
async fn range(storage: &dyn Storage) -> Verdict {
    for key in ["/b/2", "/a", "/b", "/b/1", "/c", "/b0"] {
        put(storage, key, "1").await?;
    }
    let cases = [
        (KeyRange::all(), vec!["/a", "/b", "/b/1", "/b/2", "/b0", "/c"]),
        (KeyRange::prefix("/b/"), vec!["/b/1", "/b/2"]),
        (KeyRange::one(&Key::from("/b")), vec!["/b"]),
        (KeyRange::between("/b", Some("/b0".into())), vec!["/b", "/b/1", "/b/2"]),
        (KeyRange::between("/b0", None), vec!["/b0", "/c"]),
        (KeyRange::between("/c", Some("/b".into())), vec![]),
    ];
    for (range, wanted) in cases {
        let seen = keys(storage, &range, ReadAt::Latest).await?;
        same(&format!("{range:?}"), seen, wanted.into_iter().map(String::from).collect())?;
    }
    Ok(())
}

async fn page(storage: &dyn Storage, limit: usize, from: Option<Continue>) -> StorageResult<Page> {
    let options = ListOptions { at: ReadAt::Latest, limit, continue_from: from };
    storage.list(&KeyRange::prefix("/p/"), &options).await
}

/// Writes between the pages do not show; what remains is exact where it is told.
async fn pages(storage: &dyn Storage) -> Verdict {
    for n in 0..10 {
        put(storage, &format!("/p/{n}"), "1").await?;
    }
    let head = put(storage, "/q", "1").await?;
    let (mut seen, mut from) = (Vec::new(), None);
    loop {
        let page = page(storage, 3, from).await?;
        same("the revision of a page", page.revision, head)?;
        seen.extend(page.items.iter().map(|kv| kv.key.to_string()));
        let left = u64::try_from(10 - seen.len()).unwrap_or(0);
        if page.remaining != 0 || page.next.is_none() {
            same("what remains", page.remaining, left)?;
        }
        put(storage, &format!("/p/{}-new", seen.len()), "1").await?;
        commit(storage, Txn::delete(format!("/p/{}", seen.len().min(9)))).await?;
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    same("the keys of all pages", seen, (0..10).map(|n| format!("/p/{n}")).collect())?;
    let whole = page(storage, 0, None).await?;
    same("a list without limit goes on", whole.next, None)
}

/// Once its revision is compacted a page says so; going on inconsistently still works.
async fn expired_page(storage: &dyn Storage) -> Verdict {
    for key in ["/p/1", "/p/2", "/p/3"] {
        put(storage, key, "1").await?;
    }
    let Some(next) = page(storage, 1, None).await?.next else { return broken("the list did not go on") };
    put(storage, "/p/4", "1").await?;
    let head = commit(storage, Txn::delete("/p/2")).await?;
    storage.compact(head).await?;
    let asked = next.revision;
    refused("a page", page(storage, 9, Some(next.clone())).await, expired(asked, head))?;
    let rest = page(storage, 9, Some(Continue { revision: Revision::ZERO, ..next })).await?;
    let seen: Vec<&str> = rest.items.iter().map(|kv| kv.key.as_str()).collect();
    same("the rest at the newest revision", seen, vec!["/p/3", "/p/4"])
}

/// Below the compacted revision reads expire; at and above it they do not. Compacting again changes nothing.
async fn compaction(storage: &dyn Storage) -> Verdict {
    let mut revisions = Vec::new();
    for value in ["1", "2", "3", "4", "5"] {
        revisions.push(put(storage, "/a", value).await?);
    }
    let [one, two, three, four, five] = revisions[..] else { return broken("five puts") };
    storage.compact(three).await?;
    for below in [one, two] {
        refused("a read below", at(storage, below).await, expired(below, three))?;
    }
    for (revision, value) in [(three, "3"), (four, "4"), (five, "5")] {
        at(storage, revision).await?;
        same("the value", text_at(storage, "/a", ReadAt::Exactly(revision)).await?, Some(value.into()))?;
    }
    same("the newest revision", storage.current().await?, five)?;
    storage.compact(five).await?;
    refused("a read below", at(storage, four).await, expired(four, five))?;
    at(storage, five).await?;
    same("the next revision", put(storage, "/a", "6").await?, five.next())
}

/// What was not written for long stays, what was deleted stays deleted.
async fn compaction_keeps(storage: &dyn Storage) -> Verdict {
    put(storage, "/old", "1").await?;
    put(storage, "/gone", "1").await?;
    put(storage, "/back", "1").await?;
    commit(storage, Txn::of(vec![remove("/gone"), remove("/back")])).await?;
    put(storage, "/back", "2").await?;
    let head = put(storage, "/new", "1").await?;
    storage.compact(head).await?;
    let seen = keys(storage, &KeyRange::all(), ReadAt::Exactly(head)).await?;
    same("the keys", seen, vec!["/back".into(), "/new".into(), "/old".into()])?;
    same("the value", text(storage, "/back").await?, Some("2".into()))
}

/// Where there are snapshots they are not touched by writes and compaction.
async fn snapshot(storage: &dyn Storage) -> Verdict {
    put(storage, "/a", "1").await?;
    let head = put(storage, "/b", "1").await?;
    let Some(snapshot) = storage.snapshot() else { return Ok(()) };
    put(storage, "/a", "2").await?;
    let now = commit(storage, Txn::of(vec![remove("/b"), write("/c", "1")])).await?;
    storage.compact(now).await?;
    same("the revision", snapshot.revision(), head)?;
    let all = KeyRange::all();
    let seen: Vec<(&str, &[u8])> = snapshot.range(&all).map(|kv| (kv.key.as_str(), &kv.value[..])).collect();
    same("the values", seen, vec![("/a", b"1"), ("/b", b"1")])?;
    same("the count", snapshot.count(&all), 2)?;
    same("an absent key", snapshot.get(&"/c".into()).is_some(), false)
}
