use happyos_sdk::skill;

/// Reads a number.
#[skill]
fn read(text: String) -> Result<u32, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

happyos_sdk::bundle!(read);
