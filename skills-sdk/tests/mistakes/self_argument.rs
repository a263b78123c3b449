use happyos_sdk::skill;

/// Counts.
#[skill]
fn count(&self) -> usize {
    1
}

happyos_sdk::bundle!(count);
