//! Skills for dates, intervals and time zones, in the Gregorian calendar, from year -9999 to 9999.

mod read;

use happyos_sdk::{Result, SkillError, skill};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Unit};
use schemars::JsonSchema;
use serde::Serialize;

/// Most days or weeks and such that a span may have: the calendar has about 7.3 million days.
const SPAN_MAX: i64 = 7_400_000;

#[derive(Serialize, JsonSchema)]
struct DateInfo {
    /// `YYYY-MM-DD`.
    date: String,
    /// In English.
    weekday: &'static str,
    /// In Swedish.
    weekday_sv: &'static str,
    /// The year that the ISO 8601 week belongs to.
    iso_week_year: i16,
    /// ISO 8601 week number, 1 to 53; weeks begin on Monday.
    iso_week: i8,
    /// 1 is 1 January.
    day_of_year: i16,
    /// 1 to 4.
    quarter: i8,
    leap_year: bool,
    days_in_month: i8,
    /// Days from today to the date; negative if it is past.
    days_from_today: i32,
}

/// Tells what there is to know of a date: the weekday, ISO week number, day of the year, quarter, leap year, and how
/// many days there are to it from today.
#[skill(name = "date-info", read_only, idempotent, examples = "examples/date-info.json")]
fn date_info(
    /// `YYYY-MM-DD`, `today`, `tomorrow` or `yesterday`; today if absent.
    date: Option<String>,
) -> Result<DateInfo> {
    let today = read::today()?;
    let date = read::date_or_today(date.as_deref())?;
    let week = date.iso_week_date();
    Ok(DateInfo {
        date: date.to_string(),
        weekday: read::english(date.weekday()),
        weekday_sv: read::swedish(date.weekday()),
        iso_week_year: week.year(),
        iso_week: week.week(),
        day_of_year: date.day_of_year(),
        quarter: (date.month() - 1) / 3 + 1,
        leap_year: date.in_leap_year(),
        days_in_month: date.days_in_month(),
        days_from_today: days_between(today, date)?,
    })
}

#[derive(Serialize, JsonSchema)]
struct Difference {
    /// `YYYY-MM-DD`.
    from: String,
    /// `YYYY-MM-DD`.
    to: String,
    /// Days from `from` to `to`; negative if `to` is earlier.
    days: i32,
    /// Whole weeks in that.
    weeks: i32,
    /// Days beyond the whole weeks.
    days_beyond_weeks: i32,
    /// Whole years, then months, then days.
    years: i16,
    months: i32,
    days_beyond_months: i32,
    /// Days from Monday to Friday, `from` counted and `to` not; public holidays are not known.
    weekdays: i32,
}

/// Counts the time between two dates: in days, in weeks, in years, months and days, and in weekdays (Monday to
/// Friday).
#[skill(name = "date-difference", read_only, idempotent, examples = "examples/date-difference.json")]
fn date_difference(
    /// `YYYY-MM-DD`, `today`, `tomorrow` or `yesterday`; today if absent.
    from: Option<String>,
    /// The same.
    to: Option<String>,
) -> Result<Difference> {
    let from = read::date_or_today(from.as_deref())?;
    let to = read::date_or_today(to.as_deref())?;
    let days = days_between(from, to)?;
    let span = from.until((Unit::Year, to))?;
    Ok(Difference {
        from: from.to_string(),
        to: to.to_string(),
        days,
        weeks: days / 7,
        days_beyond_weeks: days % 7,
        years: span.get_years(),
        months: span.get_months(),
        days_beyond_months: span.get_days(),
        weekdays: weekdays_between(from, days),
    })
}

#[derive(Serialize, JsonSchema)]
struct NamedDate {
    /// `YYYY-MM-DD`.
    date: String,
    /// In English.
    weekday: &'static str,
    /// In Swedish.
    weekday_sv: &'static str,
}

/// Adds years, months, weeks, days or weekdays (Monday to Friday) to a date, or subtracts them if negative. A month
/// that is too short gives its last day: 31 January plus one month is 28 or 29 February.
#[skill(name = "date-add", read_only, idempotent, examples = "examples/date-add.json")]
fn date_add(
    /// `YYYY-MM-DD`, `today`, `tomorrow` or `yesterday`; today if absent.
    date: Option<String>,
    years: Option<i64>,
    months: Option<i64>,
    weeks: Option<i64>,
    days: Option<i64>,
    /// Days from Monday to Friday, counted after the rest; public holidays are not known.
    weekdays: Option<i64>,
) -> Result<NamedDate> {
    let date = read::date_or_today(date.as_deref())?;
    let span = Span::new()
        .try_years(years.unwrap_or(0))
        .and_then(|span| span.try_months(months.unwrap_or(0)))
        .and_then(|span| span.try_weeks(weeks.unwrap_or(0)))
        .and_then(|span| span.try_days(days.unwrap_or(0)))
        .map_err(SkillError::invalid)?;
    let date = date.checked_add(span).map_err(SkillError::invalid)?;
    named(add_weekdays(date, weekdays.unwrap_or(0))?)
}

/// Finds the next or previous given weekday, such as "next Friday" or "förra måndagen". The start itself does not count.
#[skill(name = "find-weekday", read_only, idempotent, examples = "examples/find-weekday.json")]
fn find_weekday(
    /// In English or Swedish: `friday`, `fri`, `fredag`, `fre`.
    weekday: String,
    /// Where to start: `YYYY-MM-DD`, `today`, `tomorrow` or `yesterday`; today if absent.
    from: Option<String>,
    /// Which one: 1 is the next, 2 the one after, -1 the one before; 1 if absent.
    nth: Option<i32>,
) -> Result<NamedDate> {
    let weekday = read::weekday(&weekday)?;
    let from = read::date_or_today(from.as_deref())?;
    let nth = nth.unwrap_or(1);
    if nth == 0 {
        return Err(SkillError::invalid("`nth` is 0; 1 is the next such day, -1 the one before"));
    }
    named(from.nth_weekday(nth, weekday).map_err(SkillError::invalid)?)
}

#[derive(Serialize, JsonSchema)]
struct Age {
    /// Whole years.
    years: i16,
    /// Whole months beyond the years.
    months: i32,
    /// Days beyond the months.
    days: i32,
    /// Days in all.
    days_in_all: i32,
    /// `YYYY-MM-DD`; someone born on 29 February has it on 1 March in other years.
    next_birthday: String,
    days_to_next_birthday: i32,
}

/// Says how old somebody or something is, in years, months and days, and when the next birthday is.
#[skill(read_only, idempotent, examples = "examples/age.json")]
fn age(
    /// The date of birth, `YYYY-MM-DD`.
    born: String,
    /// The day to tell the age on, `YYYY-MM-DD`; today if absent.
    on: Option<String>,
) -> Result<Age> {
    let born = read::date(&born)?;
    let on = read::date_or_today(on.as_deref())?;
    if born > on {
        return Err(SkillError::invalid(format!("the birth, {born}, is after {on}")));
    }
    let span = born.until((Unit::Year, on))?;
    let mut next = birthday(born, on.year())?;
    if next <= on {
        next = birthday(born, on.year() + 1)?;
    }
    Ok(Age {
        years: span.get_years(),
        months: span.get_months(),
        days: span.get_days(),
        days_in_all: days_between(born, on)?,
        next_birthday: next.to_string(),
        days_to_next_birthday: days_between(on, next)?,
    })
}

#[derive(Serialize, JsonSchema)]
struct ZonedTime {
    /// Date and time there, with the offset from UTC, such as `2026-01-01T01:00:00+01:00`.
    time: String,
    /// In English.
    weekday: &'static str,
    /// In Swedish.
    weekday_sv: &'static str,
    /// The zone's name for it, such as `CET`.
    abbreviation: String,
    daylight_saving: bool,
}

/// Tells the time in a time zone: now, or what a given time elsewhere is there.
#[skill(name = "time-in-zone", read_only, examples = "examples/time-in-zone.json")]
fn time_in_zone(
    /// IANA name of the zone, such as `Europe/Stockholm` or `Asia/Tokyo`; `UTC` too.
    zone: String,
    /// A date and time such as `2026-06-01T15:00`; now if absent.
    time: Option<String>,
    /// The zone that `time` is in; UTC if absent.
    time_zone: Option<String>,
) -> Result<ZonedTime> {
    let there = read::zone(&zone)?;
    let here = time_zone.as_deref().map_or(Ok(TimeZone::UTC), read::zone)?;
    let moment: Timestamp = match time {
        Some(time) => read::moment(&time, here)?,
        None => read::now()?,
    };
    let zoned = moment.to_zoned(there);
    let offset = zoned.time_zone().to_offset_info(moment);
    Ok(ZonedTime {
        time: zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        weekday: read::english(zoned.weekday()),
        weekday_sv: read::swedish(zoned.weekday()),
        abbreviation: offset.abbreviation().to_owned(),
        daylight_saving: offset.dst().is_dst(),
    })
}

happyos_sdk::bundle!(date_info, date_difference, date_add, find_weekday, age, time_in_zone);

fn named(date: Date) -> Result<NamedDate> {
    Ok(NamedDate {
        date: date.to_string(),
        weekday: read::english(date.weekday()),
        weekday_sv: read::swedish(date.weekday()),
    })
}

fn days_between(from: Date, to: Date) -> Result<i32> {
    Ok(from.until((Unit::Day, to))?.get_days())
}

fn birthday(born: Date, year: i16) -> Result<Date> {
    match Date::new(year, born.month(), born.day()) {
        Ok(date) => Ok(date),
        Err(_) if born.month() == 2 => Ok(Date::new(year, 3, 1)?),
        Err(error) => Err(SkillError::invalid(error)),
    }
}

/// Days from Monday to Friday among the `days` from `from` on, negative backwards.
fn weekdays_between(from: Date, days: i32) -> i32 {
    let in_weeks = days / 7 * 5;
    let step = days.signum();
    let first = i32::from(from.weekday().to_monday_zero_offset());
    // Forwards the start counts and the end does not; backwards it is the other way round.
    let rest = (0..(days % 7).abs()).map(|n| if step > 0 { first + n } else { first - 1 - n });
    in_weeks + step * rest.filter(|day| day.rem_euclid(7) < 5).count() as i32
}

fn add_weekdays(date: Date, weekdays: i64) -> Result<Date> {
    if weekdays.abs() > SPAN_MAX {
        return Err(SkillError::invalid(format!("`weekdays` is {weekdays}; at most {SPAN_MAX} can be added")));
    }
    let mut date = date.checked_add((weekdays / 5).weeks()).map_err(SkillError::invalid)?;
    let step = weekdays.signum();
    let mut left = (weekdays % 5).abs();
    // A start on a weekend moves to the weekday before what is counted, so whole weeks agree with single days.
    while weekdays != 0 && left == 0 && is_weekend(date) {
        date = date.checked_sub(step.days()).map_err(SkillError::invalid)?;
    }
    while left > 0 {
        date = date.checked_add(step.days()).map_err(SkillError::invalid)?;
        left -= i64::from(!is_weekend(date));
    }
    Ok(date)
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests;
