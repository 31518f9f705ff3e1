"""Shapes of requests and adapters for `contract_groups.py`: what the luck of a request says of both.

Nothing here is left to chance: a request's luck is the instant of its arrival, and its draws are computed once more, as
the contract has them (SplitMix64 at an address made of try and purpose).
"""

MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15
CHAIN, STEPS, ADAPTER = 3, 64, 72


def mix(x):
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


def draw(luck, purpose, weights):
    """The place that a request draws for a purpose, each with its weight."""
    u = (mix((luck + (purpose + 1) * STEP) & MASK) >> 11) / 2**53 * sum(weights)
    for place, weight in enumerate(weights):
        u -= weight
        if u < 0:
            return place
    return len(weights) - 1


def next_step(luck):
    """The luck of the next request of a chain."""
    return mix((mix(luck ^ 0x6A09E667F3BCC909) + CHAIN * STEP) & MASK)


def factor(case, model, luck, hardware):
    """What the shape of a request makes of its service time on a GPU type: half of it does not grow on the second."""
    works = case.get("works", {}).get(str(model))
    if works is None:
        return 1
    work = works[draw(luck, STEPS, [weight for weight, _ in works])][1]
    return work if hardware == 0 else (1 + work) // 2


def load(case, model, luck, held):
    """How long the load of its adapter lasts, and what the container holds then, the last used first."""
    adapters = case.get("adapters", {}).get(str(model))
    if adapters is None:
        return 0, held
    mine = draw(luck, ADAPTER, adapters["weights"])
    others = [one for one in held if one != mine]
    return (0 if mine in held else adapters["load"]), [mine, *others][: adapters["held"]]


def add(rng, case):
    """Gives a case shapes and, where every container executes one input at a time, adapters."""
    models = range(len(case["homes"]))
    singly = all(
        pool.get("execution", "serial") == "serial"
        or (pool["execution"] == "parallel" and pool.get("max_inputs", 1) == 1)
        for pool in case["pools"]
    )
    # Odd works, so that half of one more is whole.
    works = [[[2, 1], [1, 3]], [[1, 1], [1, 3], [2, 5]]]
    case["works"] = {str(m): rng.choice(works) for m in models if rng.random() < 0.6}
    case["adapters"] = {
        str(m): {"weights": rng.choice([[1, 1], [3, 1, 1]]), "load": rng.randint(0, 4), "held": rng.randint(1, 2)}
        for m in models
        if singly and rng.random() < 0.7
    }
    case["arrivals"] = [(at, service * factor(case, m, at, 0), m) for at, service, m in case["arrivals"]]
    return case
