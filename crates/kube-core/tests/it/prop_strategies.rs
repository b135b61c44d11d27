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
    let codec = find_codec(&info.group, &info.version, &info.kind).ok_or_else(|| failed("no codec"))?;
    let mut typed = object.clone();
    typed.set_defaults();
    prop_assert_eq!(typed.validate(), [], "it is valid");
    let printed = codec.print(&typed).map_err(failed)?;
    let again: K = serde_json::from_slice(&printed).map_err(failed)?;
    prop_assert_eq!(&again, &typed, "it reads back");

    let mut dynamic = serde_json::to_value(object).map_err(failed)?;
    codec.set_defaults(&mut dynamic).map_err(failed)?;
    prop_assert_eq!(canonical(&dynamic), &printed, "typed and dynamic");
    let mut patched = json!({"metadata": {"name": "other", "labels": {"gone": "x"}}, "nonsense": 1});
    let mut patch = serde_json::to_value(object).map_err(failed)?;
    patch["metadata"]["labels"]["gone"] = json!(null);
    apply_merge(&mut patched, &patch);
    if let (None, Some(metadata)) = (&object.metadata().labels, patched["metadata"].as_object_mut()) {
        metadata.remove("labels");
    }
    codec.set_defaults(&mut patched).map_err(failed)?;
    prop_assert_eq!(canonical(&patched), printed, "typed and patched");
    prop_assert!(is_dns1123_label(object.name()).is_empty());
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn failed(why: impl ToString) -> TestCaseError {
    TestCaseError::fail(why.to_string())
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
