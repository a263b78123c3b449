//! Hostile requests over the network.

use std::net::SocketAddr;
use std::sync::Arc;

use happyos_tests::http::Client;
use hyper::Method;

use super::measure::{Attack, Case, loads, told};

/// The skill that is called: not the neighbour, which would wait for a place of its own.
pub const CALLED: &str = "called";

/// Where the daemon listens, and a token for it.
#[derive(Clone)]
pub struct Door {
    pub address: SocketAddr,
    pub token: String,
}

/// A case for each.
pub fn cases(door: &Door) -> Vec<Case> {
    let call = format!("/v1/skills/{CALLED}/call");
    let deep = format!("{{\"input\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let large = format!("{{\"input\": {{\"x\": \"{}\"}}}}", "a".repeat((2 << 20) - 100));
    let bomb = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0; 1000][..]].concat();
    let of = |line, name: &str, header: Option<(&str, &str)>, body: Vec<u8>, says: &str| Case {
        line,
        name: name.into(),
        attack: posting(door, &call, header, body),
        says: vec![says.into()],
        loads: loads(),
    };
    vec![
        of("JSON nested 100,000 deep", "deep-json", None, deep.into_bytes(), "invalid-input"),
        of("duplicate keys", "duplicate-keys", None, br#"{"input": {}, "input": {"a": 1}}"#.to_vec(), "duplicate"),
        of("compressed bombs", "gzip", Some(("content-encoding", "gzip")), bomb, "invalid-input"),
        of("foreign Origin and Host", "foreign-host", Some(("host", "attacker.example")), b"{}".to_vec(), "denied"),
        of(
            "foreign Origin and Host",
            "foreign-origin",
            Some(("origin", "https://attacker.example")),
            b"{}".to_vec(),
            "denied",
        ),
        of(
            "expired tokens",
            "no-such-token",
            Some(("authorization", "Bearer hos_guessed")),
            b"{}".to_vec(),
            "unauthenticated",
        ),
        // Not larger than it may be: 16 of them at once are taken in, refused or answered, and let go.
        of("slow headers and bodies", "two-megabyte-bodies", None, large.into_bytes(), "limit-exceeded: "),
    ]
}

fn posting(door: &Door, path: &str, header: Option<(&str, &str)>, body: Vec<u8>) -> Attack {
    let (door, path, body) = (door.clone(), path.to_owned(), Arc::new(body));
    let header = header.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Arc::new(move |_| {
        let (door, path, header, body) = (door.clone(), path.clone(), header.clone(), body.clone());
        Box::pin(async move {
            let mut client = Client::tcp(door.address).await?.bearer(&door.token);
            if let Some((name, value)) = &header {
                client = client.with(name, value);
            }
            Ok(told(&client.send(Method::POST, &path, body.as_ref().clone()).await?))
        })
    })
}
