use happyos_sdk::skill;

/// Counts.
#[skill(examples = "examples/nowhere.json")]
fn count(text: String) -> usize {
    text.len()
}

happyos_sdk::bundle!(count);
