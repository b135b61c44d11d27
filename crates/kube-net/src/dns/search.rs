//! What a pod's resolver makes of a name.

use super::answer::Answer;
use super::record::RecordType;
use super::zone::Zone;

/// The lines `search` and `options ndots` of a pod's `resolv.conf`.
///
/// ```
/// use kube_net::dns::SearchPath;
///
/// let path = SearchPath::of_pod("prod", "cluster.local");
/// assert_eq!(
///     path.candidates("web").collect::<Vec<_>>(),
///     ["web.prod.svc.cluster.local.", "web.svc.cluster.local.", "web.cluster.local.", "web."],
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchPath {
    /// The domains to try, in their order.
    pub domains: Vec<String>,
    /// A name with at least so many dots is tried as it is first; otherwise last.
    pub ndots: usize,
}

impl SearchPath {
    /// That of a pod with `dnsPolicy: ClusterFirst` in `namespace`: three domains and five dots.
    ///
    /// Source: `k8s.io/kubernetes/pkg/kubelet/network/dns`.
    pub fn of_pod(namespace: &str, domain: &str) -> Self {
        let domain = domain.trim_matches('.');
        Self {
            domains: vec![format!("{namespace}.svc.{domain}"), format!("svc.{domain}"), domain.to_owned()],
            ndots: 5,
        }
    }

    /// The complete names to ask for, in their order. A name with a last dot is complete.
    pub fn candidates(&self, name: &str) -> impl Iterator<Item = String> {
        let complete = name.ends_with('.');
        let bare = name.trim_end_matches('.');
        let first = complete || bare.matches('.').count() >= self.ndots;
        let as_it_is = (!bare.is_empty()).then(|| format!("{bare}."));
        let domains = if complete || bare.is_empty() { &[][..] } else { &self.domains[..] };
        let searched = domains.iter().map(move |domain| format!("{bare}.{}.", domain.trim_matches('.')));
        let (before, after) = if first { (as_it_is, None) } else { (None, as_it_is) };
        before.into_iter().chain(searched).chain(after)
    }

    /// Asks `zone` for each candidate until one has data: the answer with the name that it is for, and how many were
    /// asked. `None` where none has data.
    pub fn ask(&self, zone: &Zone, name: &str, kind: RecordType) -> Option<(String, Answer, usize)> {
        self.candidates(name).zip(1..).find_map(|(candidate, asked)| {
            let answer = zone.answer(&candidate, kind);
            answer.has_data(kind).then_some((candidate, answer, asked))
        })
    }
}
