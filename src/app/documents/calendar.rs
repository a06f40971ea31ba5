//! Dates, times of day and time zones as they are written: ISO 8601, and the IANA's names.

use chrono::{NaiveDate, NaiveTime, Timelike};
use chrono_tz::Tz;

/// `2026-11-25`, a day that there is.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let is_plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_plain.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// `18:00` or `18:00:30`.
pub fn parse_time(text: &str) -> Option<NaiveTime> {
    let format = match text.len() {
        5 => "%H:%M",
        8 => "%H:%M:%S",
        _ => return None,
    };
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let time = is_plain.then(|| NaiveTime::parse_from_str(text, format).ok()).flatten();
    // A leap second stands in no calendar that people make.
    time.filter(|time| time.nanosecond() == 0)
}

/// `Europe/Helsinki`
pub fn parse_zone(text: &str) -> Option<Tz> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_no_calendar_is_refused() {
        assert_eq!(parse_date("2028-02-29"), NaiveDate::from_ymd_opt(2028, 2, 29));
        for bad in
            ["", "2026-02-29", "2026-13-01", "2026-1-05", "26-01-05", "+026-01-05", "2026/01/05", "20260105", "today"]
        {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
        assert_eq!(parse_time("18:00"), NaiveTime::from_hms_opt(18, 0, 0));
        assert_eq!(parse_time("00:00:59"), NaiveTime::from_hms_opt(0, 0, 59));
        for bad in
            ["", "25:61", "24:00", "18:60", "18", "1800", "6:00", "18:00:60", "18:00:0", "18.00", "+1:00", "18:00Z"]
        {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
        assert_eq!(parse_zone("Europe/Helsinki"), Some(Tz::Europe__Helsinki));
        for bad in ["", "Europe/Atlantis", "+02:00", "helsinki"] {
            assert_eq!(parse_zone(bad), None, "{bad}");
        }
    }
}
