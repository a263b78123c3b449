//! Reads dates, weekdays, zones and times as people write them.

use happyos_sdk::{Result, SkillError, clock};
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const WEEKDAYS: [(Weekday, &str, &str); 7] = [
    (Weekday::Monday, "Monday", "måndag"),
    (Weekday::Tuesday, "Tuesday", "tisdag"),
    (Weekday::Wednesday, "Wednesday", "onsdag"),
    (Weekday::Thursday, "Thursday", "torsdag"),
    (Weekday::Friday, "Friday", "fredag"),
    (Weekday::Saturday, "Saturday", "lördag"),
    (Weekday::Sunday, "Sunday", "söndag"),
];

pub fn english(weekday: Weekday) -> &'static str {
    WEEKDAYS.iter().find(|(day, ..)| *day == weekday).map_or("", |(_, name, _)| name)
}

pub fn swedish(weekday: Weekday) -> &'static str {
    WEEKDAYS.iter().find(|(day, ..)| *day == weekday).map_or("", |(.., name)| name)
}

pub fn weekday(text: &str) -> Result<Weekday> {
    let wanted = text.trim().to_lowercase();
    let matches = |name: &str| {
        let name = name.to_lowercase();
        // "Fridays", "fredagen", "fre", "mån": at least two letters either way.
        wanted.chars().count() >= 2 && (name.starts_with(&wanted) || wanted.starts_with(&name))
    };
    WEEKDAYS
        .iter()
        .find(|(_, english, swedish)| matches(english) || matches(swedish))
        .map(|(day, ..)| *day)
        .ok_or_else(|| SkillError::invalid(format!("`{text}` is no weekday; write one such as `friday` or `fredag`")))
}

/// The moment that the host's clock shows.
pub fn now() -> Result<Timestamp> {
    Ok(Timestamp::from_millisecond(i64::try_from(clock::now_ms())?)?)
}

/// Today's date, in UTC.
pub fn today() -> Result<Date> {
    Ok(now()?.to_zoned(TimeZone::UTC).date())
}

pub fn date_or_today(text: Option<&str>) -> Result<Date> {
    text.map_or_else(today, date)
}

pub fn date(text: &str) -> Result<Date> {
    let days = match text.trim().to_lowercase().as_str() {
        "today" | "idag" | "i dag" => 0,
        "tomorrow" | "imorgon" | "i morgon" => 1,
        "yesterday" | "igår" | "i går" => -1,
        other => {
            return other.parse().map_err(|_| {
                SkillError::invalid(format!(
                    "`{text}` is no date; write `YYYY-MM-DD`, `today`, `tomorrow` or `yesterday`"
                ))
            });
        }
    };
    Ok(today()?.checked_add(days.days())?)
}

pub fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name.trim()).map_err(|_| {
        SkillError::invalid(format!("`{name}` is no time zone; write an IANA name such as `Europe/Stockholm`"))
    })
}

/// A time with its own offset or `Z`, or else a clock time in `zone`.
pub fn moment(text: &str, zone: TimeZone) -> Result<Timestamp> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let time: DateTime = text
        .parse()
        .map_err(|_| SkillError::invalid(format!("`{text}` is no time; write it as `2026-06-01T15:00`")))?;
    Ok(time.to_zoned(zone)?.timestamp())
}
