use happyos_sdk::skill;

/// Counts.
#[skill]
fn count<T: ToString>(value: T) -> usize {
    value.to_string().len()
}

happyos_sdk::bundle!(count);
