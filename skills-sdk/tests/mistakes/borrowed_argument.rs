use happyos_sdk::skill;

/// Counts.
#[skill]
fn count(text: &str, words: &[String], other: &u32) -> usize {
    text.len() + words.len() + *other as usize
}

happyos_sdk::bundle!(count);
