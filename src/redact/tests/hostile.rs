//! Text made to be slow: the time stays in proportion to the length.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::types::{Clock as _, SystemClock};

use super::*;

/// At a nanosecond a step, anything quadratic takes over a minute.
const SIZE: usize = 256 * 1024;
/// Far above what it takes, on a busy machine too.
const BOUND: Duration = Duration::from_secs(20);

#[test]
fn hostile_text_takes_bounded_time() {
    let redactor = redactor();
    // Whatever is compiled on first use is none of the text's doing.
    redactor.scan("Tel. 030 1234567, +1 212 555 0123").unwrap();
    for piece in [
        "a",
        " ",
        "1",
        "1 ",
        "12 34 ",
        "0",
        "+",
        "(",
        ")",
        "[",
        "]",
        "@",
        ".",
        ":",
        "/",
        "-",
        "*",
        "a.",
        "a@",
        "a.a@",
        "http://",
        "http://a.b ",
        "://",
        "http://a.b/)",
        "[PERSON_",
        "{{{",
        "PERSON ",
        "Rose ",
        "Will Rose ",
        "Mr ",
        "Mr. ",
        "Dear ",
        "Dear Anna ",
        "Thanks,\n",
        "name: ",
        "my name is ",
        "DE89 ",
        "4111 ",
        "4111111111111111 ",
        "1.1.1.1.",
        "::",
        "1:",
        "12.03.1980 ",
        "born ",
        "\"",
        "é",
        "\u{301}",
        "\u{200b}",
        "王",
        "A1",
        "a'",
        "sig.",
        "tel 030 ",
        "001A0000006Vm9r",
    ] {
        let text = piece.repeat(SIZE / piece.len());
        let start = SystemClock.instant();
        // More finds than are allowed is an answer too.
        let _ = redactor.mask_text(&text);
        let took = SystemClock.instant() - start;
        assert!(took < BOUND, "{piece:?} took {took:?}");
    }
}

/// Pieces that something looks at, over and over: labels and stems in one unbroken word, addresses in addresses,
/// openings that nothing closes, numbers upon numbers.
const PIECES: &[&str] = &[
    "1",
    "@",
    "+",
    "-",
    ".",
    "0f",
    "[",
    "[]",
    "a",
    "a1",
    "Mr. ",
    "12 ",
    "1-",
    "9-9",
    "(1)",
    "1/",
    "+1",
    "DE89 ",
    "::",
    "a@",
    "postgres://a:b@",
    "http://a.b/",
    "password:",
    "password=",
    "passwort",
    "password \u{201e}",
    "pin 1",
    "key=",
    "token-",
    "passport-",
    "user-",
    "login.",
    "eyJ.",
    "xoxb-",
    "-----BEGIN PRIVATE KEY\n-",
    "sk-",
    "aged 12 ",
    "1 Main St, ",
    "12 rue ",
    "Straße 1 ",
    "<<",
    "°1",
    "Dear ",
    "M. ",
    "name: ",
    "May 5, ",
    "1 May ",
    "*1.1.1990",
    "plate ",
    "SWIFT ",
    "IBAN ",
    "né ",
    "Mo 1.1.–",
    "12 Uhr ",
    "halb ",
    "morgen ",
    "New South ",
    "I am Polish, ",
    "kundennummer ",
    "kunde",
    "karte n",
    "konto „",
    "ausweis",
    "reg Lkw ",
    "voiture AB-",
    "sieben ",
    "un deux ",
    "gate code ",
    "tor",
    "pin?\nA: ",
    "geb.;",
    "@a1",
    "48.1234, ",
    "www.",
    "auto 1 ",
    "auto b 12 ",
    "car park P1 ABC ",
    "key=ab12cd34",
    "key ab12cd34ef56gh78ij90kl ",
    "press 123 gate ",
    "alarm 4471# ",
    "gratta A1B2 ",
    "app a_b.c ",
    "app anna_berg ",
    "abc!12",
    "U1 A1B2 ",
    "BRADS 904217 T99 ",
    "führerschein 12345678 ",
    "cards A12345 ",
];

/// How much longer the longer text is.
const TIMES: u32 = 16;
/// Its length.
const LONG: usize = 64 * 1024;

/// How long this thread has computed: what else the machine does is not in it.
fn computed() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime)
        .try_into()
        .expect("time goes on from nothing")
}

/// What `text` takes at best.
fn cost(redactor: &Redactor, text: &str) -> Duration {
    let once = || {
        let start = computed();
        // More finds than are allowed is an answer too.
        let _ = redactor.mask_text(text);
        computed() - start
    };
    once().min(once())
}

#[test]
fn a_longer_text_takes_longer_in_proportion() {
    let redactor = redactor();
    let prose = include_str!("../../../benches/data/case-thread.txt");
    let prose = prose.repeat(LONG / prose.len());
    redactor.mask_text(&prose).unwrap();
    let usual = cost(&redactor, &prose);
    for piece in PIECES {
        let text = piece.repeat(LONG / piece.len());
        let short = cost(&redactor, &piece.repeat(LONG / piece.len() / 16));
        let mut long = cost(&redactor, &text);
        // What goes with the square of the length takes another sixteen times as long.
        let bound = TIMES * 6;
        // What else the machine does makes a text take long now and then, its own nature every time.
        for _ in 0..4 {
            if long < short * bound && long < usual * 150 {
                break;
            }
            long = long.min(cost(&redactor, &text));
        }
        assert!(
            long < short * bound,
            "{piece:?} took {long:?}, a {TIMES}th of it {short:?}"
        );
        assert!(
            long < usual * 150,
            "{piece:?} took {long:?}, prose {usual:?}"
        );
    }
}

#[test]
fn everybody_with_one_name_is_looked_for_in_bounded_time() {
    let redactor = redactor();
    let letter = |n: usize| char::from(b"abcdefghijklmnopqrstuvwxyz"[n % 26]);
    let surname = |n: usize| {
        [n / 676, n / 26, n, n / 7]
            .map(letter)
            .iter()
            .collect::<String>()
    };
    let name = |n: usize| format!("my name is Anna X{}\n", surname(n));
    let text = "Anna ".repeat(LONG / 5);
    let cost_after = |count: usize| {
        let mut conversation = redactor.conversation();
        conversation
            .mask(&(0..count).map(name).collect::<String>())
            .unwrap();
        let start = computed();
        conversation.mask(&text).unwrap();
        computed() - start
    };
    let (few, many) = (cost_after(60), cost_after(1500));
    assert!(
        many < few * 12,
        "after 60 names {few:?}, after 1500 {many:?}"
    );
}

#[test]
fn hostile_text_about_known_people_takes_bounded_time() {
    let redactor = redactor();
    let known = [
        ("Name", Entity::Person, "Rose Will"),
        ("Other", Entity::Person, "Aaaaaa Aaaaab"),
        ("Phone", Entity::Phone, "111111"),
        ("Street", Entity::Address, "A 1, A 1, A 1"),
    ];
    for piece in [
        "Rose ", "rose", "aaaaaa ", "aaaaaa", "aaaaac ", "1 1 1 ", "A 1, ", "will, ", "王 ",
    ] {
        let text = piece.repeat(SIZE / piece.len());
        let start = SystemClock.instant();
        let _ = redactor.redact(case(&known, &[&text]));
        let took = SystemClock.instant() - start;
        assert!(took < BOUND, "{piece:?} took {took:?}");
    }
}
