"""The steps by which a dataset is found: the cache, the mirror, the network."""
from helpers.datasets import fetch, formats, registry
from helpers.datasets.registry import DatasetError


def find(entry):
    """The arrays of a dataset and where they came from: (arrays, "cache" | "mirror" | "network", failures).

    Arrays and source are None when every step failed. `failures` lists (where, reason) in the order tried.
    """
    failures = []
    for source, step in (("cache", _from_cache), ("mirror", _from_mirror), ("network", _from_network)):
        arrays = step(entry, failures)
        if arrays is not None:
            return arrays, source, failures
    return None, None, failures


def read(entry, form, folder):
    """The arrays of a form whose files lie in a folder. Raises DatasetError unless every hash is right."""
    paths = [folder / file.name for file in form.files]
    for path, file in zip(paths, form.files, strict=True):
        fetch.verify(path, file)
    arrays = formats.read(form.format, paths)
    if entry.content_sha256 and formats.digest(arrays) != entry.content_sha256:
        names = registry.listing(path.name for path in paths)
        raise DatasetError(f"the arrays in {names} are not those of {entry.title}")
    return arrays


def explain(entry, failures, folder):
    """The message when a dataset could not be had: what was tried, why it failed, what to do.

    `folder` is where its files would be found next time.
    """
    tried = "\n".join(f"  {where}: {why}" for where, why in failures)
    return (f"{entry.title} could not be had. Tried, in this order:\n{tried}\n"
            f"What to do: connect to the internet and run this again;\n"
            "  or set COURSE_DATA to a folder that was filled elsewhere by\n"
            f"     python -m helpers.datasets mirror FOLDER {entry.name};\n"
            f"  or put the files of one address above into {folder}.")


def summary(failures):
    """The same in a few words, for the one line that announces a stand-in."""
    remote = [why for where, why in failures if where.startswith("http")]
    words = [f"{where} {why}" for where, why in failures if not where.startswith("http")]
    if remote:
        words.append(f"{len(remote)} address{'es' * (len(remote) > 1)} failed (the last: {remote[-1]})")
    return "; ".join(words)


def _from_cache(entry, failures):
    folder = registry.cache_folder() / entry.name
    return _from_folder(entry, folder, "the cache", failures, ours=True)


def _from_mirror(entry, failures):
    mirror = registry.mirror_folder()
    if mirror is None:
        failures.append(("COURSE_DATA", "is not set"))
    elif not mirror.is_dir():
        failures.append(("COURSE_DATA", f"names a folder that does not exist: {mirror}"))
    else:
        return _from_folder(entry, mirror / entry.name, "the mirror", failures, ours=False)


def _from_folder(entry, folder, where, failures, ours):
    """The first form that lies in the folder complete and sound. What is damaged goes if it is `ours`."""
    before = len(failures)
    for form in entry.forms:
        missing = [file.name for file in form.files if not (folder / file.name).is_file()]
        if len(missing) == len(form.files):
            continue
        if missing:
            failures.append((where, f"lacks {registry.listing(missing)}"))
            continue
        try:
            return read(entry, form, folder)
        except DatasetError as error:
            failures.append((where, f"cannot be used: {error}"))
            if ours:
                _remove_damaged(form, folder)
                print(f"{entry.title}: the cache cannot be used; what is damaged was removed: {error}.")
    if len(failures) == before:
        failures.append((where, "has no copy"))


def _from_network(entry, failures):
    return from_network(entry, registry.cache_folder() / entry.name, failures)[0]


def from_network(entry, folder, failures):
    """Download a dataset into a folder from the first address that has it whole.

    Returns (arrays, form); both are None when every address failed.
    """
    if registry.offline():
        failures.append(("the network", "is switched off by COURSE_OFFLINE"))
        return None, None
    ways = [(form, address) for form in entry.forms for address in form.addresses]
    for form, address in ways:
        last = (form, address) == ways[-1]
        try:
            for file in form.files:
                if not _sound(folder / file.name, file):
                    _download(form.urls(address, file), folder / file.name, file, last)
            return read(entry, form, folder), form
        except DatasetError as error:
            failures.append((address, str(error)))
            _remove_damaged(form, folder)
    return None, None


def _download(urls, target, file, patient):
    """Download one file from the first of its addresses that has it. Raises DatasetError as the last did."""
    for number, url in enumerate(urls, start=1):
        try:
            return fetch.download(url, target, file, patient=patient and number == len(urls))
        except DatasetError:
            if number == len(urls):
                raise


def _remove_damaged(form, folder):
    """Remove every file of a form that is not known to be right."""
    for file in form.files:
        if not _sound(folder / file.name, file):
            fetch.remove(folder / file.name)


def _sound(path, file):
    """Whether a file is there and its hash is known and right."""
    try:
        fetch.verify(path, file)
        return file.sha256 is not None
    except (DatasetError, OSError):
        return False
