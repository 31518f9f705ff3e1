"""The platform's contract, written a second time and as simply as possible.

An independent oracle for the engine: it shares no code and no design with it. Time moves from instant to instant; at
each, every container's state since the last one is written into the bill, then everything that is due happens in the
contract's order: departures, boots done, retries, clients who have thought, arrivals, expiries. All numbers are integers
(ticks), nothing is random but the making of the cases.

A client thinks, sends a request, waits for its end (completed, or its last try failed) and thinks again. It sends nothing
at or after the end of the horizon.

Two readings where the contract leaves room: a container that the floor held back beyond its window stops with the
departure that lowers the floor, ahead of an arrival at the same instant; and the peak counts containers that exist for
some time, not one that starts and stops within an instant.

    python3 tests/it/contract.py > tests/it/contract.json

writes the cases that tests/it/contract.rs replays. `contract.py SEED COUNT WITH_CLIENTS` writes others, for a longer look.
"""

import json
import random
import sys


STATES = ("boot", "busy", "idle", "wasted")


class Request:
    def __init__(self, at, service, model, client=None):
        self.at, self.service, self.model, self.client = at, service, model, client
        self.tries = 0
        self.first_started = None
        self.cold = False
        self.ended = None
        self.completed = False


class Try:
    """One execution: when it ends, and how."""

    def __init__(self, request, ends, succeeds, number):
        self.request, self.ends, self.succeeds, self.number = request, ends, succeeds, number


class Container:
    def __init__(self, number, ready, model):
        self.number, self.ready, self.loaded = number, ready, model
        self.up = False
        self.accepted = []  # requests inside, executing or waiting, in order of acceptance
        self.executing = []
        self.level_since = 0  # a running number: the later, the more recently it came to its count of inputs
        self.idle_since = None

    def state(self):
        if not self.up:
            return "boot"
        if any(t.succeeds for t in self.executing):
            return "busy"
        return "wasted" if self.executing else "idle"


class Simulation:
    def __init__(self, case):
        self.pool = case["pool"]
        self.boots = case["boots"]
        self.start, self.end = case["horizon"]
        self.requests = [Request(*a) for a in case["arrivals"]]
        self.sent = []
        self.now = 0
        self.containers = []
        self.queue = []
        self.pauses = []  # (instant, number, request) of retries
        self.thoughts = []  # (instant, number, client) of clients who think
        self.counter = 0
        self.to_come = 0
        self.bills = [dict.fromkeys(STATES, 0) for _ in self.boots]
        self.boots_started = [0] * len(self.boots)
        self.started = 0
        self.peak = 0
        for group in case.get("clients", []):
            for first in group["first"]:
                self.think(group, first)

    def number(self):
        self.counter += 1
        return self.counter

    # What the autoscaler wants.

    def inputs(self):
        return len(self.queue) + sum(len(c.accepted) for c in self.containers)

    def floor(self):
        p, inputs = self.pool, self.inputs()
        wanted = -(-inputs // p["max_inputs"])
        if inputs > 0:
            wanted += p["buffer"]
        return min(max(p["min"], wanted), p["max"])

    def scale_up(self, model):
        while len(self.containers) < self.floor():
            container = Container(self.started, self.now + self.boots[model], model)
            self.started += 1
            self.containers.append(container)
            if self.start <= self.now < self.end:
                self.boots_started[model] += 1

    # Clients.

    def think(self, client, span):
        self.thoughts.append((self.now + span, self.number(), client))

    def over(self, request):
        request.ended = self.now
        if request.client is not None:
            self.think(request.client, request.client["think"])

    # What happens to requests.

    def assign(self):
        while self.queue:
            able = [c for c in self.containers if c.up and len(c.accepted) < self.pool["max_inputs"]]
            if not able:
                return
            container = min(able, key=lambda c: (len(c.accepted), -c.level_since))
            request = self.queue.pop(0)
            container.accepted.append(request)
            container.level_since = self.number()
            container.idle_since = None
            if self.pool["execution"] == "parallel" or not container.executing:
                self.execute(container, request)

    def execute(self, container, request):
        if request.first_started is None:
            request.first_started = self.now
            request.cold = container.ready > request.at
        request.tries += 1
        length = self.pool["switch"][request.model][container.loaded] + request.service
        container.loaded = request.model
        succeeds = length <= self.pool["timeout"]
        ends = self.now + min(length, self.pool["timeout"])
        container.executing.append(Try(request, ends, succeeds, self.number()))

    def depart(self, container, ended):
        container.executing.remove(ended)
        request = ended.request
        container.accepted.remove(request)
        container.level_since = self.number()
        if ended.succeeds:
            request.completed = True
            self.over(request)
        elif request.tries <= self.pool["retries"]:
            self.pauses.append((self.now + self.pool["retry_delay"], self.number(), request))
        else:
            self.over(request)
        if self.pool["execution"] == "serial" and container.accepted:
            self.execute(container, container.accepted[0])
        if not container.accepted:
            container.idle_since = self.now
        self.assign()
        while self.stop_idle(self.now - 1):
            pass

    # The order of things at one instant.

    def departure(self):
        due = [(t.number, c, t) for c in self.containers for t in c.executing if t.ends == self.now]
        if not due:
            return False
        _, container, ended = min(due, key=lambda d: d[0])
        self.depart(container, ended)
        return True

    def boot_done(self):
        due = [c for c in self.containers if not c.up and c.ready == self.now]
        if not due:
            return False
        container = min(due, key=lambda c: c.number)
        container.up = True
        container.idle_since = self.now
        container.level_since = self.number()
        self.assign()
        return True

    def retry(self):
        due = [p for p in self.pauses if p[0] == self.now]
        if not due:
            return False
        pause = min(due, key=lambda p: p[1])
        self.pauses.remove(pause)
        self.enter(pause[2])
        return True

    def sending(self):
        due = [t for t in self.thoughts if t[0] == self.now]
        if not due or self.now >= self.end:
            return False
        thought = min(due, key=lambda t: t[1])
        self.thoughts.remove(thought)
        client = thought[2]
        self.sent.append(Request(self.now, client["service"], client["model"], client))
        self.enter(self.sent[-1])
        return True

    def arrival(self):
        if self.to_come == len(self.requests) or self.requests[self.to_come].at != self.now:
            return False
        self.to_come += 1
        self.enter(self.requests[self.to_come - 1])
        return True

    def enter(self, request):
        self.queue.append(request)
        self.assign()
        self.scale_up(request.model)

    def expiry(self):
        return self.stop_idle(self.now)

    def stop_idle(self, latest):
        """Stops the longest idle container whose window ran out by `latest`, if the floor allows."""
        idle = [c for c in self.containers if c.idle_since is not None]
        over = [c for c in idle if c.idle_since + self.pool["window"] <= latest]
        if not over or len(self.containers) <= self.floor():
            return False
        self.containers.remove(min(over, key=lambda c: c.level_since))
        return True

    def happen(self):
        while (
            self.departure()
            or self.boot_done()
            or self.retry()
            or self.sending()
            or self.arrival()
            or self.expiry()
        ):
            pass

    # Time.

    def next_instant(self):
        instants = [t.ends for c in self.containers for t in c.executing]
        instants += [c.ready for c in self.containers if not c.up]
        instants += [p[0] for p in self.pauses]
        instants += [t[0] for t in self.thoughts if t[0] < self.end]
        instants += [r.at for r in self.requests[self.to_come :][:1]]
        for c in self.containers:
            if c.idle_since is not None:
                instants.append(c.idle_since + self.pool["window"])
        return min((i for i in instants if i > self.now), default=None)

    def pass_time(self, until):
        inside = min(until, self.end) - max(self.now, self.start)
        if inside > 0:
            self.peak = max(self.peak, len(self.containers))
            for container in self.containers:
                self.bills[container.loaded][container.state()] += inside
        self.now = until

    def run(self):
        self.scale_up(0)
        self.happen()
        while (instant := self.next_instant()) is not None:
            self.pass_time(instant)
            self.happen()
        self.pass_time(max(self.now, self.end))
        assert all(r.ended is not None for r in self.requests + self.sent)
        return {
            "ledgers": [[bill[s] for s in STATES] for bill in self.bills],
            "peak": self.peak,
            "models": [self.model(m) for m in range(len(self.boots))],
        }

    def model(self, model):
        """arrived, completed, failed, cold, late, boots, sum of latencies, sum of waits"""
        mine = [r for r in self.requests + self.sent if r.model == model and self.start <= r.at < self.end]
        done = [r for r in mine if r.completed]
        late = [r for r in mine if not r.completed or r.ended - r.at > self.pool["limit"]]
        return [
            len(mine),
            len(done),
            len(mine) - len(done),
            sum(r.cold for r in mine),
            len(late),
            self.boots_started[model],
            sum(r.ended - r.at for r in done),
            sum(r.first_started - r.at for r in mine),
        ]


def make_case(rng):
    """A random small pool and its arrivals. Coarse cases are full of ties, fine ones have almost none."""
    coarse = rng.random() < 0.5
    unit = 1 if coarse else 1000
    tick_ns = 500_000_000 if coarse else 499_979

    def span(low, high):
        return rng.randint(low * unit, high * unit)

    models = 1 if rng.random() < 0.5 else 2
    execution = rng.choice(["serial", "parallel"])
    switches = models == 2 and execution == "serial" and rng.random() < 0.8
    switch = [[0] * models for _ in range(models)]
    if switches:
        switch[0][1], switch[1][0] = span(1, 8), span(1, 8)
    most = rng.choice([1, 2, 3, 4, 1000])
    pool = {
        "min": min(most, rng.choice([0, 0, 0, 1, 2])),
        "max": most,
        "buffer": rng.choice([0, 0, 1, 2]),
        "window": rng.choice([0, span(1, 6), span(5, 40), 200 * unit]),
        "max_inputs": rng.choice([1, 1, 2, 3, 5]),
        "execution": execution,
        "timeout": rng.choice([1000 * unit, span(4, 12), span(8, 16)]),
        "retries": rng.choice([0, 1, 3]),
        "retry_delay": rng.choice([0, 2 * unit, 2 * unit, span(1, 9)]),
        "switch": switch,
        "limit": span(3, 30),
    }
    arrivals, at = [], 0
    gap = rng.choice([1, 3, 8, 20, 60])
    for _ in range(rng.randint(3, 22)):
        if rng.random() < 0.7:
            at += span(0, gap)
        else:
            at += rng.choice([0, 0, pool["window"] % (50 * unit)])
        service = 0 if rng.random() < 0.05 else span(0, 12)
        arrivals.append([at, service, rng.randrange(models)])
    start = rng.choice([0, 0, span(1, max(1, at // unit))])
    end = max(at, start) + rng.choice([1, span(1, 30), span(100, 400)])
    boots = [rng.choice([0, span(1, 6), span(4, 40)]) for _ in range(models)]
    return {"tick_ns": tick_ns, "pool": pool, "boots": boots, "horizon": [start, end], "arrivals": arrivals}


def with_clients(rng, case):
    """The same with a few clients, or with nobody else."""
    unit = 1 if case["tick_ns"] == 500_000_000 else 1000
    case["clients"] = [
        {
            "model": rng.randrange(len(case["boots"])),
            "think": rng.randint(1, rng.choice([3, 20, 60]) * unit),
            "service": rng.choice([0, rng.randint(0, 12 * unit)]),
            "first": [rng.randint(0, 20 * unit) for _ in range(rng.randint(1, 4))],
        }
        for _ in range(rng.randint(1, 2))
    ]
    if rng.random() < 0.4:
        case["arrivals"] = []
    case["horizon"][1] = min(case["horizon"][1], case["horizon"][0] + 120 * unit)
    case["arrivals"] = [a for a in case["arrivals"] if a[0] < case["horizon"][1]]
    return case


def main(seed=1, count=200, with_some=150):
    rng = random.Random(seed)
    cases = [make_case(rng) for _ in range(count)]
    cases += [with_clients(rng, make_case(rng)) for _ in range(with_some)]
    print("[")
    for k, case in enumerate(cases):
        case["expected"] = Simulation(case).run()
        print(json.dumps(case, separators=(",", ":")) + ("," if k + 1 < len(cases) else ""))
    print("]")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
