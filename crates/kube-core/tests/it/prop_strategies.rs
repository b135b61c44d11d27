//! Objects made at random are valid, read back as they were written, and have one form however they are written.

use kube_core::codec::find_codec;
use kube_core::names::is_dns1123_label;
use kube_core::patch::apply_merge;
use kube_core::quantity::Quantity;
use kube_core::resource::ResourceExt;
use kube_core::selector::Selector;
use kube_core::strategies::{deployment, label_selector, name, node, pod, quantity, selector, service};
use kube_core::validate::Kind;
use kube_core::wire::canonical;
use proptest::prelude::{ProptestConfig, TestCaseError, prop_assert, prop_assert_eq, proptest};
use serde_json::json;

fn check<K: Kind + PartialEq>(object: &K) -> Result<(), TestCaseError> {
    let info = K::kind_info();
    let codec = find_codec(&info.group, &info.version, &info.kind).expect("a built-in kind");
    let mut typed = object.clone();
    typed.set_defaults();
    prop_assert_eq!(typed.validate(), [], "it is valid");
    let again: K = serde_json::from_slice(&codec.print(&typed).unwrap()).unwrap();
    prop_assert_eq!(&again, &typed, "it reads back");

    let mut dynamic = serde_json::to_value(object).unwrap();
    codec.set_defaults(&mut dynamic).unwrap();
    prop_assert_eq!(canonical(&dynamic), codec.print(&typed).unwrap(), "typed and dynamic");
    let mut patched = json!({"metadata": {"name": "other", "labels": {"gone": "x"}}, "nonsense": 1});
    let mut patch = serde_json::to_value(object).unwrap();
    patch["metadata"]["labels"]["gone"] = json!(null);
    apply_merge(&mut patched, &patch);
    if object.metadata().labels.is_none() {
        patched["metadata"].as_object_mut().unwrap().remove("labels");
    }
    codec.set_defaults(&mut patched).unwrap();
    prop_assert_eq!(canonical(&patched), codec.print(&typed).unwrap(), "typed and patched");
    prop_assert!(is_dns1123_label(object.name()).is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pods_are_valid(object in pod()) {
        check(&object)?;
    }

    #[test]
    fn nodes_are_valid(object in node()) {
        check(&object)?;
    }

    #[test]
    fn deployments_are_valid(object in deployment()) {
        check(&object)?;
    }

    #[test]
    fn services_are_valid(object in service()) {
        check(&object)?;
    }

    #[test]
    fn selectors_read_back(parsed in selector(), held in label_selector()) {
        let text = parsed.to_string();
        // Nothing and everything are written alike.
        if !text.is_empty() {
            prop_assert_eq!(text.parse::<Selector>().unwrap(), parsed);
        }
        prop_assert!(Selector::from_label_selector(Some(&held)).is_ok());
    }

    #[test]
    fn quantities_read_back(amount in quantity(), label in name()) {
        prop_assert!(amount.sign() > 0);
        prop_assert_eq!(Quantity::parse(&amount.to_string()).unwrap().to_string(), amount.to_string());
        prop_assert!(is_dns1123_label(&label).is_empty());
    }
}
