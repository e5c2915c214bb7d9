"""The operations of a layer with their gradients, written out: fewer passes over memory than the library's own need."""

import torch
import torch.nn.functional as F


def plain_rms_norm(x, shape, eps: float):
    """For a torch from before 2.4, which has it not in one piece."""
    return (x.float() * torch.rsqrt(x.float().square().mean(-1, keepdim=True) + eps)).to(x.dtype)


rms_norm = getattr(F, "rms_norm", plain_rms_norm)


class Adapted(torch.autograd.Function):
    """A product with a merged matrix; the gradient goes to the two low-rank factors."""

    @staticmethod
    def forward(ctx, x, a, b, merged, key):
        ctx.save_for_backward(x)
        ctx.merged, ctx.key = merged, key
        return x @ merged.turned[key]

    @staticmethod
    def backward(ctx, dy):
        (x,), merged, key = ctx.saved_tensors, ctx.merged, ctx.key
        a, b, adapter = merged.a[key], merged.b[key], merged.adapter
        norm = merged.base.layers[key[0]].get(f"norm_{key[1]}")
        dx = dy @ merged.weights[key] if ctx.needs_input_grad[0] else None
        low = x @ (a if norm is None else a * norm.to(a.dtype)).T
        rank, rows = adapter.rank, adapter.rows(key[1])
        into_a = torch.cat([dy[:, start:end] @ b[start:end] for start, end in rows], 1)
        low = low.T.contiguous()
        into_b = [low[i * rank : (i + 1) * rank] @ dy[:, start:end] for i, (start, end) in enumerate(rows)]
        da = (into_a.T.contiguous() @ x).float() * adapter.scale
        db = torch.cat(into_b, 1).T.float() * adapter.scale
        return dx, da if norm is None else da * norm, db, None, None


class Normed(torch.autograd.Function):
    """Division by the root of the mean square; the weight is in the next matrix."""

    @staticmethod
    def forward(ctx, x, epsilon):
        y = rms_norm(x, x.shape[-1:], eps=epsilon)
        ctx.save_for_backward(x, y)
        ctx.epsilon = epsilon
        return y

    @staticmethod
    def backward(ctx, dy):
        x, y = ctx.saved_tensors
        by = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32).square_().div_(x.shape[-1]).add_(ctx.epsilon).rsqrt_()
        along = (dy * y).mean(-1, keepdim=True, dtype=torch.float32)
        return torch.addcmul(dy, y, along.to(y.dtype), value=-1).mul_(by.to(y.dtype)), None


class Gated(torch.autograd.Function):
    """SwiGLU of a gate and what it lets through, side by side."""

    @staticmethod
    def forward(ctx, gate_up):
        ctx.save_for_backward(gate_up)
        gate, up = gate_up.chunk(2, -1)
        return F.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx, dy):
        (gate_up,) = ctx.saved_tensors
        gate, up = gate_up.chunk(2, -1)
        out = torch.empty_like(gate_up)
        dgate, dup = out.chunk(2, -1)
        torch.mul(dy, F.silu(gate), out=dup)
        dgate.copy_(torch.ops.aten.silu_backward(dy * up, gate))
        return out


class Mixed(torch.autograd.Function):
    """Causal attention written out: for a few hundred places that is faster than the backward pass of the library.

    Blocks of queries see the keys up to their end only; queries that share a key lie one below the other.
    """

    BLOCK = 128

    @staticmethod
    def blocks(length: int) -> list[tuple[int, int]]:
        count = max(1, round(length / Mixed.BLOCK))
        ends = [length * i // count for i in range(count + 1)]
        return list(zip(ends, ends[1:]))

    @staticmethod
    def forward(ctx, q, k, v):
        batch, length, heads, width = q.shape
        groups = k.shape[2]
        each = heads // groups
        # [batch and group, head, place, width]
        q = q.unflatten(2, (groups, each)).permute(0, 2, 3, 1, 4).reshape(batch * groups, each, length, width) * width**-0.5
        k = k.transpose(1, 2).reshape(batch * groups, length, width)
        v = v.transpose(1, 2).reshape(batch * groups, length, width)
        mixed = torch.empty(batch, groups, each, length, width, dtype=q.dtype)
        kept = []
        for start, end in Mixed.blocks(length):
            own = q[:, :, start:end].reshape(batch * groups, -1, width)
            scores = torch.bmm(own, k[:, :end].transpose(1, 2)).view(batch * groups, each, end - start, end)
            later = torch.ones(end - start, end - start, dtype=torch.bool).triu_(1)
            scores[..., start:].masked_fill_(later, float("-inf"))
            shares = scores.softmax(-1)
            mixed[:, :, :, start:end] = torch.bmm(shares.flatten(1, 2), v[:, :end]).view(batch, groups, each, -1, width)
            kept.append(shares)
        ctx.save_for_backward(q, k, v, *kept)
        ctx.shape = batch, length, groups, each, width
        return mixed.permute(0, 3, 1, 2, 4).reshape(batch, length, heads, width)

    @staticmethod
    def backward(ctx, dy):
        q, k, v, *kept = ctx.saved_tensors
        batch, length, groups, each, width = ctx.shape
        dy = dy.unflatten(2, (groups, each)).permute(0, 2, 3, 1, 4).reshape(batch * groups, each, length, width)
        dq, dk, dv = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for (start, end), shares in zip(Mixed.blocks(length), kept):
            own, down = (x[:, :, start:end].reshape(batch * groups, -1, width) for x in (q, dy))
            flat = shares.flatten(1, 2)
            dv[:, :end] += torch.bmm(down.transpose(1, 2), flat).transpose(1, 2)
            ds = torch._softmax_backward_data(torch.bmm(down, v[:, :end].transpose(1, 2)), flat, -1, flat.dtype)
            dq[:, :, start:end] = torch.bmm(ds, k[:, :end]).view(batch * groups, each, -1, width)
            dk[:, :end] += torch.bmm(own.transpose(1, 2), ds).transpose(1, 2)
        dq = dq.mul_(width**-0.5).view(batch, groups, each, length, width).permute(0, 3, 1, 2, 4).flatten(2, 3)
        dk, dv = (x.view(batch, groups, length, width).transpose(1, 2) for x in (dk, dv))
        return dq, dk, dv


class Turned(torch.autograd.Function):
    """Rotary positions on the two halves of each head."""

    @staticmethod
    def turn(x, cos, sin, back: bool):
        first, second = x.chunk(2, -1)
        out = torch.empty(x.shape, dtype=x.dtype)
        one, two = out.chunk(2, -1)
        sign = -1 if back else 1
        torch.mul(first, cos, out=one).addcmul_(second, sin, value=-sign)
        torch.mul(second, cos, out=two).addcmul_(first, sin, value=sign)
        return out

    @staticmethod
    def forward(ctx, x, cos, sin):
        ctx.save_for_backward(cos, sin)
        return Turned.turn(x, cos, sin, False)

    @staticmethod
    def backward(ctx, dy):
        return Turned.turn(dy, *ctx.saved_tensors, True), None, None
