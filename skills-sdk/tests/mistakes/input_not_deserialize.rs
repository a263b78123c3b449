use happyos_sdk::skill;

#[derive(schemars::JsonSchema)]
struct Input {
    text: String,
}

/// Counts.
#[skill]
fn count(input: Input) -> usize {
    input.text.len()
}

happyos_sdk::bundle!(count);
