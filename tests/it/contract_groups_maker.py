"""Random small groups of pools for `contract_groups.py`.

Each pool has a random subset of the rules on, so that rules meet. Times lie on a grid: a coarse one, so that ties
happen often, or a fine one with almost none.
"""

UNLIMITED = [1000, 1000]

# Every rule that a pool may leave out, as it is when left out.
PLAIN = {
    "min": 0,
    "max": 1000,
    "buffer": 0,
    "buffer_always": False,
    "schedule": [],
    "starts_ready": False,
    "early_drain": None,
    "max_inputs": 1,
    "target": 0,  # 0: as many as a container takes
    "execution": "serial",
    "cancel": False,
    "at_once": None,
    "bound": False,
    "timeout_from_accept": False,
    "retries": 0,
    "delay": 2,
    "coefficient": 1,
    "max_delay": 1000000,
    "max_pending": None,
    "patience": None,
    "in_queue_only": False,
    "fallback": None,
    "hardware": [0],
    "gpus": 1,
    "hardware_wait": 0,
    "increment": 0,
    "minimum": 0,
}


class Maker:
    """One case: coarse ones are full of ties, fine ones have almost none."""

    def __init__(self, rng):
        self.rng = rng
        coarse = rng.random() < 0.75
        self.unit = 1 if coarse else 1000
        self.grid = rng.choice([1, 4]) if coarse else 1
        self.tick_ns = 504_000_000 if coarse else 504_000
        self.models = rng.choice([1, 1, 2, 2, 3])
        self.count = rng.choice([1, 1, 2, 2, 3, 3])

    def span(self, low, high):
        """A random number of ticks, on the grid."""
        ticks = self.rng.randint(low * self.unit, high * self.unit)
        return -(-ticks // self.grid) * self.grid

    def on(self, probability=0.25):
        return self.rng.random() < probability

    def case(self):
        rng, models = self.rng, range(self.models)
        homes = [rng.randrange(self.count) for _ in models]
        nexts = [self.step(m, homes) for m in models]
        limited = [rng.randint(1, 6), rng.choice([1000, rng.randint(1, 8)])] if self.on() else UNLIMITED
        capacity, scarcity = self.capacity() if self.on(0.3) else ([], [])
        pools = [self.pool(p, len(capacity)) for p in range(self.count)]
        for pool in reversed(pools):
            if "fallback" in pool and self.on(0.6):
                self.hedge(pool, pools)
        arrivals = self.arrivals()
        last = arrivals[-1][0]
        start = rng.choice([0, 0, self.span(1, max(1, last // self.unit))])
        end = max(last, start) + rng.choice([1, self.span(1, 30), self.span(100, 400)])
        return {
            "tick_ns": self.tick_ns,
            "homes": homes,
            "nexts": nexts,
            "quota": limited,
            "capacity": capacity,
            "scarcity": scarcity,
            "limits": [self.span(3, 30) for _ in models],
            "horizon": [start, end],
            "pools": pools,
            "arrivals": arrivals,
        }

    def hedge(self, pool, pools):
        """A pool hedges: what cannot be beside that gives way, there and where a copy may go."""
        pool["fallback"] |= {"hedge_after": self.span(1, 15) or 1, "cancel_loser": self.on(0.3)}
        pool.pop("patience", None)
        pool.pop("in_queue_only", None)
        while pool is not None:
            if "execution" in pool and not (pool["execution"] == "parallel" and pool.get("max_inputs", 1) == 1):
                if "batched" in pool["execution"]:
                    pool.pop("target", None)
                del pool["execution"]
            pool = pools[pool["fallback"]["pool"]] if "fallback" in pool else None

    def step(self, model, homes):
        """The next model of a chain; mostly of another pool."""
        later = [m for m in range(model + 1, self.models) if homes[m] != homes[model] or self.on(0.1)]
        return self.rng.choice(later) if later and self.on(0.5) else None

    def arrivals(self):
        rng, at, arrivals = self.rng, 0, []
        gap = rng.choice([1, 2, 4, 8, 20])
        for _ in range(rng.choice([rng.randint(2, 12), rng.randint(5, 25), rng.randint(10, 40)])):
            at += self.span(0, gap) if rng.random() < 0.7 else rng.choice([0, 0, self.span(10, 40)])
            service = 0 if rng.random() < 0.04 else self.span(0, 12)
            arrivals.append([at, service, rng.randrange(self.models)])
        return sorted(arrivals, key=lambda a: (a[0], a[2]))

    def capacity(self):
        """Waits and scarcity lists of two GPU types."""
        lists = []
        for _ in range(2):
            at, periods = self.span(0, 10), []
            for _ in range(self.rng.randint(0, 4)):
                ends = at + self.span(1, 20)
                periods.append([at, ends])
                at = ends + self.span(1, 20)
            lists.append(periods)
        wait = lambda: 0 if self.on(0.4) else self.span(1, 8)
        return [[wait(), self.rng.choice([None, 0, 1])] for _ in range(2)], lists

    def pool(self, place, types):
        rng = self.rng
        most = rng.choice([1, 2, 3, 4, 1000])
        pool = {
            "min": min(most, rng.choice([0, 0, 0, 1, 2])),
            "max": most,
            "window": rng.choice([0, self.span(1, 6), self.span(5, 40), 200 * self.unit]),
            "max_inputs": rng.choice([1, 1, 2, 3, 5]),
            "timeout": rng.choice([1000 * self.unit, 1000 * self.unit, self.span(4, 12), self.span(8, 16)]),
        }
        self.execution(pool)
        self.bounds(pool)
        self.starts(pool, types)
        self.clients(pool, place)
        if self.on(0.3):
            pool |= {"increment": self.span(1, 10), "minimum": self.span(0, 20)}
        return {key: value for key, value in pool.items() if key not in PLAIN or PLAIN[key] != value}

    def execution(self, pool):
        rng, models = self.rng, range(self.models)
        kind = rng.choice(["serial", "serial", "parallel", "shared", "batched"])
        pool["execution"] = kind
        if kind == "serial":
            pool["timeout_from_accept"] = self.on(0.4)
            if self.models > 1 and self.on(0.4):
                pool["switch"] = [[0 if a == b else self.span(1, 8) for b in models] for a in models]
        elif kind == "shared":
            tables = [[1, 1.5], [1, 1.5, 2], [1, 1.6], [1, 1.2, 1.5, 1.6], [2, 1]]
            power = {"power": rng.choice([0, 1])}
            pool["execution"] = {"shared": power if self.on(0.4) else {"table": rng.choice(tables)}}
            pool["timeout_from_accept"] = self.on()
        elif kind == "batched":
            wait = rng.choice([0, self.span(1, 4), self.span(2, 10)])
            share = rng.choice([0, 0.25, 0.5, 1])
            pool["execution"] = {"batched": {"size": rng.choice([1, 2, 3, 4]), "wait": wait, "item_share": share}}
            pool["max_inputs"] = 1
        room = pool["execution"]["batched"]["size"] if kind == "batched" else pool["max_inputs"]
        if room > 1 and self.on(0.4):
            pool["target"] = rng.randint(1, room - 1)
        pool["services"] = [[self.span(0, 14) for _ in range(2)] for _ in models]

    def bounds(self, pool):
        rng = self.rng
        pool["starts_ready"] = self.on()
        if self.on():
            pool["early_drain"] = self.span(0, 8)
        if self.on(0.3):
            pool |= {"buffer": rng.choice([1, 2]), "buffer_always": self.on(0.4)}
        if self.on():
            at, pool["schedule"] = 0, []
            for _ in range(rng.randint(1, 4)):
                at += self.span(0, 30)
                most = rng.choice([1, 2, 3, 1000])
                pool["schedule"].append([at, min(most, rng.choice([0, 1, 2, 3])), most])

    def starts(self, pool, types):
        rng, models = self.rng, range(self.models)
        pool["boots"] = [rng.choice([0, self.span(1, 6), self.span(4, 40)]) for _ in models]
        if types:
            pool["hardware"] = rng.choice([[0], [1], [0, 1], [1, 0]])
            pool["hardware_wait"] = self.span(0, 6) if len(pool["hardware"]) > 1 else 0
        pool["gpus"] = rng.choice([1, 1, 2])
        if len(pool.get("hardware", [0])) > 1 or self.on():
            pool["boots"] = [[self.phases() for _ in pool.get("hardware", [0])] for _ in models]
        # Left open: who starts what a schedule or a buffer wants beside bound requests, and whether a change of bounds
        # cancels boots.
        plain = not (pool.get("schedule") or pool.get("buffer") or "batched" in pool["execution"])
        if plain and self.on(0.3):
            pool["bound"] = True
        else:
            pool["cancel"] = "schedule" not in pool and self.on(0.3)
            if self.on(0.2):
                pool["at_once"] = rng.choice([1, 1, 2])

    def phases(self):
        boot = {"phases": [self.span(0, 9) for _ in range(self.rng.randint(0, 3))]}
        if self.on(0.5):
            boot |= {"image": self.span(1, 8), "bill_image": self.on(0.5)}
        if self.on(0.4):
            boot |= {"restore": self.span(0, 6), "snapshot_fails": self.on(0.5)}
        return boot

    def clients(self, pool, place):
        rng = self.rng
        pool["retries"] = rng.choice([0, 0, 1, 3])
        pool["delay"] = rng.choice([0, 2 * self.unit, self.span(1, 9)])
        pool["max_delay"] = pool["delay"]
        if self.on(0.4):
            pool |= {"coefficient": rng.choice([1.5, 2, 3]), "max_delay": pool["delay"] + self.span(0, 20)}
        if self.on(0.3):
            pool |= {"patience": rng.choice([0, self.span(1, 12), self.span(8, 40)]), "in_queue_only": self.on(0.5)}
        if self.on():
            pool["max_pending"] = rng.choice([0, 0, 1, 3])
        if place + 1 < self.count and self.on(0.6):
            fallback = {"pool": rng.randrange(place + 1, self.count)}
            fallback |= {"on_failure": self.on(0.4), "on_rejection": self.on(0.4)}
            if fallback["on_failure"]:
                pool["timeout"] = self.span(4, 12)
            if fallback["on_rejection"]:
                pool["max_pending"] = rng.choice([0, 0, 1])
            if self.on(0.5):
                fallback["on_wait"] = rng.choice([0, self.span(1, 4), self.span(3, 15)])
            pool["fallback"] = fallback
