"""Writes tests/data/golden/minilm_embeddings.json: embeddings by transformers and torch.

Run from the repository's root: python3 tests/golden/make_embeddings.py MODEL_FOLDER
Needs torch and transformers. Pooling as sentence-transformers does it: mean over the tokens, length 1.
"""

import json
import sys

import torch
from transformers import AutoModel, AutoTokenizer

SENTENCES = [
    "The customer wants a refund for a late delivery.",
    "Please send the money back, the parcel came too late.",
    "Quarterly revenue grew by 12.5 % in the DACH region.",
    "Grüße aus Köln: [CLS] 日本語 👋 naïve café",
    "ok",
    "Contact moved to a new address and asks for a call back on Monday morning. " * 6,
]


def main():
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
    model = AutoModel.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
    rows = []
    for sentence in SENTENCES:
        # Marks in a text are text here: they are written with their brackets apart.
        plain = tokenizer.encode(sentence, split_special_tokens=True)
        with torch.no_grad():
            last = model(torch.tensor([plain])).last_hidden_state[0]
        vector = torch.nn.functional.normalize(last.mean(0), dim=0)
        rows.append({"text": sentence, "ids": plain, "vector": [round(x, 6) for x in vector.tolist()]})
    with open("tests/data/golden/minilm_embeddings.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


main()
