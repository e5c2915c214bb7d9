//! Parts of expressions of time that a word begins: weekdays, months, "yesterday", "half past nine".

use super::super::vocabulary::{Beside, Language, Topic, Word};
use super::atom::{Atom, Kind, Place};
use super::day::{is_measured, may_be_month, ordinal, year_behind};
use super::words::{BEFORE_HOUR, EDGES, EVERY, FRENCH, HOURS, TITLES, WHICH, WHICH_BEHIND};

/// The part that `word` begins.
pub(super) fn at_word(place: &Place<'_>, word: &Word) -> Option<Atom> {
    let range = &word.range;
    let hyphen = place.str.get(..range.start)?.ends_with('-');
    if [Topic::Month, Topic::MonthShort, Topic::MonthWeak]
        .into_iter()
        .any(|topic| word.is(topic))
        && let Some(atom) = month(place, word)
    {
        return Some(atom);
    }
    // The second half of a compound is another word, but for the few that French makes.
    if hyphen && !word.is_in(&[Language::Fr]) {
        return None;
    }
    if word.is(Topic::Weekday) || word.is(Topic::WeekdayShort) {
        return weekday(place, word);
    }
    if word.is(Topic::Part)
        && let Some(atom) = part(place, word)
    {
        return Some(atom);
    }
    if word.is(Topic::Relative) {
        return relative(place, word);
    }
    if word.is(Topic::Period) {
        return period(place, word);
    }
    hour(place, word)
}

/// `March 2021`, `Ende März`, `mi-décembre`, `Nov 3rd`.
fn month(place: &Place<'_>, word: &Word) -> Option<Atom> {
    let (start, end) = (word.range.start, word.range.end);
    let atom = |range, score| Atom::new(range, Kind::Date, score).told_by(word);
    let year = year_behind(place, end);
    if let Some(edge) = edge(place, start).filter(|_| word.is(Topic::Month)) {
        return Some(atom(edge..year.unwrap_or(end), 0.7));
    }
    let capital = place.rest(start).starts_with(char::is_uppercase);
    let dotted = place.rest(end).starts_with('.');
    if let Some(year) = year {
        let named = word.is(Topic::Month) || dotted || capital && word.is(Topic::MonthShort);
        return (named && may_be_month(place, word, true)).then(|| atom(start..year, 0.75));
    }
    // "Nov 3rd"; only English has the day behind.
    if !word.is_in(&[Language::En]) || !capital || !may_be_month(place, word, dotted) {
        return None;
    }
    let gap = if dotted { ". " } else { " " };
    if !place.rest(end).starts_with(gap) {
        return None;
    }
    let from = end + gap.len();
    let digits = place.rest(from).bytes().take_while(u8::is_ascii_digit);
    let day = from..from + digits.take(3).count();
    let sign = ordinal(place.rest(day.end));
    let signed = sign > 1;
    let own = day.end + if signed { sign } else { 0 };
    let sound = (1..=2).contains(&day.len()) && (1..=31).contains(&place.value(&day));
    if let Some(year) = year_behind(place, own).filter(|_| sound) {
        return Some(atom(start..year, 0.8));
    }
    (sound && place.ends_at(own) && (signed || !is_measured(place, own)))
        .then(|| atom(start..own, if signed { 0.75 } else { 0.6 }))
}

/// Where the word begins that says which part of the month at `start` is meant.
fn edge(place: &Place<'_>, start: usize) -> Option<usize> {
    let near = |word: &Beside<'_>| word.is_next() || word.gap == "-";
    let last = place.before(start).filter(near)?;
    if last.is_on(&EDGES) {
        return Some(last.range.start);
    }
    let other = place
        .before(last.range.start)
        .filter(|_| last.is_any(&["de", "di"]))?;
    (other.is_next() && other.is_on(&EDGES)).then_some(other.range.start)
}

/// `Freitag`, `letzten Freitag`, `vendredi prochain`; an abbreviation only beside something else.
fn weekday(place: &Place<'_>, word: &Word) -> Option<Atom> {
    let rest = place.rest(word.range.end);
    let mut range = word.range.clone();
    let fair = rest.starts_with("-feira");
    if fair {
        range.end += "-feira".len();
    } else if compound(rest) {
        return None;
    }
    let before = place.before(range.start);
    if before.as_ref().is_some_and(|own| {
        own.is_next() && own.is_on(&EVERY)
            || (own.is_next() || own.gap == ". ") && own.is_on(&TITLES)
    }) {
        return None;
    }
    let behind = which_behind(place, range.end);
    if word.is(Topic::Weekday) || fair || behind.is_some() {
        range.end = behind.unwrap_or(range.end);
        range.start = which_before(before.as_ref()).unwrap_or(range.start);
        return Some(Atom::new(range, Kind::Weekday, 0.65).told_by(word));
    }
    let capital = place.rest(range.start).starts_with(char::is_uppercase);
    let dotted = rest.starts_with('.');
    // "do", "so", "ma", "di" are words of their own.
    if range.len() <= 2 && !capital {
        return None;
    }
    range.end += usize::from(dotted);
    let score = if dotted { 0.4 } else { 0.3 };
    Some(Atom::new(range, Kind::Short, score).told_by(word))
}

/// Whether `rest` goes on with a hyphen and a letter.
fn compound(rest: &str) -> bool {
    let mut rest = rest.chars();
    rest.next() == Some('-') && rest.next().is_some_and(char::is_alphabetic)
}

/// Where the word begins that tells which one is meant, if that is `before`.
fn which_before(before: Option<&Beside<'_>>) -> Option<usize> {
    let before = before?;
    (before.is_next() && before.is_on(&WHICH)).then_some(before.range.start)
}

/// Where the words end that tell which one is meant, behind `end`.
fn which_behind(place: &Place<'_>, end: usize) -> Option<usize> {
    for comes in [" que viene", " que vem", " en huit"] {
        if place.rest(end).starts_with(comes) {
            return Some(end + comes.len());
        }
    }
    let behind = place.behind(end)?;
    (behind.is_next() && behind.is_on(&WHICH_BEHIND)).then_some(behind.range.end)
}

/// `ce soir`, `this morning`; else what may only follow a day.
fn part(place: &Place<'_>, word: &Word) -> Option<Atom> {
    let mut range = word.range.clone();
    if place.str.get(..range.start)?.ends_with("après-") {
        range.start -= "après-".len();
    }
    let before = place.before(range.start).filter(Beside::is_next);
    let this = before.as_ref().filter(|own| {
        use Language::{De, En, Es, Fr, It, Nl, Pt};
        own.is_any(&["this"]) && word.is_in(&[En])
            || own.is_any(&["ce", "cet", "cette"]) && word.is_in(&[Fr])
            || own.is_any(&["esta", "este"]) && word.is_in(&[Es, Pt])
            || own.is_any(&["questa", "questo"]) && word.is_in(&[It])
            || own.is_any(&["deze", "diesen", "diesem"]) && word.is_in(&[De, Nl])
    });
    if let Some(this) = this {
        let range = this.range.start..range.end;
        return Some(Atom::new(range, Kind::Relative, 0.65).told_by(word));
    }
    let noun = before.is_some_and(|own| own.is_any(&["la", "de", "a", "por", "da", "na"]));
    // "mañana" is also tomorrow, "midi" and "noon" an hour.
    if !noun && (word.is(Topic::Relative) || word.is(Topic::Noon) && range == word.range) {
        return None;
    }
    Some(Atom::new(range, Kind::Part, 0.0).told_by(word))
}

/// `yesterday`.
fn relative(place: &Place<'_>, word: &Word) -> Option<Atom> {
    let mut range = word.range.clone();
    let written = place.text.slice(range.clone());
    let rest = place.rest(range.end);
    let head = place.str.get(..range.start)?;
    if written.eq_ignore_ascii_case("aujourd") {
        let own = ["'hui", "’hui"]
            .into_iter()
            .find(|own| rest.starts_with(own))?;
        range.end += own.len();
    } else if compound(rest) {
        return None;
    }
    let before = place.before(range.start).filter(|own| own.is_next());
    let is_before = |words: &[&str]| before.as_ref().is_some_and(|own| own.is_any(words));
    if written.eq_ignore_ascii_case("morgen") {
        // "Guten Morgen", "der Morgen".
        let starts = head.trim_end().is_empty() || head.trim_end().ends_with(['.', '!', '?', ':']);
        let greets = is_before(&[
            "guten", "goede", "goeden", "jeden", "am", "de", "der", "den", "s", "elke", "iedere",
            "diesen", "op",
        ]);
        if greets || !starts && written.starts_with(char::is_uppercase) && head.ends_with(' ') {
            return None;
        }
    }
    if written.eq_ignore_ascii_case("mañana") && is_before(&["la", "cada", "buena", "una"]) {
        return None;
    }
    for prefix in ["avant-", "après-"] {
        if head.ends_with(prefix) {
            range.start -= prefix.len();
            return Some(Atom::new(range, Kind::Relative, 0.65).told_by(word));
        }
    }
    if head.ends_with('-') {
        return None;
    }
    if written.eq_ignore_ascii_case("hier") {
        // Here, in German and Dutch.
        let french = |own: Option<&Beside<'_>>| own.is_some_and(|own| own.is_on(&FRENCH));
        let behind = place.behind(range.end).filter(Beside::is_next);
        if !french(before.as_ref()) && !french(behind.as_ref()) {
            return None;
        }
    }
    if rest.starts_with(" mismo") {
        range.end += " mismo".len();
    }
    Some(Atom::new(range, Kind::Relative, 0.65).told_by(word))
}

/// `letzte Woche`, `la semaine prochaine`, `a week ago`.
fn period(place: &Place<'_>, word: &Word) -> Option<Atom> {
    let mut range = word.range.clone();
    if compound(place.rest(range.end)) {
        return None;
    }
    let before = place.before(range.start);
    let behind = which_behind(place, range.end);
    let ahead = which_before(before.as_ref());
    let ago = place.rest(range.end).starts_with(" ago");
    let one = before
        .as_ref()
        .filter(|own| ago && own.is_next() && own.is_any(&["a", "one"]));
    range.start = ahead
        .or_else(|| one.map(|own| own.range.start))
        .unwrap_or(range.start);
    let more = if one.is_some() { " ago".len() } else { 0 };
    range.end = behind.unwrap_or(range.end + more);
    (range != word.range).then(|| Atom::new(range, Kind::Relative, 0.6).told_by(word))
}

/// `half past nine`, `halb neun`, `noon`, `five o'clock`, `a las siete`, `KW 48`.
fn hour(place: &Place<'_>, word: &Word) -> Option<Atom> {
    let range = &word.range;
    let atom = |range, score| Some(Atom::new(range, Kind::Clock, score).told_by(word));
    if word.is(Topic::Week) {
        return week(place, word);
    }
    if word.is(Topic::Noon) {
        let before = place.before(range.start).filter(Beside::is_next)?;
        let told = before.is_on(&BEFORE_HOUR) || before.is_any(&["a", "al", "del", "ce"]);
        return told.then(|| atom(range.clone(), 0.6)).flatten();
    }
    if word.is(Topic::Clock) {
        let head = place.str.get(..range.start)?;
        let sign = ["o'", "o’"].into_iter().find(|own| head.ends_with(own))?;
        let number = place.before(range.start - sign.len())?;
        let told = number.is_next() && number.is_on(&HOURS);
        return told
            .then(|| atom(number.range.start..range.end, 0.75))
            .flatten();
    }
    if word.is(Topic::Hours) {
        let before = place.before(range.start)?;
        let number = place.behind(range.end)?;
        let told = before.is_next() && before.is_any(&["a", "desde"]);
        if !(told && number.is_next() && number.is_on(&HOURS)) {
            return None;
        }
        let end = number.range.end;
        let rest = place.rest(end);
        let more = [" y media", " y cuarto", " menos cuarto", " en punto"]
            .into_iter()
            .find(|more| rest.starts_with(more));
        return atom(number.range.start..end + more.map_or(0, str::len), 0.65);
    }
    if word.is(Topic::Half) {
        return half(place, word);
    }
    None
}

/// `half past nine`, `half 6`, `halb neun`, `viertel nach acht`, `kwart over drie`.
fn half(place: &Place<'_>, word: &Word) -> Option<Atom> {
    let rest = place.rest(word.range.end);
    let link = [" past ", " to ", " nach ", " vor ", " over ", " voor ", " "]
        .into_iter()
        .find(|link| rest.starts_with(link))?;
    let start = word.range.end + link.len();
    let digits = place.rest(start).bytes().take_while(u8::is_ascii_digit);
    let number = start..start + digits.take(3).count();
    let told = |score| {
        let before = place.before(word.range.start)?;
        (before.is_next() && before.is_on(&BEFORE_HOUR)).then_some(score)
    };
    if !number.is_empty() {
        let sound = number.len() <= 2 && (1..=12).contains(&place.value(&number));
        let score = if link == " " { told(0.65) } else { Some(0.7) }?;
        let range = word.range.start..number.end;
        return (sound && place.ends_at(number.end) && !is_measured(place, number.end))
            .then(|| Atom::new(range, Kind::Clock, score).told_by(word));
    }
    let number = place.behind(start - 1)?;
    if number.range.start != start || !number.is_on(&HOURS) {
        return None;
    }
    // "half one" is not said of hours alone.
    let spoken = word.is_in(&[Language::De]) || link != " ";
    let score = if spoken {
        0.7
    } else {
        told(0.65).unwrap_or(0.5)
    };
    Some(Atom::new(word.range.start..number.range.end, Kind::Clock, score).told_by(word))
}

/// `KW 48`.
fn week(place: &Place<'_>, word: &Word) -> Option<Atom> {
    let end = word.range.end;
    // Not so many kilowatts.
    let power = place
        .str
        .get(..word.range.start)?
        .trim_end()
        .ends_with(|c: char| c.is_ascii_digit());
    let gap = [" ", "\u{a0}", ". "]
        .into_iter()
        .find(|gap| place.rest(end).starts_with(gap))?;
    let start = end + gap.len();
    let digits = place.rest(start).bytes().take_while(u8::is_ascii_digit);
    let number = start..start + digits.take(3).count();
    let sound = number.len() <= 2 && (1..=53).contains(&place.value(&number));
    let range = word.range.start..year_behind(place, number.end).unwrap_or(number.end);
    (sound && !power && place.ends_at(range.end))
        .then(|| Atom::new(range, Kind::Date, 0.75).told_by(word))
}
