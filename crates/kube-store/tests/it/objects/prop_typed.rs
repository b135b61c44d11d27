//! An object that a program made is stored as its JSON would be, or refused in the same words.

use super::{World, key, run, world};
use jiff::Timestamp;
use kube_core::codec::TypedObject;
use kube_core::error::ApiError;
use kube_core::kinds::core::v1::{
    ContainerState, ContainerStateRunning, ContainerStatus, Pod, PodCondition, PodIP, PodStatus,
};
use kube_core::kinds::meta::v1::{ObjectMeta, OwnerReference, Time};
use kube_core::resource::{ObjectKey, Resource};
use kube_core::strategies;
use kube_core::view::RawObject;
use kube_store::service::{FieldValidation, ObjectService, Subresource, WriteOptions};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::TestCaseError;

/// What is compared: the bytes and the version, or all that an error says.
type Outcome = Result<(String, u64), String>;

fn outcome(answer: Result<RawObject, ApiError>) -> Outcome {
    let raw = answer.map_err(|error| format!("{error:?}"))?;
    Ok((String::from_utf8(raw.bytes.to_vec()).expect("JSON"), raw.version.revision()))
}

/// Two worlds of the same seed: one is given JSON, the other what the JSON was made of.
struct Twins {
    json: World,
    typed: World,
    options: WriteOptions,
}

impl Twins {
    fn new(validation: FieldValidation) -> Self {
        let options = WriteOptions::default().validated(validation);
        Self { json: world(), typed: world(), options }
    }

    fn create<K: Resource>(&self, object: &K) -> Result<Outcome, TestCaseError> {
        let namespace = if K::kind_info().is_namespaced() { "default" } else { "" };
        let (kind, value) = (K::kind_info(), object.to_json_value().expect("JSON"));
        let json = outcome(run(self.json.objects.create(kind, namespace, value, &self.options)));
        let typed = self.typed.objects.create_typed(kind, namespace, object.as_typed(), &self.options);
        let typed = outcome(run(typed));
        prop_assert_eq!(&typed, &json);
        Ok(json)
    }

    fn update(
        &self,
        key: &ObjectKey,
        part: Subresource,
        object: &dyn TypedObject,
    ) -> Result<(), TestCaseError> {
        let (kind, value) = (object.kind(), object.to_json().expect("JSON"));
        let json = outcome(run(self.json.objects.update(kind, key, part, value, &self.options)));
        let typed = outcome(run(self.typed.objects.update_typed(kind, key, part, object, &self.options)));
        prop_assert_eq!(typed, json);
        Ok(())
    }
}

/// Everything that may be done to an object, rightly or not.
fn check<K: Resource>(first: &K, second: &K, meta: Touch, strict: bool) -> Result<(), TestCaseError> {
    let twins = Twins::new(if strict { FieldValidation::Strict } else { FieldValidation::Ignore });
    let (mut first, mut second) = (first.clone(), second.clone());
    for object in [&mut first, &mut second] {
        object.metadata_mut().name = Some("a".to_owned());
        object.metadata_mut().namespace = None;
    }
    meta.apply(first.metadata_mut());
    let key = if K::kind_info().is_namespaced() { key("a") } else { ObjectKey::cluster("a") };
    let _refused = twins.create(&first)?.is_err();
    second.metadata_mut().uid = None;
    let _taken = twins.create(&second)?.is_err();
    twins.update(&key, Subresource::Status, second.as_typed())?;
    meta.apply(second.metadata_mut());
    twins.update(&key, Subresource::Status, second.as_typed())?;
    twins.update(&key, Subresource::Main, second.as_typed())?;
    twins.update(&key, Subresource::Main, first.as_typed())
}

/// What is done to the metadata.
#[derive(Clone, Copy, Debug)]
enum Touch {
    Nothing,
    Labels,
    BadLabel,
    Owner,
    Version,
    OtherName,
    NoName,
}

impl Touch {
    fn apply(self, meta: &mut ObjectMeta) {
        let text = |text: &str| text.to_owned();
        match self {
            Self::Nothing => {}
            Self::Labels => drop(meta.labels.get_or_insert_default().insert(text("touched"), text("yes"))),
            Self::BadLabel => drop(meta.labels.get_or_insert_default().insert(text("a b"), text("-"))),
            Self::Owner => {
                meta.owner_references = Some(vec![OwnerReference {
                    api_version: text("apps/v1"),
                    kind: text("ReplicaSet"),
                    name: text("x"),
                    uid: text("u"),
                    ..OwnerReference::default()
                }]);
            }
            Self::Version => meta.resource_version = Some(text("1")),
            Self::OtherName => meta.name = Some(text("b")),
            Self::NoName => (meta.name, meta.generate_name) = (None, Some(text("made-"))),
        }
    }
}

fn touch() -> impl Strategy<Value = Touch> {
    use Touch::{BadLabel, Labels, NoName, Nothing, OtherName, Owner, Version};
    prop_oneof![
        4 => Just(Nothing), 2 => Just(Labels), 1 => Just(BadLabel), 1 => Just(Owner), 1 => Just(Version),
        1 => Just(OtherName), 1 => Just(NoName),
    ]
}

/// A time that is not told to its last digit.
fn time() -> impl Strategy<Value = Time> {
    (0..2_000_000_000_i64, 0..1_000_000_000_i32)
        .prop_map(|(seconds, nanos)| Time(Timestamp::new(seconds, nanos).expect("within range")))
}

fn status() -> impl Strategy<Value = PodStatus> {
    let condition = (any::<bool>(), time()).prop_map(|(ready, time)| PodCondition {
        type_: "Ready".to_owned(),
        status: if ready { "True" } else { "False" }.to_owned(),
        last_transition_time: Some(time),
        ..PodCondition::default()
    });
    let address = prop_oneof![Just("10.0.0.1"), Just("fd00::1"), Just("not an address"), Just("010.0.0.1")];
    let address = address.prop_map(|ip| PodIP { ip: ip.to_owned() });
    let container = (0..3_i32, option::of(time())).prop_map(|(restarts, since)| ContainerStatus {
        name: "main".to_owned(),
        restart_count: restarts,
        state: since.map(|started_at| ContainerState {
            running: Some(ContainerStateRunning { started_at: Some(started_at) }),
            ..ContainerState::default()
        }),
        ..ContainerStatus::default()
    });
    let lists = (option::of(vec(condition, 0..3)), option::of(vec(address, 0..3)), vec(container, 0..3));
    let phase = prop_oneof![Just(None), Just(Some("Running")), Just(Some("Failed")), Just(Some(""))];
    (phase, option::of(time()), lists).prop_map(|(phase, start_time, (conditions, pod_ips, containers))| {
        PodStatus {
            phase: phase.map(str::to_owned),
            start_time,
            conditions,
            pod_ips,
            container_statuses: Some(containers),
            ..PodStatus::default()
        }
    })
}

/// A pod with a status, now and then without what a pod must have.
fn pod() -> impl Strategy<Value = Pod> {
    (strategies::pod(), option::of(status()), 0..8_u8).prop_map(|(mut pod, status, broken)| {
        pod.status = status;
        match (&mut pod.spec, broken) {
            (Some(spec), 0) => spec.containers.clear(),
            (Some(spec), 1) => spec.restart_policy = Some("Sometimes".to_owned()),
            (spec, 2) => *spec = None,
            _ => {}
        }
        pod
    })
}

proptest! {
    #[test]
    fn pods(first in pod(), second in pod(), touch in touch(), strict in any::<bool>()) {
        check(&first, &second, touch, strict)?;
    }

    #[test]
    fn deployments(first in strategies::deployment(), second in strategies::deployment(), touch in touch()) {
        check(&first, &second, touch, false)?;
    }

    #[test]
    fn nodes(first in strategies::node(), second in strategies::node(), touch in touch()) {
        check(&first, &second, touch, false)?;
    }

    #[test]
    fn services(first in strategies::service(), second in strategies::service(), touch in touch()) {
        check(&first, &second, touch, false)?;
    }
}
