//! Hostile components and scripts: called, or offered as files.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use happyos::base::LimitOverrides;
use happyos_tests::abuse::{HostileCall, HostileFile};
use happyos_tests::bombs;
use happyos_tests::http::Client;
use serde_json::{Value, json};

use super::measure::{Attack, Case, loads, told};

/// A case for each bundle that misbehaves when it is called.
pub fn calls(socket: &Path, calls: &[HostileCall]) -> Vec<Case> {
    calls
        .iter()
        .map(|call| {
            let kind = call.fails_as.as_str();
            let limit = call.fails_as.limit().map(|limit| format!("{kind}: {}", limit.as_str()));
            Case {
                line: call.line,
                name: call.name.to_owned(),
                attack: calling(socket, &call.skill, &json!({"input": call.input, "limits": limits(&call.limits)})),
                says: vec![limit.unwrap_or_else(|| format!("{kind}: "))],
                loads: loads(),
            }
        })
        .collect()
}

/// Calls a skill over the private socket, each time on a connection of its own.
pub fn calling(socket: &Path, skill: &str, body: &Value) -> Attack {
    let (socket, path, body) = (socket.to_owned(), format!("/v1/skills/{skill}/call"), body.clone());
    Arc::new(move |_| {
        let (socket, path, body) = (socket.clone(), path.clone(), body.clone());
        Box::pin(async move {
            let answer = Client::unix(&socket).await?.post(&path, &body).await?;
            Ok(told(&answer))
        })
    })
}

fn limits(limits: &LimitOverrides) -> Value {
    let LimitOverrides { fuel, wall_ms, memory_bytes, host_calls, output_bytes } = limits;
    let all = json!({"fuel": fuel, "wall_ms": wall_ms, "memory_bytes": memory_bytes, "host_calls": host_calls,
        "output_bytes": output_bytes});
    let given = all.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    Value::Object(given.map(|(key, value)| (key.clone(), value.clone())).collect())
}

/// A case for each file that must not be served: it is offered to `skill check` again and again, each time with another
/// digest, so that nothing is remembered of it.
pub fn files(socket: &Path, folder: &Path, files: Vec<HostileFile>) -> Vec<Case> {
    files
        .into_iter()
        .map(|hostile| Case {
            line: hostile.line,
            name: hostile.name.to_owned(),
            says: vec!["refused: ".into(), hostile.says.to_owned()],
            attack: checking(socket, folder, hostile),
            loads: loads(),
        })
        .collect()
}

/// Offers a file to `skill check`, each time with another digest.
pub fn checking(socket: &Path, folder: &Path, hostile: HostileFile) -> Attack {
    let (socket, folder, hostile) = (socket.to_owned(), folder.to_owned(), Arc::new(hostile));
    Arc::new(move |number| {
        let (socket, folder, hostile) = (socket.clone(), folder.clone(), hostile.clone());
        Box::pin(async move {
            let path = folder.join(format!("{number}-{}", hostile.file));
            let _removed = Removed(path.clone());
            let bytes = if hostile.file.ends_with(".js") {
                [hostile.bytes.as_slice(), format!("\n// {number}").as_bytes()].concat()
            } else {
                bombs::variant(&hostile.bytes, number)
            };
            tokio::task::spawn_blocking({
                let path = path.clone();
                move || write_in_pieces(&path, &bytes)
            })
            .await??;
            let answer = Client::unix(&socket).await?.post("/v1/skills/check", &json!({ "path": path })).await?;
            let body = answer.json();
            if body.get("accepted") == Some(&json!(true)) {
                return Ok("accepted".into());
            }
            Ok(match body.get("reason").and_then(Value::as_str) {
                Some(reason) => format!("refused: {reason}"),
                None => told(&answer),
            })
        })
    })
}

/// Writes a file a piece at a time. A system that does not take the processor from one who is in its kernel would else
/// have everybody else wait for the whole file, whatever the daemon does.
fn write_in_pieces(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    bytes.chunks(PIECE).try_for_each(|piece| file.write_all(piece))
}

/// Bytes of a piece.
const PIECE: usize = 64 << 10;

/// Takes a file away when its act ends or is given up.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
