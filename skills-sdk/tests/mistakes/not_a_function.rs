use happyos_sdk::skill;

/// Counts.
#[skill]
struct Count;
