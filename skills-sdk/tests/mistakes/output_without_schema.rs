use happyos_sdk::{Result, skill};

#[derive(serde::Serialize)]
struct Count(usize);

/// Counts.
#[skill]
fn count(text: String) -> Count {
    Count(text.len())
}

/// Counts, or fails.
#[skill]
fn try_count(text: String) -> Result<Count> {
    Ok(Count(text.len()))
}

happyos_sdk::bundle!(count, try_count);
