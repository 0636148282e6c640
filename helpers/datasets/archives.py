"""Reading .tar (compressed or not) and .zip archives without trusting them."""
import pathlib
import re
import tarfile
import zipfile
import zlib

from helpers.datasets.registry import DatasetError

BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError)


def members(archive):
    """Yield (name, bytes) of each regular file of an archive, in its order.

    Nothing is written. Raises DatasetError for an archive that is truncated or damaged, and for one with a
    member that would lie outside the folder it is unpacked to: an absolute path, a path with .., or a link.
    """
    archive = pathlib.Path(archive)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                for member in opened.infolist():
                    _refuse_outside(member.filename, link=(member.external_attr >> 28) == 0o12)
                    if not member.is_dir():
                        yield member.filename, opened.read(member)
        else:
            with tarfile.open(archive, "r:*") as opened:
                for member in opened:
                    _refuse_outside(member.name, link=not (member.isfile() or member.isdir()))
                    if member.isfile():
                        yield member.name, opened.extractfile(member).read()
    except BROKEN as error:
        raise DatasetError(f"{archive.name} is damaged or truncated ({error})") from error


def unpack(archive, folder):
    """Unpack an archive into a folder. All members are read and checked before the first is written.

    Raises DatasetError as `members` does, and OSError when writing fails. Returns the paths written.
    """
    for _ in members(archive):
        pass
    paths = []
    for name, content in members(archive):
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths


def _refuse_outside(name, link):
    parts = re.split(r"[/\\]", name)
    if link or ".." in parts or parts[0] == "" or ":" in parts[0]:
        raise DatasetError(f"the archive's member {name!r} would lie outside its folder: refused")
