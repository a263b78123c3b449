use happyos_sdk::skill;

#[derive(serde::Deserialize)]
struct Input {
    text: String,
}

/// Counts.
#[skill]
fn count(input: Input) -> usize {
    input.text.len()
}

happyos_sdk::bundle!(count);
