//! Skills in JavaScript: one file, the same limits, and errors that say where.

use std::time::{Duration, Instant};

use happyos::base::{FailureKind, Limit, LimitOverrides};
use happyos::skills::{BundleKind, Call, Skills};
use happyos_tests::Home;
use happyos_tests::home::{answer, call, call_within, failure, operator};
use serde_json::{Value, json};

/// A script with a manifest and one skill of that body.
fn script(name: &str, run: &str) -> String {
    format!(
        "/* happyos\nname = \"{name}\"\nversion = \"0.1.0\"\n*/\nskill({{\n  name: \"{name}\",\n  description: \"A test.\",\n  \
         inputSchema: {{ type: \"object\" }},\n  run(input, context) {{ {run} }},\n}});\n"
    )
}

async fn open(scripts: &[(&str, &str)]) -> (Home, Skills) {
    let home = Home::new();
    for (name, run) in scripts {
        home.install(&format!("{name}.js"), script(name, run));
    }
    let skills = home.open().await;
    let snapshot = skills.snapshot(&operator()).unwrap();
    assert!(snapshot.refusals().is_empty(), "{:?}", snapshot.refusals());
    (home, skills)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_answers_and_its_failures_are_typed() {
    let throws = r#"throw new SkillError(input.kind, "it is so");"#;
    let (_home, skills) =
        open(&[("double", "return { twice: input.n * 2, text: input.text };"), ("throws", throws)]).await;
    let outcome = call(&skills, "double", json!({"n": 21, "text": "räksmörgås \u{1f990}"})).await;
    assert_eq!(answer(&outcome), json!({"twice": 42, "text": "räksmörgås \u{1f990}"}));
    assert!(outcome.usage.fuel > 10_000 && outcome.usage.memory_peak_bytes > 100_000, "{:?}", outcome.usage);
    let kinds = [
        ("invalid-input", FailureKind::InvalidInput),
        ("denied", FailureKind::Denied),
        ("unavailable", FailureKind::Unavailable),
        ("failed", FailureKind::GuestError),
    ];
    for (kind, expected) in kinds {
        let outcome = call(&skills, "throws", json!({ "kind": kind })).await;
        assert_eq!(failure(&outcome).kind, expected);
        assert!(failure(&outcome).message.contains("it is so"), "{outcome:?}");
    }
    assert_eq!(skills.snapshot(&operator()).unwrap().skill("double").unwrap().bundle().kind, BundleKind::Script);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_thrown_says_where() {
    let (_home, skills) = open(&[("breaks", "\n    const x = null;\n    return x.y;")]).await;
    let outcome = call(&skills, "breaks", json!({})).await;
    let failure = failure(&outcome);
    assert_eq!(failure.kind, FailureKind::GuestError);
    // Line 11 of the file: five lines of manifest, four of the declaration, then the body.
    assert!(failure.message.contains("line 11"), "{failure}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_that_does_not_load_is_refused_with_line_and_column() {
    let home = Home::new();
    let manifest = "/* happyos\nname = \"NAME\"\nversion = \"0.1.0\"\n*/\n";
    let cases = [
        ("syntax", "let a = 1;\nlet b = = 2;\n", &["6:"][..]),
        ("throws", "\n\nthrow new Error(\"no\");\n", &["no", "7:"]),
        ("nothing", "const a = 1;\n", &["skill"]),
        ("no-description", "skill({ name: \"n\", inputSchema: { type: \"object\" }, run() {} });\n", &["description"]),
        ("no-run", "skill({ name: \"n\", description: \"d\", inputSchema: { type: \"object\" } });\n", &["run"]),
        ("bad-schema", "skill({ name: \"n\", description: \"d\", inputSchema: 7, run() {} });\n", &["inputSchema"]),
        ("spins", "for (;;) {}\n", &["limit"]),
    ];
    for (name, body, _) in cases {
        home.install(&format!("{name}.js"), manifest.replace("NAME", name) + body);
    }
    home.install("no-manifest.js", script("x", "return 1;").split_once("*/").unwrap().1);
    home.install("bad-manifest.js", "/* happyos\nname = 7\n*/\n");
    home.install("misspelt.js", script("misspelt", "return 1;").replace("version", "verison"));
    home.install("good.js", script("good", "return {};"));
    let began = Instant::now();
    let skills = home.open().await;
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let snapshot = skills.snapshot(&operator()).unwrap();
    let mut wrong = Vec::new();
    let more: [(&str, &[&str]); 2] =
        [("bad-manifest", &["bad-manifest.js:2:", "manifest"]), ("misspelt", &["verison", "version"])];
    for (name, says) in cases.iter().map(|(name, _, says)| (*name, *says)).chain(more) {
        match snapshot.refusals().iter().find(|refusal| refusal.path.ends_with(format!("{name}.js"))) {
            None => wrong.push(format!("{name} is not refused")),
            Some(refusal) => {
                let text = format!("{} {}", refusal.reason, refusal.hint.as_deref().unwrap_or_default());
                wrong.extend(
                    says.iter()
                        .filter(|word| !text.contains(**word))
                        .map(|word| format!("{name}: {text:?} lacks {word:?}")),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    answer(&call(&skills, "good", json!({})).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_run_under_every_limit() {
    let (_home, skills) = open(&[
        ("loop", "for (;;) {}"),
        ("hoard", "const all = []; for (;;) all.push(new Uint8Array(1 << 20).fill(1));"),
        ("deep", "const f = (n) => f(n + 1) + 1; return f(0);"),
        ("huge", "return { text: \"x\".repeat(3 << 20) };"),
        ("regex", "return /^(a+)+$/.test(\"a\".repeat(40) + \"b\");"),
        ("fine", "return input;"),
    ])
    .await;
    let fuel = LimitOverrides { fuel: Some(100_000_000), ..Default::default() };
    // Far less than the loop's fuel lasts for.
    let time = LimitOverrides { wall_ms: Some(50), ..Default::default() };
    let none = LimitOverrides::default();
    let mut wrong = Vec::new();
    for (skill, limits, kinds) in [
        ("loop", fuel, &[FailureKind::LimitExceeded(Limit::Fuel)][..]),
        ("loop", time, &[FailureKind::LimitExceeded(Limit::Time)]),
        ("hoard", none, &[FailureKind::LimitExceeded(Limit::Memory)]),
        ("deep", none, &[FailureKind::Trap, FailureKind::GuestError]),
        ("huge", none, &[FailureKind::LimitExceeded(Limit::Output)]),
        ("regex", fuel, &[FailureKind::LimitExceeded(Limit::Fuel)]),
    ] {
        let outcome = call_within(&skills, skill, json!({}), limits).await;
        match &outcome.result {
            Err(failure) if kinds.contains(&failure.kind) => {}
            Err(failure) => wrong.push(format!("{skill}: {failure}, not {kinds:?}")),
            Ok(answer) => wrong.push(format!("{skill}: answered {} bytes", answer.json.len())),
        }
        if outcome.usage.fuel == 0 || outcome.usage.memory_peak_bytes == 0 || outcome.usage.wall.is_zero() {
            wrong.push(format!("{skill}: {:?}", outcome.usage));
        }
        assert_eq!(answer(&call(&skills, "fine", json!({"a": 1})).await), json!({"a": 1}), "after {skill}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_numbers_come_from_the_seed_and_nothing_is_left_behind() {
    let (_home, skills) = open(&[
        ("dice", "return { n: [Math.random(), Math.random()] };"),
        ("counter", "globalThis.n = (globalThis.n ?? 0) + 1; return { n: globalThis.n };"),
    ])
    .await;
    let mut thrown: Vec<Value> = Vec::new();
    for seed in [Some(7), Some(7), Some(8), None, None] {
        let outcome =
            skills.call(&operator(), Call { skill: "dice", input: "{}".into(), seed, ..Default::default() }).await;
        thrown.push(answer(&outcome)["n"].clone());
    }
    assert_eq!(thrown[0], thrown[1], "the same seed, the same numbers, on a fresh and on a ready instance");
    assert_ne!(thrown[0][0], thrown[0][1]);
    assert!(thrown[0] != thrown[2] && thrown[3] != thrown[4], "{thrown:?}");
    for _ in 0..5 {
        assert_eq!(answer(&call(&skills, "counter", json!({})).await), json!({"n": 1}), "each call begins anew");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_expect_of_javascript_is_there() {
    let (_home, skills) = open(&[
        ("date", "return { ms: Date.now(), year: new Date().getFullYear() };"),
        ("console", "console.log(\"a\", { b: 1 }); console.error(\"bad\"); return {};"),
        ("text", "return { bytes: Array.from(new TextEncoder().encode(\"åé\")), back: new TextDecoder().decode(new Uint8Array([195, 165])) };"),
        ("url", "const u = new URL(\"https://example.org:8080/a/b?x=1#y\"); return { host: u.host, x: u.searchParams.get(\"x\") };"),
        ("unicode", "return { words: \"räk smörgås\".match(/\\p{L}+/gu) };"),
        ("context", "return { locale: context.locale };"),
    ])
    .await;
    let now_ms = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    let date = answer(&call(&skills, "date", json!({})).await);
    assert!((date["ms"].as_i64().unwrap() - now_ms).abs() < 60_000, "{date}");
    assert!(date["year"].as_i64().unwrap() >= 2025);
    let console = call(&skills, "console", json!({})).await;
    answer(&console);
    let (lines, _) = skills.guest_log().follow();
    let lines: Vec<_> = lines.iter().filter(|line| line.request_id == console.request_id).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].message.contains('a') && lines[0].message.contains('b') && lines[1].message.contains("bad"));
    let text = answer(&call(&skills, "text", json!({})).await);
    assert_eq!(text, json!({"bytes": [195, 165, 195, 169], "back": "å"}));
    let url = answer(&call(&skills, "url", json!({})).await);
    assert_eq!(url, json!({"host": "example.org:8080", "x": "1"}));
    assert_eq!(answer(&call(&skills, "unicode", json!({})).await), json!({"words": ["räk", "smörgås"]}));
    let outcome = skills
        .call(&operator(), Call { skill: "context", input: "{}".into(), locale: Some("sv-SE"), ..Default::default() })
        .await;
    assert_eq!(answer(&outcome), json!({"locale": "sv-SE"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_may_hold_several_skills_and_examples_are_run() {
    let home = Home::new();
    let several = "/* happyos\nname = \"several\"\nversion = \"0.1.0\"\n*/\n
        for (const n of [1, 2, 3]) skill({ name: `skill-${n}`, description: \"d\", inputSchema: { type: \"object\" },
            examples: [{ request: { en: \"x\" }, input: {}, output: { n } }], run: () => ({ n }) });\n";
    home.install("several.js", several);
    home.install(
        "lies.js",
        several.replace("several", "lies").replace("skill-", "lie-").replace("output: { n }", "output: { n: 0 }"),
    );
    let skills = home.open().await;
    for n in 1..=3 {
        assert_eq!(answer(&call(&skills, &format!("skill-{n}"), json!({})).await), json!({ "n": n }));
    }
    let snapshot = skills.snapshot(&operator()).unwrap();
    assert_eq!(snapshot.skills().len(), 3);
    let [refusal] = snapshot.refusals() else { panic!("{:?}", snapshot.refusals()) };
    assert!(refusal.reason.contains("example"), "{refusal:?}");
    let results = skills.run_examples(&operator(), "several").await.unwrap();
    assert_eq!(results.len(), 3);
    assert!(results.iter().all(|result| result.result.is_ok()));
}
