"""The contract of whole groups of pools, a second time and as simply as possible.

An independent oracle for the engine, as `contract.py` is for the core rules on one pool: it shares no code and no
design with the engine. Every container, request and pool says what it will do next and when; the simulation does the
first of it, in the contract's order of ties, and asks again. All numbers are integers or exact fractions of ticks.

Whatever needs chance is absent or certain: failures come from timeouts, snapshots always or never fail, chains always
go on, waits are deterministic.

Where the contract leaves room, the simulation says so (`OPEN`, `OPEN_NUMBERS`): such a case is left out, or such a
number is null. Readings of its own that stay in:

- at one instant, containers of several pools whose windows end stop in the order of the pools, and inputs of a shared
  container that end together leave in order of acceptance;
- a request that moves to another pool keeps the patience of its home, and fails there anew as often as retries allow;
- whatever moves to a fallback pool may be rejected there; a retry in the same pool may not;
- what the quota denied boots later with the model of the head of the queue;
- a container whose boot is cancelled goes before one that is held beyond its window;
- a copy that has lost leaves, and a request that failed moves, before their container goes on with another input; the
  next step of a chain comes after that;
- of a hedged request, `Request` is the first copy and what is counted, `Copy` the second.

    python3 -B tests/it/contract_groups.py > tests/it/contract_groups.json

writes the cases that tests/it/contract_groups.rs replays, and on stderr how often each rule had something to do, and
how often a case was left out. `contract_groups.py SEED COUNT` writes others, for a longer look;
`contract_groups.py 2 150 1` those of `contract_shapes.json`, with shapes and adapters.
"""

import collections
import json
import random
import sys
from fractions import Fraction

import contract_shapes
from contract_groups_maker import PLAIN, UNLIMITED, Maker

STATES = ("boot", "busy", "idle", "wasted")

# What happens first at one instant. A container that is held beyond its window goes with the event that lets it go.
HELD, COMPLETION, CREATED, BOOTED, KILL, GIVE_UP, OVERFLOW, HEDGE, RETRY, BOUNDS, BATCH_DUE, ARRIVAL, WINDOW = range(13)

# What the contract leaves open. A case that meets one of these is left out.
OPEN = {
    "batch due as the oldest gives up": "whether the next batch starts before others that give up at that instant",
    "boots that end at once after an image load": "which container comes first",
    "bound request and quota": "who starts the container of a request that the quota kept from starting its own",
    "minimum of a container cancelled at once": "whether it was created at all",
    "pending limit while a batch forms": "whether a call that a waiting batch takes would have to queue",
}
# Numbers of which the contract leaves open what they count. They are null where that matters.
OPEN_NUMBERS = {
    "boots": "whether a container that is ready when the trial begins was booted",
    "capacity wait": "whether an image load that is not billed is one, and what is left of a start that is cancelled",
    "denied": "how often a start that stays denied counts: with cancelled boots, bound requests, warm starts",
    "executions": "whether the execution of a request counts that its client has given up",
    "fell back": "whether a request counts again in a second fallback pool",
    "peak": "whether a container that waits for capacity counts",
    "waited": "whether a request counts that ends at its arrival without an execution, or is stuck",
}


class Copy:
    """What stands in a pool: a request, or its second copy."""

    def __init__(self, number, at, service, model, luck=0):
        self.number, self.at, self.service, self.model, self.luck = number, at, service, model, luck
        self.whole = self  # the request
        self.twin = None  # the other copy, while both may answer
        self.step = 0
        self.place = None  # "queue", "bound", "inside", "pausing"
        self.pool = None
        self.queued_since = None
        self.may_overflow = False
        self.failures = 0  # in its present pool


class Request(Copy):
    def __init__(self, number, at, service, model, luck, root=None):
        super().__init__(number, at, service, model, luck)
        self.root = root or self  # the first request of its chain
        self.hedge_at = None
        self.hedged, self.hedge_won = False, False
        self.executions = 0
        self.first_started = None
        self.cold = False
        self.fell_back = False
        self.ended, self.outcome = None, None
        self.give_up_at = None


class Try:
    """An input of a container: since when, and, when it executes, how long."""

    def __init__(self, request, accepted, number):
        self.request, self.accepted, self.number = request, accepted, number
        self.started = None
        self.ends = None  # the execution's end, where it is known at its start
        self.succeeds = True
        self.left = None  # work left, in a shared container
        self.billed_busy = 0


class Container:
    def __init__(self, number, hardware, model):
        self.number, self.hardware, self.loaded = number, hardware, model
        self.phase = "waiting"  # then "boot", "up"
        self.created = self.bill_from = self.ready = None
        self.ticket = number  # of its next step
        self.inside = []  # tries, in order of acceptance
        self.held = []  # adapters of the loaded model, the last used first
        self.level_since = number
        self.idle_since = None
        self.bound = None
        self.worked_until = None  # of a shared container


class Pool:
    def __init__(self, place, rules, models):
        self.place, self.rules = place, {**PLAIN, **rules}
        self.home_models = models
        self.min, self.max = self.rules["min"], self.rules["max"]
        execution = self.rules["execution"]
        self.kind = execution if isinstance(execution, str) else next(iter(execution))
        self.of_kind = None if isinstance(execution, str) else execution[self.kind]
        self.room = self.of_kind["size"] if self.kind == "batched" else self.rules["max_inputs"]
        self.containers = []
        self.queue = []
        self.changes = list(self.rules["schedule"])
        self.peak = 0
        self.counts = collections.Counter()
        self.bills = {}
        self.rounding = [0] * len(self.rules["hardware"])

    def first_model(self):
        return self.home_models[0] if self.home_models else 0

    def inputs(self):
        bound = sum(c.bound is not None for c in self.containers)
        return len(self.queue) + bound + sum(len(c.inside) for c in self.containers)

    def wanted(self):
        inputs = self.inputs()
        wanted = -(-inputs // (self.rules["target"] or self.room))
        if inputs > 0 or self.rules["buffer_always"]:
            wanted += self.rules["buffer"]
        return min(max(self.min, wanted), self.max)

    def up(self):
        return [c for c in self.containers if c.phase == "up"]

    def starting(self):
        return [c for c in self.containers if c.phase != "up"]

    def with_room(self):
        """The container that takes the next input."""
        room = 1 if self.kind == "batched" else self.room
        able = [c for c in self.up() if len(c.inside) < room and c.bound is None]
        return min(able, key=lambda c: (len(c.inside), -c.level_since), default=None)

    def state(self, container):
        if container.phase != "up":
            return "boot"
        executing = [t for t in container.inside if t.started is not None]
        if any(t.succeeds for t in executing):
            return "busy"
        return "wasted" if executing else "idle"

    def speed(self, n):
        """Of each of n inputs of a shared container."""
        if "power" in self.of_kind:
            return Fraction(n ** self.of_kind["power"], n)
        table = self.of_kind["table"]
        return Fraction(str(table[min(n, len(table)) - 1])) / n


class Simulation:
    def __init__(self, case):
        self.case = case
        self.start, self.end = case["horizon"]
        self.homes, self.nexts = case["homes"], case["nexts"]
        models = range(len(self.homes))
        self.pools = [
            Pool(p, rules, [m for m in models if self.homes[m] == p]) for p, rules in enumerate(case["pools"])
        ]
        self.requests = []
        self.copies = []  # with those that were sent a second time
        self.to_come = list(case["arrivals"])
        self.now = 0
        self.exact = True  # whether all so far happened at whole nanoseconds
        self.counter = 0
        self.pauses = []  # (instant, number, request)
        self.peak = 0
        self.model_boots = [0] * len(self.homes)
        self.model_bills = [dict.fromkeys(STATES, 0) for _ in models]
        self.chains = [[0, 0] for _ in models]
        self.seen = collections.Counter()  # what the rules did
        self.open = set()  # what the contract leaves open and this case met
        for pool in self.pools:
            hardware = range(len(pool.rules["hardware"]))
            pool.bills = {(h, m): dict.fromkeys(STATES, 0) for h in hardware for m in models}

    def number(self):
        self.counter += 1
        return self.counter

    def counts(self):
        return self.start <= self.now < self.end

    # Starting containers.

    def may_start(self, pool):
        """Whether the quota lets one more container of this pool start."""
        in_use = sum(len(p.containers) for p in self.pools)
        gpus = sum(len(p.containers) * p.rules["gpus"] for p in self.pools)
        quota = self.case["quota"]
        return in_use + 1 <= quota[0] and gpus + pool.rules["gpus"] <= quota[1]

    def capacity(self, gpu, at):
        """When a container of this GPU type comes that is asked for at an instant."""
        wait, periods = self.case["capacity"][gpu] if self.case["capacity"] else (0, None)
        for begins, ends in self.case["scarcity"][periods] if periods is not None else []:
            if begins <= at < ends:
                at = ends
                break
        return at + wait

    def begin_start(self, pool, model, bound=None):
        if model is None:
            model = pool.first_model()
        asked, types = self.now, pool.rules["hardware"]
        for place, gpu in enumerate(types):
            comes = self.capacity(gpu, asked)
            last = place + 1 == len(types)
            if last or comes - asked <= pool.rules["hardware_wait"]:
                break
            asked += pool.rules["hardware_wait"]
            self.seen["next GPU type"] += 1
        container = Container(self.number(), place, model)
        container.created, container.bound = comes, bound
        pool.containers.append(container)
        if self.counts():
            self.model_boots[model] += 1
            pool.counts["boots"] += 1
        if comes == self.now:
            self.create(pool, container)
        else:
            self.seen["capacity wait"] += 1
            self.open.add("peak")

    def create(self, pool, container):
        container.phase, container.ticket = "boot", self.number()
        unbilled, billed = self.boot(pool, container.loaded, container.hardware)
        if unbilled:
            self.open.add("capacity wait")
        container.bill_from = self.now + unbilled
        container.ready = self.now + unbilled + billed

    def boot(self, pool, model, hardware):
        boot = pool.rules["boots"][model]
        if isinstance(boot, int):
            return 0, boot
        boot = boot[hardware]
        image, rest = boot.get("image", 0), sum(boot["phases"])
        if "restore" in boot:
            rest = boot["restore"] + (rest if boot["snapshot_fails"] else 0)
        return (0, image + rest) if boot.get("bill_image", True) else (image, rest)

    def scale_up(self, pool, model):
        if pool.rules["bound"]:
            return self.scale_up_bound(pool)
        while len(pool.containers) < pool.wanted():
            at_once = pool.rules["at_once"]
            if at_once is not None and len(pool.starting()) >= at_once:
                self.seen["boots at once"] += 1
                return
            if not self.may_start(pool):
                self.seen["denied"] += 1
                pool.counts["denied"] += self.counts()
                return
            self.begin_start(pool, model)

    def scale_up_bound(self, pool):
        while len(pool.containers) < pool.min and self.may_start(pool):
            self.begin_start(pool, None)
        while pool.queue and self.can_start_bound(pool):
            self.bind(pool, pool.queue.pop(0))

    def can_start_bound(self, pool):
        return pool.rules["bound"] and len(pool.containers) < pool.max and self.may_start(pool)

    def bind(self, pool, request):
        self.seen["bound"] += 1
        request.place = "bound"
        self.begin_start(pool, request.model, bound=request)

    def next_model(self, pool):
        """What a container boots with that no arrival starts: the model of the head of the queue, if there is one."""
        return pool.queue[0].model if pool.queue else None

    # Stopping containers.

    def stop(self, pool, container):
        pool.containers.remove(container)
        if container.phase != "waiting" and self.now >= container.bill_from and self.counts():
            billed = self.now - container.bill_from
            step = pool.rules["increment"]
            rounded = -(-billed // step) * step if step else billed
            pool.rounding[container.hardware] += max(rounded, pool.rules["minimum"]) - billed
        if self.case["quota"] != UNLIMITED:
            first = lambda p: (not p.queue, p.queue[0].queued_since if p.queue else 0, p.place)
            for other in sorted(self.pools, key=first):
                self.scale_up(other, self.next_model(other))

    def cancel_boots(self, pool):
        while pool.rules["cancel"] and pool.starting() and len(pool.containers) > pool.wanted():
            if self.counts():
                pool.counts["cancelled"] += 1
            self.seen["cancelled"] += 1
            last = max(pool.starting(), key=lambda c: c.number)
            if last.phase == "waiting" or self.now < last.bill_from:
                self.open.add("capacity wait")
            elif self.now == last.bill_from and pool.rules["minimum"]:
                self.open.add("minimum of a container cancelled at once")
            self.stop(pool, last)

    def next_stop(self, pool):
        """The longest idle container and when its window is over, if it is above the wanted number."""
        idle = [c for c in pool.containers if c.idle_since is not None]
        above = min(len(idle), len(pool.containers) - pool.wanted())
        if above <= 0:
            return None
        longest = min(idle, key=lambda c: c.level_since)
        window, drain = pool.rules["window"], pool.rules["early_drain"]
        if drain is not None and drain < window:
            if above >= 2:
                window = drain
        return longest, longest.idle_since + window

    # Where requests go.

    def arrive(self, request):
        self.requests.append(request)
        self.copies.append(request)
        request.counted = self.start <= request.root.at < self.end
        pool = self.pools[self.homes[request.model]]
        if pool.rules["patience"] is not None:
            request.give_up_at = self.now + pool.rules["patience"]
        fallback = pool.rules["fallback"]
        if fallback and fallback.get("hedge_after") is not None:
            request.hedge_at = self.now + fallback["hedge_after"]
        self.enter(pool, request, "call")

    def enter(self, pool, request, how):
        request.pool = pool
        if pool.with_room() is None and self.can_start_bound(pool):
            self.bind(pool, request)
            return
        most = pool.rules["max_pending"]
        if how == "call" and most is not None and not self.goes_in(pool) and len(pool.queue) >= most:
            if pool.with_room() is not None:
                self.open.add("pending limit while a batch forms")
            fallback = pool.rules["fallback"]
            if fallback and fallback.get("on_rejection"):
                self.seen["fallback on rejection"] += 1
                self.move(request)
            else:
                self.seen["rejected"] += 1
                self.is_over(request, "rejected")
            return
        if pool.rules["bound"] and pool.with_room() is None and not self.may_start(pool):
            self.open.add("bound request and quota")
        request.place, request.queued_since = "queue", self.now
        request.ticket, request.may_overflow = self.number(), True
        pool.queue.append(request)
        self.assign(pool)
        self.scale_up(pool, request.model)

    def goes_in(self, pool):
        """Whether a call that arrives now need not queue."""
        if pool.with_room() is None:
            return False
        return pool.kind != "batched" or len(pool.queue) + 1 >= pool.room or pool.of_kind["wait"] == 0

    def move(self, request):
        fallback = request.pool.rules["fallback"]
        request.failures = 0
        if request is request.whole:
            if request.fell_back:
                self.open.add("fell back")
            request.fell_back = True
        self.enter(self.pools[fallback["pool"]], request, "call")

    def leave_queue(self, request, overflows):
        pool, was_first = request.pool, request is request.pool.queue[0]
        pool.queue.remove(request)
        request.place = None
        if pool.kind == "batched" and pool.queue and pool.with_room() is not None and was_first:
            if not overflows and self.batch_is_due(pool):
                self.open.add("batch due as the oldest gives up")

    def assign(self, pool):
        while pool.queue and (container := pool.with_room()) is not None:
            if pool.kind != "batched":
                self.accept(pool, container, [pool.queue.pop(0)])
            elif self.batch_is_due(pool):
                size = min(pool.room, len(pool.queue))
                batch, pool.queue = pool.queue[:size], pool.queue[size:]
                if self.counts():
                    pool.counts["batches"] += 1
                    pool.counts["full"] += size == pool.room
                self.accept(pool, container, batch)
            else:
                return

    def batch_is_due(self, pool):
        return len(pool.queue) >= pool.room or pool.queue[0].queued_since + pool.of_kind["wait"] <= self.now

    def accept(self, pool, container, requests):
        if pool.kind == "shared":
            self.work(pool, container)
        entered = [Try(request, self.now, self.number()) for request in requests]
        for entry in entered:
            entry.request.place = "inside"
        container.inside += entered
        container.level_since = self.number()
        container.idle_since = None
        if pool.kind == "batched":
            self.execute_batch(pool, container)
        elif pool.kind != "serial" or len(container.inside) == 1:
            self.execute(pool, container, entered[0])
        container.ticket = self.number()

    # Execution.

    def service(self, pool, container, request):
        here = self.pools[self.homes[request.model]] is pool and container.hardware == 0 and request.step == 0
        if here:
            return request.service
        return pool.rules["services"][request.model][container.hardware] * self.factor(container, request)

    def factor(self, container, request):
        return contract_shapes.factor(self.case, request.model, request.luck, container.hardware)

    def begin(self, container, entry):
        request = entry.request.whole
        entry.started = self.now
        container.loaded = request.model
        if request.outcome is not None:
            self.open.add("executions")
        request.executions += 1
        if request.first_started is None and request.outcome is None:
            request.first_started = self.now
            request.cold = container.ready > request.at

    def execute(self, pool, container, entry):
        request, loaded = entry.request, container.loaded
        self.begin(container, entry)
        length = self.service(pool, container, request)
        if pool.kind == "shared":
            entry.left = Fraction(length)
            return
        if "switch" in pool.rules:
            length += pool.rules["switch"][request.model][loaded]
        if loaded != request.model:
            container.held = []
        load, container.held = contract_shapes.load(self.case, request.model, request.luck, container.held)
        if load > 0:
            self.seen["load"] += 1
        length += load
        limit = pool.rules["timeout"]
        if pool.rules["timeout_from_accept"]:
            limit -= self.now - entry.accepted
        entry.succeeds = length <= limit
        entry.ends = self.now + min(length, limit)
        entry.number = self.number()

    def execute_batch(self, pool, container):
        first = container.inside[0].request
        factors = [self.factor(container, entry.request) for entry in container.inside]
        alone = Fraction(self.service(pool, container, first), factors[0])
        length = alone * (max(factors) + Fraction(str(pool.of_kind["item_share"])) * (sum(factors) - max(factors)))
        for entry in container.inside:
            self.begin(container, entry)
            entry.succeeds = length <= pool.rules["timeout"]
            entry.ends = self.now + min(length, pool.rules["timeout"])
        container.loaded = container.inside[0].request.model

    def work(self, pool, container):
        """Writes down the work that a shared container has done since the last time."""
        if container.inside:
            done = (self.now - container.worked_until) * pool.speed(len(container.inside))
            for entry in container.inside:
                entry.left -= done
        container.worked_until = self.now

    def leave(self, pool, container, entries, succeed):
        """Inputs leave a container: they completed, or failed."""
        if pool.kind == "shared":
            self.work(pool, container)
        for entry in entries:
            container.inside.remove(entry)
        container.level_since = container.ticket = self.number()
        inside = container.inside
        if not inside:
            container.idle_since = self.now
        steps = [self.end_try(entry.request, succeed) for entry in entries]
        if pool.kind == "serial" and inside and inside[0].started is None:
            self.execute(pool, container, inside[0])
        self.assign(pool)
        self.cancel_boots(pool)
        for step in filter(None, steps):
            self.arrive(step)

    def end_try(self, request, succeeds):
        """What the end of a try means for its request; returns the next step of its chain."""
        request.place = None
        if request.whole.outcome:
            self.seen["result of nobody"] += 1
            return None
        if succeeds:
            return self.answer(request)
        request.failures += 1
        rules = request.pool.rules
        if rules["fallback"] and rules["fallback"].get("on_failure"):
            if self.has_second(request):
                self.seen["failure beside a second copy"] += 1
                self.is_over(request, "failed")
                return None
            self.seen["fallback on failure"] += 1
            self.move(request)
            return None
        if request.failures <= rules["retries"]:
            growth = Fraction(str(rules["coefficient"])) ** (request.failures - 1)
            request.place = "pausing"
            self.seen["retry"] += 1
            pause = min(rules["max_delay"], rules["delay"] * growth)
            self.pauses.append((self.now + pause, self.number(), request))
        else:
            self.is_over(request, "failed")
        return None

    # Hedging.

    def has_second(self, copy):
        """Whether this is a first copy beside a second one that may still answer."""
        return copy is copy.whole and copy.twin is not None

    def is_over(self, copy, outcome):
        """A copy ends without an answer: so does its request, unless the other copy is left."""
        copy.place = None
        if copy.twin is not None:
            self.seen["copy " + outcome] += 1
            copy.twin.twin = copy.twin = None
        else:
            copy.whole.ended, copy.whole.outcome = self.now, outcome

    def answer(self, copy):
        """A copy completes; returns the next step of its chain."""
        request, loser = copy.whole, copy.twin
        request.ended, request.outcome = self.now, "completed"
        request.hedge_won = copy is not request
        step = self.go_on(request)
        if loser is not None:
            copy.twin = loser.twin = None
            self.lose(loser)
        return step

    def lose(self, copy):
        """The other copy has answered."""
        pool = copy.pool
        inside = [(c, t) for c in pool.containers for t in c.inside if t.request is copy]
        if not inside:
            self.seen["lost " + copy.place] += 1
            self.leaves_unserved(copy)
            return
        [(container, entry)] = inside
        if entry.started is None:
            self.seen["lost inside"] += 1
        else:
            self.seen["lost executing"] += 1
            entry.succeeds = False
            account = container.hardware, copy.model
            for bill in (pool.bills[account], self.model_bills[copy.model]):
                bill["busy"] -= entry.billed_busy
                bill["wasted"] += entry.billed_busy
            home = self.pools[self.homes[copy.model]]
            if not home.rules["fallback"].get("cancel_loser"):
                return
            self.seen["lost and stopped"] += 1
        copy.place = None
        container.inside.remove(entry)
        container.level_since = container.ticket = self.number()
        if not container.inside:
            container.idle_since = self.now
        elif container.inside[0].started is None:
            self.execute(pool, container, container.inside[0])
        self.assign(pool)
        self.cancel_boots(pool)

    def leaves_unserved(self, copy):
        """What no container has accepted waits no longer."""
        pool = copy.pool
        if copy.place == "queue":
            self.leave_queue(copy, False)
            self.cancel_boots(pool)
        elif copy.place == "bound":
            next(c for c in pool.containers if c.bound is copy).bound = None
        self.pauses = [p for p in self.pauses if p[2] is not copy]

    def go_on(self, request):
        model = self.nexts[request.model]
        root = request.root
        if model is None:
            if request.counted:
                self.chains[root.model][0] += 1
                self.chains[root.model][1] += self.now - root.at
            return None
        self.seen["chain"] += 1
        step = Request(self.number(), self.now, None, model, contract_shapes.next_step(request.luck), root)
        step.step = request.step + 1
        return step

    # What may happen, with its instant, its rank among ties, and its number.

    def agenda(self):
        if self.to_come:
            yield self.to_come[0][0], ARRIVAL, 0, self.happen_arrival
        for pause in self.pauses:
            yield pause[0], RETRY, pause[1], lambda pause=pause: self.happen_retry(pause)
        for request in self.requests:
            if request.outcome is None:
                yield from self.agenda_of_request(request)
        for copy in self.copies:
            if copy.place == "queue":
                yield from self.agenda_of_queued(copy)
        for pool in self.pools:
            if pool.changes:
                yield pool.changes[0][0], BOUNDS, pool.place, lambda pool=pool: self.happen_bounds(pool)
            if pool.kind == "batched" and pool.queue and pool.with_room() is not None:
                due = pool.queue[0].queued_since + pool.of_kind["wait"]
                yield due, BATCH_DUE, pool.place, lambda pool=pool: self.assign(pool)
            if (stop := self.next_stop(pool)) is not None:
                rank, at = (HELD, self.now) if stop[1] < self.now else (WINDOW, stop[1])
                yield at, rank, pool.place, lambda pool=pool, c=stop[0]: self.stop(pool, c)
            for container in pool.containers:
                yield from self.agenda_of_container(pool, container)

    def agenda_of_request(self, request):
        home = self.pools[self.homes[request.model]]
        may = request.executions == 0 or not home.rules["in_queue_only"]
        if request.give_up_at is not None and may:
            yield request.give_up_at, GIVE_UP, request.number, lambda: self.happen_give_up(request)
        if request.hedge_at is not None and not request.hedged and not request.fell_back:
            yield request.hedge_at, HEDGE, request.number, lambda: self.happen_hedge(request)

    def agenda_of_queued(self, request):
        fallback = request.pool.rules["fallback"]
        if request.may_overflow and fallback and fallback.get("on_wait") is not None:
            at = request.queued_since + fallback["on_wait"]
            yield at, OVERFLOW, request.ticket, lambda: self.happen_overflow(request)

    def agenda_of_container(self, pool, c):
        if c.phase == "waiting":
            yield c.created, CREATED, c.ticket, lambda: self.create(pool, c)
        elif c.phase == "boot":
            yield c.ready, BOOTED, c.ticket, lambda: self.happen_booted(pool, c)
        elif pool.kind == "batched" and c.inside:
            entry = c.inside[0]
            yield entry.ends, COMPLETION, c.ticket, lambda: self.leave(pool, c, list(c.inside), entry.succeeds)
        elif pool.kind == "shared" and c.inside:
            first = min(c.inside, key=lambda t: t.left)
            ends = c.worked_until + first.left / pool.speed(len(c.inside))
            yield ends, COMPLETION, c.ticket, lambda: self.leave(pool, c, [first], True)
        for t in c.inside:
            if pool.kind in ("serial", "parallel") and t.ends is not None:
                yield t.ends, COMPLETION, t.number, lambda t=t: self.leave(pool, c, [t], t.succeeds)
            elif pool.kind == "shared" or (pool.kind == "serial" and pool.rules["timeout_from_accept"]):
                yield t.accepted + pool.rules["timeout"], KILL, t.number, lambda t=t: self.happen_kill(pool, c, t)

    def happen_arrival(self):
        at, service, model = self.to_come.pop(0)
        self.arrive(Request(self.number(), at, service, model, at))

    def happen_retry(self, pause):
        self.pauses.remove(pause)
        self.enter(pause[2].pool, pause[2], "retry")

    def happen_give_up(self, request):
        self.seen["abandoned " + str(request.place)] += 1
        request.ended, request.outcome = self.now, "abandoned"
        self.leaves_unserved(request)

    def happen_hedge(self, request):
        self.seen["hedge of " + str(request.place)] += 1
        request.hedged = True
        second = Copy(self.number(), request.at, None, request.model, request.luck)
        second.whole = request
        second.twin, request.twin = request, second
        self.copies.append(second)
        self.enter(self.pools[request.pool.rules["fallback"]["pool"]], second, "call")

    def happen_overflow(self, request):
        if self.has_second(request):
            self.seen["overflow beside a second copy"] += 1
            request.may_overflow = False
            return
        self.seen["fallback on wait"] += 1
        pool = request.pool
        self.leave_queue(request, True)
        self.move(request)
        self.cancel_boots(pool)

    def happen_kill(self, pool, container, entry):
        self.seen["kill inside" if entry.started is None else "kill of shared"] += 1
        self.leave(pool, container, [entry], False)

    def happen_bounds(self, pool):
        self.seen["bounds"] += 1
        _, pool.min, pool.max = pool.changes.pop(0)
        self.scale_up(pool, self.next_model(pool))

    def happen_booted(self, pool, container):
        together = [c for c in pool.starting() if c.ready == self.now]
        if len(together) > 1 and any(c.bill_from > c.created for c in together):
            self.open.add("boots that end at once after an image load")
        container.phase, container.idle_since = "up", self.now
        container.level_since = self.number()
        request, container.bound = container.bound, None
        if request is not None:
            self.accept(pool, container, [request])
        self.assign(pool)
        self.cancel_boots(pool)
        if pool.rules["at_once"] is not None:
            self.scale_up(pool, self.next_model(pool))

    # Time.

    def pass_time(self, until):
        if min(until, self.end) > max(self.now, self.start):
            alive = [len([c for c in pool.containers if c.phase != "waiting"]) for pool in self.pools]
            self.peak = max(self.peak, sum(alive))
            for pool, count in zip(self.pools, alive):
                pool.peak = max(pool.peak, count)
                for container in pool.containers:
                    self.bill(pool, container, until)
        self.now = until
        self.exact = self.exact and Fraction(until * self.case["tick_ns"]).denominator == 1

    def bill(self, pool, container, until):
        since = max(self.now, self.start)
        if container.phase == "waiting":
            pool.counts["capacity_wait"] += min(until, self.end) - since
            return
        spent = min(until, self.end) - max(since, container.bill_from)
        if spent > 0:
            state = pool.state(container)
            if state == "busy" and len(container.inside) > 0:
                for entry in container.inside:
                    entry.billed_busy += spent if entry.started is not None else 0
            pool.bills[container.hardware, container.loaded][state] += spent
            self.model_bills[container.loaded][state] += spent

    def begin_pools(self):
        for pool in self.pools:
            if pool.rules["starts_ready"]:
                while len(pool.containers) < pool.min and self.may_start(pool):
                    container = Container(self.number(), 0, pool.first_model())
                    container.phase, container.idle_since = "up", 0
                    self.open.add("boots")
                    container.created = container.bill_from = container.ready = 0
                    pool.containers.append(container)
            self.scale_up(pool, None)

    def run(self):
        self.begin_pools()
        while (entry := min(self.agenda(), key=lambda e: e[:3], default=None)) is not None:
            if entry[0] > self.now:
                self.pass_time(entry[0])
            entry[3]()
        self.pass_time(max(self.now, self.end))
        for request in self.requests:
            if request.outcome is None:
                request.outcome, request.ended = "stuck", self.now
                self.seen["stuck"] += 1
        # A departure is rounded to a nanosecond, and so moves all that follow it in its container.
        self.tolerance_ns = 0 if self.exact else 2 * sum(r.executions for r in self.requests)
        return {
            "models": [self.model(m) for m in range(len(self.homes))],
            "pools": [self.of_pool(p) for p in self.pools],
            "peak": None if "peak" in self.open else self.peak,
        }

    # What came out: counts, and times in nanoseconds.

    def ns(self, ticks):
        return round(ticks * self.case["tick_ns"])

    def unless_open(self, what, number):
        return None if what in self.open else number

    def model(self, model):
        mine = [r for r in self.requests if r.model == model and r.counted]
        done = [r for r in mine if r.outcome == "completed"]
        late = [r for r in done if r.ended - r.at > self.case["limits"][model]]
        ended = collections.Counter(r.outcome for r in mine)
        waits = [(r.ended if r.first_started is None else r.first_started) - r.at for r in mine]
        stuck = ended["stuck"] > 0  # and when a trial is over for them, nobody can say
        at_once = any(r.first_started is None and r.ended == r.at for r in mine)
        counts = [
            len(mine),
            *(ended[o] for o in ("completed", "failed", "rejected", "abandoned", "stuck")),
            sum(r.cold for r in mine),
            None if stuck or at_once else sum(w > 0 for w in waits),
            self.unless_open("fell back", sum(r.fell_back for r in mine)),
            sum(r.hedged for r in mine),
            sum(r.hedge_won for r in mine),
            self.unless_open("executions", sum(r.executions for r in mine)),
            self.model_boots[model],
            len(mine) - len(done) + len(late),
            self.chains[model][0],
        ]
        times = [
            self.ns(sum(r.ended - r.at for r in done)),
            None if stuck else self.ns(sum(r.ended - r.at for r in mine)),
            None if stuck else self.ns(sum(waits)),
            self.ns(self.chains[model][1]),
        ]
        return [counts, times]

    def of_pool(self, pool):
        vague = any(p.rules[rule] for p in self.pools for rule in ("cancel", "bound", "starts_ready"))
        counts = [
            self.unless_open("peak", pool.peak),
            self.unless_open("boots", pool.counts["boots"]),
            pool.counts["cancelled"],
            pool.counts["batches"],
            pool.counts["full"],
            None if vague else pool.counts["denied"],
        ]
        times = [
            self.unless_open("capacity wait", self.ns(pool.counts["capacity_wait"])),
            *(self.ns(r) for r in pool.rounding),
            *(self.ns(bill[s]) for bill in pool.bills.values() for s in STATES),
        ]
        return [counts, times]


def main(seed=1, count=400, shapes=0):
    rng = random.Random(seed)
    seen, left_out = collections.Counter(), collections.Counter()
    lines = []
    while len(lines) < count:
        case = Maker(rng).case()
        if shapes:
            case = contract_shapes.add(rng, case)
        simulation = Simulation(case)
        case["expected"] = simulation.run()
        case["tolerance_ns"] = simulation.tolerance_ns
        assert simulation.open <= OPEN.keys() | OPEN_NUMBERS.keys()
        if why := simulation.open & OPEN.keys():
            left_out.update(why)
            continue
        if len(simulation.seen) < 2:
            continue  # rules are to meet
        seen.update(simulation.seen.keys())
        lines.append(json.dumps(case, separators=(",", ":")))
    print("[", ",\n".join(lines), "]", sep="\n")
    for title, counter in (("cases in which it happened", seen), ("cases left out", left_out)):
        print(f"{title}:", *(f"{n:5} {what}" for what, n in sorted(counter.items())), sep="\n  ", file=sys.stderr)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
