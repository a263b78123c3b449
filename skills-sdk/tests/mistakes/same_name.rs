use happyos_sdk::skill;

/// Counts.
#[skill]
fn count(text: String) -> usize {
    text.len()
}

/// Counts, too.
#[skill(name = "count")]
fn tally(text: String) -> usize {
    text.len()
}

happyos_sdk::bundle!(count, tally);
