"""What is counted, measured, priced or done every week: numbers and days that are no personal data."""

import random

from . import structured, times

_UNITS = {
    "en": "pcs|pieces|kg|cm|mm|m|litres|boxes|pallets|units|items|%|GB|W|V|rolls|sets|pages|seats|miles|inches|characters|rows|stars",
    "de": "Stück|Stk.|kg|cm|mm|m|Liter|Kartons|Paletten|Einheiten|Positionen|%|GB|W|V|Rollen|Sätze|Seiten|Plätze|km|Zoll|Zeichen|Zeilen|Sterne|Punkte",
    "fr": "pièces|pcs|kg|cm|mm|m|litres|cartons|palettes|unités|articles|%|Go|W|V|rouleaux|lots|pages|places|km|pouces|caractères|lignes|étoiles|points",
    "es": "piezas|uds.|kg|cm|mm|m|litros|cajas|palés|unidades|artículos|%|GB|W|V|rollos|juegos|páginas|plazas|km|pulgadas|caracteres|filas|estrellas|puntos",
    "it": "pezzi|pz.|kg|cm|mm|m|litri|scatole|bancali|unità|articoli|%|GB|W|V|rotoli|set|pagine|posti|km|pollici|caratteri|righe|stelle|punti",
    "nl": "stuks|st.|kg|cm|mm|m|liter|dozen|pallets|eenheden|artikelen|%|GB|W|V|rollen|sets|pagina's|plaatsen|km|inch|tekens|regels|sterren|punten",
    "pl": "sztuk|szt.|kg|cm|mm|m|litrów|kartonów|palet|jednostek|pozycji|%|GB|W|V|rolek|zestawów|stron|miejsc|km|cali|znaków|wierszy|gwiazdek|punktów",
    "pt": "peças|un.|kg|cm|mm|m|litros|caixas|paletes|unidades|artigos|%|GB|W|V|rolos|conjuntos|páginas|lugares|km|polegadas|caracteres|linhas|estrelas|pontos",
}
_SPANS = {
    "en": "{} minutes|{} hours|{} days|{} working days|{} weeks|{} months|within {} days|{}-day return|for {} years|every {} weeks|{} business days|a {}-year warranty|up to {} hours",
    "de": "{} Minuten|{} Stunden|{} Tage|{} Werktage|{} Wochen|{} Monate|innerhalb von {} Tagen|{} Tage Rückgaberecht|seit {} Jahren|alle {} Wochen|{} Arbeitstage|{} Jahre Garantie|bis zu {} Stunden|{} Std.|{} Min.",
    "fr": "{} minutes|{} heures|{} jours|{} jours ouvrés|{} semaines|{} mois|sous {} jours|délai de {} jours|depuis {} ans|toutes les {} semaines|garantie {} ans|jusqu'à {} heures|{} min",
    "es": "{} minutos|{} horas|{} días|{} días laborables|{} semanas|{} meses|en un plazo de {} días|desde hace {} años|cada {} semanas|{} años de garantía|hasta {} horas|{} min",
    "it": "{} minuti|{} ore|{} giorni|{} giorni lavorativi|{} settimane|{} mesi|entro {} giorni|da {} anni|ogni {} settimane|{} anni di garanzia|fino a {} ore|{} min",
    "nl": "{} minuten|{} uur lang|{} dagen|{} werkdagen|{} weken|{} maanden|binnen {} dagen|al {} jaar|elke {} weken|{} jaar garantie|tot {} uur extra|{} min",
    "pl": "{} minut|{} godzin|{} dni|{} dni roboczych|{} tygodni|{} miesięcy|w ciągu {} dni|od {} lat|co {} tygodnie|{} lata gwarancji|do {} godzin|{} min",
    "pt": "{} minutos|{} horas|{} dias|{} dias úteis|{} semanas|{} meses|no prazo de {} dias|há mais de {} anos|de {} em {} semanas|{} anos de garantia|até {} horas|{} min",
}
_HABITS = {
    "en": "every Monday|on weekdays|Mon-Fri {a}-{b}|Monday to Friday, {a}:00 to {b}:00|daily|twice a week|once a month|every morning|Sat {a} am - {c} pm|24/7|closed on Sundays|always|monthly|per year|on Tuesdays and Thursdays",
    "de": "jeden Montag|werktags|Mo-Fr {a}-{b} Uhr|Montag bis Freitag von {a} bis {b} Uhr|täglich|zweimal pro Woche|einmal im Monat|jeden Morgen|Sa {a}-{c} Uhr|rund um die Uhr|sonntags geschlossen|immer|monatlich|pro Jahr|dienstags und donnerstags",
    "fr": "chaque lundi|en semaine|lun-ven {a}h-{b}h|du lundi au vendredi de {a} h à {b} h|tous les jours|deux fois par semaine|une fois par mois|chaque matin|le samedi de {a}h à {c}h|24h/24|fermé le dimanche|toujours|mensuel|par an",
    "es": "todos los lunes|entre semana|L-V {a}-{b} h|de lunes a viernes de {a} a {b} h|a diario|dos veces por semana|una vez al mes|cada mañana|sábados de {a} a {c}|24 horas|cerrado los domingos|siempre|mensual|al año",
    "it": "ogni lunedì|nei giorni feriali|lun-ven {a}-{b}|dal lunedì al venerdì dalle {a} alle {b}|ogni giorno|due volte a settimana|una volta al mese|ogni mattina|sabato {a}-{c}|24 ore su 24|chiuso la domenica|sempre|mensile|all'anno",
    "nl": "elke maandag|op werkdagen|ma-vr {a}-{b} uur|maandag t/m vrijdag van {a} tot {b} uur|dagelijks|twee keer per week|eens per maand|elke ochtend|za {a}-{c} uur|dag en nacht|zondag gesloten|altijd|maandelijks|per jaar",
    "pl": "w każdy poniedziałek|w dni robocze|pn-pt {a}-{b}|od poniedziałku do piątku w godz. {a}-{b}|codziennie|dwa razy w tygodniu|raz w miesiącu|każdego ranka|sob. {a}-{c}|całą dobę|w niedziele nieczynne|zawsze|miesięcznie|rocznie",
    "pt": "todas as segundas|em dias úteis|seg-sex {a}h-{b}h|de segunda a sexta das {a} às {b}|diariamente|duas vezes por semana|uma vez por mês|todas as manhãs|sáb. {a}-{c}|24 horas por dia|encerrado ao domingo|sempre|mensal|por ano",
}
_MARKS = {
    "en": "Order|Order no.|Ticket|Item|Art. no.|Invoice|Version|Model|Error|Size|Room|Page|Step|Queue|Case|SKU|Batch|Line|Qty|Total|Table|Gate|Shelf",
    "de": "Bestellung|Bestellnr.|Ticket|Artikel|Art.-Nr.|Rechnung|Version|Modell|Fehler|Größe|Raum|Seite|Schritt|Warteschlange|Vorgang|SKU|Charge|Position|Menge|Summe|Tisch|Tor|Regal|Auftrag",
    "fr": "Commande|N° de commande|Ticket|Article|Réf.|Facture|Version|Modèle|Erreur|Taille|Salle|Page|Étape|File|Dossier|Lot|Ligne|Qté|Total|Table|Quai|Rayon",
    "es": "Pedido|N.º de pedido|Ticket|Artículo|Ref.|Factura|Versión|Modelo|Error|Talla|Sala|Página|Paso|Cola|Caso|Lote|Línea|Cant.|Total|Mesa|Muelle|Estante",
    "it": "Ordine|N. ordine|Ticket|Articolo|Rif.|Fattura|Versione|Modello|Errore|Taglia|Sala|Pagina|Passo|Coda|Pratica|Lotto|Riga|Q.tà|Totale|Tavolo|Scaffale",
    "nl": "Bestelling|Ordernr.|Ticket|Artikel|Art.nr.|Factuur|Versie|Model|Fout|Maat|Zaal|Pagina|Stap|Wachtrij|Zaak|Partij|Regel|Aantal|Totaal|Tafel|Stelling",
    "pl": "Zamówienie|Nr zamówienia|Zgłoszenie|Artykuł|Nr art.|Faktura|Wersja|Model|Błąd|Rozmiar|Sala|Strona|Krok|Kolejka|Sprawa|Partia|Pozycja|Ilość|Suma|Stół|Regał",
    "pt": "Encomenda|Pedido n.º|Ticket|Artigo|Ref.|Fatura|Versão|Modelo|Erro|Tamanho|Sala|Página|Passo|Fila|Processo|Lote|Linha|Qtd.|Total|Mesa|Prateleira",
}
_UNITS, _SPANS, _HABITS, _MARKS = ({k: v.split("|") for k, v in t.items()} for t in (_UNITS, _SPANS, _HABITS, _MARKS))


def _amount(rng) -> str:
    return rng.choice((str(rng.randint(1, 30)), str(rng.randint(1, 2000)), f"{rng.randint(0, 99)},{rng.randint(0, 9)}", f"{rng.randint(1, 9)}.{rng.randint(100, 999)}", f"{rng.randint(2, 9)}x{rng.randint(2, 9)}"))


def thing(rng: random.Random, lang: str) -> str:
    """A quantity, length of time, habit, price, number of an order: never personal data."""
    draw = rng.random()
    if draw < 0.2:
        return f"{_amount(rng)} {rng.choice(_UNITS[lang])}"
    if draw < 0.4:
        number = rng.choice((str(rng.randint(2, 48)), str(rng.randint(2, 9)), rng.choice(times.NUMBERS[lang])))
        return rng.choice(_SPANS[lang]).replace("{}", number)
    if draw < 0.55:
        return rng.choice(_HABITS[lang]).format(a=rng.randint(7, 10), b=rng.randint(15, 20), c=rng.randint(12, 14))
    if draw < 0.7:
        return structured.money(rng, lang)
    value = rng.choice((structured.code(rng), structured.identifier(rng), str(rng.randint(1, 99)), str(rng.randint(10000, 9999999)), f"{rng.randint(1, 20)}.{rng.randint(0, 30)}.{rng.randint(0, 9)}", "#" + str(rng.randint(100, 99999)), rng.choice("ABCDEXLM") + str(rng.randint(1, 400))))
    return rng.choice(_MARKS[lang]) + rng.choice((" ", " ", ": ", ":", " #", " - ")) + value
