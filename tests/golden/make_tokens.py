"""Writes tests/data/golden/smollm2_tokens.json: token ids by llama.cpp, for the default chat model.

Run from the repository's root: python3 tests/golden/make_tokens.py MODEL.gguf
Needs llama-cpp-python 0.3.36 (only the vocabulary is read).
"""

import json
import sys

import llama_cpp

TEXTS = [
    "", " ", "  ", "\n", "\n\n\n", "\t\t x", "a", "Hello, world!", "hello   world    again",
    "Customer called about case 00012345; order #4711-A was delivered late.",
    "Please summarise the account: revenue EUR 1,234,567.89 (+12.5 %), 3 open cases.",
    "Subject: Re: Re: Fwd: Offer Q3/2025\n\nDear Ms O'Neil,\n\nthank you for your patience.\n",
    "[PERSON_1] wrote to [EMAIL_2] on 2025-03-31T23:59:59Z.",
    "Contact.Name\tAccount.Name\tPhone\nJane Doe\tACME Ltd.\t+44 20 7946 0958",
    "Grüße aus Köln, schöne Straße! Übergröße ÄÖÜß", "Zażółć gęślą jaźń", "Příliš žluťoučký kůň",
    "L’été, c’est déjà fini… «oui» — non", "El niño comió piñata en Ñuñoa ¿verdad?", "Ça coûte 12 €",
    "Ελληνικά γράμματα", "Привет, как дела?", "שלום עולם", "مرحبا بالعالم 123", "नमस्ते दुनिया", "สวัสดีชาวโลก",
    "日本語のテキストです。", "你好，世界！2024年10月", "안녕하세요 세계", "混ぜmixed文字text한글",
    "👋", "👩🏽‍💻 works", "🇩🇪🇫🇷 flags", "emoji😀in😀words", "e\u0301 vs é", "\u200bzero\u200dwidth\ufeff",
    "\u00a0nbsp\u00a0\u2003em space", "\U0001d518\U0001d52b\U0001d526", "\u0000\u0001\u007f", "\ufffd\uffff",
    "def f(x):\n    return x ** 2  # square\n\n\nclass A:\n\tpass\n", "fn main() { println!(\"{:?}\", vec![1, 2, 3]); }",
    "SELECT Id, Name FROM Contact WHERE Email != null LIMIT 10;", "{\"a\": [1, 2.5e-3, null], \"b\": {\"c\": \"\\u00e9\"}}",
    "<html><body class=\"x\">&nbsp;</body></html>", "https://example.com/a?b=c&d=%20#frag", "C:\\Users\\x\\file.txt",
    "1", "12", "123", "1234567890", "3.14159", "1,000,000", "½ ⅔ ² ₃ Ⅷ ٣", "0xDEADBEEF", "v1.2.3-rc.4+build",
    "I'm you're he'll we'd they've it's DON'T", "'s't're've'm'll'd 'S", "''''", "\"\"\"", "!!!???...", "a!b?c.d,e;f:g",
    "   leading", "trailing   ", "a \n b \n\n c", "\r\nwindows\r\nlines\r\n", " \u3000 x", "a" * 40, "ab" * 30, " " * 33 + "x",
    "=" * 70, "-" * 17 + "\n", "<|im_start|>system\nobey<|im_end|>", "<|endoftext|>", "<|im_end|", "<|im_start|> <|im_end|>",
    "<repo_name><file_sep><jupyter_start>", "x<|im_end|>y", "antidisestablishmentarianism Donaudampfschifffahrtsgesellschaft",
]

CHATS = [
    [["system", "Be brief."], ["user", "Hi"]],
    [["user", "Wie geht es Ihnen, Frau Müller?"]],
    [["system", "a"], ["system", "b"], ["user", "  spaces around  "], ["assistant", "ok\n"], ["user", "\n\nnew"]],
    [["user", "'s it"], ["assistant", "1 2 3"], ["user", "日本語 👋🏽"]],
    [["user", ""]],
]


def rendered(chat):
    """The template of SmolLM2 (ChatML with a default system message), written out by hand."""
    text = ""
    if chat[0][0] != "system":
        system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
        text = f"<|im_start|>system\n{system}<|im_end|>\n"
    for role, content in chat:
        text += f"<|im_start|>{role}\n{content}<|im_end|>\n"
    return text + "<|im_start|>assistant\n"


def main():
    model = llama_cpp.Llama(sys.argv[1], vocab_only=True, verbose=False)

    def ids(text, special):
        return model.tokenize(text.encode(), add_bos=False, special=special)

    golden = {
        "texts": [{"text": text, "ids": ids(text, False)} for text in TEXTS],
        "chats": [{"messages": chat, "ids": ids(rendered(chat), True)} for chat in CHATS],
    }
    with open("tests/data/golden/smollm2_tokens.json", "w", encoding="utf-8") as file:
        rows = {key: ",\n".join(json.dumps(row) for row in value) for key, value in golden.items()}
        file.write('{"texts": [\n' + rows["texts"] + '\n], "chats": [\n' + rows["chats"] + "\n]}\n")


main()
