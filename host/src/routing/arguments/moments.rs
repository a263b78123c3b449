//! Dates, weekdays and times of day as people write them in English and Swedish, relative to a given now.

use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time, Weekday};

use super::numbers::Number;
use super::tokens::{Kind, Text};
use super::units::Dimension;

/// Most moments of one text.
const MOMENTS_MAX: usize = 32;
/// Some year with a 29 February.
const LEAP_YEAR: i16 = 2000;

/// How a date was said, which decides how sure it is and what else it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// With day, month and year.
    Full,
    /// Without the year, which is that of another date of the text or the next to come.
    NoYear,
    /// A month of a year.
    Month,
    /// `today`, `in 3 days`.
    Relative,
    /// `on Friday`, `next Friday`.
    Weekday,
    /// A feast such as Christmas Eve.
    Feast,
    /// No date, only a time of day.
    Time,
}

/// A date, a time of day, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    pub tokens: Range<usize>,
    pub date: Option<Date>,
    pub time: Option<Time>,
    pub weekday: Option<Weekday>,
    pub said: Said,
    /// -1 for `last Friday`, 1 for `next Friday`.
    pub turn: i8,
}

impl Moment {
    fn of_date(tokens: Range<usize>, date: Date, said: Said) -> Self {
        Self { tokens, date: Some(date), time: None, weekday: None, said, turn: 0 }
    }
}

/// All moments of `text`, in their order. `swedish` decides that 3/4 is a day before a month.
pub fn find(text: &Text<'_>, numbers: &[Number], now: DateTime, swedish: bool) -> Vec<Moment> {
    let reader = Reader { text, numbers, now, swedish };
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() && found.len() < MOMENTS_MAX {
        match reader.read(at) {
            Some(moment) => {
                at = moment.tokens.end.max(at + 1);
                found.push(moment);
            }
            None => at += 1,
        }
    }
    years_of_others(text, &mut found, now.date());
    unite(text, found)
}

/// "Between 1 March and 1 April 2026": a date without year has that of the next date that names one. Where none does, it is
/// the next such day, or the last one where it has been: "how many days since 3 May".
fn years_of_others(text: &Text<'_>, found: &mut [Moment], today: Date) {
    let named = found.iter().find(|moment| moment.said == Said::Full).and_then(|moment| moment.date);
    let tells = tells(text);
    let mut before: Option<&mut Moment> = None;
    for moment in found.iter_mut().filter(|moment| matches!(moment.said, Said::NoYear | Said::Feast)) {
        let Some(day) = moment.date else { continue };
        moment.date = match named {
            Some(named) => day.with().year(named.year()).build().ok(),
            None if tells || matches!(link(text, moment), "since" | "sedan" | "sen") => last(day, today),
            None => next(day, today),
        }
        .or_else(|| next(day, today));
        if named.is_some() {
            moment.said = Said::Full;
        }
        // "From 20 October to 3 January": the first comes first.
        if let Some(first) = before.filter(|first| named.is_none() && matches!(link(text, first), "from" | "från"))
            && let (Some(begins), Some(ends)) = (first.date, moment.date)
        {
            first.date = last(begins, ends).or(first.date);
        }
        before = Some(moment);
    }
}

/// Years within which each day comes again: 29 February is left out where a century begins.
const YEARS_APART: i16 = 8;

/// The first such day that is not before `from`.
fn next(day: Date, from: Date) -> Option<Date> {
    let in_year = |n| day.with().year(from.year().checked_add(n)?).build().ok();
    (0..=YEARS_APART).filter_map(in_year).find(|day| *day >= from)
}

/// The last such day that is not after `until`.
fn last(day: Date, until: Date) -> Option<Date> {
    let in_year = |n| day.with().year(until.year().checked_sub(n)?).build().ok();
    (0..=YEARS_APART).filter_map(in_year).find(|day| *day <= until)
}

/// The word before a moment, articles left out.
fn link<'a>(text: &'a Text<'_>, moment: &Moment) -> &'a str {
    let is_article = |at: &usize| matches!(text.lower(*at), "den" | "the" | "on");
    (0..moment.tokens.start).rev().find(|at| !is_article(at)).map_or("", |at| text.lower(at))
}

/// Whether the text speaks of what has been.
fn tells(text: &Text<'_>) -> bool {
    let tells = |at: usize| match text.lower(at) {
        "was" | "were" | "did" | "passed" | "gått" | "hände" => true,
        // "Var är festen" asks where.
        "var" => !matches!(text.lower(at + 1), "är" | "finns" | "ligger" | "hålls" | "blir" | "ska" | "kan"),
        _ => false,
    };
    (0..text.tokens.len()).any(|at| tells(at) && text.get(at).is_some_and(|token| token.quote.is_none()))
}

/// Puts a date and the time of day beside it together.
fn unite(text: &Text<'_>, found: Vec<Moment>) -> Vec<Moment> {
    let mut united: Vec<Moment> = Vec::new();
    for moment in found {
        if let Some(last) = united.last_mut() {
            let between = last.tokens.end..moment.tokens.start;
            let near = between.len() <= 2
                && between.clone().all(|at| {
                    matches!(
                        text.lower(at),
                        "at" | "," | "kl" | "kl." | "klockan" | "on" | "den" | "." | "the" | "from" | "på"
                    )
                });
            let fits = (last.date.is_some() && last.time.is_none() && moment.said == Said::Time)
                || (last.said == Said::Time && moment.date.is_some() && moment.time.is_none());
            if near && fits {
                last.time = last.time.or(moment.time);
                if last.date.is_none() {
                    last.date = moment.date;
                    last.weekday = moment.weekday;
                    last.said = moment.said;
                    last.turn = moment.turn;
                }
                last.tokens.end = moment.tokens.end;
                continue;
            }
        }
        united.push(moment);
    }
    united
}

struct Reader<'a> {
    text: &'a Text<'a>,
    numbers: &'a [Number],
    now: DateTime,
    swedish: bool,
}

impl Reader<'_> {
    fn read(&self, at: usize) -> Option<Moment> {
        self.numeric(at)
            .or_else(|| self.year_month_day(at))
            .or_else(|| self.day_month(at))
            .or_else(|| self.month_day(at))
            .or_else(|| self.relative(at))
            .or_else(|| self.dated_weekday(at))
            .or_else(|| self.weekday(at))
            .or_else(|| self.feast(at))
            .or_else(|| self.clock(at))
    }

    fn lower(&self, at: usize) -> &str {
        self.text.lower(at)
    }

    /// The whole number of exactly this token, with an ordinal's ending.
    fn digits(&self, at: usize) -> Option<(i64, usize)> {
        let token = self.text.get(at)?;
        if token.kind == Kind::Number && token.lower.bytes().all(|byte| byte.is_ascii_digit()) && token.lower.len() <= 4
        {
            let value = token.lower.parse().ok()?;
            let ending = matches!(self.lower(at + 1), "st" | "nd" | "rd" | "th") && self.text.glued(at + 1);
            let swedish =
                self.lower(at + 1) == ":" && matches!(self.lower(at + 2), "e" | "a") && self.text.glued(at + 1);
            return Some((value, at + 1 + usize::from(ending) + 2 * usize::from(swedish)));
        }
        let number = self.numbers.iter().find(|number| number.tokens.start == at && number.ordinal)?;
        Some((number.value as i64, number.tokens.end))
    }

    fn year(&self, at: usize) -> Option<(i16, usize)> {
        let (value, end) = self.digits(at).filter(|(value, _)| (1000..=2999).contains(value))?;
        Some((i16::try_from(value).ok()?, end))
    }

    /// `2026-03-01`, `2026-03-01T15:00`, `1/3/2026`, `1.3.2026`, `03-01-2026`.
    fn numeric(&self, at: usize) -> Option<Moment> {
        let first = self.text.get(at).filter(|token| token.kind == Kind::Number)?;
        if self.text.glued(at)
            && self.text.before(at).is_some_and(|before| matches!(before.lower.as_str(), "-" | "/" | "."))
        {
            return None;
        }
        let run: String = self.text.source.get(first.start..)?.chars().take(32).collect();
        let run = run.split(|character: char| !(character.is_ascii_digit() || "-/.:TZ".contains(character))).next()?;
        let run = run.trim_end_matches(['.', ':', '-', '/']);
        let (day, rest) = run.split_once('T').map_or((run, ""), |(day, rest)| (day, rest));
        let mark = day.chars().find(|character| !character.is_ascii_digit()).filter(|mark| "-/.".contains(*mark))?;
        let parts: Vec<&str> = day.split(mark).collect();
        let [one, two, three] = parts.as_slice() else { return None };
        let value = |part: &str| part.parse::<i16>().ok();
        let (year, month, day_of_month) = if one.len() == 4 {
            (value(one)?, value(two)?, value(three)?)
        } else if three.len() == 4 || (three.len() == 2 && mark != '.' && one.len() <= 2 && two.len() <= 2) {
            let year = if three.len() == 4 { value(three)? } else { 2000 + value(three)? };
            let (one, two) = (value(one)?, value(two)?);
            let month_first = mark == '/' && !self.swedish && one <= 12 || two > 12;
            if month_first { (year, one, two) } else { (year, two, one) }
        } else {
            return None;
        };
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day_of_month).ok()?).ok()?;
        let time = rest.trim_end_matches('Z').parse::<Time>().ok();
        let end_byte = first.start + if time.is_some() || rest.is_empty() { run.len() } else { day.len() };
        let end = self.text.tokens.partition_point(|token| token.start < end_byte);
        Some(Moment { time, ..Moment::of_date(at..end, date, Said::Full) })
    }

    /// `2023 April 4th`, `2027 mars 3`.
    fn year_month_day(&self, at: usize) -> Option<Moment> {
        let (year, next) = self.year(at)?;
        let next = next + usize::from(self.lower(next) == ",");
        let month = month(self.lower(next))?;
        let (day, end) = self.digits(next + 1)?;
        let date = Date::new(year, month, i8::try_from(day).ok()?).ok()?;
        Some(Moment::of_date(at..end, date, Said::Full))
    }

    /// `3 March 2027`, `the 3rd of March`, `den 3 mars`, `3:e mars`.
    fn day_month(&self, at: usize) -> Option<Moment> {
        let start = at;
        let at = at + usize::from(matches!(self.lower(at), "den" | "the"));
        let (day, next) = self.digits(at).filter(|(day, _)| (1..=31).contains(day))?;
        let next = next + usize::from(self.lower(next) == "of");
        let month = month(self.lower(next))?;
        self.with_year(start, next + 1, month, i8::try_from(day).ok()?)
    }

    /// `March 3, 2027`, `March 3rd`, `Jan. 28`; `March 2027`; `in March`.
    fn month_day(&self, at: usize) -> Option<Moment> {
        let month = month(self.lower(at))?;
        let next = at + 1 + usize::from(self.lower(at + 1) == ".");
        let next = next + usize::from(self.lower(next) == "the");
        if let Some((day, after)) = self.digits(next).filter(|(day, _)| (1..=31).contains(day))
            && !matches!(self.lower(after), "%" | "percent")
        {
            return self.with_year(at, after, month, i8::try_from(day).ok()?);
        }
        let next = next + usize::from(matches!(self.lower(next), "," | "of"));
        let (year, end) = self.year(next)?;
        Some(Moment::of_date(at..end, Date::new(year, month, 1).ok()?, Said::Month))
    }

    fn with_year(&self, start: usize, next: usize, month: i8, day: i8) -> Option<Moment> {
        let comma = usize::from(matches!(self.lower(next), "," | "of" | "."));
        let glued_comma = comma == 1 && self.text.get(next + 1).is_some();
        if let Some((year, end)) = self.year(next).or_else(|| glued_comma.then(|| self.year(next + 1)).flatten()) {
            return Some(Moment::of_date(start..end, Date::new(year, month, day).ok()?, Said::Full));
        }
        // The year comes with the other dates; a leap year has all days.
        Some(Moment::of_date(start..next, Date::new(LEAP_YEAR, month, day).ok()?, Said::NoYear))
    }

    /// `today`, `i övermorgon`, `in 3 days`, `om tre veckor`, `two weeks ago`, `för en månad sedan`.
    fn relative(&self, at: usize) -> Option<Moment> {
        let today = self.now.date();
        for (words, days) in RELATIVE {
            if words.iter().enumerate().all(|(offset, word)| self.lower(at + offset) == *word) {
                let date = today.checked_add(i64::from(*days).days()).ok()?;
                let mut moment = Moment::of_date(at..at + words.len(), date, Said::Relative);
                if matches!(words, ["tonight"] | ["ikväll"] | ["i", "kväll"]) {
                    moment.turn = 0;
                }
                return Some(moment);
            }
        }
        // "How many minutes are there in 3 hours" asks of no time to come.
        let counts = (at.saturating_sub(5)..at).any(|before| matches!(self.lower(before), "many" | "much" | "många"));
        // "Räkna om 420 minuter" does not say when.
        let is_particle = at.checked_sub(1).is_some_and(|before| {
            matches!(self.lower(before), "räkna" | "räknar" | "räknat" | "räknas" | "gör" | "göra" | "görs" | "gjort")
        });
        if self.lower(at) == "in" && counts || self.lower(at) == "om" && is_particle {
            return None;
        }
        let (number_at, forward) = match self.lower(at) {
            "in" | "om" => (at + 1, Some(1)),
            "för" | "for" => (at + 1, Some(-1)),
            _ => (at, None),
        };
        let number = self.numbers.iter().find(|number| number.whole.start == number_at && number.is_whole())?;
        let unit = number.unit.filter(|unit| unit.dimension == Dimension::Time)?;
        let count = number.value as i64;
        let after = number.whole.end;
        let (sign, end) = match (forward, self.lower(after), self.lower(after + 1)) {
            (Some(-1), "sedan" | "sen", _) | (None | Some(1), "ago", _) => (-1, after + 1),
            (None, "from" | "from now", "now") => (1, after + 2),
            (Some(1), _, _) => (1, after),
            _ => return None,
        };
        let span = match *unit.names.first()? {
            "d" => (sign * count).days(),
            "week" => (sign * count).weeks(),
            "month" => (sign * count).months(),
            "year" => (sign * count).years(),
            "h" | "min" => return self.later(at..end, sign * count, unit.factor),
            _ => return None,
        };
        Some(Moment::of_date(at..end, today.checked_add(span).ok()?, Said::Relative))
    }

    fn later(&self, tokens: Range<usize>, count: i64, factor: f64) -> Option<Moment> {
        let minutes = count.checked_mul((factor / 60.0) as i64)?;
        let moment = self.now.checked_add(minutes.minutes()).ok()?;
        Some(Moment { time: Some(moment.time()), ..Moment::of_date(tokens, moment.date(), Said::Relative) })
    }

    /// `Friday`, `on Friday`, `next Friday`, `i fredags`, `nästa fredag`, `förra måndagen`.
    /// "Monday 6 December 2027", "måndagen den 6 december": the date, whatever weekday that is.
    fn dated_weekday(&self, at: usize) -> Option<Moment> {
        weekday(self.lower(at))?;
        let begins = (at + 1..at + 4).find(|at| !matches!(self.lower(*at), "," | "den" | "the"))?;
        let date = self.numeric(begins).or_else(|| self.year_month_day(begins)).or_else(|| self.day_month(begins));
        let date = date.or_else(|| self.month_day(begins)).filter(|moment| moment.date.is_some())?;
        Some(Moment { tokens: at..date.tokens.end, ..date })
    }

    fn weekday(&self, at: usize) -> Option<Moment> {
        let mut next = at;
        let mut turn = 0;
        match self.lower(at) {
            "next" | "nästa" | "coming" | "kommande" => (turn, next) = (1, at + 1),
            "last" | "previous" | "förra" | "past" | "föregående" | "sista" | "senaste" => {
                (turn, next) = (-1, at + 1)
            }
            "this" | "nu" => next = at + 1,
            _ => {}
        }
        let (weekday, past) = weekday(self.lower(next))?;
        if past && turn == 0 {
            turn = -1;
        }
        // "sun", "sat", "fre" and "lör" are words or parts of words; only the long names stand alone.
        if self.lower(next).chars().count() <= 3
            && turn == 0
            && !matches!(self.text.before(at).map(|before| before.lower.as_str()), Some("on" | "på" | "this"))
        {
            return None;
        }
        let today = self.now.date();
        let nth = if turn < 0 { -1 } else { 1 };
        let date = today.nth_weekday(nth, weekday).ok()?;
        Some(Moment { weekday: Some(weekday), turn, ..Moment::of_date(at..next + 1, date, Said::Weekday) })
    }

    /// `Christmas Eve 2026`, `julafton`, `nyårsafton`.
    fn feast(&self, at: usize) -> Option<Moment> {
        let (words, month, day) = FEASTS
            .iter()
            .filter(|(words, ..)| words.iter().enumerate().all(|(offset, word)| self.lower(at + offset) == *word))
            .max_by_key(|(words, ..)| words.len())?;
        let mut moment = self.with_year(at, at + words.len(), *month, *day)?;
        if moment.said == Said::NoYear {
            moment.said = Said::Feast;
        }
        Some(moment)
    }

    /// `10 AM`, `3:30 pm`, `15:30`, `kl 15`, `klockan tre på eftermiddagen`, `half past three`, `halv fyra`, `noon`.
    fn clock(&self, at: usize) -> Option<Moment> {
        let said = |tokens: Range<usize>, hour: i8, minute: i8| {
            let time = Time::new(hour, minute, 0, 0).ok()?;
            Some(Moment { tokens, date: None, time: Some(time), weekday: None, said: Said::Time, turn: 0 })
        };
        match self.lower(at) {
            "noon" | "midday" => return said(at..at + 1, 12, 0),
            "midnight" | "midnatt" => return said(at..at + 1, 0, 0),
            _ => {}
        }
        if let Some((shift, hour_at)) = self.quarter(at) {
            let hour = self.hour(hour_at)?.0;
            let (hour, end) = self.half_of_day(hour, hour_at + 1);
            let minutes = (i32::from(hour) * 60 + shift).rem_euclid(1440);
            return said(at..end, i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
        }
        let clock = match self.lower(at) {
            "klockan" | "kl" => 1 + usize::from(self.lower(at + 1) == "."),
            "at" => 1,
            _ => 0,
        };
        let clock = clock + usize::from(clock > 0 && self.lower(at) == "klockan" && self.lower(at + 1) == "är");
        let (hour, minute, end) = self.hour_and_minute(at + clock)?;
        let (later, after) = self.half_of_day(hour, end);
        let marked = after > end || minute.is_some() || matches!(self.lower(at), "klockan" | "kl");
        if !marked && !matches!(self.lower(after), "o'clock" | "o’clock") {
            return None;
        }
        let after = after + usize::from(matches!(self.lower(after), "o'clock" | "o’clock"));
        said(at..after, later, minute.unwrap_or(0))
    }

    /// `half past`, `quarter to`, `halv`, `kvart över`: minutes to add, and where the hour stands.
    fn quarter(&self, at: usize) -> Option<(i32, usize)> {
        match (self.lower(at), self.lower(at + 1)) {
            ("half", "past") => Some((30, at + 2)),
            ("quarter", "past") | ("kvart", "över") => Some((15, at + 2)),
            ("quarter", "to") | ("kvart", "i") => Some((-15, at + 2)),
            ("halv", _) if self.hour(at + 1).is_some() => Some((-30, at + 1)),
            _ => None,
        }
    }

    fn hour(&self, at: usize) -> Option<(i8, usize)> {
        let number =
            self.numbers.iter().find(|number| number.tokens.start == at && number.is_whole() && !number.ordinal)?;
        let hour = Some(number.value).filter(|value| (0.0..=24.0).contains(value))? as i8;
        Some((hour % 24, number.tokens.end))
    }

    /// `15:30`, `15.30`, `9`.
    fn hour_and_minute(&self, at: usize) -> Option<(i8, Option<i8>, usize)> {
        let written = self.lower(at);
        let two = |hour: &str, minute: &str| {
            let hour = hour.parse::<i8>().ok().filter(|hour| (0..24).contains(hour))?;
            let minute = minute.parse::<i8>().ok().filter(|value| (0..60).contains(value) && minute.len() == 2)?;
            Some((hour, minute))
        };
        if self.text.get(at)?.kind == Kind::Number {
            if self.lower(at + 1) == ":" && self.text.glued(at + 1) && self.text.glued(at + 2) {
                let (hour, minute) = two(written, self.lower(at + 2))?;
                let seconds = self.lower(at + 3) == ":" && self.text.glued(at + 3) && self.text.glued(at + 4);
                return Some((hour, Some(minute), at + 3 + 2 * usize::from(seconds)));
            }
            if let Some((hour, minute)) = written.split_once('.').and_then(|(hour, minute)| two(hour, minute))
                && (matches!(self.text.before(at).map(|before| before.lower.as_str()), Some("kl" | "klockan" | "."))
                    || self.lower(at.wrapping_sub(1)) == "är" && self.lower(at.wrapping_sub(2)) == "klockan"
                    || self.half_of_day(hour, at + 1).1 > at + 1)
            {
                return Some((hour, Some(minute), at + 1));
            }
        }
        let (hour, end) = self.hour(at)?;
        Some((hour, None, end))
    }

    /// Applies `pm`, `in the afternoon`, `på kvällen` after an hour.
    fn half_of_day(&self, hour: i8, at: usize) -> (i8, usize) {
        let later = |hour: i8| if hour < 12 { hour + 12 } else { hour };
        let early = |hour: i8| if hour == 12 { 0 } else { hour };
        let skip = usize::from(matches!(self.lower(at), "o'clock"));
        let at = at + skip;
        match (self.lower(at), self.lower(at + 1), self.lower(at + 2)) {
            ("pm" | "p.m" | "p.m.", _, _) => {
                (later(hour), at + 1 + usize::from(self.lower(at) == "p.m" && self.lower(at + 1) == "."))
            }
            ("am" | "a.m" | "a.m.", _, _) => {
                (early(hour), at + 1 + usize::from(self.lower(at) == "a.m" && self.lower(at + 1) == "."))
            }
            ("in", "the", "afternoon" | "evening") => (later(hour), at + 3),
            ("in", "the", "morning") => (early(hour), at + 3),
            ("at", "night", _) => (later(hour), at + 2),
            ("på", "eftermiddagen" | "kvällen", _) => (later(hour), at + 2),
            ("på", "morgonen" | "förmiddagen" | "natten", _) => (early(hour), at + 2),
            _ => (hour, at - skip),
        }
    }
}

/// The words of moments.
pub fn names() -> impl Iterator<Item = &'static str> {
    let of_calendar = MONTHS.iter().chain(&WEEKDAYS).flat_map(|names| names.iter());
    let said = RELATIVE.iter().flat_map(|(words, _)| words.iter());
    of_calendar.chain(said).chain(FEASTS.iter().flat_map(|(words, ..)| words.iter())).copied()
}

/// The month of this name, long or short.
pub fn month(word: &str) -> Option<i8> {
    let at = MONTHS.iter().position(|names| names.contains(&word))?;
    i8::try_from(at + 1).ok()
}

/// The weekday of this name, and whether it is a past one (`fredags`).
pub fn weekday(word: &str) -> Option<(Weekday, bool)> {
    let at = WEEKDAYS.iter().position(|names| names.contains(&word))?;
    let day = Weekday::from_monday_one_offset(i8::try_from(at + 1).ok()?).ok()?;
    Some((day, word.ends_with("dags")))
}

const MONTHS: [&[&str]; 12] = [
    &["january", "januari", "jan"],
    &["february", "februari", "feb"],
    &["march", "mars", "mar"],
    &["april", "apr"],
    &["may", "maj"],
    &["june", "juni", "jun"],
    &["july", "juli", "jul"],
    &["august", "augusti", "aug"],
    &["september", "sept", "sep"],
    &["october", "oktober", "oct", "okt"],
    &["november", "nov"],
    &["december", "dec"],
];

const WEEKDAYS: [&[&str]; 7] = [
    &["monday", "mondays", "måndag", "måndagen", "måndags", "mon", "mån"],
    &["tuesday", "tuesdays", "tisdag", "tisdagen", "tisdags", "tue", "tis"],
    &["wednesday", "wednesdays", "onsdag", "onsdagen", "onsdags", "wed", "ons"],
    &["thursday", "thursdays", "torsdag", "torsdagen", "torsdags", "thu", "tor"],
    &["friday", "fridays", "fredag", "fredagen", "fredags", "fri", "fre"],
    &["saturday", "saturdays", "lördag", "lördagen", "lördags", "sat", "lör"],
    &["sunday", "sundays", "söndag", "söndagen", "söndags", "sun", "sön"],
];

const RELATIVE: &[(&[&str], i32)] = &[
    (&["the", "day", "after", "tomorrow"], 2),
    (&["day", "after", "tomorrow"], 2),
    (&["the", "day", "before", "yesterday"], -2),
    (&["day", "before", "yesterday"], -2),
    (&["today"], 0),
    (&["tonight"], 0),
    (&["tomorrow"], 1),
    (&["yesterday"], -1),
    (&["i", "övermorgon"], 2),
    (&["övermorgon"], 2),
    (&["i", "förrgår"], -2),
    (&["i", "dag"], 0),
    (&["idag"], 0),
    (&["ikväll"], 0),
    (&["i", "kväll"], 0),
    (&["i", "morgon"], 1),
    (&["imorgon"], 1),
    (&["imorron"], 1),
    (&["i", "går"], -1),
    (&["igår"], -1),
];

const FEASTS: &[(&[&str], i8, i8)] = &[
    (&["christmas", "eve"], 12, 24),
    (&["christmas", "day"], 12, 25),
    (&["christmas"], 12, 25),
    (&["new", "year's", "eve"], 12, 31),
    (&["new", "year's", "day"], 1, 1),
    (&["new", "year’s", "eve"], 12, 31),
    (&["valentine's", "day"], 2, 14),
    (&["halloween"], 10, 31),
    (&["julafton"], 12, 24),
    (&["juldagen"], 12, 25),
    (&["jul"], 12, 24),
    (&["annandag", "jul"], 12, 26),
    (&["nyårsafton"], 12, 31),
    (&["nyårsdagen"], 1, 1),
    (&["nyår"], 12, 31),
    (&["sveriges", "nationaldag"], 6, 6),
    (&["nationaldagen"], 6, 6),
    (&["valborg"], 4, 30),
    (&["valborgsmässoafton"], 4, 30),
    (&["lucia"], 12, 13),
    (&["alla", "hjärtans", "dag"], 2, 14),
];

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::routing::arguments::numbers;

    /// Sunday 22 November 2026, at noon.
    #[track_caller]
    fn check(source: &str, swedish: bool, expected: &[&str]) {
        let text = Text::read(source);
        let numbers = numbers::find(&text, swedish);
        let found = find(&text, &numbers, date(2026, 11, 22).at(12, 0, 0, 0), swedish);
        let written: Vec<String> = found
            .iter()
            .map(|moment| {
                let date = moment.date.map(|date| date.to_string());
                let time = moment.time.map(|time| time.to_string().get(..5).unwrap_or("").to_owned());
                [date, time].into_iter().flatten().collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(written, expected, "{source}");
    }

    #[test]
    fn english() {
        check("What weekday is 3 March 2027?", false, &["2027-03-03"]);
        check("from Monday 6 December 2027 to Friday, the 31st of March 2028", false, &["2027-12-06", "2028-03-31"]);
        check("från måndagen den 6 december 2027", true, &["2027-12-06"]);
        check("on Jan 28, 2021 or January 5th", false, &["2021-01-28", "2021-01-05"]);
        check("2026-03-01T15:00 and 2026-03-02", false, &["2026-03-01 15:00", "2026-03-02"]);
        check("12/25/2023", false, &["2023-12-25"]);
        check("from 2023 April 4th to April 8th", false, &["2023-04-04", "2023-04-08"]);
        check("starting from 15th October,2023.", false, &["2023-10-15"]);
        check("between 1 March and 1 April 2026", false, &["2026-03-01", "2026-04-01"]);
        check("next Friday at 3 pm", false, &["2026-11-27 15:00"]);
        check("last Monday", false, &["2026-11-16"]);
        check("the day after tomorrow", false, &["2026-11-24"]);
        check("in 3 days, two weeks ago", false, &["2026-11-25", "2026-11-08"]);
        check("half past three", false, &["03:30"]);
        check("at 11:45 PM", false, &["23:45"]);
        check("until Christmas Eve 2026", false, &["2026-12-24"]);
        check("May I have 5 apples?", false, &[]);
        check("1 May or may not", false, &["2027-05-01"]);
        check("march 2024", false, &["2024-03-01"]);
        check("version 1.2.3 of 10", false, &[]);
    }

    #[test]
    fn swedish() {
        check("på fredag", true, &["2026-11-27"]);
        check("i övermorgon klockan tre på eftermiddagen", true, &["2026-11-24 15:00"]);
        check("den 3 mars 2027", true, &["2027-03-03"]);
        check("för tre veckor sedan", true, &["2026-11-01"]);
        check("om 90 dagar", true, &["2027-02-20"]);
        check("i fredags", true, &["2026-11-20"]);
        check("förra måndagen före den 17 maj 2026", true, &["2026-11-16", "2026-05-17"]);
        check("halv fyra, kl 15.30, kvart över åtta", true, &["03:30", "15:30", "08:15"]);
        check("julafton 2026", true, &["2026-12-24"]);
        check("3/4/2026", true, &["2026-04-03"]);
        check("en fredagsmys i magen", true, &[]);
    }

    #[test]
    fn dates_without_a_year_are_the_next_or_the_last_such_day() {
        check("how many days until 3 May", false, &["2027-05-03"]);
        check("how many days since 3 May", false, &["2026-05-03"]);
        check("what weekday was 24 December", false, &["2025-12-24"]);
        check("22 November", false, &["2026-11-22"]);
        check("from 20 October to 3 January", false, &["2026-10-20", "2027-01-03"]);
        check("until 29 February", false, &["2028-02-29"]);
        check("since 29 February", false, &["2024-02-29"]);
        check("when it was 29 February and 1 March 2023", false, &["2028-02-29", "2023-03-01"]);
        check("var är festen den 3 maj", true, &["2027-05-03"]);
        check("vilken veckodag var det den 3 maj", true, &["2026-05-03"]);
        check("var det en söndag den 3 maj", true, &["2026-05-03"]);
    }
}
