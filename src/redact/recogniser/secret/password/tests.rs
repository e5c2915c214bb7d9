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

#[test]
fn numbers_of_cards_and_phones() {
    check(
        &Secret,
        &[
            ("(exp 09/28, CVV read out by customer 417, agent", &["417"]),
            ("Prüfziffer, die der Anrufer nannte: 883.", &["883"]),
            ("cryptogramme deviné au 2e essai (208). Pseudo", &["208"]),
            (
                "(4107925018810871, scadenza 04/28, CVV 617) prima",
                &["617"],
            ),
            ("ważną do 02/30, CVC 904. Potem", &["904"]),
            ("12/28, 417 (CVV)", &["417"]),
            ("en pincode 0418 doorgegeven", &["0418"]),
            ("the backup pin 880416 too", &["880416"]),
            ("y hasta el pin, 2580. Lo", &["2580"]),
            ("SIM PIN 4471, PUK 12345678", &["4471", "12345678"]),
            ("Ju: and the PIN?\n[10:47] Rô: 2580 i think\n", &["2580"]),
            ("CVV costs 417 EUR, 12.50", &[]),
            ("the CVV is on the back. 417 people", &[]),
            ("Delhi, pincode 110001", &[]),
            ("PIN 1200 mm, pins 2580", &[]),
            ("The PIN pad, 2580 pieces", &[]),
            ("Anna: the pin is lost\nBo: 2580 pieces", &[]),
        ],
    );
}

#[test]
fn what_opens_doors() {
    check(
        &Secret,
        &[
            ("Code portail A7315\n18 chariots", &["A7315"]),
            ("Clave del portón: 1936*\n16", &["1936*"]),
            ("Candado azul: 8-0-8.", &["8-0-8"]),
            ("Cadenas d'origine, combinaison 3-9-1-7. Pro", &["3-9-1-7"]),
            ("hangt in het kastje, code 1953\nDaan", &["1953"]),
            ("szafka na szyfr 0913\n", &["0913"]),
            ("the code for the side gate is 4471#", &["4471#"]),
            ("key safe: 2580", &["2580"]),
            ("im büro. alarm 5583\nMaik", &["5583"]),
            ("Code d'arrêt donné par téléphone : 4488 ; mot", &["4488"]),
            (
                "cartão 3760 160594 13486, validade 08/27, código 4471. O",
                &["4471"],
            ),
            ("alarm 5583 times, code donné article : 4711", &[]),
            ("code 4471 08/27", &[]),
            ("code 404 not found. Access to gate 14", &[]),
            ("Tor 3, Halle 12. Code im Protokoll 4711", &[]),
            ("Türcode 4471, TAN 482913", &["4471", "482913"]),
            ("your verification code 482913", &["482913"]),
            ("Digicode 12A45", &["12A45"]),
            ("door error code 404", &[]),
            ("garage door, article code 4711", &[]),
            ("porte, code produit 4711", &[]),
            ("padlock 50 mm: 12.50 EUR", &[]),
            ("padlock, art. 4711", &[]),
            ("code postal de la porte 75001", &[]),
            ("combination of 3-in-1", &[]),
            ("safe delivery, code SAVE", &[]),
        ],
    );
}

#[test]
fn some_words_behind() {
    check(
        &Secret,
        &[
            (
                "Passwort eures Chefs D. Reinecke ist Werder4ever!. Antwort",
                &["Werder4ever!"],
            ),
            (
                "wrong password. user is bjorn.astrid67 and i definitely typed Midsommar_2024 with",
                &["Midsommar_2024"],
            ),
            (
                "Admin login till-admin-07 / b4ra-Brith!. Eluned",
                &["b4ra-Brith!"],
            ),
            (
                "The unlock phrase is \"pasty-before-noon\". Ends",
                &["pasty-before-noon"],
            ),
            (
                "Palabra clave acordada: «berberecho»; el cliente respondió «almeja», que es",
                &["berberecho", "almeja"],
            ),
            (
                "Mot de passe noté sur un Post-it : Ricard51!\nChalet",
                &["Ricard51!"],
            ),
            (
                "mot de passe de secours : « cormoran ». Abonné",
                &["cormoran"],
            ),
            (
                "gente qual a senha do wifi do estoque\nRômulo: Estoque@2026!\nJu",
                &["Estoque@2026!"],
            ),
            (
                "the passphrase is \"correct horse battery staple\" now",
                &["correct horse battery staple"],
            ),
            ("contraseña del wifi: 20262026", &["20262026"]),
            (
                "passwort war schnurzel12 oder Schnurzel12. ok",
                &["schnurzel12", "Schnurzel12"],
            ),
            ("et même son mot de passe, Lome2019*. Je", &["Lome2019*"]),
            ("Password: **sunshine1** ok", &["sunshine1"]),
            ("Codewort am Telefon ist »bello« ab", &["bello"]),
            ("Zugang: anna.k / Sommer24!", &["Sommer24!"]),
            ("la clave es escuchar.", &[]),
            ("Palabras clave: sofá, mesa", &[]),
            ("Password policy: at least 8 characters", &[]),
            ("password reset for user: anna_b", &[]),
            ("password issue, ticket: INC-20331", &[]),
            ("password changed on: 12.03.2024", &[]),
            ("password sent to: a.b2@c.example", &[]),
            ("login page / step2", &[]),
            ("login https://x.example/abc12", &[]),
            ("the password is lost\nBo: call 4711", &[]),
        ],
    );
}

#[test]
fn codes_that_nobody_calls_so() {
    check(
        &Secret,
        &[
            (
                "The alarm code for the upstairs stockroom has been changed to 7394, please",
                &["7394"],
            ),
            (
                "Der Tresorcode wurde geändert, neu ist 581926.",
                &["581926"],
            ),
            (
                "Le code de l'alarme de la réserve est maintenant 4180B, à",
                &["4180B"],
            ),
            ("at the side gate key in C2580Y and turn", &["C2580Y"]),
            ("Si salta la alarma teclead 6402 y después", &["6402"]),
            ("O cofre da receção abre com 9-31-56, o", &["9-31-56"]),
            ("bij de achterdeur 2-5-8-0 intoetsen en", &["2-5-8-0"]),
            ("alarm magazijn eruit met 4471# en daarna", &["4471#"]),
            (
                "sous le grattage la carte affiche K7M2-04XP mais",
                &["K7M2-04XP"],
            ),
            (
                "raspei o cartao e por baixo tem QX70 21MB, na",
                &["QX70 21MB"],
            ),
            ("przyszlo smsem 386 114, to mam", &["386 114"]),
            ("klientka podaje pin spod zdrapki 5528, saldo", &["5528"]),
            (
                "the new consumer key for the shop plugin, ck_4be91f07a2d85c6630e1b7f94ad2083c5be7d610, and",
                &["ck_4be91f07a2d85c6630e1b7f94ad2083c5be7d610"],
            ),
            (
                "stond nog DB_PASS=kr0onluchter%88, dus",
                &["kr0onluchter%88"],
            ),
            ("The keypad lock KL-2200 and the safe SX 45-E run", &[]),
            ("enter the 4-digit code at the door", &[]),
            ("press 2 for deliveries, the gate closes", &[]),
            ("press start: the display shows E240", &[]),
            ("enter order 51180274 at the gate", &[]),
            ("the door is 2040 mm, press 3 bars", &[]),
            ("your PIN for till 3, order 51180274", &[]),
            ("scratched table, article 302.118.47", &[]),
            ("The door arrived scratched, I paid 1299 for it", &[]),
            ("Busco una tablet de la marca Samsung T510", &[]),
            ("Does the code work for the tablet T510?", &[]),
            ("Das Smartphone kostet 1299* Euro, die Tür 2490*", &[]),
            ("Motorcode: N47D20A", &[]),
            ("The tan leather boots style 4471 arrived", &[]),
            ("babcia mowi ze tablet odblokowuje 2469 ale", &["2469"]),
            ("see item *4471# online", &[]),
        ],
    );
}
