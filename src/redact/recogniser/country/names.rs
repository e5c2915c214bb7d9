//! Names of states, and of the parts of the United Kingdom, in eight languages.

use super::super::super::context::Words;
use super::super::vocabulary::{Language, Topic};

use Language::{De, En, Es, Fr, It, Nl, Pl, Pt};
use Topic::{Doubtful, State, StateHead};

/// Lines of names of one word.
const LINES: &[(Topic, Language, &str)] = &[
    (
        State,
        De,
        "Afghanistan Ägypten Albanien Algerien Andorra Angola Argentinien Armenien Aserbaidschan Äthiopien Australien \
        Bangladesch Belgien Belize Bolivien Botswana Brasilien Bulgarien Burundi Chile Dänemark Deutschland Dschibuti Ecuador \
        Eritrea Estland Eswatini Fidschi Finnland Frankreich Gabun Georgien Ghana Griechenland Großbritannien Grönland Guatemala \
        Haiti Honduras Indien Indonesien Irak Irland Italien Jamaika Japan Jemen Jordanien Kambodscha Kamerun Kanada Kasachstan Katar \
        Kenia Kirgisistan Kolumbien Kosovo Kroatien Lesotho Lettland Libanon Liberia Libyen Liechtenstein Litauen Luxemburg \
        Madagaskar Malaysia Marokko Mauretanien Mauritius Mazedonien Nordmazedonien Mexiko Moldau Moldawien Mongolei Montenegro \
        Mosambik Myanmar Namibia Nepal Neuseeland Nicaragua Niederlande Niederlanden Nigeria Nordirland Nordkorea Norwegen Österreich \
        Pakistan Palästina Paraguay Philippinen Portugal Ruanda Rumänien Russland Sambia Schottland Schweden Schweiz Senegal Serbien \
        Simbabwe Singapur Slowakei Slowenien Somalia Spanien Südafrika Sudan Südkorea Südsudan Suriname Syrien Tadschikistan Taiwan \
        Tansania Thailand Tschad Tschechien Tunesien Turkmenistan Türkei Uganda Ukraine Ungarn Uruguay Usbekistan Vatikan Venezuela \
        Vietnam Weißrussland Belarus Zypern USA",
    ),
    (
        State,
        En,
        "Afghanistan Albania Algeria Andorra Angola Argentina Armenia Australia Austria Azerbaijan Bahrain Bangladesh Barbados \
        Belarus Belgium Belize Bhutan Bolivia Botswana Brazil Brunei Bulgaria Burundi Cambodia Cameroon Canada Chile Colombia Croatia \
        Cyprus Czechia Denmark Djibouti Ecuador Egypt England Eritrea Estonia Eswatini Ethiopia Fiji Finland France Gabon Germany \
        Ghana Gibraltar Greece Greenland Guatemala Guyana Haiti Honduras Hungary Iceland Indonesia Iran Iraq Ireland Italy Jamaica \
        Japan Kazakhstan Kenya Kiribati Kosovo Kuwait Kyrgyzstan Laos Latvia Lebanon Lesotho Liberia Libya Liechtenstein Lithuania \
        Luxembourg Madagascar Malawi Malaysia Maldives Mauritania Mauritius Moldova Monaco Mongolia Montenegro Morocco Mozambique \
        Myanmar Namibia Nepal Netherlands Nicaragua Nigeria Norway Pakistan Palestine Paraguay Philippines Poland Portugal Qatar \
        Romania Russia Rwanda Samoa Scotland Senegal Serbia Seychelles Singapore Slovakia Slovenia Somalia Spain Sudan Suriname \
        Sweden Switzerland Syria Taiwan Tajikistan Tanzania Thailand Tunisia Turkmenistan Türkiye Tuvalu Uganda Ukraine Uruguay \
        Uzbekistan Vanuatu Venezuela Vietnam Yemen Zambia Zimbabwe",
    ),
    (
        State,
        Es,
        "Afganistán Albania Alemania Andorra Angola Argelia Argentina Armenia Australia Austria Azerbaiyán Bangladés Bélgica \
        Belice Bielorrusia Bolivia Botsuana Brasil Bulgaria Camboya Camerún Canadá Catar Chequia Chile Chipre Colombia Croacia \
        Dinamarca Ecuador Egipto Escocia Eslovaquia Eslovenia España Estonia Etiopía Filipinas Finlandia Francia Gales Gambia Ghana \
        Grecia Guatemala Haití Honduras Hungría Indonesia Inglaterra Irak Irán Irlanda Islandia Italia Jamaica Japón Jordania \
        Kazajistán Kenia Kosovo Letonia Líbano Liberia Libia Lituania Luxemburgo Macedonia Madagascar Malasia Marruecos Mauritania \
        México Moldavia Mongolia Mozambique Namibia Nicaragua Nigeria Noruega Pakistán Palestina Panamá Paraguay Polonia Portugal \
        Ruanda Rumania Rumanía Rusia Senegal Serbia Singapur Siria Somalia Sudáfrica Sudán Suecia Suiza Surinam Tailandia Taiwán \
        Tanzania Túnez Turquía Ucrania Uganda Uruguay Uzbekistán Venezuela Vietnam Yemen Zambia Zimbabue",
    ),
    (
        State,
        Fr,
        "Afghanistan Albanie Algérie Allemagne Andorre Angleterre Argentine Arménie Australie Autriche Azerbaïdjan Bangladesh \
        Belgique Biélorussie Birmanie Bolivie Bosnie Botswana Brésil Bulgarie Cambodge Cameroun Chypre Colombie Croatie Danemark \
        Écosse Égypte Équateur Érythrée Espagne Estonie Éthiopie Finlande France Gabon Gambie Géorgie Ghana Grèce Guatemala Haïti \
        Honduras Hongrie Inde Indonésie Irak Irlande Islande Italie Jamaïque Japon Jordanie Kazakhstan Kenya Kosovo Lettonie Liban \
        Liberia Libye Liechtenstein Lituanie Macédoine Madagascar Malaisie Maroc Mauritanie Mexique Moldavie Mongolie Monténégro \
        Mozambique Namibie Népal Nicaragua Nigeria Norvège Ouganda Ouzbékistan Pakistan Palestine Paraguay Philippines Pologne Portugal \
        Québec Roumanie Russie Rwanda Sénégal Serbie Singapour Slovaquie Slovénie Somalie Soudan Suède Suisse Suriname Syrie Taïwan \
        Tanzanie Tchad Tchéquie Thaïlande Tunisie Turquie Ukraine Uruguay Venezuela Vietnam Yémen Zambie Zimbabwe",
    ),
    (
        State,
        It,
        "Albania Algeria Angola Argentina Armenia Australia Austria Azerbaigian Belgio Bielorussia Bolivia Brasile Bulgaria \
        Cambogia Camerun Canada Cechia Cile Cipro Colombia Croazia Danimarca Ecuador Egitto Eritrea Estonia Etiopia Filippine \
        Finlandia Francia Galles Germania Ghana Giappone Giordania Grecia Guatemala Haiti Honduras Indonesia Inghilterra Iraq Irlanda \
        Islanda Italia Kenya Kosovo Lettonia Libano Libia Lituania Lussemburgo Macedonia Malesia Marocco Messico Moldavia Moldova \
        Montenegro Mozambico Nepal Nigeria Norvegia Pakistan Palestina Paraguay Polonia Portogallo Romania Russia Scozia Senegal \
        Serbia Singapore Siria Slovacchia Slovenia Somalia Spagna Sudafrica Sudan Svezia Svizzera Tailandia Taiwan Tanzania Tunisia \
        Turchia Ucraina Uganda Ungheria Uruguay Venezuela Vietnam",
    ),
    (
        State,
        Nl,
        "Afghanistan Albanië Algerije Argentinië Armenië Aruba Australië België Bolivia Bosnië Brazilië Bulgarije Cambodja \
        Canada Chili Colombia Curaçao Cyprus Denemarken Duitsland Egypte Engeland Eritrea Estland Ethiopië Filipijnen Finland \
        Frankrijk Georgië Ghana Griekenland Hongarije Ierland IJsland Indonesië Irak Iran Israël Italië Jamaica Japan Jordanië Kaapverdië \
        Kameroen Kazachstan Kenia Kosovo Kroatië Letland Libanon Libië Litouwen Luxemburg Maleisië Marokko Mexico Moldavië Mongolië \
        Nederland Nigeria Noorwegen Oekraïne Oeganda Oostenrijk Pakistan Palestina Polen Portugal Roemenië Rusland Schotland Senegal \
        Servië Singapore Slovenië Slowakije Soedan Somalië Spanje Suriname Syrië Taiwan Thailand Tsjechië Tunesië Turkije Vietnam \
        Wit-Rusland Zuid-Afrika Zweden Zwitserland",
    ),
    (
        State,
        Pl,
        "Afganistan Afganistanu Albania Albanii Algieria Algierii Anglia Anglii Argentyna Argentyny Argentynie Armenia Armenii \
        Australia Australii Austria Austrii Belgia Belgii Białoruś Białorusi Bośnia Bośni Brazylia Brazylii Bułgaria Bułgarii Chile \
        Chorwacja Chorwacji Chorwację Cypr Cyprze Czechy Czechach Czarnogóra Czarnogórze Dania Danii Egipt Egipcie Egiptu Estonia \
        Estonii Finlandia Finlandii Francja Francji Francję Grecja Grecji Grecję Gruzja Gruzji Hiszpania Hiszpanii Hiszpanię Holandia \
        Holandii Indonezja Indonezji Irlandia Irlandii Islandia Islandii Izrael Izraela Izraelu Japonia Japonii Jordania Jordanii \
        Kanada Kanadzie Kanady Kazachstan Kazachstanie Kolumbia Kolumbii Litwa Litwy Litwie Liechtenstein Luksemburg Luksemburgu Łotwa \
        Łotwy Łotwie Macedonia Macedonii Maroko Maroku Meksyk Meksyku Mołdawia Mołdawii Mongolia Mongolii Niemcy Niemczech Niemcami \
        Nigeria Nigerii Norwegia Norwegii Norwegię Pakistan Pakistanie Polska Polsce Polski Polskę Portugalia Portugalii Rosja Rosji \
        Rosję Rumunia Rumunii Senegal Senegalu Serbia Serbii Słowacja Słowacji Słowację Słowenia Słowenii Szkocja Szkocji Szwajcaria \
        Szwajcarii Szwecja Szwecji Szwecję Syria Syrii Tajlandia Tajlandii Tunezja Tunezji Turcja Turcji Turcję Ukraina Ukrainy \
        Ukrainie Ukrainę Wenezuela Wenezueli Węgry Węgrzech Węgier Wietnam Wietnamie Wietnamu Włochy Włoszech Zjednoczone",
    ),
    (
        State,
        Pt,
        "Afeganistão Albânia Alemanha Andorra Angola Argélia Argentina Arménia Austrália Áustria Azerbaijão Bangladesh Bélgica \
        Bielorrússia Bolívia Brasil Bulgária Camboja Camarões Canadá Chade Chéquia Chile Chipre Colômbia Croácia Dinamarca Egito \
        Equador Eritreia Escócia Eslováquia Eslovénia Eslovênia Espanha Estónia Estônia Etiópia Filipinas Finlândia França Gana Geórgia \
        Grécia Guatemala Haiti Honduras Hungria Iémen Indonésia Inglaterra Irão Iraque Irlanda Islândia Itália Jamaica Japão Jordânia \
        Kosovo Letónia Letônia Líbano Libéria Líbia Lituânia Luxemburgo Macedónia Malásia Marrocos México Moçambique Moldávia Namíbia \
        Nepal Nicarágua Nigéria Noruega Paquistão Palestina Panamá Paraguai Polónia Polônia Portugal Quénia Quênia Roménia Romênia \
        Ruanda Rússia Senegal Sérvia Singapura Síria Somália Sudão Suécia Suíça Suriname Tailândia Taiwan Tanzânia Tunísia Turquia \
        Ucrânia Uganda Uruguai Uzbequistão Venezuela Vietname Vietnã",
    ),
    (
        Doubtful,
        De,
        "China Gambia Guinea Guyana Holland Island Israel Iran Kongo Kuba Kuwait Laos Malawi Mali Malta Monaco Niger Oman \
        Panama Peru Polen Reunion Togo Wales Benin",
    ),
    (
        Doubtful,
        En,
        "America Bahamas Benin Britain Chad China Congo Cuba Dominica Gambia Georgia Grenada Guernsey Guinea Holland India \
        Israel Jersey Jordan Mali Malta Mexico Niger Oman Panama Peru Togo Tonga Turkey Wales UK USA US",
    ),
    (
        Doubtful,
        Es,
        "Cuba Perú India China Israel Malta Congo Jersey",
    ),
    (
        Doubtful,
        Fr,
        "Chine Cuba Inde Israël Mali Malte Pérou Togo Bénin Congo Guinée",
    ),
    (Doubtful, It, "Cina Cuba India Israele Malta Perù Iran"),
    (Doubtful, Nl, "China India Malta Peru Holland"),
    (
        Doubtful,
        Pl,
        "Chiny Chinach Chin Czech Indie Indiach Indii Kuba Kubie Kuby Niemiec Włoch Peru Iran Iranie USA",
    ),
    (
        Doubtful,
        Pt,
        "China Cuba Índia Israel Malta Peru Mali Timor",
    ),
];

/// Names of more than one word, folded; each after the first.
pub(super) const LONG: &[&str] = &[
    "united kingdom",
    "united states of america",
    "united states",
    "united arab emirates",
    "new zealand",
    "south africa",
    "south korea",
    "north korea",
    "south sudan",
    "saudi arabia",
    "sri lanka",
    "sierra leone",
    "costa rica",
    "cote d ivoire",
    "cape verde",
    "cabo verde",
    "papua new guinea",
    "puerto rico",
    "burkina faso",
    "ivory coast",
    "czech republic",
    "republic of ireland",
    "northern ireland",
    "north macedonia",
    "bosnia and herzegovina",
    "dominican republic",
    "equatorial guinea",
    "san marino",
    "hong kong",
    "trinidad and tobago",
    "vereinigte staaten",
    "vereinigten staaten",
    "vereinigtes konigreich",
    "vereinigten konigreich",
    "saudi arabien",
    "bosnien und herzegowina",
    "bosnien herzegowina",
    "kap verde",
    "dominikanische republik",
    "dominikanischen republik",
    "tschechische republik",
    "reino unido",
    "estados unidos",
    "paises bajos",
    "paises baixos",
    "corea del sur",
    "corea del norte",
    "nueva zelanda",
    "arabia saudi",
    "arabia saudita",
    "costa de marfil",
    "costa do marfim",
    "guinea ecuatorial",
    "guine bissau",
    "guinea bissau",
    "republica dominicana",
    "republica checa",
    "bosnia y herzegovina",
    "bosnia e herzegovina",
    "bosnia ed erzegovina",
    "coreia do sul",
    "nova zelandia",
    "africa do sul",
    "sao tome e principe",
    "timor leste",
    "etats unis",
    "royaume uni",
    "pays bas",
    "pays de galles",
    "nouvelle zelande",
    "afrique du sud",
    "coree du sud",
    "cap vert",
    "republique tcheque",
    "republique dominicaine",
    "arabie saoudite",
    "stati uniti",
    "regno unito",
    "paesi bassi",
    "corea del sud",
    "nuova zelanda",
    "costa d avorio",
    "capo verde",
    "repubblica ceca",
    "repubblica dominicana",
    "verenigde staten",
    "verenigd koninkrijk",
    "zuid afrika",
    "wit rusland",
    "zuid korea",
    "nieuw zeeland",
    "saoedi arabie",
    "stany zjednoczone",
    "stanach zjednoczonych",
    "stanow zjednoczonych",
    "wielka brytania",
    "wielkiej brytanii",
    "wielka brytanie",
    "korea poludniowa",
    "korei poludniowej",
    "nowa zelandia",
    "nowej zelandii",
    "arabia saudyjska",
    "arabii saudyjskiej",
    "republika czeska",
    "republice czeskiej",
];

/// Every name of one word, and the first words of the others.
pub(in super::super) fn each_word(each: &mut dyn FnMut(Topic, Language, &str)) {
    for (topic, language, line) in LINES {
        line.split_whitespace()
            .for_each(|word| each(*topic, *language, word));
    }
    for name in LONG {
        if let Some((head, _)) = name.split_once(' ') {
            each(StateHead, En, head);
        }
    }
}

/// Words that a place follows, folded.
pub(super) static PLACE: Words = Words::of_line(
    "in to from at near across via towards outside inside aus nach bei durch en au aux vers depuis dans desde hacia hasta para \
     por a dal dalla dalle dall dello nella nel negli nelle dell della verso naar uit bij w z ze do we na przez em no na nos do \
     da ate pelo os im ins dei",
);

/// Articles that may stand between, folded.
pub(super) const ARTICLES: &[&str] = &[
    "the", "die", "der", "den", "dem", "le", "la", "les", "los", "las", "gli", "il", "i", "el",
];

/// Words that say where goods come from, folded.
pub(super) static MADE: Words = Words::of_line(
    "made produced product printed manufactured built designed hergestellt gefertigt produziert fabrique fabriquee fabriques \
     produit hecho hecha fabricado fabricada prodotto prodotta fabbricato gemaakt geproduceerd wyprodukowano wyprodukowany \
     feito feita produzido ware produkt best",
);

/// What a company's name may end with, folded.
pub(super) static FIRM: Words = Words::of_line(
    "gmbh ag se kg kgaa ltd limited inc sa sas sarl srl spa bv nv plc llc co post telecom airlines air bank versicherung group",
);
