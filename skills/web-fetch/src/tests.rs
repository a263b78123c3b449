//! Native tests: pages from stubs.

use happyos_sdk::testing::{HttpStub, clear, stub_http};

use super::*;

fn fetch(content_type: &str, body: impl Into<Vec<u8>>) -> Output<Page> {
    clear();
    stub_http(HttpStub::get("https://a.example/x/data.bin", body).header("content-type", content_type));
    web_fetch("https://a.example/x/data.bin".into(), None, None).unwrap()
}

#[test]
fn examples() {
    happyos_sdk::testing::check_examples(&crate::BUNDLE);
}

#[test]
fn html_is_what_a_reader_sees() {
    for (html, text) in [
        ("<p>a<b>b</b> c</p>\n<p> d </p>", "ab c\n\nd"),
        ("one<br>two<div>three</div>four", "one\ntwo\nthree\nfour"),
        ("<ul>\n <li>a</li>\n <li><p>b</p></li></ul>c", "- a\n- b\n\nc"),
        ("<ul><li></li></ul>after", "after"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>", "a | b\n1 | 2"),
        ("x<script>if (a < b) { '</p>' }</script>y<style>p{}</style><!-- z -->", "xy"),
        ("<svg><title>logo</title><text>t</text></svg>after", "after"),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
        ("f&ouml;r &amp; &#x1F600; <img src=a alt=\"a cat\">", "för & 😀 a cat"),
        ("<p>unclosed <b>tags <i>everywhere", "unclosed tags everywhere"),
        ("", ""),
    ] {
        assert_eq!(page::read(html).text, text, "{html}");
    }
    let titled = page::read("<title>\n A  &amp; B </title><p>x</p><title>second</title>");
    assert_eq!((titled.title.as_deref(), titled.text.as_str()), (Some("A & B"), "x"));
}

#[test]
fn charsets_are_as_the_server_or_the_page_says() {
    assert_eq!(fetch("text/plain; charset=ISO-8859-1", b"r\xe4ksm\xf6rg\xe5s \x80").value.text, "räksmörgås €");
    assert_eq!(fetch("text/plain; charset=utf-8", "räka").value.text, "räka");
    assert_eq!(fetch("text/html", b"<meta charset=\"latin1\">\xe5").value.text, "å");
    assert_eq!(fetch("text/plain", b"\xe5").value.text, "å");
    assert_eq!(fetch("text/plain", b"\xff\xfea\0\xe5\0").value.text, "aå");
}

#[test]
fn files_are_attached_and_long_texts_are_cut() {
    let file = fetch("image/png", b"\x89PNG\0");
    assert!(file.value.text.is_empty());
    assert_eq!((file.attachments[0].name.as_str(), file.attachments[0].data.len()), ("data.bin", 5));
    clear();
    stub_http(HttpStub::get("https://a.example/", "word ".repeat(100)).header("content-type", "text/plain"));
    let page = web_fetch("https://a.example/".into(), None, Some(12)).unwrap().value;
    assert_eq!((page.text.as_str(), page.truncated, page.bytes), ("word word…", true, 500));
    assert!(web_fetch("https://a.example/".into(), None, Some(0)).is_err());
    assert_eq!(web_fetch("https://b.example/".into(), None, None).err().map(|error| error.kind()), Some("unavailable"));
}

#[test]
fn raw_keeps_the_markup() {
    clear();
    stub_http(HttpStub::get("https://a.example/", "<b>x</b>").header("content-type", "text/html"));
    let page = web_fetch("https://a.example/".into(), Some(Format::Raw), None).unwrap().value;
    assert_eq!((page.text.as_str(), page.title), ("<b>x</b>", None));
}
