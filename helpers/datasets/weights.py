"""Networks with ImageNet weights, by the steps of a dataset. Taught in the lesson on transfer learning.

The cache is Keras' own (~/.keras/models, or models below $KERAS_HOME), so what Keras has fetched is found
here and what is fetched here is found by Keras.
"""
import os
import pathlib

import numpy as np

from helpers.datasets import fetch, formats, registry, steps
from helpers.datasets.registry import DatasetError, File

def imagenet_model(name="mobilenet", allow_stand_in=True, **options):
    """A network of keras.applications with ImageNet weights, and where these came from.

    "mobilenet" is MobileNet with alpha 0.75; "vgg19" is VGG19, of which the course has the weights for
    include_top=False alone. `options` go to Keras, such as include_top=False or input_shape=(96, 96, 3); the
    weights are those for 224x224 whatever the input's size. Prints one line that says where they came from.
    Returns (model, source), source being "cache", "mirror", "network" or "stand-in"; the last means random
    weights, the same in every run. Raises DatasetError for an unknown name or weights that the course does
    not have, and, when `allow_stand_in` is False, for weights that cannot be had.
    """
    entry = registry.entry(name, kinds=("weights",))
    top = options.get("include_top", True)
    file = _file(entry, top)
    model = _build(name, options)
    if registry.smoke() and allow_stand_in:
        return _random(entry, model, "the budget is smoke")
    path, source, failures = find(entry, entry.forms[0], file)
    if path is None and not allow_stand_in:
        raise DatasetError(steps.explain(entry, failures, keras_cache()))
    if path is None:
        return _random(entry, model, steps.summary(failures))
    copied = path.name != file.name
    if copied:
        _set_weights(model, formats.read("keras_uint8", [path]))
    else:
        model.load_weights(path)
    if top:
        find(entry, entry.forms[1], entry.forms[1].files[0])  # decode_predictions needs it
    where = {"cache": "from Keras' cache", "mirror": "from the mirror in COURSE_DATA",
             "network": "from the network"}
    remark = ", a copy rounded to 8 bits." if copied else "."
    if file.values_sha256 and not _values_known(path, file):
        remark += " They are not those with which the course was measured."
    print(f"{entry.title}: ImageNet weights {where[source]}{remark}")
    registry.note(entry, source)
    return model, source


def _build(name, options):
    import keras

    if name == "vgg19":
        return keras.applications.VGG19(weights=None, **options)
    return keras.applications.MobileNet(alpha=0.75, weights=None, **options)


def _file(entry, top):
    """The file of the weights with or without top."""
    for file in entry.forms[0].files:
        if top == ("notop" not in file.name.replace("_", "")):
            return file
    raise DatasetError(f"the course has no weights of {entry.title} with include_top={top}")


def _set_weights(model, arrays):
    """Give each layer the arrays <layer>/<weight>."""
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([arrays[f"{layer.name}/{weight.name}"] for weight in layer.weights])


def keras_cache():
    """The folder in which Keras keeps the weights it has fetched."""
    home = os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras"
    return pathlib.Path(home).expanduser() / "models"


def find(entry, form, file):
    """One file in Keras' cache, put there from the mirror or the network when it is missing or damaged.

    Where a mirror holds a small copy of the weights in place of the file, that is what is found, and it stays
    in the mirror: Keras would not take it from its cache. Returns (path, source, failures) like `steps.find`;
    path and source are None when every step failed.
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
    mirrored = _mirrored(entry, form, file, failures)
    if mirrored:
        return _kept(mirrored, target, file) if mirrored.name == file.name else mirrored, "mirror", failures
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


def copies(entry):
    """The forms of small copies of a network's weights, which only mirror folders hold."""
    return [form for form in entry.forms if not form.addresses]


def _mirrored(entry, form, file, failures):
    """The path of a file, or of a small copy of it, in the mirror; None when there is no sound one."""
    mirror = registry.mirror_folder()
    if mirror is None:
        failures.append(("COURSE_DATA", "is not set"))
        return None
    before = len(failures)
    alternatives = [(form, file)]
    if form is entry.forms[0]:
        alternatives += [(copy, copy.files[0]) for copy in copies(entry)]
    for each_form, each in alternatives:
        path = mirror / entry.name / each.name
        if path.is_file():
            try:
                check(path, each_form, each)
                return path
            except DatasetError as error:
                failures.append(("the mirror", f"cannot be used: {error}"))
    if len(failures) == before:
        failures.append(("the mirror", "has no copy"))
    return None


def check(path, form, file):
    """Raise DatasetError unless a file is whole, by its format and its hash, if one is known."""
    sums = path.parent / "SHA256SUMS"  # Keras publishes no hash of its weights, but a mirror notes its own
    if file.sha256 is None and sums.is_file():
        lines = [line.split() for line in sums.read_text(encoding="utf-8").splitlines()]
        noted = {parts[-1].lstrip("*"): parts[0] for parts in lines if len(parts) >= 2}
        file = File(file.name, file.bytes, noted.get(file.name), file.md5)
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
