"""Writes the model as GGUF (8-bit weights), golden.json and the manifest's digests.

    export.py --checkpoint run/final.pt --tokenizer tokenizer.json --bias bias.json --out models/pii-ner
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import gguf
import numpy as np
import torch

from encode import CLS, OVERLAP, SEP, WINDOW, encode, load_tokenizer
from labels import TAGS
from model import CASE_TYPES, Recogniser
from predict import decode

Q8 = gguf.GGMLQuantizationType.Q8_0
GOLDEN = (
    "Dear Mr Smith, my name is Anna Kowalska and I live at 12 Mill Lane, Leeds LS1 4AB.",
    "Sehr geehrte Frau Dr. Müller-Lüdenscheid, der Termin am 3. März 2026 um 14:30 Uhr in Köln bleibt.",
    "Bonjour, je m'appelle Élodie Lefèvre, 42 ans, de nationalité belge.",
    "El pedido de José García López llegó ayer a la calle Mayor, 5, 28013 Madrid.",
    "Il signor Rossi lavora per la Banca di Torino S.p.A. dal 12/05/2019.",
    "Mevrouw De Vries uit 's-Hertogenbosch belt morgen terug.",
    "Pan Jan Nowak mieszka w Krakowie przy ul. Długiej 7/3.",
    "João da Silva, CEP 01310-100 São Paulo, tel. +55 11 91234-5678",
    "JOHN O'NEILL\n4 x MODEL KX-200 IN ROSE, £19.99",
    "Die Waschmaschine ist defekt und der Kundendienst meldet sich nicht.",
)


def quantise(name: str, tensor: np.ndarray) -> bool:
    """Whether a tensor is stored in 8 bits: the matrices of the encoder and the word vectors."""
    return name.endswith(".weight") and tensor.ndim == 2 and name.startswith(("token_embd.", "blk."))


def tensors_of(model: Recogniser) -> dict[str, np.ndarray]:
    out = {}
    for name, tensor in model.state_dict().items():
        name = name.replace("cls_output.", "cls.output.")
        out[name] = tensor.detach().float().numpy()
    return out


def write_gguf(model: Recogniser, bias: np.ndarray, path: Path, window: int = WINDOW, overlap: int = OVERLAP):
    writer = gguf.GGUFWriter(str(path), "bert")
    writer.add_name("Bailiwick pii-ner")
    writer.add_string("general.license", "apache-2.0")
    writer.add_block_count(len(model.blk))
    writer.add_embedding_length(model.token_embd.weight.shape[1])
    writer.add_feed_forward_length(model.inner)
    writer.add_head_count(model.heads)
    writer.add_layer_norm_eps(model.epsilon)
    writer.add_context_length(model.position_embd.weight.shape[0])
    writer.add_array("pii_ner.labels", list(TAGS))
    writer.add_uint32("pii_ner.case_types", CASE_TYPES)
    writer.add_uint32("pii_ner.window", window)
    writer.add_uint32("pii_ner.overlap", overlap)
    writer.add_array("pii_ner.bias", [float(b) for b in bias])
    for name, tensor in tensors_of(model).items():
        if quantise(name, tensor):
            writer.add_tensor(name, gguf.quants.quantize(tensor, Q8), raw_dtype=Q8)
        else:
            writer.add_tensor(name, tensor.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_gguf(path: str) -> tuple[Recogniser, np.ndarray]:
    """The exported model in float arithmetic on its 8-bit weights, and its biases."""
    reader = gguf.GGUFReader(path)
    model = Recogniser()
    state = model.state_dict()
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type) if tensor.tensor_type == Q8 else tensor.data
        name = tensor.name.replace("cls.output.", "cls_output.")
        state[name].copy_(torch.from_numpy(np.array(values, dtype=np.float32).reshape(state[name].shape)))
    bias = np.array(reader.get_field("pii_ner.bias").contents(), dtype=np.float32)
    return model.eval(), bias


def golden(path: Path, tokenizer, gguf_path: Path):
    """Ten texts with what the exported model makes of them, to test another implementation against."""
    model, bias = read_gguf(str(gguf_path))
    records = []
    for text in GOLDEN:
        encoded = encode(tokenizer, text)
        ids = [CLS, *encoded.ids, SEP]
        cases = [0, *encoded.cases, 0]
        with torch.no_grad():
            logits = model(torch.tensor([ids]), torch.tensor([cases]), torch.tensor([len(ids)]))[0].numpy()
        spans = decode(encoded, logits[1:-1], bias)
        records.append({
            "text": text,
            "tokens": ids,
            "case_types": cases,
            "offsets": encoded.offsets,
            "first": encoded.first,
            "logits": [[round(float(v), 5) for v in row] for row in logits],
            "spans": [{"start": s, "end": e, "label": k, "score": round(p, 5)} for s, e, k, p in spans],
        })
    path.write_text(json.dumps({"labels": TAGS, "texts": records}, ensure_ascii=False) + "\n", encoding="utf-8")


def manifest(folder: Path) -> str:
    lines = [
        "# The recogniser of names and places: our own fine-tuning of all-MiniLM-L6-v2, see MODEL_CARD.md.",
        'name = "pii-ner"',
        'kind = "token-classification"',
        'architecture = "bert"',
        'format = "gguf"',
        'description = "Names, organisations, places, addresses, times, ages, titles and nationalities in eight languages"',
        "",
        "[licence]",
        'spdx = "Apache-2.0"',
        'url = "https://www.apache.org/licenses/LICENSE-2.0"',
    ]
    for name in ("pii-ner.gguf", "tokenizer.json", "golden.json"):
        data = (folder / name).read_bytes()
        lines += ["", "[[file]]", f'name = "{name}"', f'sha256 = "{hashlib.sha256(data).hexdigest()}"', f"bytes = {len(data)}"]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--bias", help="biases from tune.py")
    parser.add_argument("--window", type=int, default=WINDOW)
    parser.add_argument("--overlap", type=int, default=OVERLAP)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    model = Recogniser()
    model.load_state_dict(torch.load(options.checkpoint)["model"])
    bias = np.zeros(len(TAGS), dtype=np.float32)
    if options.bias:
        by_tag = json.loads(Path(options.bias).read_text())
        bias = np.array([by_tag[tag] for tag in TAGS], dtype=np.float32)
    if Path(options.tokenizer).resolve() != (out / "tokenizer.json").resolve():
        shutil.copyfile(options.tokenizer, out / "tokenizer.json")
    write_gguf(model.eval(), bias, out / "pii-ner.gguf", options.window, options.overlap)
    golden(out / "golden.json", load_tokenizer(options.tokenizer), out / "pii-ner.gguf")
    (out / "manifest.toml").write_text(manifest(out), encoding="utf-8")
    print((out / "manifest.toml").read_text())


if __name__ == "__main__":
    main()
