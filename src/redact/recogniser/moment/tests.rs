//! What is a point in time and what is none.

use super::super::testing::check;
use super::super::vocabulary::testing::Worded;
use super::find;

const MOMENT: Worded = Worded(find);

#[test]
fn german() {
    check(
        &MOMENT,
        &[
            ("seit dem 12. Oktober warte ich", &["12. Oktober"]),
            (
                "bis Freitag, 4. Dezember, 12 Uhr unter 0176 04069 112",
                &["Freitag, 4. Dezember, 12 Uhr"],
            ),
            (
                "Techniker Mo 30.11., 8-11 Uhr. Klingel",
                &["Mo 30.11., 8-11 Uhr"],
            ),
            (
                "um 3:17 Uhr in der Nacht zum 22.11. an",
                &["3:17 Uhr in der Nacht zum 22.11."],
            ),
            ("Datum: 3.11. und vom 27.11. an", &["3.11.", "27.11."]),
            (
                "Konto angelegt 25.11.2026 03:14 Uhr als",
                &["25.11.2026 03:14 Uhr"],
            ),
            ("am 02.12.2026, ab 17:00 da", &["02.12.2026, ab 17:00"]),
            ("um 14.20 Uhr, ab 17:00", &["14.20 Uhr", "17:00"]),
            ("im Jahr 2008, seit 1998", &["2008", "1998"]),
            ("in KW 48 geliefert", &["KW 48"]),
            (
                "gestern, heute früh und morgen",
                &["gestern", "heute früh", "morgen"],
            ),
            (
                "letzte Woche, vergangenen Freitag",
                &["letzte Woche", "vergangenen Freitag"],
            ),
            (
                "Ende März, Anfang Januar 2026",
                &["Ende März", "Anfang Januar 2026"],
            ),
            (
                "gegen halb neun, viertel nach acht",
                &["halb neun", "viertel nach acht"],
            ),
            ("Guten Morgen! Komm hier vorbei", &[]),
            ("Mo–Fr 9–18 Uhr", &[]),
            ("Öffnungszeiten: Montag ab 9 Uhr", &[]),
            ("14 Tage, 25 Minuten, jeden Montag, montags", &[]),
            ("im Mai, ein März-Angebot, so ein Lied, do it", &[]),
            ("11 kW 22 V, Seite 14, 0,3 Watt", &[]),
        ],
    );
}

#[test]
fn english() {
    check(
        &MOMENT,
        &[
            ("first sold in 1994 under another name", &["1994"]),
            (
                "During 2011 it was repaired, in 1987 sold.",
                &["2011", "1987"],
            ),
            ("sent in 2000 boxes, packed in 1950 pieces", &[]),
            ("On 14 November I ordered", &["14 November"]),
            (
                "Nov 3rd and November 9, 2026",
                &["Nov 3rd", "November 9, 2026"],
            ),
            ("5–7 May 2026", &["5–7 May 2026"]),
            (
                "at half past nine or 10 am, 9pm",
                &["half past nine", "10 am", "9pm"],
            ),
            ("at 5 o'clock, five o’clock", &["5 o'clock", "five o’clock"]),
            (
                "Friday morning, last Thursday",
                &["Friday morning", "last Thursday"],
            ),
            ("since 2019, year 2020", &["2019", "2020"]),
            (
                "Date: Wed, 25 Nov 2026 07:59:31 +0000",
                &["Wed, 25 Nov 2026 07:59:31 +0000"],
            ),
            ("ts=2026-11-27T14:03:55Z", &["2026-11-27T14:03:55Z"]),
            ("[10:41] Agent: March 2021", &["10:41", "March 2021"]),
            ("(exp 09/28, CVV 123)", &["09/28"]),
            (
                "this morning, a week ago, tonight",
                &["this morning", "a week ago", "tonight"],
            ),
            ("May I? March on. I sat in the sun, 5 may be wrong", &[]),
            ("two weeks, 30 minutes, 2 hours, every Monday", &[]),
            ("version 2.0.1, 2000 x 60, ratio 16:9, 3/4 of it", &[]),
            ("$2000, 19.99, 1,999, 2019 items, flat 12", &[]),
            ("Black Friday deals, Mr. Sunday, Herr Freitag", &[]),
        ],
    );
}

#[test]
fn spanish_and_portuguese() {
    check(
        &MOMENT,
        &[
            ("desde el 3 de noviembre", &["3 de noviembre"]),
            (
                "jueves, 21 de enero de 2027, a las doce y media",
                &["jueves, 21 de enero de 2027, a las doce y media"],
            ),
            ("el sábado 12 a las 18:30 en", &["sábado 12 a las 18:30"]),
            (
                "esta tarde, ayer por la noche",
                &["esta tarde", "ayer por la noche"],
            ),
            ("cierre 27/11 21:40, cajero", &["27/11 21:40"]),
            (
                "Fecha: mar, 24 nov 2026 23:48:02 -0300",
                &["mar, 24 nov 2026 23:48:02 -0300"],
            ),
            (
                "el viernes 27 y la semana pasada",
                &["viernes 27", "semana pasada"],
            ),
            ("por la mañana, buenos días, cada martes", &[]),
            ("dos semanas, 10 días, 2 de cada 3", &[]),
            (
                "no dia 31 de outubro, 3 de maio",
                &["31 de outubro", "3 de maio"],
            ),
            ("sex. 27/11, às 10 e 13h30", &["sex. 27/11", "10", "13h30"]),
            (
                "Quarta, 18/11/2026, das 9h às 10h15",
                &["Quarta, 18/11/2026", "9h", "10h15"],
            ),
            (
                "na sexta-feira, amanhã, sexta passada",
                &["sexta-feira", "amanhã", "sexta passada"],
            ),
            ("13h30 e 15h", &["13h30", "15h"]),
            ("a segunda vez, um quarto, 12 parcelas de 10", &[]),
        ],
    );
}

#[test]
fn french_and_italian() {
    check(
        &MOMENT,
        &[
            (
                "avant le 5 décembre, le 1er janvier",
                &["5 décembre", "1er janvier"],
            ),
            (
                "représentation : mercredi 9 à 14 h 30.",
                &["mercredi 9 à 14 h 30"],
            ),
            (
                "vendredi soir, ce matin, hier soir",
                &["vendredi soir", "ce matin", "hier soir"],
            ),
            (
                "après 17 h, à 15h20, depuis 1985",
                &["17 h", "15h20", "1985"],
            ),
            (
                "mar. 24 nov. 2026 21:37:09 +0100",
                &["mar. 24 nov. 2026 21:37:09 +0100"],
            ),
            (
                "mi-décembre, fin janvier, avant-hier",
                &["mi-décembre", "fin janvier", "avant-hier"],
            ),
            (
                "la semaine prochaine, aujourd’hui",
                &["semaine prochaine", "aujourd’hui"],
            ),
            (
                "mardi 24, 10h15–10h20, à 4 heures du matin",
                &["mardi 24, 10h15–10h20", "4 heures du matin"],
            ),
            ("à partir de 5 h, ce sera tout", &["5 h"]),
            ("en 48 h, 2 heures, tous les lundis, la planète Mars", &[]),
            (
                "sabato 14 novembre, lunedì 9 novembre 2026",
                &["sabato 14 novembre", "lunedì 9 novembre 2026"],
            ),
            (
                "alle 18.07, dopo le 17:30, alle 5",
                &["18.07", "17:30", "5"],
            ),
            (
                "domani mattina, dal 2011, venerdì prossimo",
                &["domani mattina", "2011", "venerdì prossimo"],
            ),
            ("tra 5 giorni, ogni sabato, -20% su tutto", &[]),
        ],
    );
}

#[test]
fn dutch_and_polish() {
    check(
        &MOMENT,
        &[
            (
                "dinsdag 10 november 2026 16:03",
                &["dinsdag 10 november 2026", "16:03"],
            ),
            (
                "tot half elf, vrijdag om 8 uur",
                &["half elf", "vrijdag", "8"],
            ),
            (
                "vorige maand, overmorgen, op 20/11",
                &["vorige maand", "overmorgen", "20/11"],
            ),
            ("drie weken, elke maandag, goede morgen, hier en daar", &[]),
            (
                "21 grudnia, czw., 12 lis 2026 o 14:09",
                &["21 grudnia", "czw., 12 lis 2026", "14:09"],
            ),
            (
                "dnia 6.11.2026 r., 10.00–11.30",
                &["6.11.2026 r.", "10.00–11.30"],
            ),
            (
                "do 11 grudnia br., op 24 september jl.",
                &["11 grudnia br.", "24 september jl."],
            ),
            ("od 29.10. Klient", &["29.10"]),
            (
                "w piątek, przyszły wtorek, jutro rano",
                &["piątek", "przyszły wtorek", "jutro rano"],
            ),
            ("co środę, latem 2 tygodnie, lato", &[]),
        ],
    );
}

#[test]
fn numbers_of_other_kinds_are_no_times() {
    check(
        &MOMENT,
        &[
            ("192.168.12.24, 300-77-4182, 12-34-56", &[]),
            ("+49 30 12 34 56, 0176/12 11 10", &[]),
            ("00:1A:2B:3C:4D:5E, fe80::12:30", &[]),
            ("Update auf 3.1.7, firmware 4.2.18, 2024.11.1", &[]),
            ("12.4 kg, 24,95 €, 1.200, 14,99.", &[]),
            ("180x90, 25/28, 3-5, 70x80", &[]),
            ("Art. 12.11.456, Nr. 5512-R", &[]),
            ("AB 12 2000, DE89 3704 2019", &[]),
        ],
    );
}
