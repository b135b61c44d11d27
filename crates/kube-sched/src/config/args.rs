//! The arguments of the built-in plugins.

use super::ArgsError;
use crate::framework::{Plugin, SpreadConstraint};
use crate::plugins::ResourceSpec;
use crate::plugins::default_preemption::DefaultPreemption;
use crate::plugins::inter_pod_affinity::InterPodAffinity;
use crate::plugins::node_affinity::NodeAffinity;
use crate::plugins::node_resources_balanced_allocation::NodeResourcesBalancedAllocation;
use crate::plugins::node_resources_fit::{Ignored, NodeResourcesFit, Prefer, ScoringStrategy, Shape};
use crate::plugins::pod_topology_spread::{DefaultConstraints, PodTopologySpread};
use crate::plugins::volume_binding::VolumeBinding;
use kube_core::kinds::core::v1::TopologySpreadConstraint;
use kube_core::selector::Selector;
use kube_core::selector::node::NodeSelector;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

type Made = Result<Arc<dyn Plugin>, ArgsError>;
type Make = Arc<dyn Fn(&Value) -> Made + Send + Sync>;

/// How a built-in plugin that takes arguments is made; `None` for the others. Add yours here with one line.
pub(super) fn maker(plugin: &str) -> Option<Make> {
    let make: fn(&Value) -> Made = match plugin {
        "DefaultPreemption" => default_preemption,
        "InterPodAffinity" => inter_pod_affinity,
        "NodeAffinity" => node_affinity,
        "NodeResourcesBalancedAllocation" => balanced_allocation,
        "NodeResourcesFit" => resources_fit,
        "PodTopologySpread" => topology_spread,
        "VolumeBinding" => volume_binding,
        _ => return None,
    };
    Some(Arc::new(make))
}

/// A plugin without arguments.
pub(super) fn none(args: &Value, plugin: &Arc<dyn Plugin>) -> Made {
    let empty = args.as_object().is_none_or(|map| map.keys().all(|key| key == "apiVersion" || key == "kind"));
    if empty { Ok(plugin.clone()) } else { Err(ArgsError::new("", "the plugin takes no arguments")) }
}

fn read<T: DeserializeOwned + Default>(args: &Value) -> Result<T, ArgsError> {
    let mut args = args.clone();
    if let Some(map) = args.as_object_mut() {
        map.remove("apiVersion");
        map.remove("kind");
    }
    if args.is_null() {
        return Ok(T::default());
    }
    serde_json::from_value(args).map_err(|error| ArgsError::new("", error.to_string()))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Preemption {
    min_candidate_nodes_percentage: Option<i64>,
    min_candidate_nodes_absolute: Option<i64>,
}

/// Every node is looked at whatever these say: they only bound how few kube-scheduler may look at.
fn default_preemption(args: &Value) -> Made {
    let args: Preemption = read(args)?;
    if args.min_candidate_nodes_percentage.is_some_and(|percent| !(0..=100).contains(&percent)) {
        return Err(ArgsError::new("minCandidateNodesPercentage", "must be from 0 to 100"));
    }
    if args.min_candidate_nodes_absolute.is_some_and(|count| count < 0) {
        return Err(ArgsError::new("minCandidateNodesAbsolute", "must not be negative"));
    }
    if args.min_candidate_nodes_percentage == Some(0) && args.min_candidate_nodes_absolute == Some(0) {
        return Err(ArgsError::new(
            "minCandidateNodesPercentage",
            "must not be 0 as minCandidateNodesAbsolute is",
        ));
    }
    Ok(Arc::new(DefaultPreemption))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct PodAffinity {
    hard_pod_affinity_weight: Option<i32>,
    ignore_preferred_terms_of_existing_pods: bool,
}

fn inter_pod_affinity(args: &Value) -> Made {
    let args: PodAffinity = read(args)?;
    let weight = args.hard_pod_affinity_weight.unwrap_or(1);
    if !(0..=100).contains(&weight) {
        return Err(ArgsError::new("hardPodAffinityWeight", format!("{weight} is not from 0 to 100")));
    }
    Ok(Arc::new(InterPodAffinity::new(weight, args.ignore_preferred_terms_of_existing_pods)))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Affinity {
    added_affinity: Option<AddedAffinity>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AddedAffinity {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    required: Option<NodeSelector>,
    #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    preferred: Vec<kube_core::selector::node::PreferredTerm>,
}

fn node_affinity(args: &Value) -> Made {
    let args: Affinity = read(args)?;
    let added = args.added_affinity.unwrap_or_default();
    NodeAffinity::with_added(added.required.as_ref(), &added.preferred)
        .map(|plugin| Arc::new(plugin) as Arc<dyn Plugin>)
        .map_err(|error| ArgsError::new("addedAffinity", error))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Resource {
    name: String,
    weight: Option<i64>,
}

fn resources(list: &[Resource], field: &str) -> Result<Vec<ResourceSpec>, ArgsError> {
    let read = |(number, resource): (usize, &Resource)| {
        let field = format!("{field}[{number}]");
        let weight = resource.weight.unwrap_or(1);
        if resource.name.is_empty() {
            return Err(ArgsError::new(format!("{field}.name"), "must not be empty"));
        }
        if list[..number].iter().any(|other| other.name == resource.name) {
            return Err(ArgsError::new(
                format!("{field}.name"),
                format!("{:?} stands there twice", resource.name),
            ));
        }
        if !(1..=100).contains(&weight) {
            return Err(ArgsError::new(format!("{field}.weight"), format!("{weight} is not from 1 to 100")));
        }
        Ok(ResourceSpec::new(resource.name.as_str(), weight))
    };
    list.iter().enumerate().map(read).collect()
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Balanced {
    resources: Vec<Resource>,
}

fn balanced_allocation(args: &Value) -> Made {
    let args: Balanced = read(args)?;
    if args.resources.is_empty() {
        return Ok(Arc::new(NodeResourcesBalancedAllocation::default()));
    }
    Ok(Arc::new(NodeResourcesBalancedAllocation::new(&resources(&args.resources, "resources")?)))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Fit {
    ignored_resources: Vec<String>,
    ignored_resource_groups: Vec<String>,
    scoring_strategy: Option<Strategy>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Strategy {
    r#type: Option<String>,
    resources: Vec<Resource>,
    requested_to_capacity_ratio: Option<Ratio>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Ratio {
    shape: Vec<ShapePoint>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ShapePoint {
    utilization: i64,
    score: i64,
}

fn resources_fit(args: &Value) -> Made {
    let args: Fit = read(args)?;
    if let Some(group) = args.ignored_resource_groups.iter().find(|group| group.contains('/')) {
        return Err(ArgsError::new("ignoredResourceGroups", format!("{group:?} must not contain '/'")));
    }
    let ignored = Ignored::new(args.ignored_resources, args.ignored_resource_groups);
    let strategy = args.scoring_strategy.map_or_else(|| Ok(ScoringStrategy::default()), strategy)?;
    Ok(Arc::new(NodeResourcesFit::new(strategy).ignoring(ignored)))
}

fn strategy(form: Strategy) -> Result<ScoringStrategy, ArgsError> {
    let prefer = match form.r#type.as_deref() {
        None | Some("LeastAllocated") => Prefer::LeastAllocated,
        Some("MostAllocated") => Prefer::MostAllocated,
        Some("RequestedToCapacityRatio") => Prefer::RequestedToCapacityRatio(shape(
            &form.requested_to_capacity_ratio.unwrap_or_default().shape,
        )?),
        Some(other) => {
            let text =
                format!("{other:?} is none of LeastAllocated, MostAllocated, RequestedToCapacityRatio");
            return Err(ArgsError::new("scoringStrategy.type", text));
        }
    };
    let default = ScoringStrategy { prefer, ..ScoringStrategy::default() };
    if form.resources.is_empty() {
        return Ok(default);
    }
    Ok(ScoringStrategy { resources: resources(&form.resources, "scoringStrategy.resources")?, ..default })
}

/// Source: `pkg/scheduler/apis/config/validation` (`validateFunctionShape`).
fn shape(points: &[ShapePoint]) -> Result<Shape, ArgsError> {
    let field = "scoringStrategy.requestedToCapacityRatio.shape";
    if points.is_empty() {
        return Err(ArgsError::new(field, "at least one point must be specified"));
    }
    for (number, point) in points.iter().enumerate() {
        let at = |name: &str| format!("{field}[{number}].{name}");
        if !(0..=100).contains(&point.utilization) {
            return Err(ArgsError::new(
                at("utilization"),
                format!("{} is not from 0 to 100", point.utilization),
            ));
        }
        if !(0..=10).contains(&point.score) {
            return Err(ArgsError::new(at("score"), format!("{} is not from 0 to 10", point.score)));
        }
        if number > 0 && points[number - 1].utilization >= point.utilization {
            return Err(ArgsError::new(
                at("utilization"),
                "utilization values must be sorted in increasing order",
            ));
        }
    }
    Ok(Shape::new(points.iter().map(|point| (point.utilization, point.score))))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Spread {
    default_constraints: Vec<TopologySpreadConstraint>,
    defaulting_type: Option<String>,
}

fn topology_spread(args: &Value) -> Made {
    let args: Spread = read(args)?;
    let system = match args.defaulting_type.as_deref() {
        None => args.default_constraints.is_empty(),
        Some("System") => true,
        Some("List") => false,
        Some(other) => {
            return Err(ArgsError::new("defaultingType", format!("{other:?} is neither System nor List")));
        }
    };
    if system {
        if !args.default_constraints.is_empty() {
            return Err(ArgsError::new("defaultConstraints", "must be empty where defaultingType is System"));
        }
        return Ok(Arc::new(PodTopologySpread::default()));
    }
    let (mut hard, mut soft) = (Vec::new(), Vec::new());
    for (number, constraint) in args.default_constraints.iter().enumerate() {
        let read = default_constraint(constraint, &format!("defaultConstraints[{number}]"))?;
        let list = if constraint.when_unsatisfiable == "ScheduleAnyway" { &mut soft } else { &mut hard };
        list.push(read);
    }
    Ok(Arc::new(PodTopologySpread::new(DefaultConstraints::List { hard, soft })))
}

fn default_constraint(form: &TopologySpreadConstraint, field: &str) -> Result<SpreadConstraint, ArgsError> {
    let wrong = |name: &str, problem: &str| Err(ArgsError::new(format!("{field}.{name}"), problem));
    if form.max_skew < 1 {
        return wrong("maxSkew", "must be greater than zero");
    }
    if form.topology_key.is_empty() {
        return wrong("topologyKey", "can not be empty");
    }
    if !["ScheduleAnyway", "DoNotSchedule"].contains(&form.when_unsatisfiable.as_str()) {
        return wrong("whenUnsatisfiable", "must be DoNotSchedule or ScheduleAnyway");
    }
    if form.label_selector.is_some() {
        return wrong("labelSelector", "constraint must not define a selector, as they deduced for each pod");
    }
    Ok(SpreadConstraint {
        max_skew: form.max_skew,
        topology_key: form.topology_key.as_str().into(),
        selector: Selector::nothing(),
        min_domains: form.min_domains.unwrap_or(1),
        honors_affinity: form.node_affinity_policy.as_deref() != Some("Ignore"),
        honors_taints: form.node_taints_policy.as_deref() == Some("Honor"),
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Volumes {
    bind_timeout_seconds: Option<i64>,
}

fn volume_binding(args: &Value) -> Made {
    let args: Volumes = read(args)?;
    let seconds = u64::try_from(args.bind_timeout_seconds.unwrap_or(600)).map_err(|_| {
        ArgsError::new("bindTimeoutSeconds", "invalid BindTimeoutSeconds, should not be a negative value")
    })?;
    Ok(Arc::new(VolumeBinding::new(Duration::from_secs(seconds))))
}
