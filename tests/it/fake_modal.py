"""A stand-in for the package modal, by which a benchmark kit is run without the platform: one process, its own clock.

A pool has one container at most. Placing it takes PLACING_S, every call TRAVEL_S. A container goes after its window, or
when it was asked to leave; a call that runs longer than its timeout ends it.
"""

import functools
import os
import sys
import time
import types

PLACING_S, TRAVEL_S = 2.0, 0.05
PLATFORM = types.SimpleNamespace(now=0.0, started=[], calls=0, deadline=None, current=None, deployed={})
# What goes wrong: names of calls, by their number, before which a container is replaced; leaves that are not heeded.
PLATFORM.replaced_before, PLATFORM.deaf_to_leaves = set(), 0


class TimedOut(BaseException):
    pass


def sleep(seconds):
    PLATFORM.now += seconds
    if PLATFORM.deadline is not None and PLATFORM.now > PLATFORM.deadline:
        PLATFORM.now = PLATFORM.deadline
        raise TimedOut


time.sleep, time.perf_counter = sleep, lambda: PLATFORM.now


class FunctionTimeoutError(Exception):
    pass


class Container:
    def __init__(self, pool):
        sleep(PLACING_S)
        PLATFORM.started.append(pool.name)
        self.id, self.pool, self.leaves, self.used = f"ta-{len(PLATFORM.started)}", pool, False, PLATFORM.now
        os.environ.update(MODAL_TASK_ID=self.id, FAKE_GPU=pool.options.get("gpu", ""), MODAL_REGION="nowhere-1")
        self.instance = pool.user_cls()
        before = self.hooks("enter_snap")
        if before and pool.snapshot is not None:
            # Everything as it was when the snapshot was made; what follows is done anew.
            self.instance.__dict__.update(pool.snapshot)
        elif before:
            for hook in before:
                hook()
            pool.snapshot = dict(self.instance.__dict__)
        for hook in self.hooks("enter"):
            hook()

    def hooks(self, kind):
        cls = type(self.instance)
        return [getattr(self.instance, name) for name in vars(cls) if kind in getattr(getattr(cls, name), "marks", ())]


class Pool:
    def __init__(self, name, user_cls, options):
        self.name, self.user_cls, self.options, self.container, self.snapshot = name, user_cls, options, None, None

    def run(self, method, positional, named):
        PLATFORM.calls += 1
        sleep(TRAVEL_S)
        self.end_idle()
        if PLATFORM.calls in PLATFORM.replaced_before:
            self.container = None
        if self.container is None:
            self.container = Container(self)
        os.environ["MODAL_TASK_ID"] = self.container.id
        PLATFORM.deadline, PLATFORM.current = PLATFORM.now + self.options.get("timeout", 300), self.container
        try:
            return getattr(self.container.instance, method)(*positional, **named)
        except TimedOut:
            self.container = None
            raise FunctionTimeoutError from None
        finally:
            PLATFORM.deadline = PLATFORM.current = None
            if self.container is not None:
                self.container.used = PLATFORM.now

    def end_idle(self):
        one = self.container
        if one and (one.leaves or PLATFORM.now - one.used > self.options.get("scaledown_window", 60)):
            self.container = None


class Call:
    def __init__(self, pool, method, positional, named):
        self.arguments = (method, positional, named)
        self.pool = pool

    def get(self, timeout=None):
        return self.pool.run(*self.arguments)

    def cancel(self, terminate_containers=False):
        raise AssertionError("no call takes longer than the kit waits")


class Function:
    def __init__(self, pool, method):
        self.pool, self.method = pool, method

    def spawn(self, *positional, **named):
        return Call(self.pool, self.method, positional, named)

    def get_current_stats(self):
        there = self.pool.container is not None
        self.pool.end_idle()
        return types.SimpleNamespace(num_total_runners=int(there))

    @staticmethod
    def from_name(app, name):
        return types.SimpleNamespace(with_options=lambda **options: Function(pool_of(app, name, options), "call"))


POOLS = {}


def pool_of(app, name, options):
    if options.get("retries", 0) != 0:
        raise AssertionError("a retry hides a failure")
    key = (app, name, repr(sorted(options.items())))
    return POOLS.setdefault(key, Pool(f"{app}/{name} {options.get('gpu')}", PLATFORM.deployed[app, name], options))


class Cls:
    def __init__(self, app, name, options=None, pool=None):
        self.app, self.name, self.options, self.pool = app, name, options or {}, pool

    def with_options(self, **options):
        return Cls(self.app, self.name, {**self.options, **options})

    def __call__(self, **parameters):
        pool = self.pool or pool_of(self.app, self.name, self.options)
        return types.SimpleNamespace(
            **{name: Function(pool, name) for name in vars(pool.user_cls) if not name.startswith("__")}
        )

    @staticmethod
    def from_name(app, name):
        return Cls(app, name)


class App:
    def __init__(self, name):
        self.name, self.classes = name, {}

    def cls(self, **options):
        def register(user_cls):
            pool = Pool(user_cls.__name__, user_cls, options)
            self.classes[user_cls.__name__] = pool
            PLATFORM.deployed[self.name, user_cls.__name__] = user_cls
            POOLS[self.name, user_cls.__name__, "[]"] = pool
            return Cls(self.name, user_cls.__name__, pool=pool)

        return register

    def local_entrypoint(self):
        return lambda function: function


def marked(kind):
    def mark(function):
        @functools.wraps(function)
        def inner(*positional, **named):
            return function(*positional, **named)

        inner.marks = (kind,)
        return inner

    return mark


def enter(snap=False):
    return marked("enter_snap" if snap else "enter")


def method():
    return marked("method")


def stop_fetching_inputs():
    if PLATFORM.deaf_to_leaves > 0:
        PLATFORM.deaf_to_leaves -= 1
    else:
        PLATFORM.current.leaves = True


Image = types.SimpleNamespace(debian_slim=lambda: "debian")
exception = sys.modules["modal.exception"] = types.ModuleType("modal.exception")
exception.FunctionTimeoutError = FunctionTimeoutError
experimental = sys.modules["modal.experimental"] = types.ModuleType("modal.experimental")
experimental.stop_fetching_inputs = stop_fetching_inputs
