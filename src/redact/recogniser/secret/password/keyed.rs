//! Codes that nobody calls one: what is keyed in at a lock ("at the side gate press C2580"), what a scratch field shows, and
//! what a text message brought.

use std::ops::Range;

use memchr::memchr_iter;

use super::super::super::super::context::{List as _, floor, lowered};
use super::super::super::super::text::{Text, is_word};
use super::super::super::clause::OTHERS;
use super::super::super::hints::{Hint, Hints, Topic};
use super::Hit;
use super::number::ends;

/// Words for keying something in, and for opening with something.
const KEYED: &[&str] = &[
    "keypad",
    "tastenfeld",
    "tippt",
    "clavier",
    "teclado",
    "tastierino",
    "toetsenbord",
    "klawiaturze",
    "turn to",
    "dial to",
    "unlocks",
    "odblokowuje",
    "odblokować",
    "odblokowac",
    "geht nur mit",
    "sblocca con",
    "desbloquea con",
    "desbloqueia com",
    "ontgrendelt",
    "draai",
    "marcam",
    "marcamos",
    "girar a",
    "key in",
    "keying in",
    "punch in",
    "type in",
    "tap in",
    "enter",
    "press",
    "dial",
    "opens with",
    "unlocks with",
    "eintippen",
    "tippen",
    "eingeben",
    "drücken",
    "druecken",
    "öffnet mit",
    "geht auf mit",
    "aufsperren mit",
    "composer",
    "composez",
    "compose",
    "taper",
    "tapez",
    "pianoter",
    "s'ouvre avec",
    "s’ouvre avec",
    "teclear",
    "teclead",
    "teclea",
    "teclee",
    "marcar",
    "se abre con",
    "digitare",
    "digita",
    "digitate",
    "digitando",
    "comporre",
    "componi",
    "si apre con",
    "manopola su",
    "intoetsen",
    "toets",
    "toetsen",
    "intikken",
    "tik in",
    "gaat open met",
    "wstukać",
    "wstukac",
    "wbić",
    "wbij",
    "wpisz",
    "wpisać",
    "wpisac",
    "wcisnąć",
    "wciśnij",
    "otwiera się",
    "marca-se",
    "marque-se",
    "digitar",
    "digite",
    "tecle",
    "carregar em",
    "abre com",
];

/// Words for what covers a gift card's code, and for taking it off.
const SCRATCHED: &[&str] = &[
    "scratched",
    "scratch off",
    "silver strip",
    "freigerubbelt",
    "aufgerubbelt",
    "rubbelfeld",
    "gratté",
    "grattée",
    "gratte",
    "grattee",
    "grattage",
    "rasqué",
    "rasque",
    "rasca",
    "rascado",
    "grattato",
    "gratta",
    "grattando",
    "kraslaag",
    "kraslaagje",
    "opengekrast",
    "weggekrast",
    "zdrapce",
    "zdrapka",
    "zdrapałam",
    "zdrapałem",
    "zdrapalam",
    "zdrapalem",
    "zdrapać",
    "scratch strip",
    "rubbelstreifen",
    "raspei",
    "raspadinha",
    "raspar",
];

/// What is scratched is one of these, and no table.
const CARDS: &[&str] = &[
    "card",
    "karte",
    "carte",
    "cadeau",
    "tarjeta",
    "tessera",
    "kaart",
    "karta",
    "karty",
    "cartão",
    "cartao",
    "bon",
    "gutschein",
    "voucher",
    "buono",
    "vale",
    "code",
    "código",
    "codigo",
    "codice",
    "kod",
    "pin",
    "strip",
    "zdrap",
    "rubbel",
    "kraslaag",
    "raspadinha",
];

/// Devices that open with digits only.
const DEVICES: &[&str] = &["tablet", "handy", "smartphone", "telemóvel", "telemovel"];

/// Words for a message that brought a code.
const BROUGHT: &[&str] = &[
    "texted me",
    "text said",
    "text says",
    "by text",
    "per sms",
    "par sms",
    "por sms",
    "via sms",
    "smsem",
    "sms-em",
    "sms-code",
    "sms mit",
    "messaggino",
    "un sms con",
    "een sms met",
    "sms met",
    "sms z",
    "sms com",
    "sms avec",
    "sms con",
];

/// The words of all of these.
pub(in super::super) fn words() -> impl Iterator<Item = &'static str> {
    [KEYED, SCRATCHED, BROUGHT].into_iter().flatten().copied()
}

/// How far from its word a code may stand, in bytes, and a word for a lock from that.
const REACH: usize = 48;
const LOCK_REACH: usize = 100;

/// The code that `hint` is about.
pub(super) fn find(text: &Text<'_>, hints: &Hints, hint: &Hint) -> Option<Hit> {
    let word = text.slice(hint.range.clone()).to_lowercase();
    let is = |list: &[&str]| list.contains(&word.as_str());
    let window = sentence(text, &hint.range);
    let behind = |least| codes(text, hint.range.end..window.end, least);
    if is(KEYED) {
        let whole = |code: &Range<usize>| ends(text, code.end);
        let before = || {
            codes(text, window.start..hint.range.start, 3)
                .filter(whole)
                .last()
        };
        let code = behind(3).find(whole).or_else(before)?;
        let own = text.slice(code.clone());
        let plain = own.len() >= 4 && own.bytes().all(|byte| byte.is_ascii_digit());
        let device = || {
            let around = text.slice(window.clone()).to_lowercase();
            plain && DEVICES.iter().any(|word| around.contains(word))
        };
        return (at_lock(text, hints, hint) || device()).then_some((code, 0.65));
    }
    let least = if is(SCRATCHED) { 2 } else { 3 };
    let mut whole = behind(least).map(|code| with_rest(text, code));
    let code = whole.find(|code| ends(text, code.end))?;
    if is(SCRATCHED) {
        let around = text.slice(window).to_lowercase();
        let card = CARDS.iter().any(|word| around.contains(word));
        return (code.len() >= 4 && card).then_some((code, 0.65));
    }
    let own = text.slice(code.clone());
    let digits = own.bytes().filter(u8::is_ascii_digit).count();
    let plain = own
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b' ');
    (plain && (4..=8).contains(&digits)).then_some((code, 0.6))
}

/// The part of a sentence around `word` in which its code may stand.
fn sentence(text: &Text<'_>, word: &Range<usize>) -> Range<usize> {
    let from = floor(text.str, word.start.saturating_sub(REACH));
    let to = floor(text.str, (word.end + REACH).min(text.str.len()));
    let ends = ["\n", ". ", "! ", "? ", "; "];
    let before = text.slice(from..word.start);
    let start = ends
        .iter()
        .filter_map(|end| Some(before.rfind(end)? + end.len()));
    let behind = text.slice(word.end..to);
    let end = ends.iter().filter_map(|end| behind.find(end)).min();
    from + start.max().unwrap_or(0)..word.end + end.unwrap_or(behind.len())
}

/// Digits with the sign behind them that ends what is keyed in, near a word for a lock: "alarm off with 4471#".
pub(super) fn signed<'c>(text: &'c Text<'_>, hints: &'c Hints) -> impl Iterator<Item = Hit> + 'c {
    memchr_iter(b'#', text.str.as_bytes()).filter_map(move |at| {
        let head = text.str.as_bytes().get(..at)?.iter().rev();
        let digits = head
            .take(9)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let range = at - digits..at + 1;
        let blank =
            |c: Option<char>| c.is_none_or(|c| !is_word(c) && !matches!(c, '*' | '#' | '-' | '/'));
        let apart = blank(text.char_before(range.start)) && blank(text.char_at(range.end));
        let near = || {
            hints
                .around(Topic::Lock, &range, LOCK_REACH)
                .next()
                .is_some()
        };
        ((4..=8).contains(&digits) && apart && near()).then_some((range, 0.65))
    })
}

/// Whether a word for a lock stands near.
fn at_lock(text: &Text<'_>, hints: &Hints, hint: &Hint) -> bool {
    let near = |other: &Hint| {
        let apart = hint.range.start.abs_diff(other.range.start);
        apart <= LOCK_REACH && other.range != hint.range && {
            let between =
                hint.range.end.min(other.range.end)..hint.range.start.max(other.range.start);
            !text.slice(between).contains("\n\n")
        }
    };
    hints.around(Topic::Lock, &hint.range, LOCK_REACH).any(near)
}

/// What looks like a code in `range`: letters and digits in one piece, `least` digits among them.
fn codes<'c>(
    text: &'c Text<'_>,
    range: Range<usize>,
    least: usize,
) -> impl Iterator<Item = Range<usize>> + 'c {
    let words = text.slice(range.clone()).split_whitespace();
    words.filter_map(move |word| {
        let at = word.as_ptr().addr() - text.str.as_ptr().addr();
        let opened = word.trim_start_matches(|c: char| !is_word(c));
        let start = at + word.len() - opened.len();
        let len = turned(opened).unwrap_or_else(|| {
            let own = opened.bytes().take_while(u8::is_ascii_alphanumeric);
            own.count()
        });
        let code = start..start + len;
        let digits = text.slice(code.clone()).bytes();
        let sound = (3..=16).contains(&len)
            && digits.filter(u8::is_ascii_digit).count() >= least
            && code.end <= range.end
            && !text.char_at(code.end).is_some_and(is_word);
        // "enter order 51180274"
        let before = text.slice(range.start..start).split(|c| !is_word(c));
        let mut near = before.rev().filter(|word| !word.is_empty()).take(3);
        let other = near.any(|word| lowered(word, |word| OTHERS.holds(word)));
        (sound && !other).then_some(code)
    })
}

/// How long the digits with hyphens at the start of `word` are, as they are turned or pressed: "9-31-56", "2-5-8-0".
fn turned(word: &str) -> Option<usize> {
    let own = word.find(|c: char| !c.is_ascii_digit() && c != '-');
    let own = word.get(..own.unwrap_or(word.len()))?.trim_end_matches('-');
    let mut parts = own.split('-');
    let sound = (3..=8).contains(&parts.clone().count());
    (sound && parts.all(|part| matches!(part.len(), 1 | 2))).then_some(own.len())
}

/// `code` with the second half of it: "204 861", "QX70 21MB".
fn with_rest(text: &Text<'_>, code: Range<usize>) -> Range<usize> {
    let rest = text.slice(code.end..text.str.len());
    let Some(rest) = rest.strip_prefix([' ', '-']) else {
        return code;
    };
    let own = |text: &str| text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (first, len) = (code.len(), own(rest));
    let digits = rest.bytes().take(len).any(|byte| byte.is_ascii_digit());
    let alike = first == len && matches!(len, 3 | 4) && digits;
    if alike {
        code.start..code.end + 1 + len
    } else {
        code
    }
}
