//! Scripts that misbehave, when called and when loaded.

use happyos::base::FailureKind;
use serde_json::json;

use super::{DEFAULTS, FUEL, HostileCall, HostileFile, MEMORY};
use crate::SkillGuest;

pub(super) fn calls() -> Vec<HostileCall> {
    vec![
        of("endless loop", "js-endless-loop", "for (;;) {}", FUEL),
        of(
            "infinite recursion",
            "js-recursion",
            "const deeper = (n) => deeper(n + 1) + 1; return deeper(0);",
            FailureKind::Trap,
        ),
        of("grow loop", "js-memory", "const kept = []; for (;;) kept.push(new Uint8Array(1 << 20).fill(7));", MEMORY),
        of("endless loop", "js-regex", r#"return /^(a+)+$/.test("a".repeat(64) + "!");"#, FUEL),
    ]
}

pub(super) fn files() -> Vec<HostileFile> {
    let of = |line, name: &'static str, bytes: String, says| HostileFile {
        line,
        name,
        file: format!("{name}.js"),
        bytes: bytes.into_bytes(),
        says,
    };
    vec![
        of(
            "metadata that loops, lies or is 10 MB",
            "js-top-level-loop",
            script("js-top-level-loop", "", "for (;;) {}"),
            "limit",
        ),
        of("metadata that loops, lies or is 10 MB", "js-not-a-script", "\u{0}{{{ not a script".into(), ""),
    ]
}

fn of(line: &'static str, name: &'static str, body: &str, fails_as: FailureKind) -> HostileCall {
    HostileCall {
        name,
        file: format!("{name}.js"),
        bytes: script(name, body, "").into_bytes(),
        skill: name.to_owned(),
        input: json!({}),
        ..HostileCall::of(line, SkillGuest::default(), DEFAULTS, fails_as)
    }
}

fn script(name: &str, body: &str, top_level: &str) -> String {
    format!(
        "/* happyos\nname = \"{name}\"\nversion = \"0.1.0\"\n*/\n{top_level}\nskill({{\n  name: \"{name}\",\n  \
         description: \"Misbehaves.\",\n  inputSchema: {{ type: \"object\" }},\n  run(input) {{ {body} return {{}}; }},\n}});\n"
    )
}
