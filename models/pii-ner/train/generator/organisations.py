"""Companies, authorities, clubs, hospitals, schools, parties: names built as each language builds them."""

import random

from . import names, places

_LEGAL = {
    "en": "Ltd|Ltd.|Limited|plc|Inc.|Inc|LLC|LLP|Corp.|Group|& Co.|& Sons|Pty Ltd|Holdings",
    "de": "GmbH|GmbH & Co. KG|AG|KG|OHG|e.K.|UG (haftungsbeschränkt)|SE|e.V.|eG|gGmbH|& Söhne|& Co. KG|Holding",
    "fr": "SA|SARL|SAS|S.A.|SCI|EURL|& Fils|et Cie|SASU|Groupe",
    "es": "S.L.|S.A.|SL|SA|S.L.U.|e Hijos|S.A. de C.V.|Hnos.|S. Coop.|Grupo",
    "it": "S.r.l.|S.p.A.|srl|spa|S.n.c.|S.a.s.|& Figli|Soc. Coop.|Gruppo",
    "nl": "B.V.|BV|N.V.|NV|VOF|& Zonen|Holding B.V.|Groep|bvba",
    "pl": "Sp. z o.o.|sp. z o.o.|S.A.|Sp. j.|Sp. k.|i Synowie|Grupa|s.c.",
    "pt": "Lda.|Lda|S.A.|SA|Ltda.|Ltda|Unipessoal Lda|& Filhos|ME|EIRELI|Grupo",
}
_TRADE = {
    "en": "Furniture|Logistics|Plumbing|Interiors|Bakery|Electrical|Removals|Consulting|Solicitors|Insurance|Garden Centre|Motors|Kitchens|Textiles|Foods|Software|Pharmacy|Builders|Dental Practice|Estate Agents|Couriers|Capital",
    "de": "Möbelhaus|Spedition|Tischlerei|Bäckerei|Elektro|Sanitär|Autohaus|Gartencenter|Versicherung|Hausverwaltung|Küchenstudio|Metallbau|Apotheke|Rechtsanwälte|Steuerberatung|Bau|Logistik|Reinigung|Malerbetrieb|Immobilien|Druckerei|Raumausstattung",
    "fr": "Transports|Boulangerie|Menuiserie|Plomberie|Garage|Cuisines|Assurances|Meubles|Immobilier|Électricité|Pharmacie|Déménagements|Cabinet|Librairie|Jardinerie|Conseil|Peinture|Pressing|Logistique",
    "es": "Muebles|Transportes|Panadería|Fontanería|Talleres|Cocinas|Seguros|Inmobiliaria|Electricidad|Farmacia|Mudanzas|Construcciones|Librería|Viveros|Asesoría|Carpintería|Reformas|Bufete|Limpiezas",
    "it": "Mobilificio|Trasporti|Panificio|Idraulica|Autofficina|Cucine|Assicurazioni|Immobiliare|Elettrica|Farmacia|Traslochi|Costruzioni|Libreria|Vivaio|Studio|Falegnameria|Pizzeria|Lavanderia|Arredamenti",
    "nl": "Meubelen|Transport|Bakkerij|Loodgietersbedrijf|Garage|Keukens|Verzekeringen|Makelaardij|Elektro|Apotheek|Verhuizingen|Bouwbedrijf|Boekhandel|Tuincentrum|Advocaten|Timmerwerken|Schildersbedrijf|Schoonmaak|Installatietechniek",
    "pl": "Meble|Transport|Piekarnia|Hydraulika|Warsztat|Kuchnie|Ubezpieczenia|Nieruchomości|Elektro|Apteka|Przeprowadzki|Budownictwo|Księgarnia|Ogrody|Kancelaria|Stolarnia|Zakład|Biuro Rachunkowe|Hurtownia",
    "pt": "Móveis|Transportes|Padaria|Canalizações|Oficina|Cozinhas|Seguros|Imobiliária|Eletricidade|Farmácia|Mudanças|Construções|Livraria|Viveiros|Contabilidade|Carpintaria|Advogados|Limpezas|Papelaria",
}
# {c}: a city, {l}: a last name, {f}: a first name, {s}: a saint or patron.
_BODIES = {
    "en": "University of {c}|{c} City Council|{c} General Hospital|St. {f}'s Hospital|{c} Police|HMRC|DVLA|Royal Mail|{c} United|{c} Rovers FC|{c} High School|St {f}'s Primary School|{c} Chamber of Commerce|Citizens Advice {c}|Bank of {c}|{c} Magistrates' Court|Ministry of Defence|Department of Health|Red Cross|{c} Museum of Art|{c} Community College|Parliament|Labour Party|European Commission|United Nations|NHS|{c} Fire Brigade|{l} Foundation|{c} Rugby Club|{l} Institute|FBI|Senate|the {c} Times|{c} Daily News",
    "de": "Stadt {c}|Stadtwerke {c}|Universität {c}|Klinikum {c}|Amtsgericht {c}|Landgericht {c}|Finanzamt {c}|Sparkasse {c}|Volksbank {c}|FC {c}|TSV {c}|SV {c}|VfL {c}|Grundschule {c}|{l}-Gymnasium|{l}-Schule|Jobcenter {c}|Polizei {c}|Landratsamt {c}|Bundesagentur für Arbeit|Deutsche Post|Deutsche Bahn|AOK|Barmer|TÜV Süd|Verbraucherzentrale {c}|St. {f}-Krankenhaus|Bundestag|SPD|CDU|Europäische Kommission|Handwerkskammer {c}|IHK {c}|Caritas|Freiwillige Feuerwehr {c}|{l}-Stiftung|{l}-Institut|{c}er Zeitung|Bezirksamt {c}|Musikverein {c}|Kita {c}|ADAC|Agentur für Arbeit {c}|Standesamt {c}|Evangelische Kirchengemeinde {c}",
    "fr": "Mairie de {c}|Université de {c}|CHU de {c}|Hôpital Saint-{f}|Tribunal judiciaire de {c}|Préfecture de {c}|Lycée {f} {l}|Collège {l}|École {l}|FC {c}|AS {c}|La Poste|SNCF|CAF|CPAM de {c}|URSSAF|EDF|Pôle emploi|Crédit Agricole|Banque de {c}|Chambre de commerce de {c}|Croix-Rouge|Assemblée nationale|Parti socialiste|Commission européenne|Ministère de la Santé|Gendarmerie de {c}|Fondation {l}|Clinique {l}|Institut {l}|Conseil d'État|Ligue des droits de l'homme|Le Courrier de {c}|UFC-Que Choisir",
    "es": "Ayuntamiento de {c}|Universidad de {c}|Hospital de {c}|Hospital San {f}|Juzgado de {c}|Agencia Tributaria|Instituto {f} {l}|Colegio San {f}|CEIP {l}|CF {c}|Real {c}|Correos|Renfe|Seguridad Social|DGT|Policía Nacional|Guardia Civil|Caja Rural de {c}|Banco de {c}|Cámara de Comercio de {c}|Cruz Roja|Congreso de los Diputados|PSOE|Comisión Europea|Ministerio de Sanidad|Fundación {l}|Clínica {l}|Diario de {c}|Junta de Andalucía|Diputación de {c}|OCU|Universidad Nacional|Centro de Salud {c}",
    "it": "Comune di {c}|Università di {c}|Ospedale di {c}|Ospedale San {f}|Tribunale di {c}|Agenzia delle Entrate|Liceo {l}|Istituto {f} {l}|Scuola {l}|AC {c}|Poste Italiane|Trenitalia|INPS|Questura di {c}|Carabinieri|ASL {c}|Banca di {c}|Camera di Commercio di {c}|Croce Rossa|Camera dei Deputati|Partito Democratico|Commissione Europea|Ministero della Salute|Fondazione {l}|Clinica {l}|Gazzetta di {c}|Regione Lombardia|Politecnico di {c}|Altroconsumo|CGIL|Confindustria",
    "nl": "Gemeente {c}|Universiteit {c}|Ziekenhuis {c}|Rechtbank {c}|Belastingdienst|{l} College|Basisschool De {l}|FC {c}|VV {c}|PostNL|NS|UWV|SVB|Politie {c}|GGD {c}|Rabobank {c}|Kamer van Koophandel|Rode Kruis|Tweede Kamer|PvdA|VVD|Europese Commissie|Ministerie van Volksgezondheid|{l} Stichting|Sint-{f}ziekenhuis|Consumentenbond|Provincie Gelderland|Hogeschool {c}|Brandweer {c}|Waterschap {c}|OCMW {c}|bpost|Woningcorporatie {c}|{c}se Courant|KNVB",
    "pl": "Urząd Miasta {c}|Uniwersytet w {c}|Szpital w {c}|Szpital im. {l}|Sąd Rejonowy {c}|Urząd Skarbowy {c}|Liceum im. {l}|Szkoła Podstawowa nr 5|Legia {c}|KS {c}|Poczta Polska|PKP Intercity|ZUS|NFZ|Policja|Komenda Policji {c}|Bank {c}|Izba Gospodarcza {c}|Czerwony Krzyż|Sejm|PiS|Komisja Europejska|Ministerstwo Zdrowia|Fundacja {l}|Klinika {l}|Gazeta {c}|Politechnika {c}|UOKiK|Straż Miejska|Spółdzielnia {c}|PZU|Caritas|Przedszkole nr 12|Biedronka",
    "pt": "Câmara Municipal de {c}|Prefeitura de {c}|Universidade de {c}|Hospital de {c}|Hospital São {f}|Tribunal de {c}|Autoridade Tributária|Escola Secundária {f} {l}|Colégio {l}|Sporting de {c}|SC {c}|CTT|Correios|CP|Segurança Social|INSS|PSP|GNR|Caixa de {c}|Banco de {c}|Associação Comercial de {c}|Cruz Vermelha|Assembleia da República|PS|Comissão Europeia|Ministério da Saúde|Fundação {l}|Clínica {l}|Jornal de {c}|Governo do Estado|Polícia Federal|DECO|Procon|SNS|Instituto {l}|Bombeiros de {c}",
}
_SYLLABLES = "nova vel tri kor ala zen lum ora dex fin gra hol iva jun kel lor mar nex oli pra qui ren sol tav ulo ver wex xan yel zor bra cly dor eva fro".split()
_TAILS = "ia|ix|on|tec|net|soft|ware|lab|media|tel|med|gen|plan|max|is|um|ara|os|data|work|cell|trans|home".split("|")


def _invented(rng) -> str:
    word = "".join(rng.choice(_SYLLABLES) for _ in range(rng.choice((1, 2, 2)))) + rng.choice(_TAILS)
    draw = rng.random()
    if draw < 0.7:
        return word.capitalize()
    if draw < 0.8:
        return word.upper()
    if draw < 0.9:
        return "".join(rng.choice("ABCDEFGHIKLMNOPRSTVW") for _ in range(rng.choice((2, 3, 3, 4))))
    return word[:3].capitalize() + word[3:].capitalize()


def legal_words(lang: str) -> set[str]:
    """Words that say that a firm stands before or behind them, small."""
    return {word.strip(".&()").lower() for form in _LEGAL[lang].split("|") for word in form.split()}


def organisation(rng: random.Random, lang: str) -> str:
    pool = names.pool(rng.choice(names.HOME[lang]))
    last = rng.choice(pool["l"])
    city = places.city(rng, lang)
    draw = rng.random()
    if draw < 0.4:
        first = rng.choice(pool["f"] + pool["m"])
        return rng.choice(_BODIES[lang].split("|")).format(c=city, l=last, f=first, s=first)
    legal, trade = rng.choice(_LEGAL[lang].split("|")), rng.choice(_TRADE[lang].split("|"))
    leading = lang not in ("en",)
    core = rng.choice((last, last, _invented(rng), city, f"{last} & {rng.choice(pool['l'])}", f"{last}-{rng.choice(pool['l'])}" if rng.random() < 0.3 else last))
    if draw < 0.55:
        return f"{trade} {core}" if leading else f"{core} {trade}"
    if draw < 0.68:
        return f"{trade} {core} {legal}" if leading else f"{core} {trade} {legal}"
    if draw < 0.82:
        return f"{core} {legal}"
    return _invented(rng) + ("" if rng.random() < 0.6 else " " + legal)
