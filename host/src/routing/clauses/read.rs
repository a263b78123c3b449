//! The words and marks of a request, and which of them are shielded by quotation marks and brackets.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use super::super::tables;

/// Words that are looked at.
pub(super) const WORDS_MAX: usize = 2_000;

/// Most texts whose words are kept while one request is looked at.
const KEPT_MAX: usize = 64;

/// Texts with their words.
type Kept = Vec<(String, Rc<[Word]>)>;

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// What `work` comes to. Many small questions are asked of the same few texts: the words of each are read once until
/// `work` ends, and forgotten then.
pub fn reading_once<T>(work: impl FnOnce() -> T) -> T {
    struct Forget(Option<Kept>);
    impl Drop for Forget {
        fn drop(&mut self) {
            KEPT.set(self.0.take());
        }
    }
    let _forget = Forget(KEPT.replace(Some(Vec::new())));
    work()
}

/// A word or mark.
pub(super) struct Word {
    pub(super) span: Range<usize>,
    pub(super) lower: String,
    /// Inside quotation marks or brackets, where nothing is split.
    pub(super) shielded: bool,
    /// Whether a space or the beginning is before it.
    pub(super) spaced: bool,
    /// Whether it is the first of a line.
    pub(super) line: bool,
    /// Whether an empty line is before it.
    pub(super) paragraph: bool,
}

/// The words of `text`.
pub(super) fn read(text: &str) -> Rc<[Word]> {
    let kept = |kept: &Kept| kept.iter().find(|own| own.0 == text).map(|own| Rc::clone(&own.1));
    if let Some(words) = KEPT.with_borrow(|all| all.as_ref().and_then(kept)) {
        return words;
    }
    let words: Rc<[Word]> = read_anew(text).into();
    KEPT.with_borrow_mut(|all| {
        if let Some(all) = all.as_mut().filter(|all| all.len() < KEPT_MAX) {
            all.push((text.to_owned(), Rc::clone(&words)));
        }
    });
    words
}

fn read_anew(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut shield = Shield::default();
    let tables = tables::find(text);
    let mut current: Option<usize> = None;
    let mut spaced = true;
    let mut before = ' ';
    let push = |words: &mut Vec<Word>, span: Range<usize>, shielded: bool, spaced: bool| {
        let lower = text.get(span.clone()).unwrap_or("").to_lowercase();
        let space = text.get(..span.start).unwrap_or("");
        let n_lines = space.chars().rev().take_while(|c| c.is_whitespace()).filter(|c| *c == '\n').count();
        words.push(Word { span, lower, shielded, spaced, line: n_lines > 0, paragraph: n_lines > 1 });
    };
    for (at, character) in text.char_indices() {
        if words.len() >= WORDS_MAX {
            break;
        }
        let next = text.get(at + character.len_utf8()..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        let in_table = tables.iter().any(|table| table.contains(&at));
        let was_shielded = shield.is_up() || tables.iter().any(|table| table.contains(&at.saturating_sub(1)));
        if !in_table {
            shield.pass(text, at, character, before, next);
        }
        let joins = matches!(character, '\'' | '’' | '-' | '.' | ',' | ':' | '/' | '@' | '_' | '&' | '=' | '%' | '+')
            && before.is_alphanumeric()
            && (next.is_alphanumeric() || matches!(next, '/' | '='));
        if character.is_alphanumeric() || joins {
            current.get_or_insert(at);
        } else {
            if let Some(start) = current.take() {
                push(&mut words, start..at, was_shielded, spaced);
                spaced = false;
            }
            if !character.is_whitespace() {
                push(&mut words, at..at + character.len_utf8(), was_shielded || in_table || shield.is_up(), spaced);
            }
            spaced = character.is_whitespace() || character == '\n';
        }
        before = character;
    }
    if let Some(start) = current {
        let shielded = shield.is_up() || tables.iter().any(|table| table.contains(&start));
        push(&mut words, start..text.len(), shielded, spaced);
    }
    open_markers(&mut words);
    words
}

/// Brackets around a small number mark the item of a list, and shield nothing: "(1) … (2) …".
fn open_markers(words: &mut [Word]) {
    let shielded =
        |words: &[Word], at: Option<usize>| at.and_then(|at| words.get(at)).is_some_and(|word| word.shielded);
    for at in 0..words.len() {
        let is_marker = match words.get(at..at + 3) {
            Some([open, number, close]) => {
                open.lower == "(" && close.lower == ")" && number.lower.parse::<u8>().is_ok() && number.lower.len() <= 2
            }
            _ => false,
        };
        if is_marker && !shielded(words, at.checked_sub(1)) && !shielded(words, Some(at + 3)) {
            words.iter_mut().skip(at).take(3).for_each(|word| word.shielded = false);
        }
    }
}

/// Quotation marks and brackets that are open.
#[derive(Default)]
pub(super) struct Shield {
    quote: Option<char>,
    brackets: usize,
}

impl Shield {
    fn is_up(&self) -> bool {
        self.quote.is_some() || self.brackets > 0
    }

    fn pass(&mut self, text: &str, at: usize, character: char, before: char, next: char) {
        if let Some(closing) = self.quote {
            let word_goes_on = matches!(character, '\'' | '’') && next.is_alphanumeric();
            if character == closing && !word_goes_on {
                self.quote = None;
            }
            return;
        }
        let opening = match character {
            '"' | '`' => Some(character),
            '\'' if !before.is_alphanumeric() && next.is_alphanumeric() => Some('\''),
            '“' | '„' => Some('”'),
            '”' if !before.is_alphanumeric() => Some('”'),
            '‘' => Some('’'),
            '«' => Some('»'),
            _ => None,
        };
        match opening {
            // A mark that is never closed shields nothing.
            Some(closing) => {
                let rest = text.get(at + character.len_utf8()..).unwrap_or("");
                self.quote = rest.chars().take(20_000).any(|later| later == closing).then_some(closing);
            }
            None if matches!(character, '(' | '[' | '{') => self.brackets += 1,
            None if matches!(character, ')' | ']' | '}') => self.brackets = self.brackets.saturating_sub(1),
            None => {}
        }
    }
}
