//! The kinds that are served, each with its strategy and its cache.

use super::contribution::Contributor;
use super::keys::Keys;
use super::strategy::{Plain, SelectableField, Strategy};
use super::virtual_resource::VirtualResource;
use crate::cache::KindCache;
use arc_swap::ArcSwap;
use kube_core::error::{ApiError, Reason};
use kube_core::resource::{GroupVersionKind, KindInfo};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// A kind that is served.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) info: Arc<KindInfo>,
    pub(crate) strategy: Arc<dyn Strategy>,
    /// What adds to the transactions of the kind.
    pub(crate) contributors: Vec<Arc<dyn Contributor>>,
    /// Answers for the kind instead of the store.
    pub(crate) provider: Option<Arc<dyn VirtualResource>>,
    /// What the keys of its objects begin with.
    pub(crate) prefix: Arc<str>,
    /// Shared by all versions of the resource, started by the first list or watch.
    pub(crate) cache: Arc<OnceLock<Arc<KindCache>>>,
    /// Not one of Kubernetes' own.
    pub(crate) custom: bool,
}

impl Served {
    /// The fields that selectors may name.
    pub(crate) fn fields(&self) -> &[SelectableField] {
        self.strategy.selectable_fields()
    }
}

/// What a kind is served by.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) strategy: Arc<dyn Strategy>,
    pub(crate) contributors: Vec<Arc<dyn Contributor>>,
    pub(crate) provider: Option<Arc<dyn VirtualResource>>,
    pub(crate) custom: bool,
}

impl Rules {
    pub(crate) fn new(strategy: Arc<dyn Strategy>, custom: bool) -> Self {
        Self { strategy, contributors: Vec::new(), provider: None, custom }
    }
}

/// Kinds by resource, each resource with the versions it is served in.
type Resources = BTreeMap<String, Vec<Arc<Served>>>;

/// The kinds that are served. Kinds may be added while requests run.
#[derive(Debug)]
pub(crate) struct KindRegistry {
    keys: Keys,
    kinds: ArcSwap<Resources>,
}

impl KindRegistry {
    pub(crate) fn new(keys: Keys) -> Self {
        Self { keys, kinds: ArcSwap::default() }
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Serves a kind; one of the same group, version and resource is replaced.
    pub(crate) fn register(&self, info: &Arc<KindInfo>, strategy: &Arc<dyn Strategy>, custom: bool) {
        self.kinds.rcu(|resources| {
            let mut resources = Resources::clone(resources);
            self.insert(&mut resources, info.clone(), Rules::new(strategy.clone(), custom));
            resources
        });
    }

    /// Serves a kind that a provider answers for.
    pub(crate) fn register_provided(&self, info: &Arc<KindInfo>, provider: &Arc<dyn VirtualResource>) {
        let mut resources = Resources::clone(&self.kinds.load());
        let plain: Arc<dyn Strategy> = Arc::new(Plain::default());
        let rules = Rules { provider: Some(provider.clone()), ..Rules::new(plain, true) };
        self.insert(&mut resources, info.clone(), rules);
        self.kinds.store(Arc::new(resources));
    }

    /// Serves Kubernetes' own kinds.
    pub(crate) fn register_all(&self, kinds: impl Iterator<Item = (Arc<KindInfo>, Arc<dyn Strategy>)>) {
        let mut resources = Resources::clone(&self.kinds.load());
        for (info, strategy) in kinds {
            self.insert(&mut resources, info, Rules::new(strategy, false));
        }
        self.kinds.store(Arc::new(resources));
    }

    fn insert(&self, resources: &mut Resources, info: Arc<KindInfo>, rules: Rules) {
        let Rules { strategy, contributors, provider, custom } = rules;
        let versions = resources.entry(info.plural.clone().into_owned()).or_default();
        let cache = versions.iter().find(|s| s.info.group == info.group).map(|s| s.cache.clone());
        versions.retain(|s| !(s.info.group == info.group && s.info.version == info.version));
        let prefix = self.keys.kind_prefix(&info).into();
        let cache = cache.unwrap_or_default();
        versions.push(Arc::new(Served { info, strategy, contributors, provider, prefix, cache, custom }));
    }

    /// Changes strategy and contributors of every version of a kind.
    pub(crate) fn change(&self, group: &str, kind: &str, change: impl Fn(&mut Rules)) {
        let all = self.kinds.load_full();
        let mut resources = Resources::clone(&all);
        for served in all.values().flatten().filter(|s| s.info.group == group && s.info.kind == kind) {
            let mut rules = Rules {
                strategy: served.strategy.clone(),
                contributors: served.contributors.clone(),
                provider: served.provider.clone(),
                custom: served.custom,
            };
            change(&mut rules);
            self.insert(&mut resources, served.info.clone(), rules);
        }
        self.kinds.store(Arc::new(resources));
    }

    /// # Errors
    /// 404 for a kind that is not served.
    pub(crate) fn served(&self, kind: &KindInfo) -> Result<Arc<Served>, ApiError> {
        let resources = self.kinds.load();
        let versions = resources.get(&*kind.plural).map(Vec::as_slice).unwrap_or_default();
        let found = versions.iter().find(|s| s.info.group == kind.group && s.info.version == kind.version);
        found.cloned().ok_or_else(|| {
            ApiError::new(Reason::NotFound, "the server could not find the requested resource")
        })
    }

    pub(crate) fn find(&self, wanted: &GroupVersionKind) -> Option<Arc<KindInfo>> {
        let resources = self.kinds.load();
        let found = resources.values().flatten().find(|s| {
            s.info.kind == *wanted.kind && s.info.group == *wanted.group && s.info.version == *wanted.version
        });
        found.map(|s| s.info.clone())
    }

    /// The caches that have begun.
    pub(crate) fn caches(&self) -> Vec<Arc<KindCache>> {
        self.kinds.load().values().flatten().filter_map(|s| s.cache.get().cloned()).collect()
    }

    pub(crate) fn all(&self) -> Vec<Arc<KindInfo>> {
        let mut kinds: Vec<Arc<KindInfo>> =
            self.kinds.load().values().flatten().map(|s| s.info.clone()).collect();
        kinds.sort_by(|a, b| (&a.group, &a.version, &a.kind).cmp(&(&b.group, &b.version, &b.kind)));
        kinds
    }
}
