//! Native tests of the notes.

use happyos_sdk::testing::{clear, set_clock};

use super::*;

fn add(text: &str, tags: &[&str]) -> u64 {
    add_note(text.to_owned(), Some(tags.iter().map(|tag| (*tag).to_owned()).collect())).unwrap().id
}

fn ids(notes: Result<Notes>) -> Vec<u64> {
    notes.unwrap().notes.iter().map(|note| note.id).collect()
}

#[test]
fn examples() {
    happyos_sdk::testing::check_examples(&crate::BUNDLE);
}

#[test]
fn notes_are_found_by_tag_and_word_newest_first() {
    clear();
    set_clock(Some(0));
    let milk = add("Köp mjölk", &["Shopping", "shopping "]);
    let call = add("Ring mormor på söndag", &[]);
    let bread = add("köp bröd", &["shopping"]);
    let note = get_note(milk).unwrap().note.unwrap();
    assert_eq!((note.tags, note.added.as_str()), (vec!["shopping".to_owned()], "1970-01-01T00:00:00Z"));
    assert_eq!(ids(list_notes(None, None, None)), [bread, call, milk]);
    assert_eq!(ids(list_notes(Some("SHOPPING".into()), None, None)), [bread, milk]);
    assert_eq!(ids(search_notes("KÖP shop".into(), None)), [bread, milk]);
    assert!(ids(search_notes("köp te".into(), None)).is_empty());
    assert!(search_notes(" ".into(), None).is_err());
    set_clock(None);
}

#[test]
fn a_deleted_note_is_gone_and_its_number_is_not_used_again() {
    clear();
    let first = add("one", &[]);
    assert!(delete_note(first).unwrap().deleted);
    assert!(!delete_note(first).unwrap().deleted);
    assert!(get_note(first).unwrap().note.is_none());
    assert!(add("two", &[]) > first);
}

#[test]
fn many_notes_are_listed_in_pages() {
    clear();
    let all: Vec<u64> = (0..100).map(|index| add(&format!("note {index}"), &[])).collect();
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = list_notes(None, Some(30), before).unwrap();
        before = page.notes.last().map(|note| note.id);
        seen.extend(page.notes.iter().map(|note| note.id));
        if !page.more {
            break;
        }
    }
    seen.reverse();
    assert_eq!(seen, all);
    assert!(list_notes(None, Some(0), None).is_err());
}

#[test]
fn what_cannot_be_kept_is_refused() {
    clear();
    assert!(add_note("  ".into(), None).is_err());
    assert!(add_note("x".repeat(8_001), None).is_err());
    assert!(add_note("x".into(), Some(vec![String::new()])).is_err());
    let error = (0..200).find_map(|_| add_note("å".repeat(8_000), None).err());
    assert!(error.is_some_and(|error| error.message().contains("quota")));
}
