//! The terms under which a declared value is searched for, derived from what it is.

use crate::types::Entity;

use super::fold::{fold, fold_variants};
use super::words::{PARTICLES, ROLES, SUFFIXES, TITLES, is_legal_form};

/// Most words of a name that are taken apart.
const MAX_WORDS: usize = 8;

/// Ways of abbreviating streets, folded: written out, and short.
const STREETS: &[(&str, &str)] = &[
    ("strasse", "str."),
    ("strasse", "str"),
    ("street", "st."),
    ("street", "st"),
    ("road", "rd."),
    ("road", "rd"),
    ("avenue", "ave."),
    ("avenue", "ave"),
    ("avenue", "av."),
    ("boulevard", "blvd"),
    ("boulevard", "bd"),
    ("drive", "dr."),
    ("drive", "dr"),
    ("lane", "ln"),
    ("place", "pl."),
    ("platz", "pl."),
    ("calle", "c/"),
    ("straat", "str."),
    ("avenida", "avda."),
    ("court", "ct"),
    ("square", "sq"),
];

/// A term, folded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alias {
    /// What to search for.
    pub(super) form: String,
    /// Whether it is the whole value, or a form that only this value has.
    pub(super) whole: bool,
    /// What it is; another kind than the value where a part is one (the user name in an e-mail address).
    pub(super) entity: Entity,
}

/// All terms for `value`, the whole first; each once.
pub(super) fn aliases(entity: Entity, value: &str) -> Vec<Alias> {
    let mut found = Aliases {
        entity,
        list: Vec::new(),
    };
    found.whole(value);
    match entity {
        Entity::Address => address(value, &mut found),
        Entity::Email => email(value, &mut found),
        Entity::Organisation => organisation(value, &mut found),
        Entity::Person => person(value, &mut found),
        Entity::Card
        | Entity::DrivingLicence
        | Entity::Iban
        | Entity::Identifier
        | Entity::Imei
        | Entity::LicencePlate
        | Entity::NationalId
        | Entity::Passport
        | Entity::VatNumber => number(value, &mut found),
        Entity::SalesforceId => {
            if let Some(short) = value.get(..15).filter(|_| value.len() == 18) {
                found.whole(short);
            }
        }
        Entity::Url => {
            let bare = value
                .split_once("://")
                .map_or(value, |(_, rest)| rest)
                .trim_end_matches('/');
            found.whole(bare);
        }
        Entity::Age
        | Entity::Bic
        | Entity::Coordinates
        | Entity::CryptoWallet
        | Entity::DateOfBirth
        | Entity::DateTime
        | Entity::IpAddress
        | Entity::Location
        | Entity::MacAddress
        | Entity::Nationality
        | Entity::Phone
        | Entity::Secret
        | Entity::Title => {}
    }
    found.list
}

/// A folded name without titles in front and endings behind; `None` where nothing changes.
pub(super) fn without_titles(folded: &str) -> Option<String> {
    let (first, last) = (folded.split(' ').next(), folded.rsplit(' ').next());
    if !first.is_some_and(is_title) && !last.is_some_and(is_ending) {
        return None;
    }
    let words: Vec<_> = folded.split(' ').collect();
    let from = words.iter().take_while(|w| is_title(w)).count();
    let to = words.len() - words.iter().rev().take_while(|w| is_ending(w)).count();
    (from < to && (from > 0 || to < words.len())).then(|| words[from..to].join(" "))
}

fn is_title(folded: &str) -> bool {
    TITLES.contains(&folded.trim_end_matches('.'))
}

fn is_ending(folded: &str) -> bool {
    SUFFIXES.contains(&folded.trim_end_matches('.'))
}

struct Aliases {
    entity: Entity,
    list: Vec<Alias>,
}

impl Aliases {
    fn add(&mut self, text: &str, whole: bool, entity: Entity) {
        for form in fold_variants(text) {
            if form.chars().count() >= 2 && !self.list.iter().any(|a| a.form == form) {
                self.list.push(Alias {
                    form,
                    whole,
                    entity,
                });
            }
        }
    }

    fn whole(&mut self, text: &str) {
        self.add(text, true, self.entity);
    }

    fn part(&mut self, text: &str) {
        self.add(text, false, self.entity);
    }
}

fn person(value: &str, found: &mut Aliases) {
    // "Müller, Anna" is Anna Müller.
    let turned = match value.split_once(',') {
        Some((last, first)) if !first.contains(',') && !is_suffix(first) => {
            format!("{first} {last}")
        }
        _ => value.to_owned(),
    };
    let words: Vec<&str> = turned
        .split([' ', ',', '\u{a0}', '\t', '\n'])
        .filter(|w| !w.is_empty())
        .take(MAX_WORDS)
        .collect();
    let from = words.iter().take_while(|w| is_title(&fold(w))).count();
    let to = words.len() - words.iter().rev().take_while(|w| is_suffix(w)).count();
    let Some(words) = words.get(from..to).filter(|w| !w.is_empty()) else {
        return;
    };
    found.whole(&words.join(" "));
    let [first, rest @ ..] = words else { return };
    if rest.is_empty() {
        hyphenated(first, found);
        return;
    }
    // The family name starts at the first particle, or is the last word.
    let particle = words
        .iter()
        .skip(1)
        .position(|w| PARTICLES.contains(&fold(w).as_str()));
    let at = particle.map_or(words.len() - 1, |p| p + 1);
    let last = words[at..].join(" ");
    let given = words[..at].join(" ");
    found.whole(&format!("{last} {given}"));
    found.whole(&format!("{first} {last}"));
    found.whole(&format!("{last} {first}"));
    if let Some(initial) = first.chars().next().filter(|c| c.is_alphabetic()) {
        for form in [
            format!("{initial}. {last}"),
            format!("{initial}.{last}"),
            format!("{initial} {last}"),
            format!("{last} {initial}."),
        ] {
            found.part(&form);
        }
    }
    if let Some(initial) = last.chars().find(|c| c.is_uppercase()) {
        found.part(&format!("{first} {initial}."));
    }
    // Both initials of "Anna Maria Müller": "A. M. Müller", "A.M. Müller".
    if at == 2
        && let (Some(a), Some(b)) = (words[0].chars().next(), words[1].chars().next())
    {
        found.part(&format!("{a}. {b}. {last}"));
        found.part(&format!("{a}.{b}. {last}"));
        found.part(&format!("{first} {b}. {last}"));
    }
    if particle.is_some() {
        found.part(&last);
    }
    user_names(first, &last, found);
    for word in words {
        let folded = fold(word);
        let letters = folded.chars().filter(|c| c.is_alphabetic()).count();
        if letters >= 2 && !word.ends_with('.') && !PARTICLES.contains(&folded.as_str()) {
            found.part(word);
            hyphenated(word, found);
        }
    }
}

/// What people make of their names where no blank may stand: "anna.mueller", "mueller_anna", "amueller".
fn user_names(first: &str, last: &str, found: &mut Aliases) {
    let last = last.replace(' ', "");
    let initial: String = first.chars().take(1).collect();
    for (a, b) in [(first, last.as_str()), (&last, first), (&initial, &last)] {
        for joint in [".", "_", "-", ""] {
            let form = format!("{a}{joint}{b}");
            if form.chars().count() >= 6 {
                found.part(&form);
            }
        }
    }
}

/// The halves of "Anna-Lena" and "Müller-Schmidt".
fn hyphenated(word: &str, found: &mut Aliases) {
    if word.contains('-') {
        let halves: Vec<_> = word.split('-').filter(|h| h.chars().count() >= 3).collect();
        halves.iter().for_each(|half| found.part(half));
        found.part(&word.replace('-', " "));
    }
}

fn is_suffix(word: &str) -> bool {
    is_ending(&fold(word))
}

fn organisation(value: &str, found: &mut Aliases) {
    let words: Vec<&str> = value.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    let plain = |w: &str| fold(w).replace('.', "");
    let kept = words.len()
        - words
            .iter()
            .rev()
            .take_while(|w| is_legal_form(&plain(w)))
            .count();
    if kept > 0 && kept < words.len() {
        let name = words[..kept].join(" ");
        if name.chars().count() >= 3 {
            found.whole(&name);
        }
    }
}

fn address(value: &str, found: &mut Aliases) {
    abbreviated(value, found);
    for line in value.split(['\n', '\r', ',', ';']).map(str::trim) {
        let street = without_number(line);
        let has_digit = line.bytes().any(|b| b.is_ascii_digit());
        if line.chars().count() >= 5 && has_digit && line.len() < value.len() {
            found.part(line);
            abbreviated(line, found);
        }
        // Without its number a street must look like one, or "Park" would be found everywhere.
        let folded = fold(street);
        let is_street = STREETS
            .iter()
            .any(|(long, short)| folded.contains(long) || folded.ends_with(short))
            || [
                "rue ", "via ", "weg", "gasse", "allee", "plaza ", "ul. ", "platz", "damm", "ufer",
                "way", "laan", "weg", "gade", "vej", "gatan",
            ]
            .iter()
            .any(|w| folded.contains(w));
        if has_digit && street.len() < line.len() && is_street && street.chars().count() >= 6 {
            found.part(street);
            abbreviated(street, found);
        }
    }
}

/// The same with streets written out and abbreviated.
fn abbreviated(text: &str, found: &mut Aliases) {
    let folded = fold(text);
    for (long, short) in STREETS {
        for (from, to) in [(long, short), (short, long)] {
            for (at, _) in folded.match_indices(from) {
                let end = at + from.len();
                let ends_word =
                    !folded[end..].starts_with(|c: char| c.is_alphanumeric() || c == '.');
                // "Hauptstr." is one word, "Main St" two: only the short forms must stand alone.
                let own_word = at == 0 || folded[..at].ends_with(' ') || from.starts_with("str");
                if ends_word && own_word {
                    let form = format!("{}{to}{}", &folded[..at], &folded[end..]);
                    if !found.list.iter().any(|a| a.form == form) {
                        found.list.push(Alias {
                            form,
                            whole: false,
                            entity: found.entity,
                        });
                    }
                }
            }
        }
    }
}

/// A street line without the house number at its end or start.
fn without_number(line: &str) -> &str {
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && word.len() <= 7;
    if let Some((street, last)) = line.rsplit_once(' ') {
        if is_number(last) {
            return street.trim_end();
        }
        // "Hauptstraße 5 a"
        if last.len() == 1
            && let Some((street, number)) = street.rsplit_once(' ')
            && is_number(number)
        {
            return street.trim_end();
        }
    }
    match line.split_once(' ') {
        Some((first, street)) if is_number(first.trim_end_matches(',')) && first.len() <= 5 => {
            street.trim_start()
        }
        _ => line,
    }
}

fn email(value: &str, found: &mut Aliases) {
    let Some((local, _)) = value.rsplit_once('@') else {
        return;
    };
    let folded = fold(local);
    let letters = folded.chars().filter(|c| c.is_alphabetic()).count();
    let built = folded.contains(['.', '_', '-']) || folded.bytes().any(|b| b.is_ascii_digit());
    if letters >= 4
        && (built && folded.len() >= 5 || folded.len() >= 7)
        && !ROLES.contains(&folded.as_str())
    {
        found.add(local, true, Entity::Identifier);
    }
}

fn number(value: &str, found: &mut Aliases) {
    let compact: String = value.chars().filter(|c| c.is_alphanumeric()).collect();
    if compact.chars().count() < 5 {
        return;
    }
    found.whole(&compact);
    // "KD-2024/00817" is also written "KD 2024 00817".
    let is_joint = |c: char| matches!(c, ' ' | '-' | '/' | '.' | '_');
    if value.contains(is_joint) {
        for joint in [" ", "-", "/", ".", "_"] {
            let blocks: Vec<_> = value.split(is_joint).filter(|b| !b.is_empty()).collect();
            found.whole(&blocks.join(joint));
        }
    }
    if compact.is_ascii() && compact.len() >= 12 {
        let blocks: Vec<_> = compact
            .as_bytes()
            .chunks(4)
            .map(String::from_utf8_lossy)
            .collect();
        found.whole(&blocks.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(entity: Entity, value: &str) -> Vec<String> {
        aliases(entity, value).into_iter().map(|a| a.form).collect()
    }

    #[track_caller]
    fn check(entity: Entity, value: &str, expected: &[&str], unexpected: &[&str]) {
        let forms = forms(entity, value);
        for form in expected {
            assert!(
                forms.iter().any(|f| f == form),
                "{value}: {form} is missing in {forms:?}"
            );
        }
        for form in unexpected {
            assert!(
                !forms.iter().any(|f| f == form),
                "{value}: {form} is not wanted"
            );
        }
    }

    #[test]
    fn people_have_many_names() {
        check(
            Entity::Person,
            "Dr. Jürgen Müller",
            &[
                "jurgen muller",
                "juergen mueller",
                "muller jurgen",
                "j. muller",
                "jurgen",
                "muller",
                "mueller",
                "dr. jurgen muller",
                "jurgen m.",
                "juergen.mueller",
                "muller_jurgen",
                "jmueller",
            ],
            &["dr.", "dr", "j."],
        );
        check(
            Entity::Person,
            "Müller, Anna",
            &["anna muller", "muller anna", "a. muller"],
            &[],
        );
        check(
            Entity::Person,
            "Ursula von der Leyen",
            &["von der leyen", "leyen", "ursula", "u. von der leyen"],
            &["von", "der"],
        );
        check(
            Entity::Person,
            "Anna-Lena Müller-Schmidt",
            &["anna", "lena", "schmidt", "muller-schmidt"],
            &[],
        );
        check(
            Entity::Person,
            "John Smith Jr.",
            &["john smith", "smith"],
            &["jr.", "jr"],
        );
        check(
            Entity::Person,
            "Anna Maria Müller",
            &["anna muller", "a. m. muller", "maria"],
            &[],
        );
    }

    #[test]
    fn other_values_too() {
        check(
            Entity::Organisation,
            "Acme Widgets GmbH & Co. KG",
            &["acme widgets"],
            &["acme"],
        );
        check(
            Entity::Address,
            "Hauptstraße 5, 10115 Berlin",
            &[
                "hauptstrasse 5",
                "hauptstr. 5",
                "10115 berlin",
                "hauptstrasse",
            ],
            &["berlin"],
        );
        check(
            Entity::Address,
            "12 Main Street",
            &["main street", "12 main st", "main st."],
            &[],
        );
        check(
            Entity::Email,
            "anna.mueller@example.com",
            &["anna.mueller"],
            &[],
        );
        check(Entity::Email, "support@example.com", &[], &["support"]);
        check(
            Entity::Identifier,
            "KD-2024/00817",
            &[
                "kd202400817",
                "kd 2024 00817",
                "kd-2024-00817",
                "kd_2024_00817",
            ],
            &["kd", "2024"],
        );
        check(
            Entity::Iban,
            "DE89370400440532013000",
            &["de89 3704 0044 0532 0130 00"],
            &[],
        );
    }
}
