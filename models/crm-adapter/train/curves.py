"""Draws the curves of a run, or of the learning curve, as an SVG: `curves.py --log run/log.jsonl --out curves.svg`."""

import argparse
import json
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 420, 260, 48, 38, 30, 14
COLOURS = ("#1b6ca8", "#c2571a", "#3a7d44", "#7a4a9e", "#a8323e", "#8a7a1f", "#4a4a4a")


def panel(title: str, x_name: str, lines: dict[str, list[tuple[float, float]]], at: int, ticks=None) -> str:
    """One picture: a frame, at most five numbers on each axis, the lines and their names."""
    points = [p for line in lines.values() for p in line]
    if not points:
        return ""
    x_low, x_high = min(p[0] for p in points), max(p[0] for p in points)
    y_low, y_high = min(p[1] for p in points), max(p[1] for p in points)
    x_high, pad = max(x_high, x_low + 1e-9), (y_high - y_low) * 0.05 or 0.05
    y_low, y_high = y_low - pad, y_high + pad
    inner_x, inner_y = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    px = lambda x: at + LEFT + (x - x_low) / (x_high - x_low) * inner_x  # noqa: E731
    py = lambda y: TOP + (y_high - y) / (y_high - y_low) * inner_y  # noqa: E731
    out = [f'<rect x="{at + LEFT}" y="{TOP}" width="{inner_x}" height="{inner_y}" fill="none" stroke="#999"/>']
    out.append(f'<text x="{at + LEFT}" y="{TOP - 10}" font-weight="bold">{title}</text>')
    out.append(f'<text x="{at + LEFT + inner_x}" y="{HEIGHT - 4}" text-anchor="end">{x_name}</text>')
    for i in range(5):
        y = y_low + (y_high - y_low) * (i + 0.5) / 5
        out.append(f'<path d="M{at + LEFT} {py(y):.1f}h{inner_x}" stroke="#eee"/>')
        out.append(f'<text x="{at + LEFT - 4}" y="{py(y) + 4:.1f}" text-anchor="end">{y:.2f}</text>')
    for x in ticks or [x_low + (x_high - x_low) * i / 4 for i in range(5)]:
        out.append(f'<text x="{px(x):.1f}" y="{HEIGHT - 20}" text-anchor="middle">{round(x, 1):g}</text>')
    for i, (name, line) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        path = " ".join(f"{px(x):.1f},{py(y):.1f}" for x, y in line)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        out += [f'<circle cx="{px(x):.1f}" cy="{py(y):.1f}" r="2" fill="{colour}"/>' for x, y in line] if len(line) < 20 else []
        out.append(f'<text x="{at + LEFT + 8}" y="{TOP + 14 + 13 * i}" fill="{colour}">{name}</text>')
    return "\n".join(out)


def svg(panels: list[str]) -> str:
    width = WIDTH * len(panels)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" font-family="sans-serif" font-size="11">'
    return "\n".join([head, f'<rect width="{width}" height="{HEIGHT}" fill="white"/>', *panels, "</svg>\n"])


def read(path: str) -> list[dict]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def run(log: list[dict]) -> str:
    steps = [line for line in log if "choice" in line]
    # All of dev at the start and the end, a part of it meanwhile.
    looks = [line | {"dev": line.get("dev") or line["part_of_dev"]} for line in log if "dev" in line or "part_of_dev" in line]
    kinds = [key for key in (looks[-1]["dev"]["accuracy"] if looks else {}) if "-" not in key]
    loss = {"training": [(s["step"], s["choice"]) for s in steps], "dev": [(l["step"], l["dev"]["loss"]) for l in looks]}
    right = {"training": [(s["step"], s["accuracy"]) for s in steps], "dev": [(l["step"], l["dev"]["accuracy"]["all"]) for l in looks]}
    by_kind = {kind: [(l["step"], l["dev"]["accuracy"][kind]) for l in looks if kind in l["dev"]["accuracy"]] for kind in kinds}
    panels = [panel("loss of decisions", "step", loss, 0), panel("right decisions", "step", right, WIDTH)]
    return svg([*panels, panel("right decisions on dev, by kind", "step", by_kind, 2 * WIDTH)])


def learning(results: list[dict]) -> str:
    """Right decisions and loss on dev by the number of distinct texts, steps being equal."""
    right = {"all decisions": [(r["texts"], r["dev"]["accuracy"]["all"]) for r in results]}
    loss = {"dev": [(r["texts"], r["dev"]["loss"]) for r in results]}
    ticks = [r["texts"] for r in results]
    return svg([panel("right decisions on dev", "distinct texts", right, 0, ticks), panel("loss on dev", "distinct texts", loss, WIDTH, ticks)])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", help="log.jsonl of train.py")
    parser.add_argument("--learning", help="results.jsonl of learning_curve.py")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    Path(options.out).write_text(run(read(options.log)) if options.log else learning(read(options.learning)))


if __name__ == "__main__":
    main()
