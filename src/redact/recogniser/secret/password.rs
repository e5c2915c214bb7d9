//! Passwords and PINs in prose: "my password is …", in eight languages.

use std::ops::Range;

use crate::types::Entity;

use super::super::super::context::floor;
use super::super::super::span::Candidate;
use super::super::super::text::Text;
use super::super::hints::{Hint, Hints, Topic};
use super::super::labelled::{Value, value_at};

/// Words for a password.
pub(super) const WORDS: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "pwd",
    "passcode",
    "passphrase",
    "pw",
    "passwort~",
    "kennwort~",
    "codewort~",
    "lösungswort~",
    "pin",
    "puk",
    "cvv",
    "cvc",
    "otp",
    "tan",
    "mot de passe",
    "mdp",
    "contraseña",
    "contrasena",
    "clave",
    "codice segreto",
    "parola d'ordine",
    "wachtwoord~",
    "hasło",
    "haslo",
    "hasła",
    "senha",
    "palavra-passe",
    "palavra passe",
    "code",
    "codes",
    "zugangscode~",
    "sicherheitscode~",
    "bestätigungscode~",
    "türcode~",
    "código",
    "codice",
    "kod",
];

/// How far a password is read, in bytes: several times as far as one may go.
const MAX_READ: usize = 1024;

/// How far behind the word for it what looks like a password is taken for one, in bytes.
const MAX_SHAPED: usize = 80;

/// Words whose value is a number.
const NUMBERS: &[&str] = &["pin", "puk", "cvv", "cvc", "otp", "tan"];

/// Words for codes, whose value is short and has digits.
const CODES: &[&str] = &["code", "codes", "código", "codice", "kod"];

/// Words in front of a code that lets nobody in.
const NOT_CODES: &[&str] = &[
    "area",
    "article",
    "bar",
    "color",
    "colour",
    "country",
    "coupon",
    "dial",
    "discount",
    "dress",
    "error",
    "exit",
    "fault",
    "fehler",
    "gift",
    "gutschein",
    "hs",
    "iso",
    "item",
    "language",
    "model",
    "offer",
    "order",
    "part",
    "postal",
    "post",
    "product",
    "produkt",
    "promo",
    "promotion",
    "promotional",
    "qr",
    "rabatt",
    "reason",
    "reference",
    "response",
    "return",
    "sort",
    "source",
    "status",
    "stock",
    "swift",
    "tax",
    "tracking",
    "voucher",
    "zip",
    "postale",
    "promo",
    "promocional",
    "promozionale",
    "sconto",
    "fiscale",
    "descuento",
    "de",
    "cp",
    "barras",
    "artículo",
    "reduction",
    "réduction",
    "kortings",
    "rabatowy",
    "pocztowy",
];

/// What a sentence says about a password, and is none.
const NOT_PASSWORDS: &[&str] = &[
    "wrong",
    "incorrect",
    "correct",
    "invalid",
    "expired",
    "required",
    "not",
    "too",
    "needed",
    "protected",
    "reset",
    "set",
    "changed",
    "being",
    "unknown",
    "missing",
    "forgotten",
    "working",
    "weak",
    "strong",
    "safe",
    "secure",
    "here",
    "there",
    "blocked",
    "locked",
    "sent",
    "case",
    "falsch",
    "richtig",
    "ungültig",
    "abgelaufen",
    "nicht",
    "erforderlich",
    "vergessen",
    "gesperrt",
    "geändert",
    "zu",
    "unbekannt",
    "incorrecte",
    "faux",
    "erroné",
    "expiré",
    "oublié",
    "incorrecta",
    "caducada",
    "correcta",
    "errónea",
    "sbagliata",
    "scaduta",
    "errata",
    "corretta",
    "verkeerd",
    "verlopen",
    "onjuist",
    "vergeten",
    "nieprawidłowe",
    "błędne",
    "wygasło",
    "incorreta",
    "expirada",
    "errada",
    "inválida",
    "secret",
    "please",
    "bitte",
    "funktioniert",
    "ok",
    "the",
    "a",
    "in",
    "on",
    "and",
    "or",
    "und",
    "oder",
    "et",
    "y",
    "e",
    "en",
    "i",
];

/// Adds the passwords of `text`.
pub(super) fn find(text: &Text<'_>, hints: &Hints, found: &mut Vec<Candidate>) {
    for hint in hints.of_topic(Topic::Password) {
        // "pwd=…" is a connection string's.
        if text.char_at(hint.range.end) == Some('=') {
            continue;
        }
        let value = value_at(text.str, hint.range.end);
        let word = text.slice(hint.range.clone()).to_lowercase();
        let hit = if NUMBERS.contains(&word.as_str()) {
            value.and_then(|value| number(text, value))
        } else if CODES.contains(&word.as_str()) {
            value.and_then(|value| code(text, hint, value))
        } else {
            let told = value.and_then(|value| password(text, hint, value));
            told.or_else(|| shaped(text, hint))
        };
        found.extend(hit.map(|(range, score)| Candidate::pattern(range, Entity::Secret, score)));
    }
}

/// Three to eight digits behind a colon or a verb; "pin 12" is a pin of something.
fn number(text: &Text<'_>, value: Value) -> Option<(Range<usize>, f32)> {
    let rest = text.str.get(value.start..)?;
    let len = rest.bytes().take_while(u8::is_ascii_digit).count();
    let range = value.start..value.start + len;
    let told = value.marked || value.said;
    let ends = !rest[len..]
        .starts_with(|c: char| c.is_alphanumeric() || matches!(c, '%' | '€' | '/' | ':'));
    (told && (3..=8).contains(&len) && ends).then_some((range, 0.85))
}

/// Three to ten letters and digits with a digit among them, in one piece, behind a colon or a verb.
fn code(text: &Text<'_>, hint: &Hint, value: Value) -> Option<(Range<usize>, f32)> {
    let before = text.slice(0..hint.range.start).trim_end_matches([' ', '-']);
    let last = before.rsplit(|c: char| !c.is_alphanumeric()).next();
    let kind = last.unwrap_or("").to_lowercase();
    let rest = text.str.get(value.start..)?;
    let len = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let secret = rest.get(..len)?;
    let digits = secret.bytes().filter(u8::is_ascii_digit).count();
    let loud = secret.bytes().all(|b| !b.is_ascii_lowercase());
    let ends = !rest[len..].starts_with(|c: char| {
        c.is_alphanumeric() || matches!(c, '%' | '€' | '/' | ':' | '-' | '_' | '@')
    });
    let told = value.marked || value.said;
    let sound = (3..=10).contains(&len) && digits >= 2 && loud && ends;
    let range = value.start..value.start + len;
    (told && sound && !NOT_CODES.contains(&kind.as_str())).then_some((range, 0.75))
}

fn password(text: &Text<'_>, hint: &Hint, value: Value) -> Option<(Range<usize>, f32)> {
    let rest = text.str.get(value.start..)?;
    let rest = &rest[..floor(rest, MAX_READ)];
    let quote = text
        .char_before(value.start)
        .filter(|c| value.quoted && !c.is_whitespace());
    let len = match quote {
        Some(open) => {
            let close = match open {
                '„' | '“' => '“',
                '«' => '»',
                '‘' | '’' => '’',
                '”' => '”',
                same => same,
            };
            rest.find(|c: char| c == close || c == '\n' || open == '“' && c == '”')?
        }
        None => rest.find(char::is_whitespace).unwrap_or(rest.len()),
    };
    let raw = &rest[..len];
    let secret = raw.trim_end_matches([
        '.', ',', ';', ')', '"', '\'', '?', ':', '*', '|', '”', '“', '»',
    ]);
    let secret = if secret.is_empty() { raw } else { secret };
    let chars = secret.chars().count();
    let told = value.marked || value.said || value.quoted;
    let prose = NOT_PASSWORDS.contains(&secret.to_lowercase().as_str());
    let masked = secret
        .chars()
        .all(|c| matches!(c, '*' | '•' | 'x' | 'X' | '.' | '-' | '_'));
    if !told
        || prose
        || masked
        || !(3..=128).contains(&chars)
        || secret.starts_with(['[', '{', '<'])
    {
        return None;
    }
    let range = value.start..value.start + secret.len();
    let digit = secret.chars().any(|c| c.is_ascii_digit());
    let symbol = secret
        .chars()
        .any(|c| !c.is_alphanumeric() && !matches!(c, '-' | '\'' | '’' | '/'));
    let capital_inside = secret.chars().skip(1).any(char::is_uppercase);
    // Three letters alone are any word.
    if chars < 4 && !digit && !symbol {
        return None;
    }
    if value.quoted && quote.is_some() && !secret.contains(' ') || digit || symbol || capital_inside
    {
        return Some((range, 0.9));
    }
    // A plain word: only where the sentence ends with it, or nothing but a colon stands before it.
    let ends = raw.len() > secret.len()
        || rest[len..].trim_start_matches([' ', '\t']).is_empty()
        || rest[len..].starts_with('\n');
    let plural = text.slice(hint.range.clone()).ends_with('s');
    (ends && !plural).then_some((range, 0.7))
}

/// A word that looks like a password, a few words behind one for a password: "the password provisionally Sommer#24".
fn shaped(text: &Text<'_>, hint: &Hint) -> Option<(Range<usize>, f32)> {
    let rest = text.str.get(hint.range.end..)?;
    let rest = &rest[..floor(rest, MAX_SHAPED)];
    let line = rest.lines().next()?;
    for word in line.split_whitespace().take(5) {
        let at = word.as_ptr().addr() - text.str.as_ptr().addr();
        let opened = word.trim_start_matches(['"', '\'', '„', '“', '«', '(', ':', '=', '-']);
        let start = at + word.len() - opened.len();
        let secret =
            opened.trim_end_matches(['.', ',', ';', ')', '"', '\'', '?', ':', '”', '“', '»']);
        if looks_chosen(secret) {
            return Some((start..start + secret.len(), 0.75));
        }
        if word.ends_with(['.', '!', '?', ';']) {
            return None;
        }
    }
    None
}

/// Whether people choose such passwords: small letters, and digits or a sign among them; no address, number or code.
fn looks_chosen(word: &str) -> bool {
    let small = word.chars().filter(|c| c.is_lowercase()).count();
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let sign = word.contains(['!', '#', '&', '$', '%', '+', '*', '?', '_', '.', '@']);
    let other = word.contains(['/', '[', ']', '<', '>', '{', '}', '=', ':', '\\'])
        || word.contains('@') && word.contains('.');
    (6..=64).contains(&word.chars().count())
        && word.starts_with(char::is_alphabetic)
        && small >= 3
        && (digits >= 2 || digits == 1 && sign)
        && !other
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check;
    use super::super::Secret;

    #[test]
    fn table() {
        check(
            &Secret,
            &[
                ("my password is Hunter2!x and", &["Hunter2!x"]),
                ("Password: sunshine", &["sunshine"]),
                ("my password is sunshine.", &["sunshine"]),
                ("pw: Tr0ub4dor&3,", &["Tr0ub4dor&3"]),
                ("the password is \"correct-horse\" now", &["correct-horse"]),
                ("Mein Passwort lautet Sommer2024!", &["Sommer2024!"]),
                ("Kennwort = geheim99", &["geheim99"]),
                ("mon mot de passe est Soleil75", &["Soleil75"]),
                ("mi contraseña es Toro_88", &["Toro_88"]),
                ("la password è Roma1960", &["Roma1960"]),
                ("mijn wachtwoord is Fiets123", &["Fiets123"]),
                ("moje hasło to Zamek44", &["Zamek44"]),
                ("minha senha é Praia2020", &["Praia2020"]),
                ("password is a1b", &["a1b"]),
                ("password is 123.", &["123"]),
                ("password is new", &[]),
                ("code: 4711", &["4711"]),
                ("Your verification code is 482913.", &["482913"]),
                ("the door code: A7X9", &["A7X9"]),
                ("Sicherheitscode: 4711", &["4711"]),
                ("el código es 5521", &["5521"]),
                ("error code: 404", &[]),
                ("promo code: SAVE10", &[]),
                ("postal code: 10115", &[]),
                ("the code is fine", &[]),
                ("code 4711", &[]),
                ("code: WX-200", &[]),
                ("PIN: 4711", &["4711"]),
                ("the PIN is 123456.", &["123456"]),
                ("my password is wrong.", &[]),
                ("the password is working fine", &[]),
                ("password reset link", &[]),
                ("Passwort vergessen", &[]),
                ("password: ********", &[]),
                ("mot de passe oublié", &[]),
                ("password is required", &[]),
                ("a pin of 12 mm", &[]),
                ("pin code 110001", &[]),
                ("the tan sofa", &[]),
                ("password: [SECRET_1]", &[]),
                (
                    "login enabled with password Petunia!1952 (asked",
                    &["Petunia!1952"],
                ),
                (
                    "contraseña provisional Aceituna#2026, que",
                    &["Aceituna#2026"],
                ),
                ("Hasło startowe: Len&Bursztyn19", &["Len&Bursztyn19"]),
                ("senha girassol#2019. O celular", &["girassol#2019"]),
                ("passwort war glaub ich schnurzel12 oder", &["schnurzel12"]),
                ("et le mdp nutella.75 mais", &["nutella.75"]),
                ("password for order R-2209 was reset", &[]),
                ("the password of anna@example.com is lost", &[]),
                ("password reset done. Kettle2000 leaks", &[]),
                ("the password of the 2nd account", &[]),
                ("passwords are sent to https://x.example/a12", &[]),
            ],
        );
    }
}
