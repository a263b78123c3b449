//! The audit log: what it holds, what it finds out, and how it gets over crashes and others that write it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use super::log::Paths;
use super::*;

fn event(on: &str) -> Event<'_> {
    Event { who: "op", what: "secret.set", on, why: "because" }
}

fn current(dir: &Path) -> PathBuf {
    Paths::new(dir).file(0)
}

fn lines(dir: &Path) -> Vec<String> {
    fs::read_to_string(current(dir)).unwrap().lines().map(str::to_owned).collect()
}

fn write_lines(dir: &Path, lines: &[String]) {
    fs::write(current(dir), lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

/// A log with entries on `0`, `1`, and so on.
fn log_of(n_entries: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(dir.path()).unwrap();
    for n in 0..n_entries {
        audit.record(&event(&n.to_string()));
    }
    drop(audit);
    dir
}

#[test]
fn what_is_recorded_is_there_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(dir.path()).unwrap();
    audit.record(&event("a"));
    let long = "x".repeat(5_000);
    audit.record(&Event {
        who: "\u{1b}[31m",
        what: "access.denied",
        on: "b\u{202e}",
        why: &format!("a\nb\0\u{9b}{long}"),
    });
    let entries = audit.last(10).unwrap();
    let [first, second] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((first.number, first.who.as_str(), first.on.as_str(), first.why.as_str()), (1, "op", "a", "because"));
    assert!(first.time_ms > 1_600_000_000_000);
    assert_eq!((second.who.as_str(), second.on.as_str()), ("\\u{1b}[31m", "b\\u{202e}"));
    assert!(second.why.starts_with("a\\nb\\u{0}\\u{9b}x") && second.why.ends_with('…') && second.why.len() < 1_030);
    assert_eq!(audit.last(1).unwrap(), entries[1..]);
    assert!(audit.last(0).unwrap().is_empty());
    drop(audit);
    let audit = Audit::open(dir.path()).unwrap();
    audit.record(&event("c"));
    assert_eq!(audit.last(9).unwrap().len(), 3);
    drop(audit);
    assert_eq!(Audit::verify(dir.path()), Ok(3));
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
}

#[test]
fn repetitions_are_counted_and_not_repeated() {
    let dir = tempfile::tempdir().unwrap();
    let audit = Audit::open(dir.path()).unwrap();
    // While somebody else holds the log, the writer is stuck with the first, and the others wait.
    let held = crate::security::files::lock(&Paths::new(dir.path()).key()).unwrap();
    for _ in 0..QUEUE_MAX + BATCH_MAX + 100 {
        audit.record(&event("same"));
    }
    drop(held);
    drop(audit);
    let entries = log::last(dir.path(), 100).unwrap();
    assert!(entries.len() < 10, "{}", entries.len());
    let lost = entries.iter().find(|entry| entry.what == "audit.lost").unwrap();
    let n_lost: usize = lost.why.split(' ').next().unwrap().parse().unwrap();
    let times = |entry: &AuditEntry| match entry.why.strip_prefix("because (") {
        Some(rest) => rest.split(' ').next().unwrap().parse().unwrap(),
        None => usize::from(entry.what == "secret.set"),
    };
    assert_eq!(entries.iter().map(times).sum::<usize>() + n_lost, QUEUE_MAX + BATCH_MAX + 100);
}

#[test]
fn every_way_of_changing_it_is_found() {
    let dir = log_of(6);
    let good = lines(dir.path());
    assert_eq!(Audit::verify(dir.path()), Ok(6));
    let changed = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = good.clone();
        change(&mut lines);
        write_lines(dir.path(), &lines);
        Audit::verify(dir.path()).unwrap_err()
    };
    type Change<'a> = &'a dyn Fn(&mut Vec<String>);
    let cases: [(Change<'_>, &str); 9] = [
        (&|lines| lines[2] = lines[2].replace("because", "nothing"), "entry 3 was changed"),
        (&|lines| lines[2] = lines[2].replace("{\"number", "{ \"number"), "entry 3 was changed"),
        (&|lines| lines[2] = "{}".into(), "where entry 3 should be is no entry"),
        (&|lines| drop(lines.remove(3)), "entry 5 stands where entry 4 should be"),
        (&|lines| lines.swap(1, 2), "entry 3 stands where entry 2 should be"),
        (&|lines| lines.insert(1, lines[0].clone()), "entry 1 stands where entry 2 should be"),
        (&|lines| lines.truncate(4), "entries 5 to 6 were cut off"),
        (&|lines| lines.clear(), "entries 1 to 6 were cut off"),
        (&|lines| lines.push(lines[5].replace("\"number\":6", "\"number\":7")), "entry 7 was changed"),
    ];
    for (change, want) in cases {
        let error = changed(change);
        assert!(error.contains(want) && error.contains("audit.jsonl"), "{error}, not {want}");
    }
    write_lines(dir.path(), &good);
    let paths = Paths::new(dir.path());
    let head = fs::read_to_string(paths.head()).unwrap();
    for forged in [head.replace("\"number\":6", "\"number\":5"), String::new()] {
        fs::write(paths.head(), forged).unwrap();
        assert!(Audit::verify(dir.path()).unwrap_err().contains("audit.head"));
    }
    fs::write(paths.head(), head).unwrap();
    assert_eq!(Audit::verify(dir.path()), Ok(6));
}

#[test]
fn a_cut_stays_visible_when_the_log_goes_on() {
    let dir = log_of(6);
    let good = lines(dir.path());
    write_lines(dir.path(), &good[..4]);
    let audit = Audit::open(dir.path()).unwrap();
    audit.record(&event("later"));
    drop(audit);
    assert!(Audit::verify(dir.path()).unwrap_err().contains("entry 7 stands where entry 5 should be"));

    // And a head that was taken away is said.
    fs::remove_file(Paths::new(dir.path()).head()).unwrap();
    drop(Audit::open(dir.path()).unwrap());
    let last = log::last(dir.path(), 1).unwrap().pop().unwrap();
    assert!(last.what == "audit.mended" && last.why.contains("head"), "{last:?}");

    // Without its key it does not go on.
    fs::remove_file(Paths::new(dir.path()).key()).unwrap();
    let error = Audit::open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("audit.key") && error.contains("hint:"), "{error}");
}

#[test]
fn half_a_line_is_dropped_and_said() {
    let dir = log_of(3);
    let mut file = fs::OpenOptions::new().append(true).open(current(dir.path())).unwrap();
    file.write_all(b"{\"number\":4,\"time_ms\":12").unwrap();
    drop(file);
    assert!(Audit::verify(dir.path()).unwrap_err().contains("what follows entry 3 has no end"));
    let audit = Audit::open(dir.path()).unwrap();
    let entries = audit.last(10).unwrap();
    let mended = entries.last().unwrap();
    assert!(mended.what == "audit.mended" && mended.why.starts_with("24 bytes"), "{mended:?}");
    assert_eq!((entries.len(), mended.number), (4, 4));
    drop(audit);
    assert_eq!(Audit::verify(dir.path()), Ok(4));
}

#[test]
fn a_head_may_lag_behind_its_log() {
    let dir = log_of(2);
    let head = fs::read(Paths::new(dir.path()).head()).unwrap();
    let audit = Audit::open(dir.path()).unwrap();
    audit.record(&event("later"));
    drop(audit);
    fs::write(Paths::new(dir.path()).head(), head).unwrap();
    assert_eq!(Audit::verify(dir.path()), Ok(3));
    let audit = Audit::open(dir.path()).unwrap();
    audit.record(&event("later still"));
    drop(audit);
    assert_eq!(Audit::verify(dir.path()), Ok(4));
}

#[test]
fn several_processes_write_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    // Two logs know as little of each other as those of two processes.
    let logs = [Audit::open(dir.path()).unwrap(), Audit::open(dir.path()).unwrap()];
    std::thread::scope(|scope| {
        for (of, audit) in logs.iter().enumerate() {
            scope.spawn(move || {
                for n in 0..50 {
                    audit.record(&event(&format!("{of}/{n}")));
                    if n % 10 == 0 {
                        audit.flush();
                    }
                }
            });
        }
    });
    drop(logs);
    assert_eq!(Audit::verify(dir.path()), Ok(100));
}

#[test]
fn old_files_are_dropped_and_the_chain_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::with_size(dir.path(), 2_000).unwrap();
    let paths = Paths::new(dir.path());
    let mut n_written = 0;
    for n in 0..60 {
        log.append(&[entry(&event(&n.to_string()))]).unwrap();
        n_written += 1;
        let n_kept = Audit::verify(dir.path()).unwrap_or_else(|error| panic!("after {n}: {error}"));
        assert!(n_kept <= n_written);
    }
    let sizes: Vec<u64> = paths.files().map(|path| fs::metadata(path).unwrap().len()).collect();
    assert!(sizes.iter().all(|bytes| *bytes <= 2_000), "{sizes:?}");
    assert!(!dir.path().join("audit.5.jsonl").exists());
    let n_kept = Audit::verify(dir.path()).unwrap();
    assert!(n_kept < 60, "the oldest are gone");
    let entries = super::log::last(dir.path(), 1_000).unwrap();
    assert_eq!((entries.len() as u64, entries.last().unwrap().number), (n_kept, 60));
    // It goes on at the right place in another process, also with nothing in the newest file.
    fs::write(paths.file(0), "").unwrap();
    assert!(Audit::verify(dir.path()).unwrap_err().contains("were cut off"));
    fs::remove_file(paths.file(2)).unwrap();
    assert!(Audit::verify(dir.path()).unwrap_err().contains("stands where entry"));
}
