use happyos_sdk::agent::Endpoint;
use happyos_sdk::testing::{HttpStub, clear, progress_reports, stub_http, stub_target};

use super::*;

fn context(settings: &str) -> Context {
    let endpoint =
        Endpoint { url: "https://models.test/v1".into(), model: Some("m".into()), secret: Some("key".into()) };
    Context { endpoint: Some(endpoint), settings: settings.into(), ..Context::default() }
}

fn answer(status: u16, kind: &str, body: &str) {
    clear();
    stub_http(HttpStub {
        method: "POST".into(),
        url: "https://models.test/v1/chat/completions".into(),
        status,
        headers: vec![("content-type".into(), kind.into())],
        body: body.into(),
    });
}

fn run() -> Result<Answer> {
    let task = Task { input: r#"{"task": "say hello"}"#.into(), continuation: None };
    OpenAiCompatible::run(&task, &context("{}"))
}

#[test]
fn a_stream_is_put_together_and_reported() {
    answer(
        200,
        "text/event-stream",
        "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n: a comment\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"lo\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n",
    );
    let answer = run().unwrap();
    assert_eq!(answer.outcome, Outcome::Done(r#"{"text":"Hello"}"#.into(), Vec::new()));
    assert_eq!((answer.input_tokens, answer.output_tokens), (3, 2));
    let said: Vec<_> = progress_reports().into_iter().map(|report| report.message).collect();
    assert_eq!(said, ["Hel", "Hello"]);
}

#[test]
fn what_is_wrong_with_an_answer_has_its_own_kind() {
    let half = "data: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n";
    for (status, kind, body, wanted) in [
        (429, "text/plain", "slow down", "Unavailable"),
        (500, "text/plain", "", "Unavailable"),
        (401, "text/plain", "", "Unavailable"),
        (307, "text/plain", "", "Failed"),
        (400, "text/plain", "too long", "InvalidInput"),
        (200, "application/json", "<html>", "Failed"),
        (200, "application/json", "{}", "Failed"),
        (200, "application/json; charset=iso-8859-1", "{}", "Failed"),
        (200, "text/event-stream", half, "Unavailable"),
        (200, "text/event-stream", "data: nonsense\n\n", "Failed"),
    ] {
        answer(status, kind, body);
        let error = run().unwrap_err();
        assert!(format!("{error:?}").starts_with(wanted), "{status} {kind} {body}: {error:?}");
    }
}

#[test]
fn a_tool_is_called_and_a_model_that_never_stops_calling_is_stopped() {
    let call = r#"{"choices":[{"message":{"tool_calls":[{"id":"1","function":{"name":"calc","arguments":"{}"}}]}}]}"#;
    answer(200, "application/json", call);
    let target = delegate::Target {
        name: "calc".into(),
        is_agent: false,
        description: "Calculates.".into(),
        input_schema: r#"{"type":"object"}"#.into(),
    };
    stub_target(target, |_| Ok("1".into()));
    let error = run().unwrap_err();
    assert!(format!("{error:?}").contains("after 8 rounds"), "{error:?}");
}

#[test]
fn named_blocks_are_files() {
    let text =
        "Here:\n```python app/main.py\nprint(1)\n```\nand\n```\nno name\n```\n```json title=\"a.json\"\n{}\n```\n";
    let files = files::of(text);
    let seen: Vec<_> =
        files.iter().map(|file| (file.name.as_str(), file.media_type.as_str(), file.data.as_slice())).collect();
    assert_eq!(
        seen,
        [("app_main.py", "text/x-python", &b"print(1)\n"[..]), ("a.json", "application/json", &b"{}\n"[..])]
    );
}
