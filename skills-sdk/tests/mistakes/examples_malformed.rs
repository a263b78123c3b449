use happyos_sdk::skill;

/// Counts.
#[skill(examples = "examples/syntax.json")]
fn count(text: String) -> usize {
    text.len()
}

/// Counts.
#[skill(examples = "examples/shape.json")]
fn count_on(text: String) -> usize {
    text.len()
}

/// Counts.
#[skill(examples = "examples/no_output.json")]
fn count_off(text: String) -> usize {
    text.len()
}

happyos_sdk::bundle!(count, count_on, count_off);
