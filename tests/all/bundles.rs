//! What is installed: versions, imports, names, manifests, and the cache of compiled code.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use happyos::base::FailureKind;
use happyos::skills::{BundleKind, Skills};
use happyos_tests::home::{answer, call, failure, operator, until};
use happyos_tests::{Home, SkillGuest, bombs, plain_component};
use serde_json::json;

fn reason(skills: &Skills, file: &str) -> String {
    let snapshot = skills.snapshot(&operator()).unwrap();
    let refusal = snapshot.refusals().iter().find(|refusal| refusal.path.ends_with(file));
    let refusal = refusal.unwrap_or_else(|| panic!("{file} is not refused"));
    format!("{} {}", refusal.reason, refusal.hint.as_deref().unwrap_or_default())
}

fn all_say(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_version_of_the_contract_is_refused_and_both_are_named() {
    let home = Home::new();
    for (name, version) in [("newer", "0.2.0"), ("patch", "0.1.7"), ("first", "1.0.0")] {
        let edit = format!("@{version}");
        let imports = format!(r#"(import "happyos:host/clock@{version}" "now" (func $now (result i64)))"#);
        let call = "(drop (call $now)) (call $answer (local.get $input) (local.get $input_len))";
        let wit = ("@0.1.0", edit.as_str());
        home.install_guest(&SkillGuest { name, imports: &imports, call, wit, ..Default::default() });
    }
    let skills = home.open().await;
    for (name, version) in [("newer", "0.2.0"), ("patch", "0.1.7"), ("first", "1.0.0")] {
        all_say(&reason(&skills, &format!("{name}.wasm")), &[version, "0.1.0", "happyos:"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_import_is_refused_by_name() {
    let home = Home::new();
    let world = "package test:guest;
        interface telepathy { read: func() -> u32; }
        world guest { import telepathy; include happyos:skill/skill@0.1.0; }";
    home.install_guest(&SkillGuest {
        name: "telepath",
        imports: r#"(import "test:guest/telepathy" "read" (func $read (result i32)))"#,
        call: "(drop (call $read)) (i32.const 64)",
        world: Some((world, "guest")),
        ..Default::default()
    });
    let plain = "package test:guest; world guest { import mystery: func() -> u32; export f: func() -> u32; }";
    let core = r#"(module (import "$root" "mystery" (func $m (result i32)))
                   (func (export "f") (result i32) (call $m)))"#;
    home.install("plain.wasm", plain_component(plain, core));
    let skills = home.open().await;
    all_say(&reason(&skills, "telepath.wasm"), &["test:guest/telepathy"]);
    all_say(&reason(&skills, "plain.wasm"), &["mystery"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_claim_on_a_name_is_refused() {
    let home = Home::new();
    home.install("a-first.wasm", SkillGuest { name: "same", ..Default::default() }.component());
    home.install("b-second.wasm", SkillGuest { name: "same", memory: "3", ..Default::default() }.component());
    let wit =
        "package test:guest; world guest { export same-thing: func(); export same: interface { thing: func(); } }";
    let core = r#"(module (func (export "same-thing")) (func (export "same#thing")))"#;
    home.install("collide.wasm", plain_component(wit, core));
    let skills = home.open().await;
    let snapshot = skills.snapshot(&operator()).unwrap();
    let same = snapshot.skill("same").unwrap();
    assert!(same.bundle().path.ends_with("a-first.wasm"));
    all_say(&reason(&skills, "b-second.wasm"), &["same", "a-first"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metadata_that_does_not_hold_is_refused() {
    let home = Home::new();
    let cases: [(&str, &str, &str); 7] = [
        ("no-description", r#"{"description": " "}"#, "description"),
        ("array-input", r#"{"inputSchema": {"type": "array"}}"#, "object"),
        ("bad-schema", r#"{"inputSchema": {"type": "object", "properties": {"a": {"type": "nonsense"}}}}"#, "schema"),
        ("file-schema", r#"{"inputSchema": {"type": "object", "$ref": "file:///etc/passwd"}}"#, "reference"),
        ("web-schema", r#"{"inputSchema": {"type": "object", "$ref": "http://127.0.0.1:1/x"}}"#, "reference"),
        ("unknown-member", r#"{"colour": "red"}"#, "colour"),
        (
            "wrong-example",
            r#"{"examples": [{"request": {"en": "x"}, "input": {"a": 1}, "output": {"a": 2}}]}"#,
            "example",
        ),
    ];
    for (name, metadata, _) in cases {
        home.install_guest(&SkillGuest { name, metadata, ..Default::default() });
    }
    let good = r#"{"examples": [{"request": {"en": "x", "sv": "y"}, "input": {"a": 1}, "output": {"a": 1}}]}"#;
    home.install_guest(&SkillGuest { name: "right-example", metadata: good, ..Default::default() });
    home.install_guest(&SkillGuest { name: "bad name!", ..Default::default() });
    let skills = home.open().await;
    for (name, _, says) in cases {
        all_say(&reason(&skills, &format!("{name}.wasm")), &[says]);
    }
    all_say(&reason(&skills, "bad name!.wasm"), &["bad name!"]);
    assert!(!reason(&skills, "file-schema.wasm").contains("root:"), "the file's text must not be quoted");
    let snapshot = skills.snapshot(&operator()).unwrap();
    assert_eq!(snapshot.skills().len(), 1, "the bad ones never stop the good one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_is_read_without_running_anything() {
    let home = Home::new();
    let manifest = r#"{"name": "well-known", "version": "1.2.3", "license": "MIT", "grants": {}}"#;
    home.install("file.wasm", SkillGuest { name: "skill", manifest, ..Default::default() }.component());
    home.install("no-manifest.wasm", SkillGuest { name: "other", ..Default::default() }.component());
    home.install("broken.wasm", SkillGuest { name: "broken", manifest: "{", ..Default::default() }.component());
    let wrong = r#"{"name": "x", "version": "not a version"}"#;
    home.install("wrong.wasm", SkillGuest { name: "wrong", manifest: wrong, ..Default::default() }.component());
    let skills = home.open().await;
    let snapshot = skills.snapshot(&operator()).unwrap();
    let bundle = snapshot.skill("skill").unwrap().bundle();
    assert_eq!(
        (&*bundle.name, bundle.version.as_deref(), bundle.license.as_deref()),
        ("well-known", Some("1.2.3"), Some("MIT"))
    );
    assert_eq!(bundle.kind, BundleKind::Skill);
    assert_eq!(&*snapshot.skill("other").unwrap().bundle().name, "no-manifest");
    all_say(&reason(&skills, "broken.wasm"), &["manifest"]);
    all_say(&reason(&skills, "wrong.wasm"), &["version"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_beyond_the_size_limit_and_odd_files_are_refused_unread() {
    let mut home = Home::new();
    home.config.compile.bundle_bytes_max = 1 << 20;
    home.install_guest(&SkillGuest { name: "good", ..Default::default() });
    home.install("large.wasm", vec![0; 2 << 20]);
    let skills_dir = home.config.skills_dir.clone();
    let outside = home.path().join("outside.wasm");
    fs::write(&outside, SkillGuest { name: "outside", ..Default::default() }.component()).unwrap();
    std::os::unix::fs::symlink(&outside, skills_dir.join("link.wasm")).unwrap();
    fs::create_dir(skills_dir.join("folder.wasm")).unwrap();
    home.install("README.md", "not a bundle");
    home.install(".hidden.wasm", "half written");
    let skills = home.open().await;
    all_say(&reason(&skills, "large.wasm"), &["1"]);
    let snapshot = skills.snapshot(&operator()).unwrap();
    let names: Vec<_> = snapshot.skills().iter().map(|skill| skill.name().to_string()).collect();
    assert!(names.contains(&"good".to_owned()));
    assert!(!snapshot.refusals().iter().any(|r| r.path.ends_with("README.md")), "other files are none of our business");
}

fn files_under(dir: &std::path::Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_under(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Compiled code: the large files below the data directory.
fn compiled(home: &Home) -> Vec<PathBuf> {
    let files = files_under(&home.config.data_dir.join("code"));
    files.into_iter().filter(|path| fs::metadata(path).unwrap().len() > 4_000).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_compiled_file_is_never_loaded() {
    let home = Home::new();
    home.install_guest(&SkillGuest { name: "echo", ..Default::default() });
    let skills = home.open().await;
    answer(&call(&skills, "echo", json!({"a": 1})).await);
    drop(skills);
    let cached = compiled(&home);
    assert!(!cached.is_empty(), "nothing is cached");
    let whole: Vec<_> = cached.iter().map(|path| fs::read(path).unwrap()).collect();
    for edit in ["flip", "cut", "grow", "empty"] {
        for (path, whole) in cached.iter().zip(&whole) {
            let mut bytes = whole.clone();
            match edit {
                // In each sixteenth of the file: header, code and data alike.
                "flip" => (0..16).for_each(|part| {
                    let at = bytes.len() * part / 16;
                    bytes[at] ^= 0x10;
                }),
                "cut" => bytes.truncate(whole.len() / 2),
                "grow" => bytes.push(0),
                _ => bytes.clear(),
            }
            fs::write(path, bytes).unwrap();
        }
        let skills = home.open().await;
        assert_eq!(answer(&call(&skills, "echo", json!({"b": 2})).await), json!({"b": 2}), "after {edit}");
        drop(skills);
        for (path, whole) in cached.iter().zip(&whole) {
            if path.exists() {
                assert_eq!(&fs::read(path).unwrap().len(), &whole.len(), "recompiled after {edit}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flipped_bit_anywhere_is_noticed() {
    let home = Home::new();
    home.install_guest(&SkillGuest { name: "echo", ..Default::default() });
    drop(home.open().await);
    let cached = compiled(&home);
    let path = cached.first().expect("something is cached");
    let whole = fs::read(path).unwrap();
    for part in [0, 1, 3, 5, 7] {
        let mut bytes = whole.clone();
        let at = (bytes.len() - 1) * part / 7;
        bytes[at] ^= 1;
        fs::write(path, &bytes).unwrap();
        let skills = home.open().await;
        answer(&call(&skills, "echo", json!({})).await);
        drop(skills);
        assert_ne!(fs::read(path).unwrap(), bytes, "the flipped byte {at} is still there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compiled_code_of_another_home_is_not_trusted() {
    let (first, second) = (Home::new(), Home::new());
    for home in [&first, &second] {
        home.install_guest(&SkillGuest { name: "echo", ..Default::default() });
        drop(home.open().await);
    }
    let code = |home: &Home| home.config.data_dir.join("code");
    let names = |home: &Home| -> BTreeSet<PathBuf> {
        let dir = code(home);
        files_under(&dir).iter().map(|path| path.strip_prefix(&dir).unwrap().to_owned()).collect()
    };
    // What is noted of a bundle is written beside its calls.
    until("both homes name the same code alike", || names(&first) == names(&second)).await;
    let mut foreign = Vec::new();
    for path in files_under(&code(&first)) {
        let target = code(&second).join(path.strip_prefix(code(&first)).unwrap());
        let (theirs, own) = (fs::read(&path).unwrap(), fs::read(&target).unwrap());
        if theirs != own {
            fs::write(&target, &theirs).unwrap();
            foreign.push((target, theirs));
        }
    }
    assert!(!foreign.is_empty(), "each home has a key of its own");
    let skills = second.open().await;
    answer(&call(&skills, "echo", json!({})).await);
    for (path, theirs) in foreign {
        let replaced = || fs::read(&path).is_ok_and(|now| now != theirs);
        until(&format!("{} has the seal of its own home", path.display()), replaced).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_files_are_private_and_the_cache_is_bounded() {
    let mut home = Home::new();
    for index in 0..6 {
        let name = format!("skill-{index}");
        let fields = format!("(func (result i64) (i64.const {index}))");
        home.install_guest(&SkillGuest { name: &name, fields: &fields, ..Default::default() });
    }
    let one = {
        drop(home.open().await);
        fs::metadata(compiled(&home).first().expect("something is cached")).unwrap().len()
    };
    for path in compiled(&home) {
        let parent = fs::metadata(path.parent().unwrap()).unwrap().permissions().mode();
        assert_eq!(parent & 0o077, 0, "the folder of {} is open to others", path.display());
    }
    home.config.compile.cache_bytes_max = one * 3;
    let skills = home.open().await;
    for index in 0..6 {
        answer(&call(&skills, &format!("skill-{index}"), json!({})).await);
    }
    let kept: u64 = compiled(&home).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(kept <= one * 3 + one / 2, "{kept} bytes kept of {} allowed", one * 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_is_loaded_at_the_first_call_and_let_go_in_order_of_use() {
    let mut home = Home::new();
    home.config.compile.loaded_bytes_max = 1;
    for name in ["one", "two"] {
        let fields = format!("(func (result i64) (i64.const {}))", name.len() + usize::from(name == "two"));
        home.install_guest(&SkillGuest { name, fields: &fields, ..Default::default() });
    }
    let skills = home.open().await;
    for name in ["one", "two", "one", "two"] {
        answer(&call(&skills, name, json!({})).await);
        assert!(skills.load().programs_loaded <= 1, "{} programs are loaded", skills.load().programs_loaded);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_skill_is_not_found_and_the_nearest_is_named() {
    let home = Home::new();
    home.install_guest(&SkillGuest { name: "text-stats", ..Default::default() });
    let skills = home.open().await;
    let outcome = call(&skills, "text-stat", json!({})).await;
    let failure = failure(&outcome);
    assert_eq!(failure.kind, FailureKind::NotFound);
    let said = format!("{failure} {}", failure.hint.as_deref().unwrap_or_default());
    assert!(said.contains("text-stats"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checking_a_file_tells_what_loading_would_and_installs_nothing() {
    let home = Home::new();
    let skills = home.open().await;
    let read = async |path: &std::path::Path| skills.read_file(&operator(), path).await.expect("it is read");
    let good = home.path().join("good.wasm");
    fs::write(&good, SkillGuest { name: "good", ..Default::default() }.component()).unwrap();
    assert!(skills.check_file(&operator(), &read(&good).await).await.is_ok());
    let bomb = home.path().join("bomb.wasm");
    fs::write(&bomb, bombs::empty_functions("bomb", 300_000)).unwrap();
    let refusal = skills.check_file(&operator(), &read(&bomb).await).await.expect_err("a bomb is refused");
    assert!(!refusal.reason.is_empty());
    assert!(skills.snapshot(&operator()).unwrap().skills().is_empty());
}
