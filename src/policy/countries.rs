//! Names of countries, as CRM data hold them.
//!
//! ISO 3166-1 alpha-3 codes and English short names, the labels of Salesforce's country picklists, and
//! the countries' own names where they are common. Names that mean more than one place are left out.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::types::Jurisdiction;

/// Alpha-2 code; alpha-3 code and names as [`plain`] writes them.
const COUNTRIES: &[(&str, &str, &[&str])] = &[
    ("AD", "and", &["andorra"]),
    ("AE", "are", &["united arab emirates", "uae"]),
    ("AF", "afg", &["afghanistan"]),
    ("AG", "atg", &["antigua and barbuda"]),
    ("AI", "aia", &["anguilla"]),
    ("AL", "alb", &["albania"]),
    ("AM", "arm", &["armenia"]),
    ("AO", "ago", &["angola"]),
    ("AQ", "ata", &["antarctica"]),
    ("AR", "arg", &["argentina"]),
    ("AS", "asm", &["american samoa"]),
    (
        "AT",
        "aut",
        &["austria", "osterreich", "autriche", "oesterreich"],
    ),
    ("AU", "aus", &["australia"]),
    ("AW", "abw", &["aruba"]),
    ("AX", "ala", &["aland islands"]),
    ("AZ", "aze", &["azerbaijan"]),
    ("BA", "bih", &["bosnia and herzegovina"]),
    ("BB", "brb", &["barbados"]),
    ("BD", "bgd", &["bangladesh"]),
    ("BE", "bel", &["belgium", "belgie", "belgique", "belgien"]),
    ("BF", "bfa", &["burkina faso"]),
    ("BG", "bgr", &["bulgaria"]),
    ("BH", "bhr", &["bahrain"]),
    ("BI", "bdi", &["burundi"]),
    ("BJ", "ben", &["benin"]),
    ("BL", "blm", &["saint barthelemy"]),
    ("BM", "bmu", &["bermuda"]),
    ("BN", "brn", &["brunei darussalam", "brunei"]),
    ("BO", "bol", &["bolivia plurinational state of", "bolivia"]),
    ("BQ", "bes", &["bonaire sint eustatius and saba"]),
    ("BR", "bra", &["brazil", "brasil"]),
    ("BS", "bhs", &["bahamas", "the bahamas"]),
    ("BT", "btn", &["bhutan"]),
    ("BV", "bvt", &["bouvet island"]),
    ("BW", "bwa", &["botswana"]),
    ("BY", "blr", &["belarus"]),
    ("BZ", "blz", &["belize"]),
    ("CA", "can", &["canada"]),
    ("CC", "cck", &["cocos keeling islands"]),
    (
        "CD",
        "cod",
        &[
            "congo the democratic republic of the",
            "democratic republic of the congo",
            "congo democratic republic of the",
        ],
    ),
    ("CF", "caf", &["central african republic"]),
    ("CG", "cog", &["congo", "republic of the congo"]),
    (
        "CH",
        "che",
        &["switzerland", "schweiz", "suisse", "svizzera"],
    ),
    ("CI", "civ", &["cote d ivoire", "ivory coast"]),
    ("CK", "cok", &["cook islands"]),
    ("CL", "chl", &["chile"]),
    ("CM", "cmr", &["cameroon"]),
    ("CN", "chn", &["china", "people s republic of china"]),
    ("CO", "col", &["colombia"]),
    ("CR", "cri", &["costa rica"]),
    ("CU", "cub", &["cuba"]),
    ("CV", "cpv", &["cape verde", "cabo verde"]),
    ("CW", "cuw", &["curacao"]),
    ("CX", "cxr", &["christmas island"]),
    ("CY", "cyp", &["cyprus"]),
    (
        "CZ",
        "cze",
        &["czech republic", "czechia", "ceska republika", "cesko"],
    ),
    (
        "DE",
        "deu",
        &[
            "germany",
            "deutschland",
            "allemagne",
            "alemania",
            "germania",
            "duitsland",
            "niemcy",
            "federal republic of germany",
        ],
    ),
    ("DJ", "dji", &["djibouti"]),
    ("DK", "dnk", &["denmark", "danmark"]),
    ("DM", "dma", &["dominica"]),
    ("DO", "dom", &["dominican republic"]),
    ("DZ", "dza", &["algeria"]),
    ("EC", "ecu", &["ecuador"]),
    ("EE", "est", &["estonia", "eesti"]),
    ("EG", "egy", &["egypt"]),
    ("EH", "esh", &["western sahara"]),
    ("ER", "eri", &["eritrea"]),
    ("ES", "esp", &["spain", "espana", "spanien", "espagne"]),
    ("ET", "eth", &["ethiopia"]),
    ("FI", "fin", &["finland", "suomi"]),
    ("FJ", "fji", &["fiji"]),
    (
        "FK",
        "flk",
        &["falkland islands malvinas", "falkland islands"],
    ),
    (
        "FM",
        "fsm",
        &["micronesia federated states of", "micronesia"],
    ),
    ("FO", "fro", &["faroe islands"]),
    ("FR", "fra", &["france", "frankreich", "francia"]),
    ("GA", "gab", &["gabon"]),
    (
        "GB",
        "gbr",
        &[
            "united kingdom",
            "great britain",
            "united kingdom of great britain and northern ireland",
            "england",
            "scotland",
            "wales",
            "northern ireland",
        ],
    ),
    ("GD", "grd", &["grenada"]),
    ("GE", "geo", &["georgia"]),
    ("GF", "guf", &["french guiana"]),
    ("GG", "ggy", &["guernsey"]),
    ("GH", "gha", &["ghana"]),
    ("GI", "gib", &["gibraltar"]),
    ("GL", "grl", &["greenland"]),
    ("GM", "gmb", &["gambia", "the gambia"]),
    ("GN", "gin", &["guinea"]),
    ("GP", "glp", &["guadeloupe"]),
    ("GQ", "gnq", &["equatorial guinea"]),
    ("GR", "grc", &["greece", "hellas"]),
    (
        "GS",
        "sgs",
        &["south georgia and the south sandwich islands"],
    ),
    ("GT", "gtm", &["guatemala"]),
    ("GU", "gum", &["guam"]),
    ("GW", "gnb", &["guinea bissau"]),
    ("GY", "guy", &["guyana"]),
    ("HK", "hkg", &["hong kong", "hong kong sar china"]),
    ("HM", "hmd", &["heard island and mcdonald islands"]),
    ("HN", "hnd", &["honduras"]),
    ("HR", "hrv", &["croatia", "hrvatska"]),
    ("HT", "hti", &["haiti"]),
    ("HU", "hun", &["hungary", "magyarorszag"]),
    ("ID", "idn", &["indonesia"]),
    ("IE", "irl", &["ireland", "republic of ireland", "eire"]),
    ("IL", "isr", &["israel"]),
    ("IM", "imn", &["isle of man"]),
    ("IN", "ind", &["india"]),
    ("IO", "iot", &["british indian ocean territory"]),
    ("IQ", "irq", &["iraq"]),
    ("IR", "irn", &["iran islamic republic of", "iran"]),
    ("IS", "isl", &["iceland", "island"]),
    ("IT", "ita", &["italy", "italia", "italien", "italie"]),
    ("JE", "jey", &["jersey"]),
    ("JM", "jam", &["jamaica"]),
    ("JO", "jor", &["jordan"]),
    ("JP", "jpn", &["japan"]),
    ("KE", "ken", &["kenya"]),
    ("KG", "kgz", &["kyrgyzstan"]),
    ("KH", "khm", &["cambodia"]),
    ("KI", "kir", &["kiribati"]),
    ("KM", "com", &["comoros"]),
    ("KN", "kna", &["saint kitts and nevis"]),
    (
        "KP",
        "prk",
        &["korea democratic people s republic of", "north korea"],
    ),
    (
        "KR",
        "kor",
        &["korea republic of", "south korea", "republic of korea"],
    ),
    ("KW", "kwt", &["kuwait"]),
    ("KY", "cym", &["cayman islands"]),
    ("KZ", "kaz", &["kazakhstan"]),
    ("LA", "lao", &["lao people s democratic republic", "laos"]),
    ("LB", "lbn", &["lebanon"]),
    ("LC", "lca", &["saint lucia"]),
    ("LI", "lie", &["liechtenstein"]),
    ("LK", "lka", &["sri lanka"]),
    ("LR", "lbr", &["liberia"]),
    ("LS", "lso", &["lesotho"]),
    ("LT", "ltu", &["lithuania", "lietuva"]),
    ("LU", "lux", &["luxembourg", "luxemburg"]),
    ("LV", "lva", &["latvia", "latvija"]),
    ("LY", "lby", &["libya", "libyan arab jamahiriya"]),
    ("MA", "mar", &["morocco"]),
    ("MC", "mco", &["monaco"]),
    ("MD", "mda", &["moldova republic of", "moldova"]),
    ("ME", "mne", &["montenegro"]),
    ("MF", "maf", &["saint martin french part", "saint martin"]),
    ("MG", "mdg", &["madagascar"]),
    ("MH", "mhl", &["marshall islands"]),
    (
        "MK",
        "mkd",
        &[
            "north macedonia",
            "macedonia",
            "macedonia the former yugoslav republic of",
        ],
    ),
    ("ML", "mli", &["mali"]),
    ("MM", "mmr", &["myanmar", "burma"]),
    ("MN", "mng", &["mongolia"]),
    ("MO", "mac", &["macao", "macau"]),
    ("MP", "mnp", &["northern mariana islands"]),
    ("MQ", "mtq", &["martinique"]),
    ("MR", "mrt", &["mauritania"]),
    ("MS", "msr", &["montserrat"]),
    ("MT", "mlt", &["malta"]),
    ("MU", "mus", &["mauritius"]),
    ("MV", "mdv", &["maldives"]),
    ("MW", "mwi", &["malawi"]),
    ("MX", "mex", &["mexico"]),
    ("MY", "mys", &["malaysia"]),
    ("MZ", "moz", &["mozambique"]),
    ("NA", "nam", &["namibia"]),
    ("NC", "ncl", &["new caledonia"]),
    ("NE", "ner", &["niger"]),
    ("NF", "nfk", &["norfolk island"]),
    ("NG", "nga", &["nigeria"]),
    ("NI", "nic", &["nicaragua"]),
    (
        "NL",
        "nld",
        &[
            "netherlands",
            "the netherlands",
            "nederland",
            "holland",
            "niederlande",
            "pays bas",
        ],
    ),
    ("NO", "nor", &["norway", "norge", "norwegen"]),
    ("NP", "npl", &["nepal"]),
    ("NR", "nru", &["nauru"]),
    ("NU", "niu", &["niue"]),
    ("NZ", "nzl", &["new zealand"]),
    ("OM", "omn", &["oman"]),
    ("PA", "pan", &["panama"]),
    ("PE", "per", &["peru"]),
    ("PF", "pyf", &["french polynesia"]),
    ("PG", "png", &["papua new guinea"]),
    ("PH", "phl", &["philippines"]),
    ("PK", "pak", &["pakistan"]),
    ("PL", "pol", &["poland", "polska", "polen"]),
    ("PM", "spm", &["saint pierre and miquelon"]),
    ("PN", "pcn", &["pitcairn"]),
    ("PR", "pri", &["puerto rico"]),
    (
        "PS",
        "pse",
        &[
            "palestine state of",
            "palestine",
            "palestinian territory occupied",
        ],
    ),
    ("PT", "prt", &["portugal"]),
    ("PW", "plw", &["palau"]),
    ("PY", "pry", &["paraguay"]),
    ("QA", "qat", &["qatar"]),
    ("RE", "reu", &["reunion"]),
    ("RO", "rou", &["romania"]),
    ("RS", "srb", &["serbia"]),
    ("RU", "rus", &["russian federation", "russia"]),
    ("RW", "rwa", &["rwanda"]),
    ("SA", "sau", &["saudi arabia"]),
    ("SB", "slb", &["solomon islands"]),
    ("SC", "syc", &["seychelles"]),
    ("SD", "sdn", &["sudan"]),
    ("SE", "swe", &["sweden", "sverige", "schweden"]),
    ("SG", "sgp", &["singapore"]),
    (
        "SH",
        "shn",
        &[
            "saint helena ascension and tristan da cunha",
            "saint helena",
        ],
    ),
    ("SI", "svn", &["slovenia", "slovenija"]),
    ("SJ", "sjm", &["svalbard and jan mayen"]),
    ("SK", "svk", &["slovakia", "slovak republic", "slovensko"]),
    ("SL", "sle", &["sierra leone"]),
    ("SM", "smr", &["san marino"]),
    ("SN", "sen", &["senegal"]),
    ("SO", "som", &["somalia"]),
    ("SR", "sur", &["suriname"]),
    ("SS", "ssd", &["south sudan"]),
    ("ST", "stp", &["sao tome and principe"]),
    ("SV", "slv", &["el salvador"]),
    ("SX", "sxm", &["sint maarten dutch part", "sint maarten"]),
    ("SY", "syr", &["syrian arab republic", "syria"]),
    ("SZ", "swz", &["eswatini", "swaziland"]),
    ("TC", "tca", &["turks and caicos islands"]),
    ("TD", "tcd", &["chad"]),
    ("TF", "atf", &["french southern territories"]),
    ("TG", "tgo", &["togo"]),
    ("TH", "tha", &["thailand"]),
    ("TJ", "tjk", &["tajikistan"]),
    ("TK", "tkl", &["tokelau"]),
    ("TL", "tls", &["timor leste", "east timor"]),
    ("TM", "tkm", &["turkmenistan"]),
    ("TN", "tun", &["tunisia"]),
    ("TO", "ton", &["tonga"]),
    ("TR", "tur", &["turkey", "turkiye"]),
    ("TT", "tto", &["trinidad and tobago"]),
    ("TV", "tuv", &["tuvalu"]),
    (
        "TW",
        "twn",
        &["taiwan", "chinese taipei", "taiwan province of china"],
    ),
    ("TZ", "tza", &["tanzania united republic of", "tanzania"]),
    ("UA", "ukr", &["ukraine"]),
    ("UG", "uga", &["uganda"]),
    ("UM", "umi", &["united states minor outlying islands"]),
    (
        "US",
        "usa",
        &[
            "united states",
            "united states of america",
            "vereinigte staaten",
            "etats unis",
            "u s a",
            "u s",
        ],
    ),
    ("UY", "ury", &["uruguay"]),
    ("UZ", "uzb", &["uzbekistan"]),
    (
        "VA",
        "vat",
        &["holy see vatican city state", "holy see", "vatican city"],
    ),
    ("VC", "vct", &["saint vincent and the grenadines"]),
    (
        "VE",
        "ven",
        &["venezuela bolivarian republic of", "venezuela"],
    ),
    (
        "VG",
        "vgb",
        &["virgin islands british", "british virgin islands"],
    ),
    (
        "VI",
        "vir",
        &[
            "virgin islands u s",
            "u s virgin islands",
            "us virgin islands",
        ],
    ),
    ("VN", "vnm", &["viet nam", "vietnam"]),
    ("VU", "vut", &["vanuatu"]),
    ("WF", "wlf", &["wallis and futuna"]),
    ("WS", "wsm", &["samoa"]),
    ("XK", "xkx", &["kosovo"]),
    ("YE", "yem", &["yemen"]),
    ("YT", "myt", &["mayotte"]),
    ("ZA", "zaf", &["south africa"]),
    ("ZM", "zmb", &["zambia"]),
    ("ZW", "zwe", &["zimbabwe"]),
];

/// The country that `text` names, by code or name, without regard to case, accents and punctuation.
pub(super) fn find_country(text: &str) -> Option<Jurisdiction> {
    if let Ok(code) = text.parse() {
        return Some(code);
    }
    let text = plain(text);
    COUNTRIES
        .iter()
        .find(|(_, code, names)| *code == text || names.contains(&text.as_str()))
        .and_then(|(code, _, _)| code.parse().ok())
}

/// Lower-case letters without accents, words parted by one space.
fn plain(text: &str) -> String {
    let letters: String = text
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let words: Vec<&str> = letters.split_whitespace().collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_understood() {
        for (text, code) in [
            ("DE", Some("DE")),
            ("deu", Some("DE")),
            ("Germany", Some("DE")),
            ("DEUTSCHLAND", Some("DE")),
            ("\u{d6}sterreich", Some("AT")),
            ("U.S.A.", Some("US")),
            ("United States", Some("US")),
            ("UK", Some("GB")),
            ("Korea, Republic of", Some("KR")),
            ("Korea, Democratic People's Republic of", Some("KP")),
            ("C\u{f4}te d'Ivoire", Some("CI")),
            ("Congo, the Democratic Republic of the", Some("CD")),
            ("  france ", Some("FR")),
            ("Guinea-Bissau", Some("GW")),
            ("America", None),
            ("EU", None),
            ("", None),
            ("Germany, France", None),
        ] {
            let found = find_country(text);
            assert_eq!(found.as_ref().map(Jurisdiction::as_str), code, "{text}");
        }
    }

    #[test]
    fn the_table_is_in_plain_form_and_says_nothing_twice() {
        let mut seen = std::collections::HashSet::new();
        for (code, alpha_3, names) in COUNTRIES {
            assert!(code.parse::<Jurisdiction>().is_ok(), "{code}");
            assert_eq!(alpha_3.len(), 3);
            for name in names.iter().chain([alpha_3]) {
                assert_eq!(plain(name), *name);
                assert!(seen.insert(*name), "{name}");
            }
        }
    }
}
