use happyos_sdk::skill;

/// Counts.
#[skill]
async fn count(text: String) -> usize {
    text.len()
}

happyos_sdk::bundle!(count);
