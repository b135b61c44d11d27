//! The `CustomResourceDefinition` of a kind of your own.

use super::shape::object_schema;
use super::{CustomKind, Object};
use crate::kinds::apiextensions::v1::{
    CustomResourceColumnDefinition, CustomResourceDefinition, CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec, CustomResourceDefinitionVersion, CustomResourceSubresourceScale,
    CustomResourceSubresourceStatus, CustomResourceSubresources, CustomResourceValidation,
};
use crate::kinds::meta::v1::ObjectMeta;
use crate::resource::{Resource, Scope};
use crate::table::PrinterColumn;
use serde_json::json;

/// The `CustomResourceDefinition` of [`Object<S>`](Object), with a structural schema from `schemars`.
pub fn crd<S: CustomKind>() -> CustomResourceDefinition {
    let info = Object::<S>::kind_info();
    let scale = || CustomResourceSubresourceScale {
        spec_replicas_path: ".spec.replicas".to_owned(),
        status_replicas_path: ".status.replicas".to_owned(),
        label_selector_path: None,
    };
    let subresources = CustomResourceSubresources {
        status: Some(CustomResourceSubresourceStatus(json!({}))),
        scale: S::SCALES.then(scale),
    };
    let version = CustomResourceDefinitionVersion {
        name: S::VERSION.to_owned(),
        served: true,
        storage: true,
        schema: Some(CustomResourceValidation { open_api_v3_schema: Some(object_schema::<S>()) }),
        subresources: Some(subresources),
        additional_printer_columns: (!S::COLUMNS.is_empty()).then(|| S::COLUMNS.iter().map(column).collect()),
        ..CustomResourceDefinitionVersion::default()
    };
    CustomResourceDefinition {
        metadata: ObjectMeta { name: Some(format!("{}.{}", S::PLURAL, S::GROUP)), ..ObjectMeta::default() },
        spec: CustomResourceDefinitionSpec {
            group: S::GROUP.to_owned(),
            names: CustomResourceDefinitionNames {
                kind: S::KIND.to_owned(),
                plural: S::PLURAL.to_owned(),
                singular: Some(info.kind.to_lowercase()),
                short_names: names(S::SHORT_NAMES),
                categories: names(S::CATEGORIES),
                list_kind: Some(format!("{}List", S::KIND)),
            },
            scope: match S::SCOPE {
                Scope::Namespaced => "Namespaced".to_owned(),
                Scope::Cluster => "Cluster".to_owned(),
            },
            versions: vec![version],
            ..CustomResourceDefinitionSpec::default()
        },
        status: None,
    }
}

fn column(column: &PrinterColumn) -> CustomResourceColumnDefinition {
    CustomResourceColumnDefinition {
        name: column.name.to_owned(),
        type_: column.kind.to_owned(),
        json_path: column.json_path.to_owned(),
        description: Some(column.description).filter(|text| !text.is_empty()).map(str::to_owned),
        priority: Some(column.priority).filter(|priority| *priority != 0),
        format: None,
    }
}

fn names(list: &[&str]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.iter().map(|&name| name.to_owned()).collect())
}
