//! Dates that are others, written in the same way.
//!
//! Within one conversation every date moves by the same number of years and days, so that what lies between two dates
//! stays about as long. Numbers are written back where they stood: a month that is a word stays, and the day stays within
//! it; a date that can be read in two ways stays one in both.

use crate::redact::recogniser::dates;
use crate::redact::text::{Group, Text};

use super::Choices;

/// How far the dates of a conversation move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    years: u16,
    /// Added to the day, modulo what every month has.
    days: u16,
    later: bool,
}

/// Days that every month has.
const DAYS: u16 = 28;
/// Months that may be days too.
const MONTHS: u16 = 12;

impl Shift {
    pub(super) fn new(choices: &mut Choices) -> Self {
        let small = |n: usize| u16::try_from(n).unwrap_or(1);
        Self {
            years: 1 + small(choices.below(3)),
            days: 1 + small(choices.below(26)),
            later: choices.below(2) == 0,
        }
    }

    /// The date `value`, moved; `None` where it is none, or holds more than a date.
    pub(super) fn date(self, value: &str) -> Option<String> {
        let text = Text::new(value, &[]);
        let date = dates(&text)
            .iter()
            .find(|date| date.range == (0..value.len()))?;
        let (year, ..) = *date.readings.first()?;
        let ambiguous = date.readings.len() > 1;
        let groups: Vec<_> = text.groups.iter().collect();
        let number = |at: usize| {
            let group = groups.get(at)?;
            value.get(group.range.clone())?.parse::<u16>().ok()
        };
        let worded = groups.len() == 2;
        let is_year = |at: usize| {
            groups.get(at).is_some_and(|group| group.range.len() == 4)
                || at + 1 == groups.len() && groups.iter().all(|group| group.range.len() < 4)
        };
        // The month stands in the middle, but for America's dates, which are read in both ways anyway.
        let is_month = |at: usize| !worded && at == 1;
        let (mut out, mut from) = (String::with_capacity(value.len()), 0);
        for (at, group) in groups.iter().enumerate() {
            let own = number(at)?;
            let made = if is_year(at) {
                self.year(own, year, group.range.len())
            } else if is_month(at) && !ambiguous {
                own
            } else if ambiguous {
                moved(
                    own,
                    self.days % MONTHS + u16::from(self.days.is_multiple_of(MONTHS)),
                    MONTHS,
                )
            } else {
                moved(own, self.days, DAYS)
            };
            // "05" and "12" of "12.05." are two digits, "12" of "12.5." and of "12 May" may become one.
            let zero = |group: &Group| {
                value
                    .get(group.range.clone())
                    .is_some_and(|own| own.starts_with('0'))
            };
            let padded = zero(group) || !worded && groups.iter().all(|own| own.range.len() >= 2);
            let width = if padded { group.range.len() } else { 0 };
            out.push_str(value.get(from..group.range.start)?);
            out.push_str(&format!("{made:0width$}"));
            from = group.range.end;
        }
        out.push_str(value.get(from..)?);
        Some(out)
    }

    /// The year `own`, of two or four digits, moved; `year` is all of it.
    fn year(self, own: u16, year: u16, digits: usize) -> u16 {
        // Nobody is born in years to come because of us.
        let made = match self.later && year + self.years < 2020 {
            true => own + self.years,
            false => own.saturating_sub(self.years),
        };
        match digits {
            2 => (100 + made) % 100,
            _ => made,
        }
    }
}

fn moved(own: u16, by: u16, most: u16) -> u16 {
    (own.saturating_sub(1) + by) % most + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_move_and_keep_their_form() {
        let shift = Shift {
            years: 2,
            days: 5,
            later: false,
        };
        for (value, made) in [
            ("23.03.1980", Some("28.03.1978")),
            ("1980-03-23", Some("1978-03-28")),
            ("3 May 1980", Some("8 May 1978")),
            ("May 30th, 1980", Some("May 7th, 1978")),
            ("3/4/1980", Some("8/9/1978")),
            ("03/04/1980", Some("08/09/1978")),
            ("12. März 1980", Some("17. März 1978")),
            ("last Tuesday", None),
            ("born 12.03.1980", None),
        ] {
            assert_eq!(shift.date(value).as_deref(), made, "{value}");
        }
    }

    #[test]
    fn what_moved_is_a_date_again() {
        for days in 1..28 {
            let shift = Shift {
                years: 1,
                days,
                later: true,
            };
            for value in [
                "31.12.1999",
                "1/2/1980",
                "29.02.2000",
                "12 de marzo de 1980",
                "05-11-75",
            ] {
                let made = shift.date(value).unwrap();
                assert_ne!(made, value);
                assert!(!dates(&Text::new(&made, &[])).is_empty(), "{made}");
            }
        }
    }
}
