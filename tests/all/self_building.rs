//! A missing skill is built: the gate rejects what only looks right, keeps every round, and what passes answers the request.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use happyos::routing::{Embed, EmbedError};
use happyos::self_building::{Meaning, Need, Outcome, Report, Stage, judge};
use happyos::skills::Skills;
use happyos_tests::home::operator;
use happyos_tests::http::Client;
use happyos_tests::{Home, building, built, process};
use serde_json::{Value, json};

/// What a skill that shouts is to do, with examples that its writer does not see.
fn need() -> Value {
    json!({"requests": ["shout \"hello\""], "may_ask": {},
        "hidden": [{"input": {"text": "abc"}, "output": {"loud": "ABC!"}}, {"input": {"text": "å"}, "output": {"loud": "Å!"}}]})
}

/// A skill of that body, with one example, and `more` in its manifest.
fn shout(run: &str, more: &str) -> String {
    format!(
        "/* happyos\nname = \"shout\"\nversion = \"0.1.0\"\n{more}*/\nskill({{\n  name: \"shout\",\n  description: \"Writes a text \
         in capitals with an exclamation mark.\",\n  inputSchema: {{ type: \"object\", properties: {{ text: {{ type: \"string\", \
         maxLength: 100 }} }}, required: [\"text\"], additionalProperties: false }},\n  outputSchema: {{ type: \"object\", \
         properties: {{ loud: {{ type: \"string\" }} }}, required: [\"loud\"], additionalProperties: false }},\n  examples: [{{ \
         request: {{ en: 'shout \"go\"', sv: 'ropa \"go\"' }}, input: {{ text: \"go\" }}, output: {{ loud: \"GO!\" }} }}],\n  \
         run({{ text }}) {{ {run} }},\n}});\n"
    )
}

const GOOD: &str = "return { loud: text.toUpperCase() + '!' };";

async fn judged(skills: &Skills, source: String) -> Report {
    let need = Need::read(&need().to_string()).unwrap();
    judge(skills, &operator(), &need, "shout.js", source.into(), None).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_stage_rejects_what_it_is_for_and_says_what_it_saw() {
    let home = Home::new();
    let skills = home.open().await;
    let good = judged(&skills, shout(GOOD, "")).await;
    assert!(good.passed(), "{:?}", good.verdicts);
    assert_eq!(good.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Failed).count(), 0);
    let wrapped = |before: &str| format!("{before} {GOOD}");
    let cases = [
        (shout("return eval('1');", ""), Stage::Source, "text"),
        (shout(GOOD, "").replace("skill({", "skill({{"), Stage::Loads, "SyntaxError"),
        (shout(GOOD, "[grants]\nkv_bytes = 10\n"), Stage::Grants, "more than it may"),
        (shout(&wrapped("kv.set('a', text);"), ""), Stage::Grants, "does not ask"),
        (shout(GOOD, "").replace("text: { type", "words: { type"), Stage::Schema, "text"),
        (shout("return { loud: text };", ""), Stage::OwnExamples, "GO!"),
        (shout("return { loud: 'GO!' };", ""), Stage::HiddenExamples, "2 of 2"),
        (shout(&wrapped("if (text.length > 60) for (;;) {}"), ""), Stage::Properties, "fuel"),
        (shout(&wrapped("console.log('a\\nb');"), ""), Stage::Conduct, "log"),
        (shout(&wrapped("if (Math.random() < 0.5) return { loud: text };"), ""), Stage::Repeatable, "another answer"),
    ];
    for (source, stage, says) in cases {
        let report = judged(&skills, source.clone()).await;
        let failed = report.failure().unwrap_or_else(|| panic!("it passed: {source}"));
        // Chance decides whether a flaky one is caught by an example or by being called again.
        let by_example = matches!(failed.stage, Stage::OwnExamples | Stage::HiddenExamples);
        if stage == Stage::Repeatable && by_example {
            continue;
        }
        assert_eq!(failed.stage, stage, "{failed:?}\n{source}");
        assert!(failed.seen.contains(says), "{failed:?}");
    }
    let hidden = judged(&skills, shout("return { loud: 'GO!' };", "")).await;
    let told = hidden.told().unwrap();
    assert!(!told.contains("ABC") && !told.contains("abc"), "a hidden example was given away: {told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_taken_and_requests_of_others_are_left_alone() {
    let home = Home::new();
    home.install("loud.js", shout(GOOD, "").replace("\"shout\"", "\"loud\""));
    let skills = home.open().await;
    let copy = judged(&skills, shout(GOOD, "").replace("name: \"shout\"", "name: \"loud\"")).await;
    assert_eq!(copy.failure().map(|failed| failed.stage), Some(Stage::Routing), "{:?}", copy.verdicts);
}

/// A model that knows which words mean the same, and notes what it is asked for.
#[derive(Default)]
struct Thesaurus(Mutex<Vec<String>>);

impl Embed for Thesaurus {
    fn query(&self, text: &str) -> Result<Vec<f32>, EmbedError> {
        self.0.lock().unwrap().push(text.to_owned());
        let mut vector = vec![0.0_f32; 32];
        for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            match word {
                "long" | "characters" | "extent" | "glyphs" | "size" | "measure" => vector[0] += 1.0,
                "shout" | "ropa" | "capitals" | "exclamation" => vector[1] += 1.0,
                other => vector[2 + other.bytes().map(usize::from).sum::<usize>() % 30] += 0.2,
            }
        }
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-6);
        Ok(vector.into_iter().map(|value| value / length).collect())
    }

    fn passages(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EmbedError> {
        texts.iter().map(|text| self.query(text)).collect()
    }

    fn id(&self) -> &str {
        "thesaurus"
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_model_requests_of_others_are_left_alone_whatever_the_words() {
    let named = |name: &str, description: &str, requests: &str| {
        shout(GOOD, "")
            .replace("\"shout\"", &format!("{name:?}"))
            .replace("Writes a text in capitals with an exclamation mark.", description)
            .replace("en: 'shout \"go\"', sv: 'ropa \"go\"'", &format!("en: '{requests} \"go\"'"))
    };
    let home = Home::new();
    home.install("extent.js", named("extent", "Characters, how long.", "long characters"));
    let skills = home.open().await;
    let orchestrator = crate::reload::routing(&skills);
    let model = Arc::new(Thesaurus::default());
    orchestrator.set_embed(Some(model.clone()), None).await.unwrap();
    let meaning = async {
        loop {
            let (index, embed) = orchestrator.meaning().await.unwrap();
            if index.has_vectors("extent") {
                return Meaning { index, embed };
            }
            tokio::task::yield_now().await;
        }
    };
    let meaning = tokio::time::timeout(Duration::from_secs(60), meaning).await.unwrap();
    model.0.lock().unwrap().clear();
    let judged = async |source: String, request: &str, meaning: Option<Meaning>| {
        let need = json!({"requests": [format!("{request} \"hello\"")], "hidden": need()["hidden"]});
        let need = Need::read(&need.to_string()).unwrap();
        let report = judge(&skills, &operator(), &need, "new.js", source.into(), meaning).await.unwrap();
        let routing = report.verdicts.iter().find(|verdict| verdict.stage == Stage::Routing).cloned();
        routing.unwrap_or_else(|| panic!("{:?}", report.verdicts))
    };
    let taker = named("glyphs", "Glyphs to measure.", "size glyphs");
    let by_words = judged(taker.clone(), "size glyphs", None).await;
    assert_eq!(by_words.outcome, Outcome::Passed, "{by_words:?}");
    assert!(by_words.seen.contains("no model"), "{by_words:?}");
    let taken = judged(taker, "size glyphs", Some(meaning.clone())).await;
    assert_eq!(taken.outcome, Outcome::Failed, "{taken:?}");
    assert!(taken.seen.contains("by meaning") && taken.seen.contains("`extent`"), "{taken:?}");
    let good = judged(shout(GOOD, ""), "shout", Some(meaning)).await;
    assert_eq!(good.outcome, Outcome::Passed, "{good:?}");
    assert!(good.seen.contains("by meaning too"), "{good:?}");
    let asked = model.0.lock().unwrap();
    assert!(!asked.is_empty() && !asked.iter().any(|text| text.contains("long")), "made again: {asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_answers_what_the_one_before_answered() {
    let home = Home::new();
    home.install("shout.js", shout(GOOD, ""));
    let skills = home.open().await;
    let other = shout("return { loud: text + '?' };", "").replace("GO!", "go?");
    let report = judge(&skills, &operator(), &Need::default(), "shout.js", other.into(), None).await.unwrap();
    let failed = report.failure().expect("it is rejected");
    assert_eq!((failed.stage, failed.seen.contains("GO!")), (Stage::Recorded, true), "{failed:?}");
}

/// The loop as a person goes through it, on a running daemon.
#[test]
fn a_refused_request_becomes_a_gap_a_skill_and_an_answer() {
    let home = Home::new();
    home.configure("self_building_enabled = true");
    home.policy("[building]\nbuilders = [\"local\"]");
    let file = |name: &str, text: String| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let first = file("first.js", shout("return { loud: 'GO!' };", ""));
    let second = file("second.js", shout(GOOD, ""));
    let need = file("need.json", need().to_string());
    let run = |args: &[&str]| process::run(&home, args, "");
    let asked = run(&["ask", "shout \"hello\""]);
    assert_eq!(asked.code, 6, "{asked:?}");
    let gaps: Value = serde_json::from_str(&run(&["--json", "gap", "list"]).stdout).unwrap();
    let gap = gaps["gaps"][0]["id"].as_str().unwrap().to_owned();
    let rejected = run(&["build", "start", &gap, "--from", &first, "--need", &need]);
    assert!(rejected.code != 0 && rejected.stdout.contains("2 of 2 hidden examples"), "{rejected:?}");
    let built = run(&["build", "start", &gap, "--from", &second]);
    assert!(built.code == 0 && built.stdout.contains("round 2"), "{built:?}");
    let asked = run(&["ask", "shout \"hello\""]);
    assert!(asked.code == 0 && asked.stdout.contains("HELLO!"), "{asked:?}");
    let origin = run(&["skill", "provenance", "shout"]);
    assert!(origin.stdout.contains(&gap) && origin.stdout.contains("round 1: rejected"), "{origin:?}");
}

/// The same with an agent as the writer, and with installed scripts put together: what `cargo xtask loop` shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loop_closes_with_files_with_a_model_and_with_installed_skills_alone() {
    let adapter = std::fs::read(built("happyos/skills", "openai-compatible.wasm")).unwrap();
    let mut shown = Vec::new();
    let done = building::show(&adapter, &mut |line| shown.push(line.to_owned())).await;
    assert!(done.is_ok(), "{:?}\n{}", done, shown.join("\n"));
}

/// A script that halves, of that body.
fn halve(version: u32, run: &str) -> String {
    format!(
        "/* happyos\nname = \"halve\"\nversion = \"0.{version}.0\"\n*/\nskill({{ name: \"halve\", description: \"Half of a number.\", \
         inputSchema: {{ type: \"object\", properties: {{ n: {{ type: \"integer\" }}, who: {{ type: \"string\", maxLength: 60 }} }}, \
         required: [\"n\"], additionalProperties: false }}, examples: [{{ request: {{ en: \"halve 4\" }}, input: {{ n: 4 }}, output: \
         {{ half: 2 }} }}], run({{ n }}) {{ {run} }} }});\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_skill_that_keeps_failing_becomes_a_gap_and_a_version_that_is_sent_back_opens_it_again() {
    let home = Home::new();
    home.configure("self_building_enabled = true");
    home.policy("[building]\nbuilders = [\"local\"]");
    home.install("halve.js", halve(1, "if (n % 2) throw new Error('odd'); return { half: n / 2 };"));
    let _daemon = process::Running::start(&home).await;
    let mut client = Client::unix(&home.socket()).await.unwrap();
    let call = async |client: &mut Client, input: Value| {
        client.post("/v1/skills/halve/call", &json!({ "input": input })).await.unwrap()
    };
    for n in [3, 5, 7] {
        let failed = call(&mut client, json!({ "n": n, "who": "anna@example.org" })).await;
        assert!(!failed.status.is_success(), "{}", failed.text());
    }
    let gap = until_gap(&mut client, "open", 3).await;
    let id = gap["id"].as_str().unwrap().to_owned();
    let shown = client.get(&format!("/v1/gaps/{id}")).await.unwrap().text();
    assert!(shown.contains("odd") && !shown.contains("anna"), "{shown}");
    let build = async |client: &mut Client, source: String| {
        let body = json!({ "gap": id, "file": "halve.js", "source": source });
        client.post("/v1/builds", &body).await.unwrap().json()
    };
    let same = build(&mut client, halve(2, "if (n % 2) throw new Error('odd!'); return { half: n / 2 };")).await;
    assert_eq!(same["state"], "open", "{same}");
    assert!(same.to_string().contains("3 of 3 hidden examples"), "{same}");
    // It does what it failed on, and something else on a number that nobody tried.
    let deep = "const deep = (x) => deep(x + 1) + 1; return { half: n === 3333 ? deep(0) : n / 2 };";
    let built = build(&mut client, halve(3, deep)).await;
    assert_eq!(built["state"], "live", "{built}");
    assert_eq!(call(&mut client, json!({ "n": 3 })).await.json()["output"]["half"], 1.5);
    until_gap(&mut client, "filled", 3).await;
    for _ in 0..4 {
        call(&mut client, json!({ "n": 3333 })).await;
    }
    until_gap(&mut client, "open", 4).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let shown = client.get(&format!("/v1/gaps/{id}")).await.unwrap().text();
        if shown.contains("sent_back") && shown.contains("3333") {
            break;
        }
        assert!(Instant::now() < deadline, "{shown}");
        tokio::task::yield_now().await;
    }
    let again = build(&mut client, halve(4, deep)).await;
    assert_ne!(again["state"], "live", "{again}");
    let good = build(&mut client, halve(5, "return { half: n / 2 };")).await;
    assert_eq!(good["state"], "live", "{good}");
}

/// The gap about the failing skill, once it has that state and so much evidence.
async fn until_gap(client: &mut Client, state: &str, count: u64) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let gaps = client.get("/v1/gaps").await.unwrap().json();
        let gap =
            gaps["gaps"].as_array().unwrap().iter().find(|gap| gap["text"].as_str().unwrap().contains("keeps failing"));
        if let Some(gap) = gap.filter(|gap| gap["state"] == state && gap["count"].as_u64() >= Some(count)) {
            return gap.clone();
        }
        assert!(Instant::now() < deadline, "{gaps}");
        tokio::task::yield_now().await;
    }
}
