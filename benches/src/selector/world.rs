//! Pods and selectors as clusters have them.

use kube_core::env::Rng;
use std::collections::BTreeMap;

/// Labels of pods, and selectors in their text form.
#[derive(Debug)]
pub struct World {
    /// The labels of each pod.
    pub pods: Vec<BTreeMap<String, String>>,
    /// The selectors.
    pub selectors: Vec<String>,
}

impl World {
    /// `pods` pods of applications of about 15 replicas, and `selectors` selectors: most name one application, some
    /// add a tier, a set of environments or a version, a few name only what many pods have.
    pub fn new(pods: usize, selectors: usize) -> Self {
        let mut rng = Rng::forked(1, "selector");
        let apps = (pods / 15).max(selectors).max(1);
        Self {
            pods: (0..pods).map(|_| pod(&mut rng, apps)).collect(),
            selectors: (0..selectors).map(|_| selector(&mut rng, apps)).collect(),
        }
    }
}

const TIERS: [&str; 4] = ["frontend", "backend", "cache", "batch"];
const ENVIRONMENTS: [&str; 3] = ["production", "staging", "canary"];

/// Labels of one pod of one of `apps` applications.
fn pod(rng: &mut Rng, apps: usize) -> BTreeMap<String, String> {
    let app = rng.below(apps);
    let mut labels = BTreeMap::from([
        ("app.kubernetes.io/name".to_owned(), format!("app-{app}")),
        ("app.kubernetes.io/managed-by".to_owned(), "deck".to_owned()),
        ("tier".to_owned(), pick(rng, &TIERS)),
        ("environment".to_owned(), pick(rng, &ENVIRONMENTS)),
        ("pod-template-hash".to_owned(), format!("{:010x}", app.wrapping_mul(0x9e37_79b9))),
    ]);
    if rng.chance(0.1) {
        labels.insert("debug".to_owned(), String::new());
    }
    labels
}

/// One selector, mostly of one of `apps` applications.
fn selector(rng: &mut Rng, apps: usize) -> String {
    let app = format!("app.kubernetes.io/name=app-{}", rng.below(apps));
    let tier = pick(rng, &TIERS);
    match rng.below(200) {
        0..100 => app,
        100..150 => format!("{app},tier={tier}"),
        150..170 => format!("{app},environment in (production,staging)"),
        170..185 => format!("{app},!debug"),
        185..198 => format!("{app},environment!=canary,tier notin (batch,cache)"),
        198 => format!("tier={tier},debug"),
        _ => format!("environment notin (production),tier={tier}"),
    }
}

fn pick(rng: &mut Rng, items: &[&str]) -> String {
    rng.pick(items).copied().unwrap_or_default().to_owned()
}
