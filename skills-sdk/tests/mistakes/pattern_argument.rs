use happyos_sdk::skill;

/// Adds.
#[skill]
fn add((left, right): (u32, u32)) -> u32 {
    left + right
}

happyos_sdk::bundle!(add);
