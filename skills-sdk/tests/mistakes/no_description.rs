use happyos_sdk::skill;

#[skill]
fn count(text: String) -> usize {
    text.len()
}

happyos_sdk::bundle!(count);
