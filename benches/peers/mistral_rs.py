"""Measures mistral.rs on a GGUF file, as `bailiwick bench --json` measures ours.

usage: mistral_rs.py FILE.gguf [--threads 2] [--prompt 128] [--tokens 32]
One JSON object per measurement, by the program's own clock; one sequence at a time. A prompt of so many tokens is one
of about as many: the chat template adds some. Needs: pip install mistralrs (prebuilt, for the CPU).
"""
import argparse
import json
import os
import pathlib


def main():
    p = argparse.ArgumentParser()
    p.add_argument("file", type=pathlib.Path)
    p.add_argument("--threads", default="2")
    p.add_argument("--prompt", type=int, default=128)
    p.add_argument("--tokens", type=int, default=32)
    p.add_argument("--rounds", type=int, default=1)
    args = p.parse_args()
    # Read when the library is loaded.
    os.environ["RAYON_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = args.threads
    import mistralrs

    file = mistralrs.Which.GGUF(quantized_model_id=str(args.file.parent), quantized_filename=args.file.name)
    runner = mistralrs.Runner(which=file)
    for number in range(args.rounds):
        words = " ".join(f"word {number}{at % 10}" for at in range(args.prompt // 4))
        request = mistralrs.ChatCompletionRequest(
            model="default", messages=[{"role": "user", "content": words}], max_tokens=args.tokens, temperature=0.0)
        usage = runner.send_chat_completion_request(request).usage
        for work, size, rate in [("prefill", usage.prompt_tokens, usage.avg_prompt_tok_per_sec),
                                 ("decode", 1, usage.avg_compl_tok_per_sec)]:
            print(json.dumps({"work": work, "size": size, "tokens_per_second": rate}), flush=True)


if __name__ == "__main__":
    main()
