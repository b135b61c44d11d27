//! What is told of objects that caches cannot read.

use crate::unreadable::{Account, LeftOut, OnUnreadable};
use kube_core::metrics::{Discard, Metrics};
use kube_core::resource::KindInfo;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The accounts of the caches, and where they tell.
pub(super) struct Watched {
    pub(super) metrics: Arc<dyn Metrics>,
    pub(super) told: Vec<OnUnreadable>,
    accounts: Mutex<Vec<(Arc<KindInfo>, Arc<Account>)>>,
}

/// As kube-apiserver counts them. Source: `k8s.io/apiserver/pkg/storage/etcd3/metrics`.
const COUNTER: &str = "apiserver_storage_decode_errors_total";

impl Watched {
    /// An account for the cache of `kind`.
    pub(super) fn account(&self, kind: &Arc<KindInfo>) -> Arc<Account> {
        let labels = [("group", &*kind.group), ("resource", &*kind.plural)];
        let account = Arc::new(Account::new(self.told.clone(), self.metrics.counter(COUNTER, &labels)));
        self.accounts().push((kind.clone(), account.clone()));
        account
    }

    /// What was left out, by kind.
    pub(super) fn unreadable(&self) -> Vec<(Arc<KindInfo>, LeftOut)> {
        let left_out =
            self.accounts().iter().map(|(kind, account)| (kind.clone(), account.so_far())).collect();
        let mut left_out: Vec<(Arc<KindInfo>, LeftOut)> = left_out;
        left_out.retain(|(_, left_out)| left_out.count > 0);
        left_out.sort_by(|(a, _), (b, _)| (&a.group, &a.plural).cmp(&(&b.group, &b.plural)));
        left_out
    }

    fn accounts(&self) -> MutexGuard<'_, Vec<(Arc<KindInfo>, Arc<Account>)>> {
        // Every section is one operation.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Watched {
    fn default() -> Self {
        Self { metrics: Arc::new(Discard), told: Vec::new(), accounts: Mutex::default() }
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("metrics", &self.metrics).finish_non_exhaustive()
    }
}
