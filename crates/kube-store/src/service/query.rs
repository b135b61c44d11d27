//! What to list and what to watch.

use crate::storage::{ReadAt, Revision};
use kube_core::selector::Selector;
use kube_core::selector::field::FieldSelector;
use kube_core::view::RawObject;

/// Which objects a list or watch is about.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Selection {
    /// In this namespace; `None` or empty for all.
    pub namespace: Option<String>,
    /// Objects with these labels; `None` for all.
    pub labels: Option<Selector>,
    /// Objects with these fields; `None` for all.
    pub fields: Option<FieldSelector>,
}

impl Selection {
    /// Everything in one namespace.
    pub fn namespaced(namespace: impl Into<String>) -> Self {
        Self { namespace: Some(namespace.into()), ..Self::default() }
    }

    /// The namespace; `None` for all.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|namespace| !namespace.is_empty())
    }
}

/// How lists and watches select: the same for both.
macro_rules! selects {
    () => {
        /// The same, but only objects with these labels.
        #[must_use]
        pub fn labels(mut self, labels: Selector) -> Self {
            self.selection.labels = Some(labels);
            self
        }

        /// The same, but only objects with these fields.
        #[must_use]
        pub fn fields(mut self, fields: FieldSelector) -> Self {
            self.selection.fields = Some(fields);
            self
        }
    };
}

/// What to list.
///
/// ```
/// use kube_core::kinds::core::v1::ConfigMap;
/// use kube_store::service::ListQuery;
/// use kube_store::{api::Api, objects::Objects, rt, storage::MemoryStorage};
/// use serde_json::{from_value, json};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let objects = Objects::new(std::sync::Arc::new(MemoryStorage::new()), rt::env());
/// let maps: Api<ConfigMap> = Api::namespaced(objects, "default");
/// for name in ["a", "b", "c"] {
///     maps.create(&from_value(json!({"metadata": {"name": name, "labels": {"tier": "web"}}}))?).await?;
/// }
/// // In pages, all of one revision.
/// let query = ListQuery::all().labels("tier in (web, edge)".parse()?).limit(2);
/// let first = maps.list(&query).await?;
/// let token = first.continue_token.ok_or("there is more")?;
/// let rest = maps.list(&query.after(token)).await?;
/// assert_eq!((first.items.len(), rest.items.len(), rest.continue_token), (2, 1, None));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ListQuery {
    /// Of which objects.
    pub selection: Selection,
    /// Which revision.
    pub at: ReadAt,
    /// How many at the most; 0 for all.
    pub limit: usize,
    /// Where the last page ended, as [`RawList::continue_token`] told.
    pub continue_token: Option<String>,
}

impl ListQuery {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Everything in one namespace.
    pub fn namespaced(namespace: impl Into<String>) -> Self {
        Self { selection: Selection::namespaced(namespace), ..Self::default() }
    }

    selects!();

    /// The same in pages of `limit`.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// The page after the one that gave `token`.
    #[must_use]
    pub fn after(mut self, token: impl Into<String>) -> Self {
        self.continue_token = Some(token.into());
        self
    }

    /// The same at another revision.
    #[must_use]
    pub fn at(mut self, at: ReadAt) -> Self {
        self.at = at;
        self
    }
}

/// A list, all of it at one revision.
#[derive(Clone, Debug)]
pub struct RawList {
    /// The objects, by namespace and name.
    pub items: Vec<RawObject>,
    /// The revision shown.
    pub revision: Revision,
    /// Where to go on; `None` at the end.
    pub continue_token: Option<String>,
    /// How many more follow; `None` where it is not known (with selectors, as in Kubernetes).
    pub remaining: Option<u64>,
}

/// Where a watch begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WatchStart {
    /// With the present objects as `Added`, then a bookmark, then changes.
    #[default]
    Initial,
    /// After this revision.
    After(Revision),
}

/// What to watch.
///
/// ```
/// use kube_core::kinds::core::v1::ConfigMap;
/// use kube_store::service::WatchQuery;
/// use kube_store::{api::{Api, Event}, objects::Objects, rt, storage::MemoryStorage};
/// use futures::StreamExt;
/// use serde_json::{from_value, json};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
/// # runtime.block_on(async {
/// let objects = Objects::new(std::sync::Arc::new(MemoryStorage::new()), rt::env());
/// let maps: Api<ConfigMap> = Api::namespaced(objects, "default");
/// maps.create(&from_value(json!({"metadata": {"name": "a"}}))?).await?;
/// let mut events = maps.watch(&WatchQuery::all()).await?;
/// // What is there, a bookmark, then what changes.
/// assert!(matches!(events.next().await, Some(Ok(Event::Added(_)))));
/// assert!(matches!(events.next().await, Some(Ok(Event::Bookmark(_)))));
/// maps.edit("a", |map| map.immutable = Some(true)).await?;
/// assert!(matches!(events.next().await, Some(Ok(Event::Modified(_)))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WatchQuery {
    /// Of which objects; one that begins to match is `Added`, one that ceases is `Deleted`.
    pub selection: Selection,
    /// Where to begin.
    pub start: WatchStart,
    /// Whether to tell of revisions that changed nothing here.
    pub bookmarks: bool,
}

impl WatchQuery {
    /// Everything from the present state on, with bookmarks: what an informer wants.
    pub fn all() -> Self {
        Self { bookmarks: true, ..Self::default() }
    }

    /// The same in one namespace.
    #[must_use]
    pub fn namespaced(mut self, namespace: impl Into<String>) -> Self {
        self.selection.namespace = Some(namespace.into());
        self
    }

    selects!();

    /// The changes after `revision`.
    #[must_use]
    pub fn after(mut self, revision: Revision) -> Self {
        self.start = WatchStart::After(revision);
        self
    }
}
