//! Hostile files in the watched folder of the running daemon.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use happyos_tests::SkillGuest;
use happyos_tests::http::Client;
use serde_json::{Value, json};

use super::measure::{Attack, Case, loads, told};

/// How long the daemon has to come to terms with a file.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a question is asked.
const PACE: Duration = Duration::from_millis(10);
/// Files that come at one time.
const MANY: usize = 10_000;

/// The daemon's folder and socket.
#[derive(Clone)]
struct Folder {
    skills: PathBuf,
    outside: PathBuf,
    socket: PathBuf,
}

/// A case for each line about files that a running daemon meets.
pub fn cases(skills: &Path, outside: &Path, socket: &Path) -> Vec<Case> {
    let folder = Folder { skills: skills.to_owned(), outside: outside.to_owned(), socket: socket.to_owned() };
    macro_rules! case {
        ($line:literal, $name:literal, $act:ident, $says:literal, $loads:expr) => {{
            let folder = folder.clone();
            let attack: Attack = Arc::new(move |number| {
                let folder = folder.clone();
                Box::pin(async move { $act(folder, number).await })
            });
            Case { line: $line, name: $name.into(), attack, says: vec![$says.into()], loads: $loads }
        }};
    }
    vec![
        case!("truncated", "truncated-file", truncated, "refused: ", loads()),
        case!("written in place during reload", "written-in-place", in_place, "served: ", loads()),
        case!("swapped between hash and load", "swapped-again-and-again", swapped, "served: ", loads()),
        case!("symlink, FIFO, device in the watched directory", "symlink", symlink, "refused: ", loads()),
        case!("symlink, FIFO, device in the watched directory", "fifo", fifo, "refused: ", loads()),
        case!("symlink, FIFO, device in the watched directory", "device", device, "refused: ", loads()),
        case!("directory symlink out of it", "directory-symlink", directory_symlink, "ignored: ", loads()),
        case!("flapping file", "flapping", flapping, "served: ", loads()),
        case!(
            "crash on first call (→ rolled back)",
            "crash-on-first-call",
            crash_on_first_call,
            "rolled back: ",
            loads()
        ),
        case!("10,000 files at once", "ten-thousand-files", ten_thousand, "refused: all", vec![1]),
    ]
}

/// Takes files away when its act ends or is given up.
struct Removed(Vec<PathBuf>);

impl Drop for Removed {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Folder {
    fn place(&self, name: &str) -> (PathBuf, Removed) {
        let path = self.skills.join(name);
        (path.clone(), Removed(vec![path]))
    }

    async fn client(&self) -> anyhow::Result<Client> {
        Client::unix(&self.socket).await
    }

    /// Waits until the daemon says something of a file that `wanted` accepts.
    async fn state(&self, path: &Path, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Value> {
        let (mut client, deadline) = (self.client().await?, Instant::now() + PATIENCE);
        let shown = path.display().to_string();
        loop {
            let listed = client.get("/v1/bundles").await?.json();
            let files = listed["bundles"].as_array().context("no list of bundles")?;
            let found = files.iter().find(|file| file["path"] == json!(shown));
            if let Some(found) = found.filter(|found| wanted(found)) {
                return Ok(found.clone());
            }
            ensure!(Instant::now() < deadline, "`{shown}` is {found:?} after {PATIENCE:?}");
            tokio::time::sleep(PACE).await;
        }
    }

    async fn refused(&self, path: &Path) -> anyhow::Result<String> {
        let found = self.state(path, |file| file["state"] == "refused").await?;
        Ok(format!("refused: {}", found["reason"].as_str().unwrap_or("no reason")))
    }

    async fn version(&self, client: &mut Client, skill: &str) -> anyhow::Result<Result<u64, String>> {
        let answer = client.post(&format!("/v1/skills/{skill}/call"), &json!({})).await?;
        Ok(match answer.json().pointer("/output/version").and_then(Value::as_u64) {
            Some(version) => Ok(version),
            None => Err(told(&answer)),
        })
    }

    /// Waits until a version answers; in between only those that `may` answer.
    async fn live(&self, skill: &str, wanted: u64, may: impl Fn(u64) -> bool) -> anyhow::Result<()> {
        let (mut client, deadline) = (self.client().await?, Instant::now() + PATIENCE);
        loop {
            match self.version(&mut client, skill).await? {
                Ok(version) if version == wanted => return Ok(()),
                Ok(version) => ensure!(may(version), "version {version} of `{skill}` answered, which nobody finished"),
                Err(failure) => ensure!(failure.starts_with("not-found"), "`{skill}`: {failure}"),
            }
            ensure!(Instant::now() < deadline, "version {wanted} of `{skill}` is not live after {PATIENCE:?}");
            tokio::time::sleep(PACE).await;
        }
    }
}

fn script(name: &str, version: u64, body: &str) -> String {
    format!(
        "/* happyos\nname = \"{name}\"\nversion = \"1.0.{version}\"\n*/\nskill({{\n  name: \"{name}\",\n  description: \
         \"Says its version.\",\n  inputSchema: {{ type: \"object\" }},\n  run(input) {{ {body} return {{ version: {version} }}; }},\n}});\n"
    )
}

async fn truncated(folder: Folder, number: u64) -> anyhow::Result<String> {
    let name = format!("truncated-{number}");
    let mut bytes = SkillGuest { name: &name, ..Default::default() }.component();
    bytes.truncate(bytes.len() * 2 / 3);
    let (path, _removed) = folder.place(&format!("{name}.wasm"));
    tokio::fs::write(&path, bytes).await?;
    folder.refused(&path).await
}

/// A new version written over the old one in pieces, with pauses, the file open all the time.
async fn in_place(folder: Folder, number: u64) -> anyhow::Result<String> {
    use tokio::io::AsyncWriteExt as _;
    let name = format!("in-place-{number}");
    let (path, _removed) = folder.place(&format!("{name}.js"));
    tokio::fs::write(&path, script(&name, 1, "")).await?;
    folder.live(&name, 1, |_| false).await?;
    let text = script(&name, 2, "");
    let mut file = tokio::fs::File::create(&path).await?;
    let mut client = folder.client().await?;
    for piece in text.as_bytes().chunks(text.len() / 5) {
        file.write_all(piece).await?;
        file.flush().await?;
        let answered = folder.version(&mut client, &name).await?;
        ensure!(answered == Ok(1) || answered == Ok(2), "while it was written: {answered:?}");
        tokio::time::sleep(PACE * 5).await;
    }
    drop(file);
    folder.live(&name, 2, |version| version == 1).await?;
    Ok("served: the old version until the new one was whole".into())
}

/// Another version every few milliseconds: what is read, hashed, compiled and loaded must be one and the same.
async fn swapped(folder: Folder, number: u64) -> anyhow::Result<String> {
    let name = format!("swapped-{number}");
    let (path, _removed) = folder.place(&format!("{name}.wasm"));
    let versions: Vec<Vec<u8>> = (1..=4).map(|version| says(&name, version)).collect();
    let beside = folder.skills.join(format!(".{name}.new"));
    for turn in 0..20 {
        tokio::fs::write(&beside, &versions[turn % 4]).await?;
        tokio::fs::rename(&beside, &path).await?;
        tokio::time::sleep(Duration::from_millis(turn as u64 * 3)).await;
    }
    folder.live(&name, 4, |version| (1..=4).contains(&version)).await?;
    let file = folder.state(&path, |file| file["state"] == "serving").await?;
    let digest = happyos::base::Digest::of(&versions[3]).to_string();
    ensure!(file["serving_digest"] == json!(digest), "the last version answers, and another digest is listed: {file}");
    Ok("served: the last of twenty, under its own digest".into())
}

fn says(name: &str, version: u64) -> Vec<u8> {
    let answer = format!(r#"{{"version":{version}}}"#);
    let fields = format!(r#"(data (i32.const 256) "{}")"#, answer.replace('"', "\\22"));
    let call = format!("(call $answer (i32.const 256) (i32.const {}))", answer.len());
    SkillGuest { name, fields: &fields, call: &call, ..Default::default() }.component()
}

async fn symlink(folder: Folder, number: u64) -> anyhow::Result<String> {
    let name = format!("linked-{number}");
    let target = folder.outside.join(format!("{name}.js"));
    let (path, mut removed) = folder.place(&format!("{name}.js"));
    removed.0.push(target.clone());
    tokio::fs::write(&target, script(&name, 1, "")).await?;
    tokio::fs::symlink(&target, &path).await?;
    folder.refused(&path).await
}

async fn fifo(folder: Folder, number: u64) -> anyhow::Result<String> {
    let (path, _removed) = folder.place(&format!("fifo-{number}.wasm"));
    ensure!(Command::new("mkfifo").arg(&path).status()?.success(), "no FIFO can be made");
    folder.refused(&path).await
}

/// `/dev/zero` itself where this user may make devices, else a link to it.
async fn device(folder: Folder, number: u64) -> anyhow::Result<String> {
    let (path, _removed) = folder.place(&format!("device-{number}.wasm"));
    let made = Command::new("mknod").arg(&path).args(["c", "1", "5"]).stderr(std::process::Stdio::null()).status()?;
    if !made.success() {
        tokio::fs::symlink("/dev/zero", &path).await?;
    }
    folder.refused(&path).await
}

async fn directory_symlink(folder: Folder, number: u64) -> anyhow::Result<String> {
    let (inside, after) = (format!("elsewhere-{number}"), format!("after-elsewhere-{number}"));
    let target = folder.outside.join(&inside);
    tokio::fs::create_dir(&target).await?;
    tokio::fs::write(target.join(format!("{inside}.js")), script(&inside, 1, "")).await?;
    let (link, mut removed) = folder.place(&inside);
    tokio::fs::symlink(&target, &link).await?;
    let path = folder.skills.join(format!("{after}.js"));
    removed.0.push(path.clone());
    tokio::fs::write(&path, script(&after, 1, "")).await?;
    // What came after it is served: what it leads to has been passed over.
    folder.live(&after, 1, |_| false).await?;
    let answered = folder.version(&mut folder.client().await?, &inside).await?;
    ensure!(answered.is_err(), "a skill from outside the directory is served");
    Ok("ignored: nothing outside the directory is read".into())
}

async fn flapping(folder: Folder, number: u64) -> anyhow::Result<String> {
    let name = format!("flapping-{number}");
    let (path, _removed) = folder.place(&format!("{name}.js"));
    for version in 1..=30 {
        tokio::fs::write(&path, script(&name, version, "")).await?;
        tokio::time::sleep(Duration::from_millis(version % 7)).await;
        tokio::fs::remove_file(&path).await?;
    }
    tokio::fs::write(&path, script(&name, 31, "")).await?;
    folder.live(&name, 31, |version| version < 31).await?;
    Ok("served: the version that stayed".into())
}

async fn crash_on_first_call(folder: Folder, number: u64) -> anyhow::Result<String> {
    let name = format!("crashing-{number}");
    let (path, _removed) = folder.place(&format!("{name}.js"));
    tokio::fs::write(&path, script(&name, 1, "")).await?;
    folder.live(&name, 1, |_| false).await?;
    let crashing = script(&name, 2, "const deeper = (n) => deeper(n + 1) + 1; deeper(0);");
    tokio::fs::write(&path, crashing).await?;
    folder.state(&path, |file| file["version"] == "1.0.2").await?;
    let (mut client, deadline) = (folder.client().await?, Instant::now() + PATIENCE);
    let mut traps = 0;
    loop {
        match folder.version(&mut client, &name).await? {
            Ok(1) if traps > 0 => break,
            Ok(_) => {}
            Err(failure) => {
                ensure!(failure.starts_with("trap"), "`{name}`: {failure}");
                traps += 1;
            }
        }
        ensure!(Instant::now() < deadline, "it is not rolled back after {traps} traps");
    }
    let file = folder.state(&path, |file| file["state"] == "rolled back").await?;
    Ok(format!("rolled back: {}", file["reason"].as_str().unwrap_or("no reason")))
}

/// All at one time; none of them is a bundle. Each is refused with its reason.
async fn ten_thousand(folder: Folder, number: u64) -> anyhow::Result<String> {
    let name = |index| folder.skills.join(format!("many-{number}-{index}.wasm"));
    let removed = Removed((0..MANY).map(name).collect());
    for path in &removed.0 {
        std::fs::write(path, b"\0asm, or not")?;
    }
    let prefix = folder.skills.join(format!("many-{number}-")).display().to_string();
    let (mut client, deadline) = (folder.client().await?, Instant::now() + Duration::from_secs(50));
    loop {
        let listed = client.get("/v1/bundles").await?.json();
        let files = listed["bundles"].as_array().context("no list of bundles")?;
        let ours = files.iter().filter(|file| file["path"].as_str().is_some_and(|path| path.starts_with(&prefix)));
        let refused = ours.filter(|file| file["state"] == "refused").count();
        if refused == MANY {
            return Ok(format!("refused: all {MANY}"));
        }
        ensure!(Instant::now() < deadline, "{refused} of {MANY} are refused after 50 s");
        tokio::time::sleep(PACE * 20).await;
    }
}
