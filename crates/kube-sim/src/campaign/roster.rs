//! Who takes part in a run.

use super::build::Sim;
use crate::cluster::Factory;
use crate::faults::Cast;
use kube_core::error::ApiError;
use kube_core::selector::field::FieldSelector;
use kube_node::{FleetDriver, SimFleet};
use kube_sched::Scheduler;
use kube_store::client::Component;
use kube_store::informer::Informers;
use std::sync::Arc;

impl Sim {
    /// With all components: the built-in ones first, the nodes last.
    pub(super) fn complete(&self) -> Self {
        let mut sim = Self { nodes: 0, builtin: false, scheduler: None, ..self.clone() };
        let own = std::mem::take(&mut sim.blueprint.roles);
        if let Some(profile) = self.scheduler.clone() {
            sim = sim.role(
                "default-scheduler",
                None,
                Arc::new(move |informers| {
                    let built = Scheduler::builder(informers).profile(profile()).build();
                    Ok(Box::new(built.map_err(ApiError::internal)?))
                }),
            );
        }
        let controllers = if self.builtin { kube_controllers::builtin() } else { Vec::new() };
        for (index, controller) in controllers.iter().enumerate() {
            let asked = self.only.as_ref().is_none_or(|only| only.contains(controller.name()));
            if !asked || (!self.fleet.beats() && NEED_BEATS.contains(&controller.name())) {
                continue;
            }
            sim = sim.role(controller.name(), None, Arc::new(move |informers| builtin_at(index, informers)));
        }
        sim.blueprint.roles.extend(own);
        for index in 0..self.nodes {
            sim = sim.node(index, &self.fleet, &self.zones);
        }
        sim
    }

    /// The same as faults see them.
    pub(super) fn cast(&self) -> Cast {
        let mut cast = Cast::default();
        for role in &self.blueprint.roles {
            match &role.zone {
                Some(zone) => cast.nodes.push((role.name.clone(), zone.clone())),
                None => cast.components.push(role.name.clone()),
            }
        }
        cast
    }

    fn node(self, index: usize, fleet: &SimFleet, zones: &[String]) -> Self {
        let fleet = fleet.clone().first(index).count(1).zones(zones.iter().cloned());
        let name = fleet.node_names().next().unwrap_or_default();
        let zone: Arc<str> = match zones.get(index % zones.len().max(1)) {
            Some(zone) => zone.as_str().into(),
            None => "zone".into(),
        };
        let fields = FieldSelector::equal("spec.nodeName", &name);
        let factory: Factory =
            Arc::new(move |informers| Ok(Box::new(FleetDriver::new(fleet.clone(), informers))));
        self.role(&name, Some((zone, fields)), factory)
    }
}

/// Controllers that would take nodes which do not beat for dead.
const NEED_BEATS: [&str; 2] = ["node-lifecycle-controller", "taint-eviction-controller"];

/// The built-in controller at that place of the list.
fn builtin_at(index: usize, informers: &Informers) -> Result<Box<dyn Component>, ApiError> {
    let controller = kube_controllers::builtin().into_iter().nth(index);
    let controller = controller.ok_or_else(|| ApiError::internal("the list of controllers has changed"))?;
    Ok(Box::new(controller.bind(informers)))
}
