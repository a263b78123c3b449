//! The loop from a refused request to its answer, as a person goes through it: with files, with a model at a scripted endpoint,
//! and with nothing but what is installed.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::endpoint::{Asked, Endpoint, Say};
use crate::process::{Finished, Running};
use crate::{Home, process};

/// A script with one skill that takes a text and gives a text, with one example.
pub fn script(name: &str, description: &str, request: &str, run: &str, example: (&str, &str)) -> String {
    let (given, got) = example;
    format!(
        "/* happyos\nname = \"{name}\"\nversion = \"0.1.0\"\n*/\nskill({{\n  name: \"{name}\",\n  description: \"{description}\",\n  \
         inputSchema: {{ type: \"object\", properties: {{ text: {{ type: \"string\", maxLength: 200 }} }}, required: [\"text\"], \
         additionalProperties: false }},\n  outputSchema: {{ type: \"object\", properties: {{ result: {{ type: \"string\" }} }}, \
         required: [\"result\"], additionalProperties: false }},\n  examples: [{{ request: {{ en: '{request} \"{given}\"' }}, \
         input: {{ text: \"{given}\" }}, output: {{ result: \"{got}\" }} }}],\n  run({{ text }}) {{ {run} }},\n}});\n"
    )
}

/// A script for shouting, of that body.
fn shout(run: &str) -> String {
    script("shout", "Writes a text in capitals with an exclamation mark.", "shout", run, ("go", "GO!"))
}

/// A script for writing a text backwards, of that body.
fn mirror(run: &str) -> String {
    script("mirror", "Writes a text backwards, letter by letter.", "mirror", run, ("go", "og"))
}

const SHOUT: &str = "return { result: text.toUpperCase() + \"!\" };";
const MIRROR: &str = "return { result: [...text].reverse().join(\"\") };";

/// Commands in a home with a running daemon, each shown with what it printed.
struct Shell<'a> {
    home: &'a Home,
    show: &'a mut (dyn FnMut(&str) + Send),
}

impl Shell<'_> {
    fn run(&mut self, args: &[&str]) -> Finished {
        let word = |word: &&str| match word.strip_prefix(&*self.home.path().to_string_lossy()) {
            Some(file) => file.trim_start_matches('/').to_owned(),
            None if word.contains([' ', '"']) => format!("'{word}'"),
            None => (*word).to_owned(),
        };
        (self.show)(&format!("$ happyos {}", args.iter().map(word).collect::<Vec<_>>().join(" ")));
        let done = tokio::task::block_in_place(|| process::run(self.home, args, ""));
        for line in done.stdout.lines().chain(done.stderr.lines()) {
            (self.show)(&format!("  {line}"));
        }
        done
    }

    /// Runs a command that must end well.
    fn well(&mut self, args: &[&str]) -> anyhow::Result<Finished> {
        let done = self.run(args);
        ensure!(done.code == 0, "`happyos {}` ends with {}: {}{}", args.join(" "), done.code, done.stdout, done.stderr);
        Ok(done)
    }

    /// A file for a command.
    fn file(&mut self, name: &str, text: &str) -> anyhow::Result<String> {
        let path = self.home.path().join(name);
        std::fs::write(&path, text)?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// Asks for something that nobody does, and gives the gap that this is.
    fn refused(&mut self, request: &str) -> anyhow::Result<String> {
        let asked = self.run(&["ask", request]);
        ensure!(asked.code == 6, "{request:?} is not refused: {}{}", asked.stdout, asked.stderr);
        let gaps = tokio::task::block_in_place(|| process::run(self.home, &["--json", "gap", "list"], ""));
        let gaps: Value = serde_json::from_str(&gaps.stdout)?;
        let gap = gaps["gaps"].as_array().into_iter().flatten().find(|gap| gap["text"] == request);
        Ok(gap.and_then(|gap| gap["id"].as_str()).context("it is kept as a gap")?.to_owned())
    }

    /// Asks again, and looks for the answer.
    fn answered(&mut self, request: &str, answer: &str) -> anyhow::Result<()> {
        let asked = self.well(&["ask", request])?;
        ensure!(asked.stdout.contains(answer), "{request:?} is answered with {:?}, not {answer:?}", asked.stdout);
        Ok(())
    }
}

/// What a skill is to do: examples of which its writer is shown some, and hidden ones.
fn need(shown: &[(&str, &str)], hidden: &[(&str, &str)]) -> String {
    let of = |all: &[(&str, &str)]| -> Value {
        all.iter().map(|(text, result)| json!({"input": {"text": text}, "output": {"result": result}})).collect()
    };
    json!({"examples": of(shown), "hidden": of(hidden), "may_ask": {}}).to_string()
}

/// Goes through all of it, and shows each command with what it printed.
///
/// # Errors
/// If a step does not come to what it should.
pub async fn show(adapter: &[u8], show: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let home = Home::new();
    home.install("openai-compatible.wasm", adapter);
    home.configure("self_building_enabled = true");
    home.policy("[building]\nbuilders = [\"local\"]");
    let daemon = Running::start(&home).await;
    let mut shell = Shell { home: &home, show };

    (shell.show)("\n# No model: a person's file, of which the first only does what its own example says.");
    let gap = shell.refused("shout \"hello\"")?;
    let wanted = need(&[("go", "GO!")], &[("abc", "ABC!"), ("å ä", "Å Ä!"), ("x1", "X1!")]);
    let (first, second) = (shout("return { result: \"GO!\" };"), shout(SHOUT));
    let (first, second) = (shell.file("first.js", &first)?, shell.file("second.js", &second)?);
    let wanted = shell.file("shout.json", &wanted)?;
    let rejected = shell.run(&["build", "start", &gap, "--from", &first, "--need", &wanted]);
    ensure!(rejected.code != 0 && rejected.stdout.contains("hidden examples"), "the first is rejected for hidden ones");
    shell.well(&["build", "start", &gap, "--from", &second])?;
    shell.answered("shout \"hello\"", "HELLO!")?;

    (shell.show)(
        "\n# A model, here a scripted endpoint: it is told why its first script was rejected, and writes a second.",
    );
    let endpoint = Endpoint::start(|asked: &Asked| {
        let is_first = !asked.task().contains("Earlier attempts were rejected");
        let source = if is_first { mirror("return { result: \"og\" };") } else { mirror(MIRROR) };
        Say::Text(format!("Here it is:\n```js\n{source}```\n"))
    })
    .await;
    shell.well(&[
        "endpoint",
        "add",
        "scripted",
        &format!("http://{}/v1", endpoint.address),
        "--private",
        "--model",
        "m",
    ])?;
    shell.well(&["agent", "create", "--type", "code_generator", "--capabilities", "skill-writer"])?;
    let gap = shell.refused("mirror \"stressed\"")?;
    let wanted = shell.file("mirror.json", &need(&[("go", "og")], &[("abc", "cba"), ("åä", "äå"), ("", "")]))?;
    let built = shell.well(&["build", "start", &gap, "--need", &wanted])?;
    ensure!(built.stdout.contains("round 2"), "the second round passes: {}", built.stdout);
    ensure!(endpoint.asked().len() == 2, "the model was asked {} times", endpoint.asked().len());
    let told = endpoint.asked().iter().any(|asked| asked.task().contains("cba"));
    ensure!(!told, "a hidden example was given away");
    shell.answered("mirror \"stressed\"", "desserts")?;
    drop(endpoint);

    (shell.show)("\n# Nothing but what is installed: two scripts, one after the other.");
    let request = "flabbergast \"stressed\"";
    let gap = shell.refused(request)?;
    let examples = [("ab", "BA!"), ("x y", "Y X!"), ("go", "OG!"), ("åb", "BÅ!")];
    let wanted = shell.file("flabbergast.json", &need(&examples, &[("", "!"), ("stop", "POTS!")]))?;
    shell.well(&["build", "start", &gap, "--need", &wanted])?;
    shell.answered(request, "DESSERTS!")?;
    let origin = shell.well(&["skill", "provenance", "flabbergast"])?;
    ensure!(origin.stdout.contains("composer"), "it says who wrote it: {}", origin.stdout);
    drop(daemon);
    Ok(())
}
