//! What guests reach outside their sandbox: their grants, the addresses behind names, secrets, state, and refusals.

use std::collections::BTreeMap;
use std::sync::Arc;

use happyos::base::{Digest, FailureKind, Grants, Limit, RequestId};
use happyos::runtime::{
    ClockMode, GuestCall, HttpStub, Origin, Outside, Powers, Program, ProgramKind, ProgramSpec, Runtime, World,
};
use happyos::security::{Audit, Secrets};
use happyos::store::Store;
use happyos::telemetry::GuestLog;
use happyos_tests::home::operator;
use happyos_tests::server::{Seen, Server, response};
use happyos_tests::{Home, built};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

/// A secret that must never be seen.
const CANARY: &str = "canary-7f3a9c-Zq";

/// A runtime with what it reaches, and the guest that reaches for it.
struct Bench {
    runtime: Runtime,
    reach: Arc<Program>,
    secrets: Arc<Secrets>,
    audit: Audit,
    log: GuestLog,
    home: Home,
}

impl Bench {
    fn new() -> Bench {
        let home = Home::new();
        let log = GuestLog::new(10_000);
        let store = Store::open(&home.config.data_dir).unwrap();
        let secrets = Arc::new(Secrets::open(&home.config.data_dir).unwrap());
        let audit = Audit::open(&home.config.data_dir).unwrap();
        let outside = Outside { kv: Arc::new(store), secrets: secrets.clone(), audit: audit.clone() };
        let runtime = Runtime::start(&home.config, &happyos_tests::happyos_binary(), log.clone(), outside).unwrap();
        let reach = program(&home, &runtime, "reach", built("happyos/guests", "reach.wasm"), World::Skill);
        Bench { runtime, reach, secrets, audit, log, home }
    }

    async fn call(
        &self,
        program: &Arc<Program>,
        skill: &str,
        powers: Powers,
        input: Value,
    ) -> Result<Value, happyos::base::Failure> {
        let call = GuestCall {
            skill: skill.into(),
            input: input.to_string(),
            value: input,
            request_id: RequestId::from_bits(7),
            session_id: None,
            locale: "en".into(),
            limits: self.home.config.limits,
            seed: 1,
            clock: ClockMode::Real,
            progress: None,
            powers,
        };
        self.runtime.call(program, call).await.0.map(|answer| serde_json::from_str(&answer.json).unwrap())
    }

    /// What came of each step.
    async fn steps(&self, powers: Powers, steps: Value) -> Vec<Value> {
        let answer = self.call(&self.reach, "reach", powers, json!({ "steps": steps })).await;
        answer.unwrap_or_else(|failure| panic!("{failure}")).as_array().unwrap().clone()
    }

    /// What came of one request.
    async fn request(&self, powers: &Powers, request: Value) -> Value {
        let mut step = json!({"do": "http"});
        step.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
        self.steps(powers.clone(), json!([step])).await.remove(0)
    }

    async fn get(&self, powers: &Powers, url: &str) -> Value {
        self.request(powers, json!({ "url": url })).await
    }

    /// How many refusals are on record; the log counts those that are alike in one entry.
    fn n_denials(&self) -> usize {
        let times = |why: &String| why.rsplit_once(" (").and_then(|(_, times)| times.split(' ').next()?.parse().ok());
        self.denials().iter().map(|why| times(why).unwrap_or(1)).sum()
    }

    fn denials(&self) -> Vec<String> {
        let entries = self.audit.last(1_000).unwrap();
        entries.into_iter().filter(|entry| entry.what == "access.denied").map(|entry| entry.why).collect()
    }
}

fn program(home: &Home, runtime: &Runtime, name: &str, path: std::path::PathBuf, world: World) -> Arc<Program> {
    runtime.program(ProgramSpec {
        name: name.into(),
        digest: Digest::of(&std::fs::read(&path).unwrap()),
        origin: Origin::File(path),
        kind: ProgramKind::Component(world),
        limits: home.config.limits,
        gate: runtime.gate(None),
    })
}

/// Powers of the bundle `local/reach`.
fn granted(grants: Grants) -> Powers {
    Powers::granted(Arc::new(grants), "local/reach".into())
}

fn http(grants: &[&str]) -> Powers {
    granted(Grants { http: Some(grants.iter().map(|grant| grant.parse().unwrap()).collect()), ..Grants::default() })
}

#[track_caller]
fn check_error(outcome: &Value, kind: &str, words: &str) {
    assert_eq!(outcome["error"]["kind"], kind, "{outcome}");
    assert!(outcome["error"]["message"].as_str().unwrap().contains(words), "{outcome}");
}

#[track_caller]
fn body(outcome: &Value) -> &str {
    outcome["response"]["body"].as_str().unwrap_or_else(|| panic!("{outcome}"))
}

fn echo(seen: &Seen) -> Vec<u8> {
    response(200, &[("x-answered", "yes")], [seen.head.as_bytes(), &seen.body].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_granted_request_goes_out_with_headers_of_our_own() {
    let bench = Bench::new();
    let server = Server::start(echo).await;
    let powers = http(&[&server.grant("GET,POST")]);
    let outcome = bench
        .request(&powers, json!({"url": server.url("/a?b=c#d"), "headers": [["x-own", "1"], ["accept", "text/*"]]}))
        .await;
    assert_eq!(outcome["response"]["status"], 200, "{outcome}");
    assert_eq!(outcome["response"]["url"], server.url("/a?b=c"));
    assert!(outcome["response"]["headers"].as_array().unwrap().contains(&json!(["x-answered", "yes"])));
    let seen = &server.seen()[0];
    assert!(seen.head.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{}", seen.head);
    assert_eq!(seen.header("host"), Some(server.address.to_string().as_str()));
    assert_eq!(seen.header("x-own"), Some("1"));
    assert!(seen.header("user-agent").unwrap().starts_with("happyos/"));
    assert_eq!(seen.head.matches("host:").count() + seen.head.matches("Host:").count(), 1);

    let whole = bench.request(&powers, json!({"method": "POST", "url": server.url("/"), "body": ["räka"]})).await;
    assert!(body(&whole).ends_with("räka"), "{whole}");
    let parts = bench
        .request(&powers, json!({"method": "POST", "url": server.url("/"), "body": ["one ", "two "], "repeat": 200}))
        .await;
    assert!(body(&parts).matches("one").count() == 200 && body(&parts).matches("two").count() == 200, "{parts}");
    assert!(bench.denials().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_grant_nothing_goes_out_and_the_operator_is_told_once() {
    let bench = Bench::new();
    let server = Server::start(echo).await;
    let steps: Vec<Value> = (0..5).map(|_| json!({"do": "http", "url": server.url("/secret-path?token=1")})).collect();
    for (powers, why) in [
        (granted(Grants::default()), "none"),
        (http(&[]), "an empty list"),
        (http(&["api.example.org"]), "another host"),
    ] {
        for outcome in bench.steps(powers, json!(steps)).await {
            check_error(&outcome, "Denied", "is not granted");
            assert!(!outcome.to_string().contains("token=1"), "{why}");
        }
    }
    for (grant, request) in [
        (server.grant("GET"), json!({"method": "POST", "url": server.url("/")})),
        (format!("http://127.0.0.1:{} private", server.address.port() ^ 1), json!({"url": server.url("/")})),
        (format!("https://{} private", server.address), json!({"url": server.url("/")})),
    ] {
        check_error(&bench.request(&http(&[&grant]), request).await, "Denied", "is not granted");
    }
    assert!(server.seen().is_empty());
    let denials = bench.denials();
    assert_eq!(bench.n_denials(), 6, "once for each call: {denials:?}");
    assert!(denials.iter().all(|why| !why.contains("token")), "{denials:?}");
    let many: Vec<Value> =
        (0..100).map(|index| json!({"do": "http", "url": format!("https://h{index}.example/")})).collect();
    bench.steps(granted(Grants::default()), json!(many)).await;
    assert_eq!(bench.n_denials(), 6 + 16, "bounded for each call");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_inside_are_refused_however_they_are_written() {
    let bench = Bench::new();
    let server = Server::start(echo).await;
    let port = server.address.port();
    // Everything is granted but what is not public.
    let powers = http(&["ANY http://*:*", "ANY https://*:*"]);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "localhost",
        "LOCALHOST.",
        "127.0.0.1.",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "100.64.0.1",
        "192.168.1.1",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "224.0.0.1",
    ] {
        let outcome = bench.get(&powers, &format!("http://{host}:{port}/latest/meta-data/")).await;
        check_error(&outcome, "Denied", "not public");
    }
    for url in [
        "http://127.0.0.1@example.org/",
        "http://①②⑦.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://256.1.1.1/",
    ] {
        let outcome = bench.get(&powers, url).await;
        assert_eq!(outcome["error"]["kind"], "InvalidRequest", "{url}: {outcome}");
    }
    assert!(server.seen().is_empty());
    // A name that leads here is refused by its address, whatever its own grant; with `private` it is let through.
    let named = format!("http://localhost:{port}");
    check_error(&bench.get(&http(&[&named]), &format!("{named}/")).await, "Denied", "not public");
    let outcome = bench.get(&http(&[&format!("{named} private")]), &format!("{named}/")).await;
    assert_eq!(outcome["response"]["status"], 200, "{outcome}");
    assert_eq!(server.seen()[0].header("host"), Some(format!("localhost:{port}").as_str()));
    assert!(bench.denials().iter().any(|why| why.contains("169.254.169.254")), "the operator sees the address");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_does_not_set_what_belongs_to_the_connection() {
    let bench = Bench::new();
    let server = Server::start(echo).await;
    let powers = http(&[&server.grant("ANY")]);
    for (name, value) in [
        ("Host", "metadata.internal"),
        ("content-length", "5"),
        ("Transfer-Encoding", "chunked"),
        ("connection", "upgrade"),
        ("Upgrade", "h2c"),
        ("proxy-authorization", "Basic eA=="),
        ("te", "trailers"),
        ("x-ok\r\nhost", "a"),
        ("x-ok", "a\r\nhost: b"),
    ] {
        let outcome = bench.request(&powers, json!({"url": server.url("/"), "headers": [[name, value]]})).await;
        assert_eq!(outcome["error"]["kind"], "InvalidRequest", "{name}: {outcome}");
    }
    for method in ["CONNECT", "TRACE", "get", "G ET", ""] {
        let outcome = bench.request(&powers, json!({"url": server.url("/"), "method": method})).await;
        assert_eq!(outcome["error"]["kind"], "InvalidRequest", "{method}: {outcome}");
    }
    let many: Vec<_> = (0..65).map(|index| [format!("x-{index}"), String::new()]).collect();
    let outcome = bench.request(&powers, json!({"url": server.url("/"), "headers": many})).await;
    check_error(&outcome, "InvalidRequest", "more than 64 headers");
    assert!(server.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_are_checked_at_every_hop() {
    let bench = Bench::new();
    let inner = Server::start(echo).await;
    let inside = inner.url("/inside");
    let server = Server::start(move |seen| match seen.path() {
        "/in" => response(302, &[("location", &inside)], ""),
        "/meta" => response(301, &[("location", "http://169.254.169.254/latest/")], ""),
        "/file" => response(302, &[("location", "file:///etc/passwd")], ""),
        "/user" => response(302, &[("location", "http://a:b@127.0.0.1/")], ""),
        "/loop" => response(307, &[("location", "/loop")], ""),
        "/see" => response(303, &[("location", "end?x")], ""),
        "/keep" => response(308, &[("location", "/end")], ""),
        _ => echo(seen),
    })
    .await;
    let powers = http(&[&server.grant("GET,POST")]);
    check_error(&bench.get(&powers, &server.url("/in")).await, "Denied", "is not granted");
    check_error(&bench.get(&powers, &server.url("/meta")).await, "Denied", "is not granted");
    check_error(
        &bench.get(&http(&[&server.grant("GET"), "http://*"]), &server.url("/meta")).await,
        "Denied",
        "not public",
    );
    check_error(&bench.get(&powers, &server.url("/file")).await, "InvalidRequest", "scheme");
    check_error(&bench.get(&powers, &server.url("/user")).await, "InvalidRequest", "password");
    assert!(inner.seen().is_empty());
    check_error(&bench.get(&powers, &server.url("/loop")).await, "TooManyRedirects", "more than 5");
    assert_eq!(server.seen().iter().filter(|seen| seen.path() == "/loop").count(), 6);
    let handed = bench.request(&powers, json!({"url": server.url("/in"), "redirects": 0})).await;
    assert_eq!(handed["response"]["status"], 302, "{handed}");

    let post = |path: &str| json!({"method": "POST", "url": server.url(path), "body": ["hello"]});
    let seen = bench.request(&powers, post("/see")).await;
    assert!(body(&seen).starts_with("GET /end?x ") && !body(&seen).ends_with("hello"), "{seen}");
    assert_eq!(seen["response"]["url"], server.url("/end?x"));
    let kept = bench.request(&powers, post("/keep")).await;
    assert!(body(&kept).starts_with("POST /end ") && body(&kept).ends_with("hello"), "{kept}");
    // A streamed body is gone: the redirect is the guest's to see.
    let streamed =
        bench.request(&powers, json!({"method": "POST", "url": server.url("/keep"), "body": ["a", "b"]})).await;
    assert_eq!(streamed["response"]["status"], 308, "{streamed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_goes_only_where_it_belongs_and_never_comes_back() {
    let bench = Bench::new();
    let other = Server::start(echo).await;
    let elsewhere = other.url("/elsewhere");
    let server = Server::start(move |seen| match seen.path() {
        "/away" => response(307, &[("location", &elsewhere)], ""),
        "/home" => response(307, &[("location", "/echo")], ""),
        "/leak" => response(
            307,
            &[("location", &format!("/echo?{}", seen.header("authorization").unwrap_or_default().replace(' ', "+")))],
            "",
        ),
        "/packed" => response(200, &[("content-encoding", "gzip")], "\x1f\u{8b}"),
        "/broken" => format!("HTTP/1.1 200 {CANARY}\r\n{CANARY}\r\n\r\n").into_bytes(),
        _ => {
            let sent = seen.header("authorization").unwrap_or_default();
            // In chunks of three bytes, so that the value lies across many.
            let mut bytes = format!("HTTP/1.1 200 OK\r\nx-echo: {sent}\r\ntransfer-encoding: chunked\r\n\r\n");
            seen.head.as_bytes().chunks(3).for_each(|part| {
                bytes.push_str(&format!("{:x}\r\n{}\r\n", part.len(), String::from_utf8_lossy(part)));
            });
            format!("{bytes}0\r\n\r\n").into_bytes()
        }
    })
    .await;
    let hosts = vec![server.grant("GET").parse().unwrap()];
    bench.secrets.set(&operator(), "token", CANARY.into(), hosts).unwrap();
    bench
        .secrets
        .set(&operator(), "other", "never-used-value".into(), vec!["api.example.org".parse().unwrap()])
        .unwrap();
    let grants = Grants {
        http: Some(vec![server.grant("GET,POST").parse().unwrap(), other.grant("GET").parse().unwrap()]),
        secrets: Some(vec!["token".into(), "other".into(), "unset".into()]),
        ..Grants::default()
    };
    let powers = granted(grants.clone());
    let with = |url: String, name: &str| json!({"url": url, "secrets": [[name, "authorization", "Bearer "]], "log_body": true, "headers": [["accept-encoding", "gzip"]]});
    let mut all = Vec::new();

    let home = bench.request(&powers, with(server.url("/home"), "token")).await;
    assert!(body(&home).contains("Bearer ***"), "{home}");
    assert!(home["response"]["headers"].to_string().contains("Bearer ***"), "{home}");
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.header("authorization") == Some(&format!("Bearer {CANARY}"))), "{seen:?}");
    assert!(seen.iter().all(|seen| seen.header("accept-encoding") == Some("identity")), "{seen:?}");
    all.push(home);

    // Dropped where a redirect leads to another port.
    let away = bench.request(&powers, with(server.url("/away"), "token")).await;
    assert_eq!(away["response"]["status"], 200, "{away}");
    assert!(other.seen().iter().all(|seen| seen.header("authorization").is_none()), "{:?}", other.seen());
    all.push(away);

    // A URL that repeats it.
    let leak = bench.request(&powers, with(server.url("/leak"), "token")).await;
    assert!(leak["response"]["url"].as_str().unwrap().ends_with("Bearer+***"), "{leak}");
    all.push(leak);
    let packed = bench.request(&powers, with(server.url("/packed"), "token")).await;
    check_error(&packed, "Protocol", "compresses");
    let broken = bench.request(&powers, with(server.url("/broken"), "token")).await;
    check_error(&broken, "Protocol", "");
    all.extend([packed, broken]);

    // To a host, with a method, or by a bundle that it is not for.
    let n_seen = server.seen().len() + other.seen().len();
    let misused = [
        (with(other.url("/"), "token"), "Denied", "may not go out"),
        (with(server.url("/"), "other"), "Denied", "may not go out"),
        (with(server.url("/"), "unset"), "Missing", "not set"),
        (with(server.url("/"), "foreign"), "Denied", "not granted"),
        (
            json!({"url": server.url("/"), "method": "POST", "secrets": [["token", "x-key", ""]]}),
            "Denied",
            "may not go out",
        ),
        (
            json!({"url": server.url("/"), "secrets": [["token", "host", ""]]}),
            "InvalidRequest",
            "belongs to the connection",
        ),
        (json!({"url": server.url("/"), "secrets": [["token", "x-key", "a\r\nb: "]]}), "InvalidRequest", "prefix"),
        (
            json!({"url": server.url("/"), "secrets": [["token", "x-key", ""]], "headers": [["X-Key", "1"]]}),
            "InvalidRequest",
            "beside the secret",
        ),
    ];
    for (request, kind, words) in misused {
        let outcome = bench.request(&powers, request).await;
        check_error(&outcome, kind, words);
        all.push(outcome);
    }
    let ungranted = granted(Grants { secrets: None, ..grants });
    check_error(&bench.request(&ungranted, with(server.url("/"), "token")).await, "Denied", "not granted");
    assert_eq!(server.seen().len() + other.seen().len(), n_seen, "nothing went out");

    // Nowhere is it seen.
    let (lines, _) = bench.log.follow();
    assert!(lines.iter().any(|line| line.message.contains("***")), "the guest logged what it read");
    let audit = bench.audit.last(1_000).unwrap();
    for text in [format!("{all:?}"), format!("{lines:?}"), format!("{audit:?}")] {
        assert!(!text.contains(CANARY) && !text.contains("never-used-value"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exchanges_are_bounded_in_time_size_and_number() {
    let bench = Bench::new();
    let server = Server::start(|seen| match seen.path() {
        "/silent" => Vec::new(),

        "/slow-body" => b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".to_vec(),
        "/large" => response(200, &[], vec![b'x'; 17 << 20]),
        "/headers" => {
            let mut head = "HTTP/1.1 200 OK\r\n".to_owned();
            (0..1_000).for_each(|index| head.push_str(&format!("x-{index}: y\r\n")));
            format!("{head}\r\n").into_bytes()
        }
        "/head" => format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(1 << 20)).into_bytes(),
        "/junk" => b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(),
        "/upgrade" => b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".to_vec(),
        "/bomb" => response(200, &[("content-encoding", "gzip")], "not really gzip"),
        _ => response(200, &[], "fine"),
    })
    .await;
    let powers = http(&[
        &server.grant("GET,POST"),
        "http://127.0.0.1:1 private",
        &format!("https://{} private", server.address),
    ]);
    let silent = bench.request(&powers, json!({"url": server.url("/silent"), "timeout_ms": 50})).await;
    check_error(&silent, "Timeout", "in time");
    check_error(&bench.get(&powers, &server.url("/slow-body")).await, "Protocol", "breaks off");
    check_error(&bench.get(&powers, &server.url("/large")).await, "TooLarge", "16777216");
    check_error(&bench.get(&powers, &server.url("/headers")).await, "Protocol", "no HTTP response");
    check_error(&bench.get(&powers, &server.url("/head")).await, "Protocol", "no HTTP response");
    check_error(&bench.get(&powers, &server.url("/junk")).await, "Protocol", "no HTTP response");
    check_error(&bench.get(&powers, &server.url("/upgrade")).await, "Protocol", "");
    assert_eq!(body(&bench.get(&powers, &server.url("/bomb")).await), "not really gzip", "nothing is unpacked");
    check_error(&bench.get(&powers, "http://127.0.0.1:1/").await, "Unavailable", "does not answer");
    // What speaks no TLS, and what says nothing at all.
    let plain = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = plain.local_addr().unwrap();
    let answering = tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let tls = http(&[&format!("https://{address} private")]);
    check_error(&bench.get(&tls, &format!("https://{address}/")).await, "Unavailable", "TLS");
    answering.await.unwrap();
    let mute = json!({"url": format!("https://{}/", server.address), "timeout_ms": 100});
    check_error(&bench.request(&powers, mute).await, "Timeout", "in time");
    let sent = json!({"method": "POST", "url": server.url("/"), "body": ["x".repeat(1 << 16), ""], "repeat": 129});
    check_error(&bench.request(&powers, sent).await, "TooLarge", "8388608");
    let sent = json!({"method": "POST", "url": server.url("/"), "body": ["x".repeat(1 << 16)], "repeat": 129});
    let answer = bench.call(&bench.reach, "reach", powers.clone(), json!({"steps": [{"do": "http", "x": 0}]})).await;
    assert!(answer.is_err(), "a step without a URL");
    check_error(&bench.request(&powers, sent).await, "TooLarge", "8388608");
    let open = bench.request(&powers, json!({"url": server.url("/"), "times": 9})).await;
    check_error(&open, "Unavailable", "8 exchanges open");
    let open = bench.request(&powers, json!({"url": server.url("/"), "times": 8})).await;
    assert_eq!(body(&open), "fine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_waiting_for_a_server_ends_at_its_deadline() {
    let bench = Bench::new();
    let server = Server::start(|_| Vec::new()).await;
    let mut limits = bench.home.config.limits;
    limits.wall_ms = 200;
    let input = json!({"steps": [{"do": "http", "url": server.url("/")}]});
    let call = GuestCall {
        skill: "reach".into(),
        input: input.to_string(),
        value: input,
        request_id: RequestId::from_bits(7),
        session_id: None,
        locale: "en".into(),
        limits,
        seed: 1,
        clock: ClockMode::Real,
        progress: None,
        powers: http(&[&server.grant("GET")]),
    };
    let (result, usage) = bench.runtime.call(&bench.reach, call).await;
    assert!(usage.wall.as_secs() < 5, "{usage:?}");
    match result {
        Err(failure) => assert_eq!(failure.kind, FailureKind::LimitExceeded(Limit::Time)),
        // The exchange has the same deadline; the guest may have had time to say so.
        Ok(answer) => assert!(answer.json.contains("Timeout"), "{answer:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_is_the_bundles_own_and_within_its_quota() {
    let bench = Bench::new();
    let kv =
        |space: &str, bytes| Powers::granted(Arc::new(Grants { kv_bytes: bytes, ..Grants::default() }), space.into());
    let mine = kv("local/reach", Some(10_000));
    let steps = json!([
        {"do": "set", "key": "a/1", "value": "one"},
        {"do": "set", "key": "a/2", "value": "two"},
        {"do": "get", "key": "a/1"},
        {"do": "get", "key": "none"},
        {"do": "list", "prefix": "a/"},
        {"do": "list", "prefix": "a/", "after": "a/1", "limit": 1},
        {"do": "swap", "key": "a/1", "expected": "two", "value": "x"},
        {"do": "swap", "key": "a/1", "expected": "one", "value": "three"},
        {"do": "swap", "key": "new", "value": "made"},
        {"do": "delete", "key": "a/2"},
        {"do": "delete", "key": "a/2"},
    ]);
    let outcomes = bench.steps(mine.clone(), steps).await;
    let expected = json!([
        {"done": true}, {"done": true}, {"text": "one"}, {"text": null}, {"keys": ["a/1", "a/2"]}, {"keys": ["a/2"]},
        {"done": false}, {"done": true}, {"done": true}, {"done": true}, {"done": false},
    ]);
    assert_eq!(json!(outcomes), expected);
    // Kept from call to call, and nobody else's.
    let look = json!([{"do": "get", "key": "a/1"}, {"do": "list", "prefix": ""}]);
    assert_eq!(
        json!(bench.steps(mine.clone(), look.clone()).await),
        json!([{"text": "three"}, {"keys": ["a/1", "new"]}])
    );
    let theirs = bench.steps(kv("local/other", Some(10_000)), look.clone()).await;
    assert_eq!(json!(theirs), json!([{"text": null}, {"keys": []}]));

    let full = bench
        .steps(mine.clone(), json!([{"do": "fill", "key": "big", "bytes": 20_000}, {"do": "get", "key": "big"}]))
        .await;
    check_error(&full[0], "Quota", "10000");
    assert_eq!(full[1], json!({"text": null}), "nothing was written");
    check_error(&bench.steps(mine, json!([{"do": "set", "key": "", "value": ""}])).await[0], "Invalid", "");
    for powers in [kv("local/reach", None), kv("local/reach", Some(0)), Powers::default()] {
        for outcome in bench.steps(powers, look.clone()).await {
            check_error(&outcome, "Denied", "not granted");
        }
    }
    assert_eq!(bench.n_denials(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_example_touches_nothing_real() {
    let bench = Bench::new();
    let server = Server::start(echo).await;
    bench.secrets.set(&operator(), "token", CANARY.into(), vec![server.grant("GET").parse().unwrap()]).unwrap();
    let stub = |url: &str, status, headers: &[(&str, &str)], body: &str| HttpStub {
        method: "GET".into(),
        url: url.into(),
        status,
        headers: headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        body: body.into(),
    };
    let stubs = vec![
        stub("https://api.example.org", 302, &[("location", "/v2")], ""),
        stub("https://API.example.org:443/v2", 200, &[("content-type", "text/plain")], "stubbed"),
    ];
    let powers = Powers::rehearsal(stubs);
    let steps = json!([
        {"do": "http", "url": "https://api.example.org/", "secrets": [["token", "authorization", "Bearer "]]},
        {"do": "http", "url": server.url("/")},
        {"do": "set", "key": "k", "value": "v"},
        {"do": "get", "key": "k"},
    ]);
    let outcomes = bench.steps(powers.clone(), steps).await;
    assert_eq!(body(&outcomes[0]), "stubbed");
    assert_eq!(outcomes[0]["response"]["url"], "https://api.example.org/v2");
    check_error(&outcomes[1], "Unavailable", "no stub for `GET http://127.0.0.1");
    assert_eq!(outcomes[3], json!({"text": "v"}));
    let real = Powers::granted(Arc::new(Grants { kv_bytes: Some(1_000), ..Grants::default() }), "example".into());
    assert_eq!(bench.steps(real, json!([{"do": "get", "key": "k"}])).await[0], json!({"text": null}));
    assert!(server.seen().is_empty() && bench.denials().is_empty());
}

/// A guest in another language; `None` where `cargo xtask test` left it out.
fn foreign(bench: &Bench, name: &str) -> Option<Arc<Program>> {
    if std::env::var("HAPPYOS_GUESTS_LEFT_OUT").is_ok_and(|left_out| left_out.contains(name)) {
        return None;
    }
    let path = built("happyos/guests", &format!("{name}.wasm"));
    Some(program(&bench.home, &bench.runtime, name, path, World::Plain))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_components_reach_other_hosts_by_the_same_rules() {
    let bench = Bench::new();
    let Some(plain) = foreign(&bench, "js-plain") else { return };
    let server = Server::start(|seen| match seen.path() {
        "/away" => response(302, &[("location", "http://169.254.169.254/latest/")], ""),
        _ => echo(seen),
    })
    .await;
    let powers = http(&[&server.grant("GET,POST"), "http://*:*"]);
    let request = async |powers: &Powers, url: &str, body: &str| {
        bench.call(&plain, "js-plain_request", powers.clone(), json!({"url": url, "body": body})).await
    };
    let got = request(&powers, &server.url("/x?y"), "").await.unwrap();
    assert!(got.as_str().unwrap().starts_with("200 GET /x?y HTTP/1.1"), "{got}");
    assert_eq!(server.seen()[0].header("host"), Some(server.address.to_string().as_str()));
    let posted = request(&powers, &server.url("/"), "räka").await.unwrap();
    assert!(posted.as_str().unwrap().contains("POST / ") && posted.as_str().unwrap().contains("räka"), "{posted}");
    let n_seen = server.seen().len();
    for (powers, url) in [
        (&granted(Grants::default()), server.url("/")),
        (&http(&["http://*:*"]), server.url("/")),
        (&http(&["http://*:*"]), format!("http://2130706433:{}/", server.address.port())),
        (&http(&["http://*:*"]), format!("http://localhost:{}/", server.address.port())),
        (&http(&["http://*:*"]), "http://169.254.169.254/latest/meta-data/".to_owned()),
    ] {
        let outcome = request(powers, &url, "").await;
        assert!(outcome.as_ref().is_err_and(|failure| failure.kind == FailureKind::GuestError), "{url}: {outcome:?}");
    }
    assert_eq!(server.seen().len(), n_seen);
    assert_eq!(bench.n_denials(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_and_environment_of_plain_components_are_as_granted() {
    let bench = Bench::new();
    let Some(python) = foreign(&bench, "py-plain") else { return };
    let folder = bench.home.path().join("shared");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("in.txt"), "räka").unwrap();
    std::fs::write(bench.home.path().join("outside.txt"), "not yours").unwrap();
    std::os::unix::fs::symlink(bench.home.path().join("outside.txt"), folder.join("link.txt")).unwrap();
    std::os::unix::fs::symlink("..", folder.join("up")).unwrap();
    let files = [format!("{}:/data", folder.display()), "/nowhere/at/all:/missing".to_owned()];
    let grants = Grants {
        files: Some(files.iter().map(|grant| grant.parse().unwrap()).collect()),
        env: Some(BTreeMap::from([("LANG".to_owned(), "sv_SE".to_owned())])),
        ..Grants::default()
    };
    let powers = granted(grants);
    let read =
        async |path: &str| bench.call(&python, "py-plain_read-file", powers.clone(), json!({ "path": path })).await;
    assert_eq!(read("/data/in.txt").await, Ok(json!("räka")));
    for path in [
        "/data/../outside.txt",
        "/data/link.txt",
        "/data/up/outside.txt",
        "/etc/passwd",
        "/missing/a",
        "../outside.txt",
        "/data/../../../../etc/passwd",
    ] {
        let outcome = read(path).await;
        assert!(outcome.as_ref().is_err_and(|failure| failure.kind == FailureKind::GuestError), "{path}: {outcome:?}");
    }
    let write = async |powers: &Powers, path: &str| {
        bench.call(&python, "py-plain_write-file", powers.clone(), json!({"path": path, "text": "written"})).await
    };
    assert!(write(&powers, "/data/new.txt").await.is_err() && write(&powers, "/data/in.txt").await.is_err());
    let writable = vec![format!("{}:/data:rw", folder.display()).parse().unwrap()];
    let writing = granted(Grants { files: Some(writable), ..Grants::default() });
    assert_eq!(write(&writing, "/data/new.txt").await, Ok(Value::Null));
    assert!(write(&writing, "/data/link.txt").await.is_err() && write(&writing, "/data/../new.txt").await.is_err());
    assert_eq!(std::fs::read_to_string(folder.join("new.txt")).unwrap(), "written");
    assert_eq!(std::fs::read_to_string(bench.home.path().join("outside.txt")).unwrap(), "not yours");
    let environment = bench.call(&python, "py-plain_environment", powers, json!({})).await;
    assert_eq!(environment, Ok(json!(["LANG"])));
    let (lines, _) = bench.log.follow();
    assert!(lines.iter().any(|line| line.message.contains("/nowhere/at/all")), "{lines:?}");
    let nothing = bench.call(&python, "py-plain_environment", granted(Grants::default()), json!({})).await;
    assert_eq!(nothing, Ok(json!([])));
}

/// A script that does with each global what its input says.
const SCRIPT: &str = r#"/* happyos
name = "scripted"
*/
skill({
  name: "scripted", description: "Reaches out.", inputSchema: { type: "object" },
  run({ url, secret, body }) {
    const counted = Number(kv.get("n") ?? "0") + 1;
    kv.set("n", String(counted));
    const credentials = secret ? [{ secret: secrets.open(secret), prefix: "Bearer " }] : [];
    let said;
    try {
      const response = http.fetch(url, { method: body ? "POST" : "GET", body, headers: { "x-own": "1" }, credentials });
      said = { status: response.status, ok: response.ok, type: response.headers["x-answered"], text: response.text() };
    } catch (error) {
      if (!(error instanceof SkillError)) throw error;
      said = { kind: error.kind, reason: error.reason, message: error.message };
    }
    return { counted, said, keys: kv.list(""), swapped: kv.swap("n", "0", null) };
  },
});
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_reach_as_far_as_their_grants() {
    let bench = Bench::new();
    let server = Server::start(echo).await;
    let path = bench.home.path().join("scripted.js");
    std::fs::write(&path, SCRIPT).unwrap();
    let script = bench.runtime.program(ProgramSpec {
        name: "scripted".into(),
        digest: Digest::of(SCRIPT.as_bytes()),
        origin: Origin::File(path),
        kind: ProgramKind::Script,
        limits: bench.home.config.limits,
        gate: bench.runtime.gate(None),
    });
    bench.secrets.set(&operator(), "token", CANARY.into(), vec![server.grant("GET").parse().unwrap()]).unwrap();
    let powers = granted(Grants {
        kv_bytes: Some(1_000),
        http: Some(vec![server.grant("GET,POST").parse().unwrap()]),
        secrets: Some(vec!["token".into()]),
        ..Grants::default()
    });
    let call = async |powers: &Powers, input| bench.call(&script, "scripted", powers.clone(), input).await;
    let first = call(&powers, json!({"url": server.url("/"), "secret": "token"})).await.unwrap();
    assert_eq!(
        (&first["counted"], &first["keys"], &first["swapped"]),
        (&json!(1), &json!(["n"]), &json!(false)),
        "{first}"
    );
    assert_eq!((&first["said"]["status"], &first["said"]["type"]), (&json!(200), &json!("yes")), "{first}");
    let text = first["said"]["text"].as_str().unwrap();
    assert!(text.contains("x-own: 1") && text.contains("Bearer ***") && !text.contains(CANARY), "{text}");
    assert_eq!(server.seen()[0].header("authorization"), Some(format!("Bearer {CANARY}").as_str()));
    let posted = call(&powers, json!({"url": server.url("/"), "body": "r\u{e4}ka"})).await.unwrap();
    assert_eq!(posted["counted"], 2);
    assert!(posted["said"]["text"].as_str().unwrap().ends_with("r\u{e4}ka"), "{posted}");
    let refused = call(&powers, json!({"url": "https://api.example.org/"})).await.unwrap();
    assert_eq!(
        (&refused["said"]["kind"], &refused["said"]["reason"]),
        (&json!("denied"), &json!("denied")),
        "{refused}"
    );
    let failure = call(&Powers::default(), json!({"url": server.url("/")})).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Denied, "{failure}");
}
