//! Addresses as people write them in thirteen countries, and what only looks like one.

use super::super::testing::check;
use super::Address;

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn by_country() {
    check(
        &Address,
        &[
            // Germany, Austria, Switzerland
            (
                "wohnt Hauptstraße 5, 10115 Berlin.",
                &["Hauptstraße 5, 10115 Berlin"],
            ),
            (
                "Musterstr. 12a\n80331 München\n",
                &["Musterstr. 12a\n80331 München"],
            ),
            (
                "Bürgermeister-Müller-Str. 7, D-60311 Frankfurt am Main",
                &["Bürgermeister-Müller-Str. 7, D-60311 Frankfurt am Main"],
            ),
            ("Lange Straße 7 ist es", &["Lange Straße 7"]),
            (
                "Mariahilfer Straße 10/3, 1070 Wien",
                &["Mariahilfer Straße 10/3, 1070 Wien"],
            ),
            (
                "Bahnhofstrasse 21, 8001 Zürich",
                &["Bahnhofstrasse 21, 8001 Zürich"],
            ),
            (
                "Ahornweg 5, 12345 Musterstadt",
                &["Ahornweg 5, 12345 Musterstadt"],
            ),
            // Forces of the United States
            (
                "Ship it to PSC 802, Box 74\nAPO AE 09499, please",
                &["PSC 802, Box 74\nAPO AE 09499"],
            ),
            (
                "Unit 2050 Box 4190, DPO AP 96521-4190",
                &["Unit 2050 Box 4190, DPO AP 96521-4190"],
            ),
            (
                "now on USS Nimitz\nFPO AP 96620.",
                &["USS Nimitz\nFPO AP 96620"],
            ),
            ("parcel went to APO AA 34035", &["APO AA 34035"]),
            ("CMR 1250, APO AE 09045", &["CMR 1250, APO AE 09045"]),
            ("unit 7 returned\nAPO AE 09499", &["APO AE 09499"]),
            ("APO 09499", &[]),
            ("the APO AE report of 2024", &[]),
            // France
            (
                "12 rue de la Paix, 75002 Paris.",
                &["12 rue de la Paix, 75002 Paris"],
            ),
            (
                "au 12 bis, avenue Foch 75116 Paris",
                &["12 bis, avenue Foch 75116 Paris"],
            ),
            (
                "3 place Bellecour, 69002 Lyon",
                &["3 place Bellecour, 69002 Lyon"],
            ),
            (
                "5 rue du 8 Mai 1945, 59000 Lille",
                &["5 rue du 8 Mai 1945, 59000 Lille"],
            ),
            // Spain
            (
                "Calle Mayor 12, 28013 Madrid",
                &["Calle Mayor 12, 28013 Madrid"],
            ),
            (
                "vivo en c/ Alcalá, 45, 3º B, 28014 Madrid",
                &["c/ Alcalá, 45, 3º B, 28014 Madrid"],
            ),
            (
                "Avda. de la Constitución s/n, 41001 Sevilla",
                &["Avda. de la Constitución s/n, 41001 Sevilla"],
            ),
            ("calle mayor 12", &["calle mayor 12"]),
            // Italy
            (
                "Via Roma 10, 00184 Roma (RM)",
                &["Via Roma 10, 00184 Roma (RM)"],
            ),
            (
                "Piazza del Duomo, 1 - 20122 Milano",
                &["Piazza del Duomo, 1 - 20122 Milano"],
            ),
            // Netherlands
            (
                "Prinsengracht 263, 1016 GV Amsterdam",
                &["Prinsengracht 263, 1016 GV Amsterdam"],
            ),
            ("Kerkstraat 12-B", &["Kerkstraat 12-B"]),
            // Poland
            (
                "ul. Marszałkowska 10/5, 00-950 Warszawa",
                &["ul. Marszałkowska 10/5, 00-950 Warszawa"],
            ),
            // United Kingdom, Ireland
            (
                "221B Baker Street, London NW1 6XE.",
                &["221B Baker Street, London NW1 6XE"],
            ),
            (
                "Flat 3, 12 St Mary's Road, Oxford, OX4 1AA",
                &["Flat 3, 12 St Mary's Road, Oxford, OX4 1AA"],
            ),
            (
                "10 Upper Mount Street, Dublin 2",
                &["10 Upper Mount Street, Dublin 2"],
            ),
            (
                "25 Main Street, Cork T12 AB34",
                &["25 Main Street, Cork T12 AB34"],
            ),
            // United States, Canada, Australia
            (
                "1600 Pennsylvania Avenue NW, Washington, DC 20500",
                &["1600 Pennsylvania Avenue NW, Washington, DC 20500"],
            ),
            (
                "742 Evergreen Terrace, Springfield, IL 62704-1234",
                &["742 Evergreen Terrace, Springfield, IL 62704-1234"],
            ),
            (
                "350 Fifth Ave, Apt 4B, New York, NY 10118",
                &["350 Fifth Ave, Apt 4B, New York, NY 10118"],
            ),
            (
                "55 Oak Drive, Austin TX 78701",
                &["55 Oak Drive, Austin TX 78701"],
            ),
            (
                "290 Bremner Blvd, Toronto, ON M5V 3L9",
                &["290 Bremner Blvd, Toronto, ON M5V 3L9"],
            ),
            (
                "5/12 George St, Sydney NSW 2000",
                &["5/12 George St, Sydney NSW 2000"],
            ),
            (
                "PO Box 1234, Austin, TX 78701",
                &["PO Box 1234, Austin, TX 78701"],
            ),
            ("Postfach 10 12 34", &["Postfach 10 12 34"]),
        ],
    );
}

#[test]
fn cities_without_a_postcode() {
    check(
        &Address,
        &[
            (
                "wohnt in der Hauptstraße 5, Berlin.",
                &["Hauptstraße 5, Berlin"],
            ),
            (
                "Lieferung: Hauptstraße 5, Bad Homburg",
                &["Hauptstraße 5, Bad Homburg"],
            ),
            ("Hauptstraße 5\nBerlin\n", &["Hauptstraße 5\nBerlin"]),
            ("12 High Street, Leeds, thanks", &["12 High Street, Leeds"]),
            ("12 rue de la Paix, Paris", &["12 rue de la Paix, Paris"]),
            ("Calle Mayor 12, Madrid.", &["Calle Mayor 12, Madrid"]),
            ("Adresse: Berlin, Hauptstraße 5", &["Berlin, Hauptstraße 5"]),
            (
                "he lives in London, 221B Baker Street",
                &["London, 221B Baker Street"],
            ),
            ("Hauptstraße 5, Danke!", &["Hauptstraße 5"]),
            ("Hauptstraße 5, Please call", &["Hauptstraße 5"]),
            ("Hauptstraße 5\nAnna Weber", &["Hauptstraße 5"]),
            ("Dear Anna, 12 High Street is closed", &["12 High Street"]),
            ("Yes, 12 High Street", &["12 High Street"]),
        ],
    );
}

#[test]
fn near_misses() {
    check(
        &Address,
        &[
            ("the street 5 times", &[]),
            ("in the best way 10 days", &[]),
            ("5 stars all the way", &[]),
            ("Parkplatz 12 ist frei", &[]),
            ("Straßenbahn 5", &[]),
            ("Hauptstraße gesperrt", &[]),
            ("10 Best Way to save", &[]),
            ("The 5 Minute Drive", &[]),
            ("Via DHL 12 Pakete", &[]),
            ("via e-mail 2024", &[]),
            ("2 articles en rue", &[]),
            ("version 12 Street", &[]),
            ("12 items in Street", &[]),
            ("Ordering 12 items", &[]),
            ("Corso 2024", &[]),
            ("3 place settings", &[]),
            ("at 12.30 Oxford Street", &[]),
            ("Hauptstraße 5 km lang", &[]),
            ("calle 5", &[]),
            ("BP 12 bar", &[]),
        ],
    );
}
