"""Measures llama.cpp on a GGUF file through its C interface, as `bailiwick bench --json` measures ours.

usage: llama_cpp.py FILE.gguf [--threads 2] [--prompt 512,2048] [--batch 1,4,8,16] [--tokens 64]
One JSON object per measurement. Needs: pip install xllamacpp (a prebuilt llama.cpp; its library exports
the C interface, which is all that is used of it).
"""
import argparse
import ctypes
import importlib.util
import json
import os
import time

CHUNK = 512


class Opaque(ctypes.Structure):
    """A structure of parameters: the first fields are the sizes of a context, the rest stays as it came."""
    _fields_ = [("sizes", ctypes.c_uint32 * 4), ("rest", ctypes.c_char * 1008)]


class Batch(ctypes.Structure):
    _fields_ = [("n_tokens", ctypes.c_int32), ("token", ctypes.POINTER(ctypes.c_int32)),
                ("embd", ctypes.c_void_p), ("pos", ctypes.POINTER(ctypes.c_int32)),
                ("n_seq_id", ctypes.POINTER(ctypes.c_int32)),
                ("seq_id", ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
                ("logits", ctypes.POINTER(ctypes.c_int8))]


def load():
    package = importlib.util.find_spec("xllamacpp")
    lib = ctypes.CDLL(os.path.join(package.submodule_search_locations[0], "xllamacpp.abi3.so"))
    lib.llama_model_default_params.restype = Opaque
    lib.llama_context_default_params.restype = Opaque
    lib.llama_model_load_from_file.restype = ctypes.c_void_p
    lib.llama_model_load_from_file.argtypes = [ctypes.c_char_p, Opaque]
    lib.llama_init_from_model.restype = ctypes.c_void_p
    lib.llama_init_from_model.argtypes = [ctypes.c_void_p, Opaque]
    lib.llama_set_n_threads.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32]
    lib.llama_batch_init.restype = Batch
    lib.llama_decode.argtypes = [ctypes.c_void_p, Batch]
    lib.llama_synchronize.argtypes = [ctypes.c_void_p]
    lib.llama_get_memory.restype = ctypes.c_void_p
    lib.llama_get_memory.argtypes = [ctypes.c_void_p]
    lib.llama_memory_clear.argtypes = [ctypes.c_void_p, ctypes.c_bool]
    silent = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
    lib.llama_log_set(silent, None)
    lib.keep = silent
    return lib


class Context:
    def __init__(self, lib, model, n_ctx, n_seq, threads):
        self.lib = lib
        params = lib.llama_context_default_params()
        found = list(params.sizes)
        assert found == [512, 2048, 512, 1], f"another layout of llama_context_params: {found}"
        params.sizes[:] = [n_ctx, 2048, CHUNK, n_seq]
        self.context = lib.llama_init_from_model(model, params)
        assert self.context, "no context"
        lib.llama_set_n_threads(self.context, threads, threads)
        self.batch = lib.llama_batch_init(CHUNK, 0, 1)

    def decode(self, rows):
        """Rows are (token, position, sequence, wants logits)."""
        b = self.batch
        b.n_tokens = len(rows)
        for i, (token, position, sequence, logits) in enumerate(rows):
            b.token[i], b.pos[i], b.n_seq_id[i], b.logits[i] = token, position, 1, logits
            b.seq_id[i][0] = sequence
        assert self.lib.llama_decode(self.context, b) == 0, "llama_decode failed"
        self.lib.llama_synchronize(self.context)

    def clear(self):
        self.lib.llama_memory_clear(self.lib.llama_get_memory(self.context), True)


def token(i):
    return i * 2654435761 % 200


def median(rounds, measure):
    measure()
    return sorted(measure() for _ in range(rounds))[rounds // 2]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("file")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--prompt", default="512,2048")
    p.add_argument("--batch", default="1,4,8,16")
    p.add_argument("--tokens", type=int, default=64)
    p.add_argument("--rounds", type=int, default=3)
    args = p.parse_args()
    lib = load()
    lib.llama_backend_init()
    model = lib.llama_model_load_from_file(args.file.encode(), lib.llama_model_default_params())
    assert model, "the file can't be loaded"
    for length in map(int, args.prompt.split(",")):
        context = Context(lib, model, length, 1, args.threads)

        def prefill():
            context.clear()
            start = time.perf_counter()
            for at in range(0, length, CHUNK):
                end = min(at + CHUNK, length)
                context.decode([(token(i), i, 0, i == length - 1) for i in range(at, end)])
            return length / (time.perf_counter() - start)

        report("prefill", length, median(args.rounds, prefill))
    for batch in map(int, args.batch.split(",")):
        context = Context(lib, model, batch * max(args.tokens, 256), batch, args.threads)

        def decode():
            context.clear()
            start = time.perf_counter()
            for step in range(args.tokens):
                context.decode([(token(step + s), step, s, True) for s in range(batch)])
            return batch * args.tokens / (time.perf_counter() - start)

        report("decode", batch, median(args.rounds, decode))


def report(work, size, rate):
    print(json.dumps({"work": work, "size": size, "tokens_per_second": rate}), flush=True)


if __name__ == "__main__":
    main()
