//! No mistake: names that the macros might have used themselves.

use happyos_sdk::{Context, Output, skill};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Input {
    context: String,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Value(String);

/// Takes a type called `Input`.
#[skill]
fn input(input: Input) -> Value {
    Value(input.context)
}

/// Takes arguments called `context` and `input`.
#[skill]
fn output(context: String, input: Vec<u8>, other: &Context) -> Output<Value> {
    Output::new(Value(context + &other.locale)).attach("input", "text/plain", input)
}

/// Shares its name with a method.
#[skill]
fn call(schema: Option<u32>, read: bool) -> Result<Value, std::num::ParseIntError> {
    let number: u32 = "1".parse()?;
    Ok(Value(format!("{schema:?} {read} {number}")))
}

happyos_sdk::bundle!(input, output, call);
