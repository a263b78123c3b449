use happyos_sdk::skill;

/// Counts.
#[skill(readonly)]
fn count(text: String) -> usize {
    text.len()
}

/// Counts again.
#[skill(idempotent = true, name = 7)]
fn again(text: String) -> usize {
    text.len()
}

happyos_sdk::bundle!(count, again);
