use happyos_sdk::skill;

/// Counts.
#[skill]
fn count(text: String) -> usize {
    text.len()
}

happyos_sdk::bundle!(count, grant = "{}", grants = "[]", name = "a b");
