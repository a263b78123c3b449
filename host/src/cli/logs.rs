//! `happyos skill logs`: what skills logged.

use http_body_util::BodyExt as _;
use hyper::Method;
use serde::Deserialize;

use super::Context;
use super::fault::{Doing as _, Fault};
use super::output::{self, Voice};

/// Longest line that is waited for, in bytes.
const LINE_BYTES_MAX: usize = 1 << 20;

/// One line, or word that some were lost.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Line {
    time_ms: u64,
    request_id: String,
    bundle: String,
    skill: String,
    level: String,
    message: String,
    lost_lines: u64,
}

pub fn run(context: &Context, name: Option<&str>, follow: bool) -> Result<(), Fault> {
    let path = if follow { "/v1/logs?follow=1" } else { "/v1/logs" };
    context.with_daemon(async |client| {
        let response = client.open(Method::GET, path, None, "application/x-ndjson").await?;
        let status = response.status();
        let mut body = response.into_body();
        let mut pending = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.doing(|| "read the log".into())?;
            pending.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            while status.is_success()
                && let Some(end) = pending.iter().position(|byte| *byte == b'\n')
            {
                let line: Vec<u8> = pending.drain(..=end).collect();
                show(&line, name, context.voice)?;
            }
            if pending.len() > LINE_BYTES_MAX {
                return Err(Fault::failed("Failed to read the log: a line is too long"));
            }
        }
        if status.is_success() {
            return Ok(());
        }
        let reply = super::client::Reply { status, body: pending.into() };
        Err(reply.refused()?.fault("read the log"))
    })
}

fn show(json: &[u8], name: Option<&str>, voice: Voice) -> Result<(), Fault> {
    let line: Line = serde_json::from_slice(json).doing(|| "read a line of the log".into())?;
    if line.lost_lines > 0 {
        voice.note(&format!("note: {} lines came faster than they were read, and are lost", line.lost_lines));
        return Ok(());
    }
    if name.is_some_and(|name| name != line.bundle && name != line.skill) {
        return Ok(());
    }
    if voice.json {
        return output::print(&String::from_utf8_lossy(json));
    }
    let of = if line.skill.is_empty() || line.skill == line.bundle {
        line.bundle
    } else {
        format!("{}/{}", line.bundle, line.skill)
    };
    let request: String = line.request_id.chars().take(8).collect();
    output::print(&format!("{} {:<5} {of} [{request}] {}\n", output::moment(line.time_ms), line.level, line.message))
}
