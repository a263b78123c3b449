use happyos_sdk::skill;

/// Counts.
#[skill]
fn count(text: String) {
    happyos_sdk::log::info(text);
}

/// Borrows.
#[skill]
fn borrow() -> &'static str {
    ""
}

happyos_sdk::bundle!(count, borrow);
