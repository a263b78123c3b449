use happyos_sdk::skill;

#[derive(serde::Deserialize)]
struct Language(String);

/// Counts.
#[skill]
fn count(text: String, language: Language) -> usize {
    text.len() + language.0.len()
}

happyos_sdk::bundle!(count);
