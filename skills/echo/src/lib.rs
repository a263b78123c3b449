//! A skill that returns its input: for trying out doors and for measuring what a call costs.

use happyos_sdk::skill;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A message.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Message {
    /// Any text.
    message: String,
}

/// Returns the message it is given, unchanged. For testing connections, not for answering people.
#[skill(read_only, idempotent, examples = "examples/echo.json")]
fn echo(input: Message) -> Message {
    input
}

happyos_sdk::bundle!(echo);

#[cfg(test)]
mod tests {
    #[test]
    fn examples() {
        happyos_sdk::testing::check_examples(&crate::BUNDLE);
    }
}
