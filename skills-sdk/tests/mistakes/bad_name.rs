use happyos_sdk::skill;

/// Counts.
#[skill(name = "word count")]
fn count(text: String) -> usize {
    text.len()
}

/// Räknar.
#[skill]
fn räkna(text: String) -> usize {
    text.len()
}

happyos_sdk::bundle!(count, räkna);
