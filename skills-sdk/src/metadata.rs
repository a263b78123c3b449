//! What a skill says of itself, as the JSON text that the contract asks for.

use schemars::Schema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value};

use crate::SkillSchema;

/// What a skill says of itself, with its schemas still to be built.
pub struct Metadata {
    /// What it does.
    pub description: &'static str,
    /// The schema of what it takes.
    pub input: fn() -> Schema,
    /// The schema of what it gives.
    pub output: fn() -> Schema,
    /// Changes nothing.
    pub read_only: bool,
    /// May remove or overwrite something.
    pub destructive: bool,
    /// The same call again changes nothing more.
    pub idempotent: bool,
    /// Reaches outside the sandbox.
    pub open_world: bool,
    /// A JSON array, checked when the skill was compiled.
    pub examples: &'static str,
}

impl Metadata {
    /// The JSON object.
    pub fn to_json(&self) -> String {
        let mut annotations = Map::new();
        annotations.insert("readOnlyHint".to_owned(), Value::Bool(self.read_only));
        annotations.insert("destructiveHint".to_owned(), Value::Bool(self.destructive));
        annotations.insert("idempotentHint".to_owned(), Value::Bool(self.idempotent));
        annotations.insert("openWorldHint".to_owned(), Value::Bool(self.open_world));
        let mut object = Map::new();
        object.insert("description".to_owned(), Value::String(self.description.to_owned()));
        object.insert("inputSchema".to_owned(), (self.input)().to_value());
        object.insert("outputSchema".to_owned(), (self.output)().to_value());
        object.insert("annotations".to_owned(), Value::Object(annotations));
        let mut json = Value::Object(object).to_string();
        // The examples are JSON already; reading them here only to write them again would cost the
        // probe fuel and numbers their exact digits.
        json.pop();
        json.push_str(",\"examples\":");
        json.push_str(self.examples);
        json.push('}');
        json
    }
}

/// The schema of what a skill reads.
pub fn input_schema<T: SkillSchema>() -> Schema {
    let mut schema = generator(SchemaSettings::draft2020_12().for_deserialize()).into_root_schema_for::<T>();
    // A struct without fields has none, and clients expect it.
    if schema.get("type").and_then(Value::as_str) == Some("object") {
        schema.ensure_object().entry("properties").or_insert_with(|| Value::Object(Map::new()));
    }
    schema
}

/// The schema of what a skill writes.
pub fn output_schema<T: SkillSchema>() -> Schema {
    generator(SchemaSettings::draft2020_12().for_serialize()).into_root_schema_for::<T>()
}

fn generator(settings: SchemaSettings) -> SchemaGenerator {
    settings
        .with(|settings| {
            settings.meta_schema = None;
            settings.inline_subschemas = true;
        })
        .with_transform(Slim)
        .into_generator()
}

/// Drops what tells a reader nothing: names of Rust types, absence as a default, and the width of numbers beyond the
/// bounds that the schema states anyway.
#[derive(Debug, Clone)]
struct Slim;

impl Transform for Slim {
    fn transform(&mut self, schema: &mut Schema) {
        schema.remove("title");
        if schema.get("default").is_some_and(Value::is_null) {
            schema.remove("default");
        }
        if let Some(
            "int8" | "int16" | "int32" | "int64" | "int" | "uint8" | "uint16" | "uint32" | "uint64" | "uint" | "float"
            | "double",
        ) = schema.get("format").and_then(Value::as_str)
        {
            schema.remove("format");
        }
        transform_subschemas(self, schema);
    }
}
