//! What is told by its form: keys, tokens, addresses, and numbers that belong to somebody.

use std::net::Ipv6Addr;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::names;

/// From this many digits on, a run of them is taken for a number that belongs to somebody.
const DIGITS_MIN: usize = 7;
/// From this many characters on, a word that mixes letters and digits is taken for a key.
const KEY_CHARS_MIN: usize = 16;
/// Finds in one text that a rule looks at.
const FOUND_MAX: usize = 10_000;

/// Something that is told by its form.
pub struct Rule {
    form: Regex,
    /// Which of what has that form is meant.
    is: fn(&str) -> bool,
    /// What stands in quotation marks is left as it is.
    spares_quoted: bool,
}

impl Rule {
    /// What is to be masked of `text`: the group `m` of each find, all of it where there is no such group.
    pub fn find<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
        let quoted = if self.spares_quoted { quoted(text) } else { Vec::new() };
        let found = self.form.captures_iter(text).take(FOUND_MAX);
        found
            .filter_map(|found: Captures<'_>| {
                let meant = found.name("m").or_else(|| found.get(0))?;
                (self.is)(meant.as_str()).then(|| meant.range())
            })
            .filter(move |range| !quoted.iter().any(|other| other.start <= range.start && range.end <= other.end))
    }
}

/// What stands between double quotation marks, one line at most each.
fn quoted(text: &str) -> Vec<Range<usize>> {
    static QUOTED: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new("\"[^\"\n]*\"|“[^”\n]*”|”[^”\n]*”|«[^»\n]*»").ok());
    QUOTED.iter().flat_map(|form| form.find_iter(text)).map(|found| found.range()).collect()
}

/// A rule; none where `form` does not read, which a test rules out.
fn rule(form: &str, is: fn(&str) -> bool) -> Option<Rule> {
    Some(Rule { form: Regex::new(form).ok()?, is, spares_quoted: false })
}

fn any(_: &str) -> bool {
    true
}

/// Forms of names of what is secret.
const SECRET: &str = r"(?:pass(?:word|wd|phrase)|pwd|lösenord(?:et)?|pin(?:[ -]?code|-?kod(?:en)?)?|(?:api|access|private|secret)[ _-]?key|api-?nyckel(?:n)?|(?:client|access|auth|bearer|refresh)?[ _-]?(?:secret|token)|hemlighet(?:en)?)";
/// Keys whose form their makers gave them.
const KEY: &str = r"\b(?:(?:sk|pk|rk)[-_](?:(?:live|test|proj|ant|or)[-_])?[A-Za-z0-9_-]{12,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{30,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)";
const PRIVATE_KEY: &str = r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<m>[^-]*)";
const USERINFO: &str = r"\b[A-Za-z][A-Za-z0-9+.-]*://(?P<m>[^\s/@?#\x22'<>]+)@";
const QUERY: &str = r"(?i)[?&#;](?:(?:access|auth|id|refresh|session|csrf|x-amz-security)?[_-]?token|(?:api|access|client|subscription)?[_-]?(?:key|secret)|auth|sig|signature|x-amz-(?:signature|credential)|pass(?:word|wd)?|pwd|sid|session(?:_?id)?)=(?P<m>[^&#\s\x22'<>]+)";
const BEARER: &str = r"(?i)\b(?:bearer|basic)\s+(?P<m>[A-Za-z0-9._~+/=-]{12,})";
const MAIL: &str = r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*\.\p{L}{2,}";
const IBAN: &str = r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b";
const CARD: &str = r"\b\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,7}\b|\b3\d{3}[ -]\d{6}[ -]\d{5}\b";
const PERSONAL_NUMBER: &str = r"\b(?:19|20)?\d{6}[ +-]?\d{4}\b";
const SSN: &str = r"\b\d{3}-\d{2}-\d{4}\b";
const ABROAD: &str = r"(?:^|[^\w)])(?P<m>(?:\+|00)[1-9]\d{0,2}[ -]?(?:\(0\)[ -]?)?\d{1,4}(?:[ -]?\d{2,4}){2,4})\b";
const PHONE: &str = r"\b07\d[ -]\d{3}(?:[ -]?\d{2}){2}\b|\b0\d{1,3}-\d{2,4}(?:[ -]?\d{2,3}){1,3}\b|\(\d{3}\) ?\d{3}-\d{4}\b|\b\d{3}[.-]\d{3}[.-]\d{4}\b";
const IPV4: &str = r"(?:^|[^\w.-])(?P<m>(?:\d{1,3}\.){3}\d{1,3})\b";
const IPV6: &str = r"(?:^|[^\w:.])(?P<m>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})";
const MAC: &str = r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b";
const STREET: &str = r"\b\p{Lu}[\p{Ll}-]+(?:gatan|gata|vägen|gränd|gränden|stigen|torget|allén|backen) \d{1,4}(?: ?[A-Za-z]\b)?|\b\d{1,5} (?:\p{Lu}\p{Ll}+ ){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Boulevard|Blvd|Terrace)\b";
/// A word, of what may be in a number, an address or a key.
const WORD: &str = r"[^\s\x22'<>,;()\[\]{}`]+";

/// What is looked for in prose, the surest first.
pub fn in_text() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        let said = format!(r"(?i)\b{SECRET}\b\s*(?:\b(?:is|are|was|är)\b|[:=])?\s*[\x22'“]?(?P<m>[^\s\x22'”,;]+)");
        let rules = [
            rule(PRIVATE_KEY, any),
            rule(USERINFO, any),
            rule(QUERY, any),
            rule(KEY, has_digit),
            rule(BEARER, has_digit),
            rule(&said, is_password),
            rule(MAIL, any),
            rule(IBAN, is_iban),
            rule(CARD, is_luhn),
            rule(PERSONAL_NUMBER, is_personal_number),
            rule(SSN, any),
            rule(ABROAD, is_phone),
            rule(PHONE, is_phone),
            rule(IPV4, is_ipv4),
            rule(IPV6, is_ipv6),
            rule(MAC, any),
            rule(STREET, any),
            rule(WORD, is_number_or_key),
        ];
        let known = rule(&names::known_form(), names::is_name);
        let names = names::FORMS.iter().map(|(form, is)| rule(form, *is)).chain([known]);
        let names = names.map(|name| Some(Rule { spares_quoted: true, ..name? }));
        rules.into_iter().chain(names).flatten().collect()
    });
    &RULES
}

/// What is looked for in code, and in what is said of it.
pub fn in_code() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        let assigned = format!(r"(?i)\b[\w-]*?{SECRET}[\x22']?\s*[:=]\s*[\x22'`](?P<m>[^\s\x22'`$]{{6,}})[\x22'`]");
        let quoted = |form: &str| format!(r"[\x22'`](?P<m>{form})[\x22'`]");
        let rules = [
            rule(PRIVATE_KEY, any),
            rule(USERINFO, |info| !info.contains("${")),
            rule(QUERY, has_digit),
            rule(KEY, has_digit),
            rule(BEARER, has_digit),
            rule(&assigned, |value| has_digit(value) && value.chars().any(char::is_alphabetic)),
            rule(MAIL, |mail| !is_nobodys(mail)),
            rule(IBAN, is_iban),
            rule(&quoted(CARD), is_luhn),
            rule(&quoted(PERSONAL_NUMBER), is_personal_number),
            rule(r"\b(?:19|20)?\d{6}[-+]\d{4}\b", is_personal_number),
            rule(r"(?:^|[^\w)\s] *|\p{L} )(?P<m>\+[1-9]\d{0,2}[ -]\d{1,4}(?:[ -]\d{2,4}){1,4})\b", any),
            rule(r"\b07\d-\d{3}(?: ?\d{2}){2}\b", any),
            rule(STREET, any),
            rule(names::AUTHOR, names::is_name),
        ];
        rules.into_iter().flatten().collect()
    });
    &RULES
}

fn has_digit(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit())
}

fn digits(word: &str) -> impl DoubleEndedIterator<Item = u32> + '_ {
    word.chars().filter_map(|c| c.to_digit(10))
}

/// A password, and no word that speaks of one.
fn is_password(word: &str) -> bool {
    let word = word.trim_end_matches(['.', '!', '?']);
    let is_mixed = word.chars().skip(1).any(char::is_uppercase) && word.chars().any(char::is_lowercase);
    word.chars().count() >= 4 && (is_mixed || word.chars().any(|c| !c.is_alphabetic() && c != '-'))
}

/// Addresses that are kept for examples (RFC 2606).
fn is_nobodys(mail: &str) -> bool {
    let host = mail.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
    let is = |of: &str| host == of || host.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'));
    ["example", "test", "invalid", "localhost", "example.com", "example.net", "example.org"].into_iter().any(is)
}

/// ISO 13616: the rest is one.
fn is_iban(text: &str) -> bool {
    let all: Vec<char> = text.chars().filter(|c| *c != ' ').collect();
    if !(15..=34).contains(&all.len()) {
        return false;
    }
    let (head, tail) = all.split_at(4);
    let number = tail.iter().chain(head).filter_map(|c| c.to_digit(36));
    number.fold(0, |rest, digit| if digit > 9 { (rest * 100 + digit) % 97 } else { (rest * 10 + digit) % 97 }) == 1
}

/// ISO/IEC 7812: the sum of all digits, every second one doubled.
fn is_luhn(text: &str) -> bool {
    let doubled = |(at, digit): (usize, u32)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit };
    let n = digits(text).count();
    n >= 10 && digits(text).any(|digit| digit > 0) && digits(text).rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// A Swedish personal identity number: a date of birth (with 60 more in a co-ordination number) and a check digit.
fn is_personal_number(text: &str) -> bool {
    let all: Vec<u32> = digits(text).collect();
    let Some(short) = all.len().checked_sub(10).and_then(|from| all.get(from..)) else { return false };
    let [_, _, month_tens, month, day_tens, day, ..] = *short else { return false };
    let (month, day) = (month_tens * 10 + month, day_tens * 10 + day);
    let last: String = short.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect();
    (1..=12).contains(&month) && ((1..=31).contains(&day) || (61..=91).contains(&day)) && is_luhn(&last)
}

fn is_phone(text: &str) -> bool {
    digits(text).count() > DIGITS_MIN && !is_measure(text)
}

fn is_ipv4(text: &str) -> bool {
    let parts: Option<Vec<u8>> = text.split('.').map(|part| part.parse().ok()).collect();
    // These are nobody's.
    parts.is_some_and(|parts| !matches!(parts.as_slice(), [0 | 127 | 255, ..]))
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok_and(|address| !address.is_loopback() && !address.is_unspecified() && text.len() > 5)
}

/// A number that is data and nobody's: a date, a time, a decimal, or one with its thousands apart.
fn is_measure(word: &str) -> bool {
    static MEASURES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let date = r"\d{4}([-/.])(?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.]\d{4}|(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])/\d{4}";
        let time = r"[T ]?\d{1,2}:?\d{2}(?::?\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?";
        let span = format!(r"(?:{date})(?:{time})?(?:(?:/|--?|\.\.)(?:{date})(?:{time})?)?");
        let compact = r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T\d{4,6}Z?)?";
        let clock = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?";
        let number = r"-?(?:0|[1-9]\d{0,15})\.\d+|-?[1-9]\d{0,2}0{4,}|-?[1-9]\d{0,2}(?:\.\d{3})+|-?\d{1,4}(?:/\d{1,4})";
        Regex::new(&format!("^(?:{span}|{compact}|{number}|{clock})[.:!?]*$")).ok()
    });
    MEASURES.as_ref().is_some_and(|measures| measures.is_match(word))
}

/// A long number, or a word that mixes letters and digits as a key does.
fn is_number_or_key(word: &str) -> bool {
    // Addresses of machines have a rule of their own.
    if is_measure(word) || word.parse::<std::net::Ipv4Addr>().is_ok() {
        return false;
    }
    let n_digits = digits(word).count();
    let is_number = n_digits >= DIGITS_MIN
        && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | '/' | ':' | '!' | '?'));
    // A path, a name and a version are made of words and short numbers.
    let is_run = |run: &str| run.chars().count() >= KEY_CHARS_MIN && digits(run).count() >= 2 && turns(run) >= 3;
    let is_key = word.split(['.', '/', ':', '=', '?', '&']).any(|run| {
        run.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+'))
            && run.chars().any(|c| c.is_ascii_alphabetic())
            && is_run(run)
    });
    is_number || is_key
}

/// How often letters and digits follow each other.
fn turns(word: &str) -> usize {
    let kinds: Vec<bool> = word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.is_ascii_digit()).collect();
    kinds.windows(2).filter(|pair| matches!(pair, [a, b] if a != b)).count()
}

#[cfg(test)]
#[test]
fn every_form_reads() {
    assert_eq!((in_text().len(), in_code().len()), (19 + names::FORMS.len(), 15));
    assert!(is_measure("2024-05-01"), "dates are told");
    assert_eq!(quoted("a \"b\" c").first(), Some(&(2..5)));
}
