"""Writes tests/data/golden/tokenizers/NAME/: small tokenizers of the kinds that models in safetensors have, trained on a
page of text, and in ids.json the tokens of texts and of conversations by `tokenizers` and `transformers`.
The first of them gets a model: tests/data/golden/served/, a tiny Llama that has learnt the page by heart.

Usage: python make_tokenizers.py   (needs torch and transformers; made with 2.15 and 5.24)
"""
import json
import pathlib
import shutil

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "tests/data/golden/tokenizers"
SERVED = ROOT / "tests/data/golden/served"
PAGE = (ROOT / "src/cli/models/check.txt").read_text()
OTHER = "Grüße aus Köln! Ça coûte 12 € 日本語 👋🏽 \tx\n\n\nI'm   we'll DON'T 1234567 camelCase fn(x){} snake_case\r\n"
VOCAB = 400
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
          r"\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
CHAT = ("{{ bos_token }}{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
        "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
TEXTS = ["", " ", "  ", "a", "The kettle", "  The  kettle   leaks\n", OTHER, "x" * 30, "e\u0301 vs é", "12345 67", "\n\n \n",
         " <0x0A> ▁ ▁▁", "tabs\t\tand\u00a0more\u3000", "'s 'S they're", PAGE[:300]]
CHATS = [[["system", "Be brief."], ["user", "Hi"]], [["user", "  The kettle\n\nleaks "], ["assistant", "Oh."], ["user", "日本語"]]]


def bytes_of(pre, **options):
    tokenizer = Tokenizer(models.BPE(**options))
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def split(expression):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(expression), "isolated", invert=False),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def pieces():
    return Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))


def smollm():
    return bytes_of(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                             pre_tokenizers.ByteLevel(add_prefix_space=False)]))


def gpt2():
    return bytes_of(pre_tokenizers.ByteLevel(add_prefix_space=False))


def llama3():
    return bytes_of(split(LLAMA3), ignore_merges=True)


def qwen2():
    tokenizer = bytes_of(split(QWEN2))
    tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def llama2():
    tokenizer = pieces()
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return tokenizer


def gemma():
    tokenizer = pieces()
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous", invert=False)
    return tokenizer


def metaspace():
    tokenizer = pieces()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    return tokenizer


def metaspace_first():
    tokenizer = pieces()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    return tokenizer


KINDS = {make.__name__: make for make in (smollm, gpt2, llama3, qwen2, llama2, gemma, metaspace, metaspace_first)}
SPM = {"llama2", "gemma", "metaspace", "metaspace_first"}


def train(name):
    tokenizer = KINDS[name]()
    special = ["<unk>", "<s>", "<|im_start|>", "<|im_end|>"]
    if name in SPM:
        # Their trainers cut at spaces; the rules of the finished tokenizer need not.
        special += [f"<0x{byte:02X}>" for byte in range(256)]
        own, tokenizer.pre_tokenizer = tokenizer.pre_tokenizer, pre_tokenizers.Metaspace(prepend_scheme="never")
        trainer = trainers.BpeTrainer(vocab_size=VOCAB + 120, special_tokens=special, show_progress=False)
        tokenizer.train_from_iterator([PAGE], trainer)
        tokenizer.pre_tokenizer = own
        described = json.loads(tokenizer.to_str())
        described["added_tokens"] = [token for token in described["added_tokens"] if token["id"] < 4]
        described["decoder"] = json.loads(decoders.Sequence([
            decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
            *([] if name == "gemma" else [decoders.Strip(content=" ", left=1)])]).__getstate__())
        described["pre_tokenizer"] = json.loads(own.__getstate__()) if own else None
        tokenizer = Tokenizer.from_str(json.dumps(described))
    else:
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        tokenizer.train_from_iterator([PAGE, OTHER], trainers.BpeTrainer(
            vocab_size=VOCAB, special_tokens=special, initial_alphabet=alphabet, show_progress=False))
    tokenizer.add_tokens([AddedToken("    ", normalized=False)])
    if name in ("llama3", "llama2"):
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def save(name, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tokenizer = train(name)
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False))
    settings = {"bos_token": "<s>", "eos_token": {"content": "<|im_end|>"}, "tokenizer_class": "PreTrainedTokenizerFast"}
    if name == "qwen2":
        settings["chat_template"] = CHAT
    else:
        (folder / "chat_template.jinja").write_text(CHAT)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [0, 3]}))
    return tokenizer


def learn(tokenizer):
    size = tokenizer.get_vocab_size() + 3
    config = LlamaConfig(vocab_size=size, hidden_size=64, intermediate_size=96, num_hidden_layers=1,
                         num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=4096,
                         tie_word_embeddings=True, bos_token_id=1, eos_token_id=3)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    ids = torch.tensor(tokenizer.encode(PAGE).ids)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(400):
        at = torch.randint(0, len(ids) - 96, (4,))
        batch = torch.stack([ids[i:i + 96] for i in at])
        loss = model(batch, labels=batch).loss
        optimiser.zero_grad(); loss.backward(); optimiser.step()
    print(f"served: loss {loss.item():.2f} after {step + 1} steps")
    model.half().save_pretrained(SERVED)
    (SERVED / "generation_config.json").write_text(json.dumps({"eos_token_id": [0, 3]}))


def main():
    for name in KINDS:
        folder = OUT / name
        tokenizer = save(name, folder)
        fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="<|im_end|>")
        fast.chat_template = CHAT
        messages = [[{"role": role, "content": text} for role, text in chat] for chat in CHATS]
        chats = [{"messages": chat, "ids": list(fast.apply_chat_template(own, add_generation_prompt=True)["input_ids"])}
                 for chat, own in zip(CHATS, messages)]
        texts = [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids,
                  "framed": tokenizer.encode(text).ids} for text in TEXTS]
        (folder / "ids.json").write_text(json.dumps({"texts": texts, "chats": chats}, ensure_ascii=False))
        print(name, tokenizer.get_vocab_size())
    learn(save("smollm", SERVED))


if __name__ == "__main__":
    main()
