use happyos_sdk::skill;

/// Counts.
#[skill]
fn count(value: impl ToString) -> usize {
    value.to_string().len()
}

happyos_sdk::bundle!(count);
