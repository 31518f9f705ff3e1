"""Means with 95 % intervals over trials, as cells of a Markdown table."""

import math
import statistics

from scipy.stats import t as student


def cell(values, digits=4):
    """Mean of the trials and half the width of its interval by Student's t."""
    values = [float(value) for value in values]
    mean = statistics.fmean(values)
    half = student.ppf(0.975, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:.{digits}f} ± {half:.{digits}f}"


def table(title, header, rows):
    """Prints one table."""
    print(f"\n**{title}**\n")
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(part) for part in row) + " |", flush=True)


def erlang_b(servers, load):
    """Probability that all servers of a loss system are busy. Erlang (1917)."""
    blocking = 1.0
    for k in range(1, servers + 1):
        blocking = load * blocking / (k + load * blocking)
    return blocking


def mmc(servers, rate, mean_s):
    """Mean wait, probability of waiting and 95th percentile of the latency of M/M/c. Erlang (1917)."""
    load, mu = rate * mean_s, 1.0 / mean_s
    b = erlang_b(servers, load)
    waits = b / (1.0 - load / servers * (1.0 - b))
    drain = servers * mu - rate

    def beyond(t):
        both = (drain * math.exp(-mu * t) - mu * math.exp(-drain * t)) / (drain - mu)
        return (1.0 - waits) * math.exp(-mu * t) + waits * both

    low, high = 0.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2.0
        low, high = (middle, high) if beyond(middle) > 0.05 else (low, middle)
    return waits / drain, waits, high
