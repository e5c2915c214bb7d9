//! What is said of people and what of things.

use super::super::testing::check;
use super::super::vocabulary::testing::Worded;
use super::find;

const NATIONALITY: Worded = Worded(find);

#[test]
fn labels_and_papers() {
    check(
        &NATIONALITY,
        &[
            ("Nationality: Polish\nName: X", &["Polish"]),
            ("Staatsangehörigkeit: türkisch", &["türkisch"]),
            (
                "Nationalität: Syrer, Konfession: evangelisch",
                &["Syrer", "evangelisch"],
            ),
            ("de nacionalidad argentina", &["argentina"]),
            ("de nationalité belge", &["belge"]),
            ("cittadinanza: rumena", &["rumena"]),
            ("Nationaliteit: Marokkaanse", &["Marokkaanse"]),
            ("obywatelstwo: ukraińskie", &["ukraińskie"]),
            ("nacionalidade brasileira", &["brasileira"]),
            (
                "British citizen, ukrainian passport",
                &["British", "ukrainian"],
            ),
            ("passeport sénégalais", &["sénégalais"]),
            ("österreichischer Staatsbürger", &["österreichischer"]),
            ("Religion: Muslim", &["Muslim"]),
        ],
    );
}

#[test]
fn people() {
    check(
        &NATIONALITY,
        &[
            ("Sie ist Nigerianerin, privat", &["Nigerianerin"]),
            ("a Dutchman and two Germans", &["Dutchman", "Germans"]),
            ("Pani jest Ukrainką, mąż to Polak", &["Ukrainką", "Polak"]),
            ("una pareja: los argentinos", &["argentinos"]),
            ("a Polish woman", &["Polish"]),
            ("she is Canadian", &["Canadian"]),
            ("I'm Irish, we're both French.", &["Irish", "French"]),
            ("ich bin Schweizer und", &["Schweizer"]),
            ("Wir sind beide Katholiken, also", &["Katholiken"]),
            ("je suis togolaise", &["togolaise"]),
            (
                "Mi esposa, Hafsa Bouzid, es española de Ceuta",
                &["española"],
            ),
            ("porque es musulmana", &["musulmana"]),
            ("un ragazzo rumeno, siamo ucraini", &["rumeno", "ucraini"]),
            ("le chauffeur, un Belge très aimable", &["Belge"]),
            (
                "elle est là, Belge très aimable, écologiste, je",
                &["Belge", "écologiste"],
            ),
            ("a gerente nova é argentina, né", &["argentina"]),
            ("ik ben Nederlander", &["Nederlander"]),
            ("her husband Klaas, Dutch, currently", &["Dutch"]),
            ("filipina de nacimiento", &["filipina"]),
            (
                "Soy testigo de Jehová, Zeugin Jehovas",
                &["testigo de Jehová", "Zeugin Jehovas"],
            ),
            (
                "a Jehovah's Witness, świadkiem jehowy",
                &["Jehovah's Witness", "świadkiem jehowy"],
            ),
        ],
    );
}

#[test]
fn goods_and_languages() {
    check(
        &NATIONALITY,
        &[
            ("a French press, Danish pastry, Swiss Army knife", &[]),
            ("italienische Fliesen, auf Deutsch, Schweizer Käse", &[]),
            ("polish the table, china and turkey", &[]),
            ("she speaks Dutch, in English, German engineering", &[]),
            ("la crème anglaise devient une omelette norvégienne", &[]),
            ("le canapé est italien, parle français", &[]),
            ("la mesa es española, habla un inglés perfecto", &[]),
            ("de Franse balkondeuren, in het Nederlands", &[]),
            ("po polsku, polska firma, polka do kuchni", &[]),
            ("cozinha italiana, o português", &[]),
            ("The French windows are German", &[]),
            ("das ist orthodox, la fiesta es cristiana", &[]),
            ("wenn man deutsch spricht", &[]),
        ],
    );
}
