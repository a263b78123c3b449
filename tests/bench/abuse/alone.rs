//! Cases that take a daemon of their own: its files are tampered with while it is stopped, or its bundles are signed.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use happyos::base::{Digest, Requests};
use happyos::security::PolicyFile;
use happyos::security::signing::{KeyPair, Signed, signature_path};
use happyos_tests::http::Client;
use happyos_tests::process::Running;
use happyos_tests::{Home, SkillGuest};
use serde_json::{Value, json};

use super::measure::{Acting, Case};

/// A case for each; each is tried once, beside the daemon whose neighbour is watched.
pub fn cases() -> Vec<Case> {
    let case = |line, name: &str, act: fn() -> Acting, says: &str| Case {
        line,
        name: name.into(),
        attack: Arc::new(move |_| act()),
        says: vec![says.into()],
        loads: Vec::new(),
    };
    vec![
        case("bit-flipped and stale compiled cache", "bit-flipped-cache", || Box::pin(cache(flip)), "compiled again"),
        case("bit-flipped and stale compiled cache", "stale-cache", || Box::pin(cache(exchange)), "compiled again"),
        case(
            "bad, replayed or downgraded signature",
            "forged-signature",
            || Box::pin(signed(Forgery::Forged)),
            "refused: ",
        ),
        case(
            "bad, replayed or downgraded signature",
            "replayed-signature",
            || Box::pin(signed(Forgery::Replayed)),
            "refused: ",
        ),
        case(
            "bad, replayed or downgraded signature",
            "downgraded-version",
            || Box::pin(signed(Forgery::Downgraded)),
            "refused: ",
        ),
        case(
            "bad, replayed or downgraded signature",
            "untrusted-key",
            || Box::pin(signed(Forgery::Untrusted)),
            "refused: ",
        ),
        case("good signature on another name", "another-name", || Box::pin(signed(Forgery::OtherName)), "refused: "),
    ]
}

fn says(name: &str, version: u64) -> Vec<u8> {
    let answer = format!(r#"{{"version":{version}}}"#);
    let fields = format!(r#"(data (i32.const 256) "{}")"#, answer.replace('"', "\\22"));
    let call = format!("(call $answer (i32.const 256) (i32.const {}))", answer.len());
    SkillGuest { name, fields: &fields, call: &call, ..Default::default() }.component()
}

async fn version(home: &Home, skill: &str) -> anyhow::Result<u64> {
    let answer = Client::unix(&home.socket()).await?.post(&format!("/v1/skills/{skill}/call"), &json!({})).await?;
    let version = answer.json().pointer("/output/version").and_then(Value::as_u64);
    version.with_context(|| answer.text())
}

/// Compiled code is tampered with while the daemon is stopped.
async fn cache(tamper: fn(&Path) -> anyhow::Result<usize>) -> anyhow::Result<String> {
    let home = Home::new();
    home.configure("");
    for index in 1..=2 {
        home.install(&format!("cached-{index}.wasm"), says(&format!("cached-{index}"), index));
    }
    let running = Running::start(&home).await;
    ensure!(version(&home, "cached-1").await? == 1 && version(&home, "cached-2").await? == 2, "the guests work");
    drop(running);
    let n_files = tamper(&home.config.data_dir.join("code"))?;
    ensure!(n_files > 0, "there is no compiled code to tamper with");
    let running = Running::start(&home).await;
    ensure!(version(&home, "cached-1").await? == 1 && version(&home, "cached-2").await? == 2, "another's code is run");
    drop(running);
    Ok(format!("compiled again: {n_files} files whose seal was broken"))
}

fn code_files(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "code") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// One bit in the middle of each.
fn flip(folder: &Path) -> anyhow::Result<usize> {
    let files = code_files(folder)?;
    for path in &files {
        let mut bytes = std::fs::read(path)?;
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 4;
        }
        std::fs::write(path, bytes)?;
    }
    Ok(files.len())
}

/// Each gets the contents of the one after it.
fn exchange(folder: &Path) -> anyhow::Result<usize> {
    let files = code_files(folder)?;
    let mut contents = files.iter().map(std::fs::read).collect::<Result<Vec<_>, _>>()?;
    contents.rotate_left(1);
    for (path, bytes) in files.iter().zip(contents) {
        std::fs::write(path, bytes)?;
    }
    Ok(files.len())
}

enum Forgery {
    Forged,
    Replayed,
    Downgraded,
    Untrusted,
    OtherName,
}

/// A bundle that was signed and is served, and then a version or a file that must not be.
async fn signed(forgery: Forgery) -> anyhow::Result<String> {
    let home = Home::new();
    home.configure("");
    let keys = home.path().join("keys");
    std::fs::create_dir(&keys)?;
    let (ours, _) = KeyPair::create(&keys, "ours")?;
    let (theirs, _) = KeyPair::create(&keys, "theirs")?;
    PolicyFile::at(home.config.policy_path())
        .trust_key("acme", &ours.public())
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let sign = |key: &KeyPair, name: &str, version: &str, text: &str| {
        let requests = Requests::default();
        key.sign(&Signed { digest: Digest::of(text.as_bytes()), name, version, requests: &requests })
    };
    // The signature first: a bundle without one would be another, an unsigned one.
    let put = |file: &str, text: &str, signature: &str| -> anyhow::Result<()> {
        let path = home.config.skills_dir.join(file);
        std::fs::write(signature_path(&path), signature)?;
        std::fs::write(path, text)?;
        Ok(())
    };
    let second = script("tool", 2);
    let good = sign(&ours, "tool", "1.0.2", &second);
    put("tool.js", &second, &good)?;
    let running = Running::start(&home).await;
    ensure!(version(&home, "tool").await? == 2, "the signed bundle is served");
    let third = script("tool", 3);
    let file = match forgery {
        Forgery::Forged => {
            let mut text = sign(&ours, "tool", "1.0.3", &third).into_bytes();
            if let Some(last) = text.iter_mut().rev().find(|byte| byte.is_ascii_lowercase()) {
                *last = if *last == b'a' { b'b' } else { b'a' };
            }
            put("tool.js", &third, &String::from_utf8(text)?)?;
            "tool.js"
        }
        Forgery::Replayed => {
            put("tool.js", &third, &good)?;
            "tool.js"
        }
        Forgery::Downgraded => {
            let first = script("tool", 1);
            put("tool.js", &first, &sign(&ours, "tool", "1.0.1", &first))?;
            "tool.js"
        }
        Forgery::Untrusted => {
            put("tool.js", &third, &sign(&theirs, "tool", "1.0.3", &third))?;
            "tool.js"
        }
        Forgery::OtherName => {
            put("other.js", &script("other", 2), &good)?;
            "other.js"
        }
    };
    let path = home.config.skills_dir.join(file).display().to_string();
    let mut client = Client::unix(&home.socket()).await?;
    for _ in 0..1_000 {
        let listed = client.get("/v1/bundles").await?.json();
        let files = listed["bundles"].as_array().context("no list of bundles")?;
        if let Some(found) = files.iter().find(|file| file["path"] == json!(path) && file["state"] == "refused") {
            ensure!(version(&home, "tool").await? == 2, "the good version no longer serves");
            let audit = client.get("/v1/audit").await?.text();
            ensure!(audit.contains("bundle.refused"), "the refusal is not in the audit log: {audit}");
            drop(running);
            return Ok(format!("refused: {}", found["reason"].as_str().unwrap_or("no reason")));
        }
        ensure!(
            !files.iter().any(|file| file["path"] == json!(path)
                && file["serving_digest"] != json!(Digest::of(second.as_bytes()).to_string())
                && file["state"] == "serving"),
            "it is served: {listed}"
        );
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    anyhow::bail!("it is neither served nor refused after 10 s: {}", client.get("/v1/bundles").await?.text())
}

fn script(name: &str, version: u64) -> String {
    format!(
        "/* happyos\nname = \"{name}\"\nversion = \"1.0.{version}\"\npublisher = \"acme\"\n*/\nskill({{\n  name: \"{name}\",\n  \
         description: \"Says its version.\",\n  inputSchema: {{ type: \"object\" }},\n  run() {{ return {{ version: {version} }}; }},\n}});\n"
    )
}
