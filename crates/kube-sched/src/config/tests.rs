//! Order, weights, and what bad input gets.

use super::{ArgsError, Configuration, Registry};
use crate::engine::Engine;
use crate::framework::{Filter, NodeRef, Plugin, PodInfo, Points, Reads, Verdict};
use crate::profile::Point;
use std::sync::Arc;

fn read(text: &str) -> Configuration {
    Configuration::from_yaml(text, &Registry::built_in()).unwrap()
}

fn wrong(profile: &str) -> String {
    let text = format!("profiles:\n- schedulerName: mine\n  {}", profile.replace('\n', "\n  "));
    Configuration::from_yaml(&text, &Registry::built_in()).unwrap_err().to_string()
}

fn order(text: &str, point: Point) -> Vec<&'static str> {
    let profile = &read(text).profiles["default-scheduler"];
    Engine::new(profile).unwrap().at(point).map(|plugin| plugin.name).collect()
}

#[test]
fn an_empty_configuration_is_the_default_profile() {
    let configuration =
        read("apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n");
    let profile = &configuration.profiles["default-scheduler"];
    let default: Vec<_> =
        crate::profile::Profile::default().plugins().map(|(n, w)| (n.to_owned(), w)).collect();
    let got: Vec<_> = profile.plugins().map(|(name, weight)| (name.to_owned(), weight)).collect();
    assert_eq!(got, default);
}

#[test]
fn single_points_override_multi_point() {
    let text = "profiles: [{plugins: {filter: {enabled: [{name: NodePorts}, {name: NodeName}], \
                disabled: [{name: TaintToleration}]}}}]";
    let filters = order(text, Point::Filter);
    assert_eq!(filters[..3], ["NodePorts", "NodeName", "NodeUnschedulable"]);
    assert!(!filters.contains(&"TaintToleration"));
    assert!(order(text, Point::Score).contains(&"TaintToleration"));
    let only = "profiles: [{plugins: {score: {disabled: [{name: '*'}], enabled: [{name: ImageLocality, weight: 7}]}}}]";
    assert_eq!(order(only, Point::Score), ["ImageLocality"]);
    assert_eq!(read(only).profiles["default-scheduler"].weight_of("ImageLocality"), Some(7));
    let bare = "profiles: [{plugins: {multiPoint: {disabled: [{name: '*'}], enabled: [{name: NodeName}]}}}]";
    assert_eq!(order(bare, Point::Filter), ["NodeName"]);
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (
            "plugins: {filter: {enabled: [{name: Nope}]}}",
            "plugin \"Nope\": plugins.filter.enabled: there is no such plugin",
        ),
        ("plugins: {filters: {}}", "plugins.filters: there is no such extension point"),
        (
            "plugins: {score: {enabled: [{name: NodeAffinity}, {name: NodeAffinity}]}}",
            "plugin \"NodeAffinity\": plugins.score.enabled: plugin already registered",
        ),
        (
            "plugins: {score: {enabled: [{name: NodeAffinity, weight: -1}]}}",
            "plugin \"NodeAffinity\": plugins.score.enabled: weight must not be negative, nor above 2147483647",
        ),
        (
            "pluginConfig: [{name: InterPodAffinity, args: {hardPodAffinityWeight: 101}}]",
            "plugin \"InterPodAffinity\": pluginConfig.args.hardPodAffinityWeight: 101 is not from 0 to 100",
        ),
        (
            "pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: Best}}}]",
            "plugin \"NodeResourcesFit\": pluginConfig.args.scoringStrategy.type: \"Best\" is none of LeastAllocated, \
             MostAllocated, RequestedToCapacityRatio",
        ),
        (
            "pluginConfig: [{name: NodePorts, args: {x: 1}}]",
            "plugin \"NodePorts\": pluginConfig.args: the plugin takes no arguments",
        ),
        (
            "pluginConfig: [{name: VolumeBinding, args: {bindTimeoutSeconds: -5}}]",
            "plugin \"VolumeBinding\": pluginConfig.args.bindTimeoutSeconds: invalid BindTimeoutSeconds, should not be a \
             negative value",
        ),
        (
            "pluginConfig: [{name: NodeName}, {name: NodeName}]",
            "plugin \"NodeName\": pluginConfig: repeated config for plugin",
        ),
    ];
    for (text, want) in cases {
        assert_eq!(wrong(text), format!("profile \"mine\": {want}"), "{text}");
    }
    assert!(
        wrong("pluginConfig: [{name: NodeResourcesFit, args: {scoringstrategy: {}}}]")
            .contains("scoringstrategy")
    );
}

#[test]
fn fields_of_the_whole_are_known_or_refused() {
    let refused = |text: &str| Configuration::from_yaml(text, &Registry::built_in()).unwrap_err().to_string();
    assert_eq!(refused("profile: []"), "profile: there is no such field");
    assert_eq!(refused("percentageOfNodesToScore: 101"), "percentageOfNodesToScore: must be from 0 to 100");
    assert!(refused("extenders: [{urlPrefix: x}]").starts_with("extenders: there are no extenders here"));
    assert_eq!(refused("podMaxBackoffSeconds: -1"), "podMaxBackoffSeconds: must not be negative");
    read(
        "leaderElection: {leaderElect: true}\nclientConnection: {qps: 100}\nparallelism: 16\npercentageOfNodesToScore: 50",
    );
}

/// Takes nodes whose name has so many letters.
struct Letters(usize);

impl Plugin for Letters {
    fn name(&self) -> &'static str {
        "Letters"
    }

    fn reads(&self) -> Reads {
        Reads::NOTHING
    }

    fn points(self: Arc<Self>, points: &mut Points) {
        points.filter(self);
    }
}

impl Filter for Letters {
    fn filter(&self, _pod: &PodInfo, node: NodeRef<'_>) -> Verdict {
        if node.name().len() == self.0 { Verdict::Fits } else { Verdict::no("too long or too short") }
    }
}

#[test]
fn a_plugin_of_ones_own_gets_its_arguments() {
    let registry = Registry::built_in().with("Letters", |args| {
        let count = args["count"].as_u64().and_then(|count| usize::try_from(count).ok());
        count.map(Letters).ok_or_else(|| ArgsError::new("count", "must be a number"))
    });
    let text = |args: &str| {
        format!(
            "profiles: [{{plugins: {{filter: {{enabled: [{{name: Letters}}]}}}}, \
             pluginConfig: [{{name: Letters, args: {args}}}]}}]"
        )
    };
    assert!(Configuration::from_yaml(&text("{count: 3}"), &registry).is_ok());
    let error = Configuration::from_yaml(&text("{}"), &registry).unwrap_err();
    assert_eq!((error.plugin.as_str(), error.field.as_str()), ("Letters", "pluginConfig.args.count"));
}
