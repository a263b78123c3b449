//! Tests of the skills, with the clock at 2026-01-01T00:00:00Z.

use happyos_sdk::testing::{EXAMPLES_NOW_MS, set_clock};

use super::*;

#[test]
fn examples() {
    happyos_sdk::testing::check_examples(&crate::BUNDLE);
}

#[test]
fn today_comes_from_the_host() {
    set_clock(Some(EXAMPLES_NOW_MS + 86_400_000 - 1));
    assert_eq!(read::date("idag").ok(), Date::new(2026, 1, 1).ok());
    set_clock(Some(EXAMPLES_NOW_MS + 86_400_000));
    assert_eq!(read::date("igår").ok(), Date::new(2026, 1, 1).ok());
}

#[test]
fn weeks_at_the_turn_of_the_year() {
    set_clock(Some(EXAMPLES_NOW_MS));
    let week = |date: &str| date_info(Some(date.to_owned())).map(|info| (info.iso_week_year, info.iso_week));
    assert_eq!(week("2024-12-30"), Ok((2025, 1)));
    assert_eq!(week("2027-01-01"), Ok((2026, 53)));
}

#[test]
fn weekdays_counted_one_by_one_agree() {
    let start = Date::constant(2026, 1, 1);
    for offset in 0..7 {
        let from = start + offset.days();
        for days in -30..30 {
            let (low, high) = if days >= 0 { (0, days) } else { (days, 0) };
            let slow = (low..high).filter(|n| !is_weekend(from + n.days())).count() as i32;
            assert_eq!(weekdays_between(from, days), if days < 0 { -slow } else { slow }, "{from} {days}");
        }
        for weekdays in -30_i64..30 {
            let mut slow = from;
            for _ in 0..weekdays.abs() {
                slow += weekdays.signum().days();
                while is_weekend(slow) {
                    slow += weekdays.signum().days();
                }
            }
            assert_eq!(add_weekdays(from, weekdays), Ok(slow), "{from} {weekdays}");
        }
    }
}

#[test]
fn leap_day_birthdays() {
    let of = |on: &str| age("2004-02-29".to_owned(), Some(on.to_owned())).map(|age| (age.years, age.next_birthday));
    assert_eq!(of("2025-02-28"), Ok((20, "2025-03-01".to_owned())));
    assert_eq!(of("2027-12-01"), Ok((23, "2028-02-29".to_owned())));
}

#[test]
fn what_is_no_date_is_refused() {
    for bad in ["2026-02-30", "next year", "", "12026-01-01"] {
        let error = read::date(bad).err().map(|error| error.kind());
        assert_eq!(error, Some("invalid-input"), "{bad}");
    }
    assert!(date_add(None, Some(20_000), None, None, None, None).is_err());
    assert!(find_weekday("xyz".to_owned(), None, None).is_err());
    assert!(find_weekday("fredag".to_owned(), None, Some(0)).is_err());
    assert!(read::zone("Mars/Olympus").is_err());
}

#[test]
fn weekday_names() {
    for (text, day) in [
        ("fri", Weekday::Friday),
        ("Fredagen", Weekday::Friday),
        ("mån", Weekday::Monday),
        ("tors", Weekday::Thursday),
        ("sö", Weekday::Sunday),
        ("to", Weekday::Thursday),
    ] {
        assert_eq!(read::weekday(text), Ok(day), "{text}");
    }
}
