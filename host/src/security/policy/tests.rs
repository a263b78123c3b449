//! The policy file: what it says, every mistake in it, and edits that keep what people wrote.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::security::signing::KeyPair;

const ONE: &str = "0101010101010101010101010101010101010101010101010101010101010101";

fn file(text: &str) -> (tempfile::TempDir, PolicyFile) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(FILE_NAME);
    if !text.is_empty() {
        fs::write(&path, text).unwrap();
    }
    (dir, PolicyFile::at(path))
}

fn read(file: &PolicyFile) -> String {
    fs::read_to_string(file.path()).unwrap()
}

fn key(dir: &Path) -> PublicKey {
    KeyPair::create(dir, "k").unwrap().0.public()
}

#[test]
fn reads_everything_there_is_to_say() {
    let dir = tempfile::tempdir().unwrap();
    let public = key(dir.path());
    let text = format!(
        "[bundles.notes]\napproved = ['{ONE}']\npublisher = 'acme'\ntrust = 'path'\n\
         [bundles.notes.limits]\nfuel = 5\nrunning_max = 2\n\
         [bundles.notes.grants]\nkv_bytes = 1_048_576\nhttp = ['GET,POST api.example.org']\nsecrets = ['github']\n\
         files = ['/srv/in:/data:rw']\nenv = {{ LANG = 'sv_SE.UTF-8' }}\n[keys.acme]\npublic = '{public}'\n"
    );
    let policy = file(&text).1.load().unwrap();
    let notes = &policy.bundles["notes"];
    assert_eq!((notes.approved.as_slice(), notes.trust_path), ([Digest::parse(ONE).unwrap()].as_slice(), true));
    assert_eq!((notes.publisher.as_deref(), notes.limits.fuel, notes.running_max), (Some("acme"), Some(5), Some(2)));
    let grants = &notes.grants;
    assert_eq!(
        (grants.kv_bytes, grants.secrets.as_deref().unwrap()),
        (Some(1 << 20), ["github".to_owned()].as_slice())
    );
    assert_eq!(grants.http.as_ref().unwrap()[0].to_string(), "GET,POST api.example.org");
    assert_eq!(grants.files.as_ref().unwrap()[0].to_string(), "/srv/in:/data:rw");
    assert_eq!(grants.env.as_ref().unwrap()["LANG"], "sv_SE.UTF-8");
    assert_eq!(policy.keys["acme"], public);
    assert_eq!(file("").1.load().unwrap(), Policy::default());
}

#[test]
fn every_mistake_has_its_place_and_a_hint() {
    let many = format!("[bundles.a]\napproved = [{}]\n", format!("'{ONE}',").repeat(APPROVED_MAX + 1));
    let cases = [
        ("[bundle.a]\n", "1:2: there is no key `bundle`\ndid you mean `bundles`?"),
        ("bundles = 3\n", "1:11: `bundles` is a whole number, not a table\n"),
        ("[bundles.'a b']\n", "1:10: in `bundles` the name `a b` is not 1 to 64"),
        ("[bundles.a]\naproved = []\n", "2:1: there is no key `bundles.a.aproved`\ndid you mean `approved`?"),
        ("[bundles.a]\napproved = ['ff']\n", "2:13: `bundles.a.approved`: `ff` is not a SHA-256"),
        ("[bundles.a]\napproved = 'ff'\n", "2:12: `bundles.a.approved` is a string, not a list of strings"),
        ("[bundles.a]\napproved = [1]\n", "2:13: `bundles.a.approved` is a whole number, not a string"),
        (&many, "2:12: `bundles.a.approved` has 9 digests, more than 8\nremove the oldest"),
        ("[bundles.a]\npublisher = 'a b'\n", "2:13: `bundles.a.publisher`: the name `a b`"),
        ("[bundles.a]\ntrust = 'all'\n", "2:9: `bundles.a.trust` is `all`, which means nothing\n`trust` may be"),
        ("[bundles.a.limits]\nfule = 1\n", "2:1: there is no key `bundles.a.limits.fule`\ndid you mean `fuel`?"),
        ("[bundles.a.limits]\nfuel = 0\n", "2:8: `bundles.a.limits.fuel` is 0, which is out of range\n"),
        ("[bundles.a.limits]\nwall_ms = 'x'\n", "2:11: `bundles.a.limits.wall_ms` is a string, not a whole number"),
        ("[bundles.a.grants]\nhtpp = []\n", "2:1: there is no key `bundles.a.grants.htpp`\ndid you mean `http`?"),
        ("[bundles.a.grants]\nkv_bytes = -1\n", "2:12: `bundles.a.grants.kv_bytes` is -1, which is out of range\n"),
        ("[bundles.a.grants]\nhttp = ['ftp://a']\n", "2:9: `bundles.a.grants.http`: `ftp://a` names the scheme"),
        ("[bundles.a.grants]\nsecrets = ['a b']\n", "2:12: `bundles.a.grants.secrets`: `a b` is not a name"),
        ("[bundles.a.grants]\nfiles = ['/a']\n", "2:10: `bundles.a.grants.files`: `/a` is not"),
        ("[bundles.a.grants]\nenv = ['A=b']\n", "2:7: `bundles.a.grants.env` is a list, not a table\n"),
        ("[bundles.a.grants]\nenv = { A = 1 }\n", "2:13: `bundles.a.grants.env.A` is a whole number, not a string"),
        ("[bundles.a.grants]\nenv = { 'A=' = '' }\n", "2:9: in `bundles.a.grants.env` the name `A=` is not"),
        ("[keys.acme]\npublic = 'x'\n", "2:10: `keys.acme.public`: `x` is not"),
        ("[keys.acme]\nprivate = 'x'\n", "2:1: there is no key `keys.acme.private`"),
        ("[keys.acme]\n", "1:1: `keys.acme` has no `public`\n`happyos key trust` writes it"),
        ("[keys\n", "1:6: "),
        ("[keys]\n[keys]\n", "2:"),
    ];
    for (text, want) in cases {
        let (_dir, file) = file(text);
        let error = file.load().expect_err(text);
        let found = format!("{error}\n{}", error.hint.clone().unwrap_or_default());
        let found = found.strip_prefix(&format!("{}:", file.path().display())).unwrap();
        assert!(found.starts_with(want), "{text:?} gave {found:?}, not {want:?}");
        // Nor is a file with a mistake edited.
        let refused = file.approve("b", &Digest::of(b"b"), &[]).unwrap_err();
        assert_eq!(refused, error);
        assert_eq!(read(&file), text);
    }
}

#[test]
fn what_is_no_policy_file_is_refused() {
    let (_dir, file) = file("");
    fs::create_dir(file.path()).unwrap();
    assert!(file.load().unwrap_err().message.contains("regular file"));
    fs::remove_dir(file.path()).unwrap();
    fs::write(file.path(), b"\xff").unwrap();
    assert!(file.load().unwrap_err().message.contains("UTF-8"));
    fs::write(file.path(), " ".repeat(1 << 20) + " ").unwrap();
    assert!(file.load().unwrap_err().message.contains("more than 1048576 bytes"));
}

#[test]
fn a_new_file_says_what_it_is_and_is_private() {
    let (dir, file) = file("");
    assert!(!file.distrust_key("acme").unwrap());
    assert!(!file.path().exists(), "nothing to change, nothing made");
    file.approve("notes", &Digest::of(b"1"), &[]).unwrap();
    file.trust_key("acme", &key(dir.path())).unwrap();
    let text = read(&file);
    assert!(text.starts_with("# What the operator") && !text.contains("[bundles]"), "{text}");
    assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file is left");
    file.forget("notes").unwrap();
    assert!(file.distrust_key("acme").unwrap());
    let text = read(&file);
    assert!(text.starts_with("# What the operator") && !text.contains('['), "{text}");
    file.approve("notes", &Digest::of(b"1"), &[]).unwrap();
    assert!(read(&file).starts_with(text.trim_end()) && read(&file).contains("[bundles.notes]"));
}

#[test]
fn edits_keep_comments_and_order() {
    let text = "# mine\n[keys]\n\n# first\n[bundles.b] # b\ntrust = \"path\" # dev\n\n[bundles.b.grants]\n\
                http = [] # none\nsecrets = [\"x\"]\n\n# last\n[bundles.a]\n";
    let (_dir, file) = file(text);
    let grants = Grants { http: Some(vec!["a.org".parse().unwrap()]), kv_bytes: Some(7), ..Grants::default() };
    file.grant("b", Some("acme"), &grants).unwrap();
    assert_eq!(
        read(&file),
        text.replace("http = []", "http = [\"a.org\"]")
            .replace("# dev\n", "# dev\npublisher = \"acme\"\n")
            .replace("[\"x\"]\n", "[\"x\"]\nkv_bytes = 7\n")
    );
    file.forget("b").unwrap();
    assert_eq!(read(&file), "# mine\n[keys]\n\n# last\n[bundles.a]\n");
}

#[test]
fn however_tables_are_written_they_are_edited() {
    for text in [
        "bundles = { notes = { trust = \"path\" } }\n",
        "bundles.notes.trust = \"path\"\n",
        "[bundles]\nnotes.trust = \"path\"\n",
        "[bundles]\nnotes = { trust = \"path\", grants = { kv_bytes = 1 } }\n",
        "[bundles.notes]\ntrust = \"path\"\n[bundles.notes.grants.env]\nA = \"b\"\n",
    ] {
        let (dir, file) = file(text);
        let env = [("LANG".to_owned(), "a\"b\n".to_owned())].into();
        let grants = Grants { kv_bytes: Some(9), secrets: Some(vec!["s".into()]), env: Some(env), ..Grants::default() };
        file.grant("notes", None, &grants).unwrap_or_else(|error| panic!("{text}: {error}"));
        file.approve("notes", &Digest::of(b"1"), &[]).unwrap();
        file.approve("other", &Digest::of(b"2"), &[]).unwrap();
        file.trust_key("acme", &key(dir.path())).unwrap();
        let policy = file.load().unwrap();
        let notes = &policy.bundles["notes"];
        assert!(notes.trust_path && notes.grants == grants, "{text}: {}", read(&file));
        assert_eq!(notes.approved, [Digest::of(b"1")]);
        assert_eq!(policy.bundles["other"].approved, [Digest::of(b"2")]);
        assert!(file.distrust_key("acme").unwrap());
        file.forget("notes").unwrap();
        let policy = file.load().unwrap();
        assert!(policy.keys.is_empty() && !policy.bundles.contains_key("notes"), "{}", read(&file));
    }
}

#[test]
fn the_oldest_approvals_are_dropped() {
    let (_dir, file) = file("");
    for n in 0..APPROVED_MAX as u8 + 2 {
        file.approve("a", &Digest::of(&[n]), &[]).unwrap();
    }
    file.approve("a", &Digest::of(&[5]), &[]).unwrap();
    let approved = file.load().unwrap().bundles["a"].approved.clone();
    let want: Vec<_> = [2, 3, 4, 6, 7, 8, 9, 5].iter().map(|n| Digest::of(&[*n])).collect();
    assert_eq!(approved, want);
    // What is served, or can be returned to, outlives approvals of what never came to be served.
    let in_use = [Digest::of(&[2]), Digest::of(&[4])];
    for n in 20..40 {
        file.approve("a", &Digest::of(&[n]), &in_use).unwrap();
    }
    let approved = file.load().unwrap().bundles["a"].approved.clone();
    let want: Vec<_> = [2, 4, 34, 35, 36, 37, 38, 39].iter().map(|n| Digest::of(&[*n])).collect();
    assert_eq!(approved, want);
}

#[test]
fn names_are_checked_before_they_are_written() {
    let (_dir, file) = file("");
    assert!(file.approve("a b", &Digest::of(b"1"), &[]).unwrap_err().message.contains("`a b`"));
    assert!(!file.path().exists());
}

#[test]
fn edits_at_the_same_time_are_all_kept() {
    let (_dir, file) = file("");
    std::thread::scope(|scope| {
        for n in 0..8 {
            let file = file.clone();
            scope.spawn(move || file.approve(&format!("b{n}"), &Digest::of(&[n]), &[]).unwrap());
        }
    });
    assert_eq!(file.load().unwrap().bundles.len(), 8);
}
