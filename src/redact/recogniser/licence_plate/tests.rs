use super::super::testing::check;
use super::*;

#[test]
fn behind_words_for_plates() {
    check(
        &LicencePlate,
        &[
            ("Kennzeichen: B-MW 1234.", &["B-MW 1234"]),
            ("Kfz-Kennzeichen M AB 123E", &["M AB 123E"]),
            ("registration AB12 CDE", &["AB12 CDE"]),
            ("plaque AA-123-BB", &["AA-123-BB"]),
            ("matrícula 1234 BCD", &["1234 BCD"]),
            ("targa AB 123 CD", &["AB 123 CD"]),
            ("kenteken 12-ABC-3", &["12-ABC-3"]),
            ("nr rejestracyjny WA 12345", &["WA 12345"]),
            ("matrícula AA-12-BB", &["AA-12-BB"]),
            ("Kennzeichen W 12345 A", &["W 12345 A"]),
            ("Kontrollschild ZH 123456", &["ZH 123456"]),
            ("license plate 7ABC123", &["7ABC123"]),
            ("reg: 161-D-12345", &["161-D-12345"]),
            ("reg is kx19 abc if you need it", &["kx19 abc"]),
            ("kenteken r-318-zx", &["r-318-zx"]),
            (
                "matrícula (la de su chófer consta como 0092 MNP)",
                &["0092 MNP"],
            ),
            ("placa p/ liberar na guarita: RHX4E71. cpf", &["RHX4E71"]),
            ("our plates (JHZ 4471), so", &["JHZ 4471"]),
            ("KENT.: 58-LTK-7 | LEENBUS", &["58-LTK-7"]),
            ("n° minéralogique AQ915TW, attend", &["AQ915TW"]),
            ("registration for 2 people", &[]),
            ("registration number 08123456", &[]),
            ("Registration: HRB 12345", &[]),
            ("AB12 CDE", &[]),
            ("plate 24 cm", &[]),
            ("Kennzeichen fehlt", &[]),
            ("reg 2024 and more", &[]),
        ],
    );
}

#[test]
fn near_words_for_vehicles() {
    check(
        &LicencePlate,
        &[
            ("Der Lkw mit Schild ZH 482 917 steht seit", &["ZH 482 917"]),
            ("weisser sprinter, os mw 418, bitte", &["os mw 418"]),
            ("kangoo blanc, gd 731 lx, merci", &["gd 731 lx"]),
            ("bialy bus, po8k219, moze", &["po8k219"]),
            ("con la furgo blanca, 0284gtz, sale", &["0284gtz"]),
            ("furgone bianco, ev904rd, se", &["ev904rd"]),
            ("bij het laadperron met de bus, h903xv, kan", &["h903xv"]),
            (
                "Auf dem Kundenparkplatz brennt noch Licht an einem roten Wagen, es ist der GK-482-T da vorn",
                &["GK-482-T"],
            ),
            ("Doblò bianco EN 206 ZL senza chiavi", &["EN 206 ZL"]),
            ("auto abholbereit ab do 12 uhr", &[]),
            ("the car park is free for ca 20 min", &[]),
            ("furgone: in 120 cm o da 300 pz", &[]),
            ("coche de 200 km, unos 1500rpm", &[]),
            ("van in the car park, 90 KM 200", &[]),
            (
                "Beteiligt: Sprinter BB-HG 4021 sowie der geparkte Golf LEO P 77E.",
                &["BB-HG 4021", "LEO P 77E"],
            ),
            ("mit einem Roller (412 KFB) da", &["412 KFB"]),
            ("white transit CF19 UYX picking up", &["CF19 UYX"]),
            ("the company bakkie KJ 44 PN GP when", &["KJ 44 PN GP"]),
            ("n de la furgo 4471 KLM", &["4471 KLM"]),
            ("Mi coche (8830 JTS) amaneció", &["8830 JTS"]),
            ("placa, la M 3391 ZX, de un coche", &["M 3391 ZX"]),
            (
                "camión 1195 HZC\n- remolque R 0331 BBT\n",
                &["1195 HZC", "R 0331 BBT"],
            ),
            ("Véhicule : FH-482-ZK", &["FH-482-ZK"]),
            ("mon Kangoo (AB-117-XT) avec", &["AB-117-XT"]),
            ("tracteur 1-TRK-552", &["1-TRK-552"]),
            ("semi QAB-901", &["QAB-901"]),
            ("auto R-318-ZX. monteur", &["R-318-ZX"]),
            ("auto 7T4 8812. Jak", &["7T4 8812"]),
            ("ciągnie przyczepę KRA 19PF", &["KRA 19PF"]),
            ("placa do carro p/ liberar: RHX4E71", &["RHX4E71"]),
            (
                "the cars' plates: car AB12 CDE and KX19 ABC",
                &["AB12 CDE", "KX19 ABC"],
            ),
            ("B-MW 1234 (Auto der Tochter)", &["B-MW 1234"]),
            ("Fahrzeug\nB-MW 1234", &[]),
            ("Fahrzeug:\nB-MW 1234", &["B-MW 1234"]),
            ("the car seat is AB-1234", &[]),
            ("Wagen mit XL-AB 12", &[]),
            ("Golf 2019 GTS, Audi A4 TDI, C220 CDI", &[]),
            ("Auto, Artikel AB-123-CD", &[]),
            ("car. Delivery AB12 CDE", &[]),
            ("car part ORD-12-ABC-3", &[]),
            ("Auto 12.03.2024, 1.234 EUR", &[]),
            ("bus 120 ABC-X", &[]),
            ("Auto a pedali mod. AP-330-RS", &[]),
            ("Transporter kostet 120 EUR", &[]),
        ],
    );
}
