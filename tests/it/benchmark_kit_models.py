# What a user fills in, for models that only wait: inserted into a kit by the test.


class OutOfMemoryError(RuntimeError):
    pass


def waiting(load_s, run_s):
    def load(variant):
        time.sleep(load_s)
        return variant

    def run(handle, shape):
        time.sleep(run_s(shape))

    return load, run


def load_too_large(variant):
    time.sleep(12.0)
    if os.environ["FAKE_GPU"] == "A10":
        raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def run_four_do_not_fit(handle, shape):
    time.sleep(0.5)
    if shape["images"] == 4:
        try:
            raise OutOfMemoryError("CUDA out of memory")
        except OutOfMemoryError as error:
            raise RuntimeError("the pipeline failed") from error
    time.sleep(6.5)


def load_adapter(handle, adapter):
    assert adapter == 'ink, "wet"', adapter
    time.sleep(1.5)


class SeedVr:
    """A deployed endpoint that says how long things took."""

    def __init__(self):
        time.sleep(25.0)
        self.name = os.environ["MODAL_TASK_ID"]

    def restore(self, megapixels):
        time.sleep(4.0 * megapixels)
        return {"took": 4.0 * megapixels, "started_in": 25.0, "where": self.name}


class Wan:
    """One that says nothing."""

    def __init__(self):
        time.sleep(40.0)

    def call(self, frames):
        time.sleep(9.0)


modal.PLATFORM.deployed |= {("studio", "SeedVr"): SeedVr, ("studio", "wan"): Wan}

MODELS["flux-schnell"] = Model(
    *waiting(30.0, lambda shape: shape["steps"] / 2),
    shapes=[{"steps": 8, "adapter": 'ink, "wet"', "seed": 7}, {"steps": 4}],
    load_adapter=load_adapter,
)
MODELS["flux-dev"] = Model(waiting(20.0, None)[0], run_four_do_not_fit, shapes=[{"images": 1}, {"images": 4}])
MODELS["instantid"] = Model(load_too_large, waiting(0, lambda shape: 3.0)[1])
MODELS["lora"] = Model(*waiting(10.0, lambda shape: 100.0 * shape["steps"]), shapes=[{"steps": 1}, {"steps": 99}])
MODELS["wan2.1"] = Model(shapes=[{"frames": 81}], endpoints={"fp16": Endpoint("studio", function="wan")})
MODELS["seedvr2"] = Model(
    shapes=[{"megapixels": 2.0}],
    endpoints={
        "bf16": Endpoint(
            "studio",
            cls="SeedVr",
            method="restore",
            stats=lambda reply: {"seconds": reply["took"], "boot_s": reply["started_in"], "machine": reply["where"]},
        )
    },
)
