//! The `CustomResourceDefinition` of a kind of your own.

use super::{CustomKind, Object};
use crate::kinds::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionNames, CustomResourceDefinitionSpec,
    CustomResourceDefinitionVersion, CustomResourceSubresourceStatus, CustomResourceSubresources,
    CustomResourceValidation, JSONSchemaProps,
};
use crate::kinds::meta::v1::ObjectMeta;
use crate::resource::{Resource, Scope};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The `CustomResourceDefinition` of [`Object<S>`](Object), with a structural schema from `schemars`.
pub fn crd<S: CustomKind>() -> CustomResourceDefinition {
    let info = Object::<S>::kind_info();
    let status = CustomResourceSubresources {
        status: Some(CustomResourceSubresourceStatus(json!({}))),
        ..CustomResourceSubresources::default()
    };
    let version = CustomResourceDefinitionVersion {
        name: S::VERSION.to_owned(),
        served: true,
        storage: true,
        schema: Some(CustomResourceValidation { open_api_v3_schema: Some(structural_schema::<S>()) }),
        subresources: Some(status),
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
                short_names: Some(S::SHORT_NAMES.iter().map(|&n| n.to_owned()).collect()),
                ..CustomResourceDefinitionNames::default()
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

/// `{spec, status}` with every reference inlined, as structural schemas ask.
fn structural_schema<S: CustomKind>() -> JSONSchemaProps {
    let settings = SchemaSettings::openapi3().with(|s| {
        s.inline_subschemas = true;
        s.meta_schema = None;
    });
    let spec = settings.clone().into_generator().into_root_schema_for::<S>();
    let status = settings.into_generator().into_root_schema_for::<S::Status>();
    let mut schema = json!({
        "type": "object",
        "required": ["spec"],
        "properties": { "spec": spec, "status": status },
    });
    make_structural(&mut schema);
    // A schema that the API type cannot hold keeps every field instead of losing the kind.
    serde_json::from_value(schema).unwrap_or_else(|_| JSONSchemaProps {
        type_: Some("object".to_owned()),
        x_kubernetes_preserve_unknown_fields: Some(true),
        ..JSONSchemaProps::default()
    })
}

/// Drops what structural schemas do not know: titles, and number formats of Rust's own.
fn make_structural(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("type").is_some_and(Value::is_string) {
                map.remove("title");
                let foreign = map
                    .get("format")
                    .and_then(Value::as_str)
                    .is_some_and(|f| f.starts_with("uint") || f == "int8" || f == "int16");
                if foreign {
                    map.remove("format");
                }
            }
            map.remove("$schema");
            map.values_mut().for_each(make_structural);
        }
        Value::Array(items) => items.iter_mut().for_each(make_structural),
        _ => {}
    }
}
