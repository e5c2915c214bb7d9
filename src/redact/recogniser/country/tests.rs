//! Where the name of a state is a place.

use super::super::testing::check;
use super::super::vocabulary::testing::Worded;
use super::find;

const COUNTRY: Worded = Worded(find);

#[test]
fn places() {
    check(
        &COUNTRY,
        &[
            (
                "Wir fahren in die Schweiz und nach Syrien.",
                &["Schweiz", "Syrien"],
            ),
            ("Hauptstr. 1, 50674 Köln, Deutschland", &["Deutschland"]),
            ("be abroad (Namibia) until", &["Namibia"]),
            (
                "new in Ireland, from the United Kingdom",
                &["Ireland", "United Kingdom"],
            ),
            (
                "vivo en España, de Estados Unidos",
                &["España", "Estados Unidos"],
            ),
            (
                "J'ai quitté la Belgique pour les Pays-Bas",
                &["Belgique", "Pays-Bas"],
            ),
            (
                "vacances en Grèce et au Royaume-Uni",
                &["Grèce", "Royaume-Uni"],
            ),
            (
                "vive in Germania, nei Paesi Bassi",
                &["Germania", "Paesi Bassi"],
            ),
            ("uit Eritrea, naar Zuid-Afrika", &["Eritrea", "Zuid-Afrika"]),
            (
                "obywatel Ukrainy, w Niemczech, z Niemiec",
                &["Ukrainy", "Niemczech", "Niemiec"],
            ),
            ("w norwegii, in germany", &["norwegii", "germany"]),
            (
                "in the UK, aus den USA, nos Estados Unidos",
                &["UK", "USA", "Estados Unidos"],
            ),
            ("12 Main St, Amman, Jordan\nTel.", &["Jordan"]),
            ("nasci no Brasil, em Moçambique", &["Brasil", "Moçambique"]),
            (
                "He flew to Turkey and lives in Georgia",
                &["Turkey", "Georgia"],
            ),
        ],
    );
}

#[test]
fn other_words() {
    check(
        &COUNTRY,
        &[
            ("Bank of Ireland, Tour de France, Air France", &[]),
            (
                "made in Italy, made in the USA, hergestellt in Deutschland, hecho en España",
                &[],
            ),
            ("a turkey, fine china, a blue jersey", &[]),
            ("Jordan called, Chad too. Georgia said", &[]),
            ("Deutschland GmbH, France Télécom", &[]),
            ("die China-Pfanne, \"Panama\"", &[]),
            ("Kuba zadzwonił, kuba w domu", &[]),
            ("www.poland.example, anna@italia.example", &[]),
        ],
    );
}
