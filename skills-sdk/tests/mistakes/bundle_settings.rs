use happyos_sdk::skill;

/// Counts.
#[skill]
fn count(text: String) -> usize {
    text.len()
}

happyos_sdk::bundle!(count, grant = "{}", grants = {"kv": 1, "http": "a"}, name = "a b");
