"""Networks with ImageNet weights, by the steps of a dataset. Taught in the lesson on transfer learning.

The cache is Keras' own (~/.keras/models, or models below $KERAS_HOME), so what Keras has fetched is found
here and what is fetched here is found by Keras.
"""
import os
import pathlib

import numpy as np

from helpers.datasets import fetch, formats, registry, steps
from helpers.datasets.registry import DatasetError, File

WITH_TOP, WITHOUT_TOP = 0, 1  # the order of the files in the registry


def imagenet_model(name="mobilenet", allow_stand_in=True, **options):
    """keras.applications.MobileNet with alpha 0.75 and ImageNet weights, and where these came from.

    `options` go to keras.applications.MobileNet, such as include_top=False or input_shape=(96, 96, 3); the
    weights are those for 224x224 whatever the input's size. Prints one line that says where they came from.
    Returns (model, source), source being "cache", "mirror", "network" or "stand-in"; the last means random
    weights, the same in every run. Raises DatasetError for an unknown name, and, when `allow_stand_in` is
    False, for weights that cannot be had.
    """
    import keras

    entry = registry.entry(name, kind="weights")
    model = keras.applications.MobileNet(alpha=0.75, weights=None, **options)
    if registry.smoke() and allow_stand_in:
        return _random(entry, model, "the budget is smoke")
    top = options.get("include_top", True)
    file = entry.forms[0].files[WITH_TOP if top else WITHOUT_TOP]
    path, source, failures = find(entry, entry.forms[0], file)
    if path is None and not allow_stand_in:
        raise DatasetError(steps.explain(entry, failures, keras_cache()))
    if path is None:
        return _random(entry, model, steps.summary(failures))
    model.load_weights(path)
    if top:
        find(entry, entry.forms[1], entry.forms[1].files[0])  # decode_predictions needs it
    where = {"cache": "from Keras' cache", "mirror": "from the mirror in COURSE_DATA",
             "network": "from the network"}
    others = "" if _values_known(path, file) else " They are not those with which the course was measured."
    print(f"{entry.title}: ImageNet weights {where[source]}.{others}")
    registry.note(entry, source)
    return model, source


def keras_cache():
    """The folder in which Keras keeps the weights it has fetched."""
    home = os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras"
    return pathlib.Path(home).expanduser() / "models"


def find(entry, form, file):
    """One file in Keras' cache, put there from the mirror or the network when it is missing or damaged.

    Returns (path, source, failures) like `steps.find`; path and source are None when every step failed.
    """
    failures, target = [], keras_cache() / file.name
    if target.is_file():
        try:
            check(target, form, file)
            return target, "cache", failures
        except DatasetError as error:
            failures.append(("Keras' cache", f"cannot be used: {error}"))
            fetch.remove(target)
            print(f"{entry.title}: a damaged file was removed from Keras' cache: {error}.")
    else:
        failures.append(("Keras' cache", "has no copy"))
    mirrored = registry.mirror_folder() and registry.mirror_folder() / entry.name / file.name
    if not mirrored:
        failures.append(("COURSE_DATA", "is not set"))
    elif not mirrored.is_file():
        failures.append(("the mirror", "has no copy"))
    else:
        try:
            check(mirrored, form, file)
            return _kept(mirrored, target, file), "mirror", failures
        except DatasetError as error:
            failures.append(("the mirror", f"cannot be used: {error}"))
    if registry.offline():
        failures.append(("the network", "is switched off by COURSE_OFFLINE"))
        return None, None, failures
    for address in form.addresses:
        try:
            fetch.download(form.url(address, file), target, file, patient=address == form.addresses[-1])
            check(target, form, file)
            return target, "network", failures
        except DatasetError as error:
            failures.append((address, str(error)))
            fetch.remove(target)
    return None, None, failures


def check(path, form, file):
    """Raise DatasetError unless a file is whole, by its format and its hash, if one is known."""
    sums = path.parent / "SHA256SUMS"  # Keras publishes no hash of its weights, but a mirror notes its own
    if file.sha256 is None and sums.is_file():
        lines = [line.split() for line in sums.read_text(encoding="utf-8").splitlines()]
        noted = {parts[-1].lstrip("*"): parts[0] for parts in lines if len(parts) >= 2}
        file = File(file.name, file.bytes, noted.get(file.name))
    fetch.verify(path, file)
    formats.read(form.format, [path])


def _kept(mirrored, target, file):
    """The copy in Keras' cache; where none can be made, the mirror's own file will do."""
    try:
        fetch.copy(mirrored, target, file)
        return target
    except DatasetError:
        return mirrored


def _values_known(path, file):
    return formats.digest(formats.read("keras_h5", [path])) == file.values_sha256


def _random(entry, model, why):
    """The model with weights drawn as He et al. (2015) do, from a fixed seed and not the lesson's."""
    random = np.random.default_rng(0)
    for weight in model.weights:
        if weight.name.endswith("kernel"):
            depthwise = "_dw_" in weight.path  # such a layer sums over its window, not over the channels
            inputs = np.prod(weight.shape[:2] if depthwise else weight.shape[:-1])
            weight.assign(random.normal(0, np.sqrt(2 / inputs), tuple(weight.shape)).astype("float32"))
    print(f"{entry.title}: random weights, a stand-in, because {why}. Results will differ from those with "
          "ImageNet weights.")
    registry.note(entry, "stand-in")
    return model, "stand-in"
