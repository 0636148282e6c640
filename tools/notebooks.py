"""Reading, judging and normalising the course's notebooks, for the recorder and the tests."""
import ast
import base64
import hashlib
import io
import pathlib
import re

import nbformat
from helpers import plots
from PIL import Image, ImageColor

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHAPTERS = ROOT / "chapters"
LARGE = 120_000  # characters of base64: the pictures above it are those that hold photographs
HEAVY = 1_400_000  # characters of all pictures of a lesson, beyond which they get fewer colours
MEASURED = re.compile(r"(<!-- measured:begin -->).*?(<!-- measured:end -->)", re.DOTALL)


def lessons():
    """The lessons of the course, as "chapter/lesson", in order; labs are no lessons."""
    return [path.relative_to(CHAPTERS).with_suffix("").as_posix()
            for path in sorted(CHAPTERS.glob("[0-9]*_*/[0-9]*_*.ipynb"))]


def path_of(lesson):
    """The notebook's path. Raises FileNotFoundError with the names that exist."""
    path = CHAPTERS / f"{lesson}.ipynb"
    if not path.is_file():
        raise FileNotFoundError(f"there is no lesson {lesson!r}; there are: {', '.join(lessons())}")
    return path


def read(lesson):
    return nbformat.read(path_of(lesson), as_version=4)


def write(notebook, lesson):
    nbformat.write(notebook, path_of(lesson))


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def is_setup(cell):
    return cell.cell_type == "code" and cell.source.startswith("# Setup, the same in every lesson.")


def _alternative_texts(source):
    """The values of all `alt=` in a cell's code as syntax nodes, in order."""
    return sorted((node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.keyword)
                   and node.arg == "alt"), key=lambda value: (value.lineno, value.col_offset))


def _smoke_values(source):
    """What `run.pick` takes at budget smoke, as syntax nodes."""
    return [keyword.value for call in ast.walk(ast.parse(source)) if isinstance(call, ast.Call)
            and getattr(call.func, "attr", None) == "pick" for keyword in call.keywords if keyword.arg == "smoke"]


def _without(source, values):
    """The code as bytes, without these syntax nodes."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    kept, end, code = [], 0, source.encode()
    spans = [(starts[value.lineno - 1] + value.col_offset, starts[value.end_lineno - 1] + value.end_col_offset)
             for value in values]
    for first, last in sorted(spans):  # one may lie within another
        kept.append(code[end:max(first, end)])
        end = max(end, last)
    return b"".join(kept) + code[end:]


def digest(notebook):
    """SHA-256 of what a lesson computes: all code cells, but not the setup cell, alternative texts and smoke's values.

    The setup cell's address may change, alternative texts are prose, and no reference run is made at budget smoke: none
    of them makes an output stale.
    """
    cells = [cell.source for cell in code_cells(notebook) if not is_setup(cell)]
    return hashlib.sha256(b"\n\0".join(
        _without(source, [*_alternative_texts(source), *_smoke_values(source)]) for source in cells)).hexdigest()


def _lighter(picture, colours=256, large=LARGE):
    """A PNG as base64; a large one with photographs in it is stored with few colours, a third of the bytes.

    Animations and pictures that have no more colours already stay as they are.
    """
    if len(picture) < large:
        return picture
    with Image.open(io.BytesIO(base64.b64decode(picture))) as opened:
        if getattr(opened, "n_frames", 1) > 1 or opened.mode == "P" and len(opened.getpalette()) <= 3 * colours:
            return picture
        rich, stored = opened.convert("RGB"), io.BytesIO()
        own = [channel for colour in ("white", *plots.COLOURS) for channel in ImageColor.getrgb(colour)]
        palette = Image.new("P", (1, 1))  # the lines' own colours must not be mixed with those of the photographs
        palette.putpalette(rich.quantize(colours - 16).getpalette()[:3 * (colours - 16)] + own)
        rich.quantize(palette=palette, dither=Image.Dither.NONE).save(stored, "PNG", optimize=True)
    lighter = base64.b64encode(stored.getvalue()).decode()
    return lighter if len(lighter) < 0.9 * len(picture) else picture


def normalise(notebook):
    """Bring an executed notebook into the form that is committed, in place.

    Drops what differs from run to run or may not be published: the error stream, widget state, timings and
    editor metadata. Joins the pieces of a stream, numbers the cells, makes large pictures lighter, and copies each
    picture's alternative text to where the site's builder looks for it.
    """
    notebook.metadata = nbformat.NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
        **{key: notebook.metadata[key] for key in ("accelerator", "colab") if key in notebook.metadata})
    count = 0
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata = nbformat.NotebookNode({key: cell.metadata[key] for key in ("tags",) if key in cell.metadata})
        if cell.cell_type != "code":
            continue
        if is_setup(cell):
            cell.metadata["tags"] = ["hide-input"]  # the site folds it: the same everywhere, and not the subject
        kept = []
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                continue
            if output.get("data") and "application/vnd.jupyter.widget-view+json" in output.data:
                continue
            if output.output_type == "stream" and kept and kept[-1].output_type == "stream":
                kept[-1].text += output.text
                continue
            if output.output_type == "execute_result":
                output.execution_count = count + 1
            if output.get("data") and "image/png" in output.data:
                output.data["image/png"] = _lighter(output.data["image/png"])
            kept.append(output)
        cell.outputs = kept
        if cell.source.strip():
            count += 1
            cell.execution_count = count
        texts = [output.metadata.get("image/png", {}).get("alt") for output in kept
                 if output.get("data") and "image/png" in output.data]
        if any(texts):
            cell.metadata["mystnb"] = {"image": {"alt": " ".join(text for text in texts if text)}}
    pictures = [output.data for cell in code_cells(notebook) for output in cell.outputs
                if "image/png" in output.get("data", {})]
    for colours in (128, 96):
        if sum(len(each["image/png"]) for each in pictures) > HEAVY:
            for each in pictures:
                each["image/png"] = _lighter(each["image/png"], colours, LARGE // 4)
    return notebook


def measured_line(result):
    """The generated words of a lesson's "At a glance": how long it took, on what, made with which versions."""
    if result is None:
        return "not yet measured"
    minutes = max(1, round(result["seconds"] / 60))
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items() if name != "numpy")
    memory = f", {result['peak_memory_mb'] / 1024:.1f} GB of memory" if result.get("peak_memory_mb") else ""
    load = f"; {result['download_mb']:.0f} MB to download once" if result.get("download_mb", 0) >= 1 else ""
    return (f"{minutes} minute{'s' if minutes > 1 else ''} on {result['device']} at budget `{result['budget']}`"
            f"{memory}{load} (measured {result['recorded']}; {result['backend']} backend, {versions})")


def set_measured(notebook, result):
    """Write the measured line between its markers. Raises ValueError when the lesson has no markers."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and MEASURED.search(cell.source):
            cell.source = MEASURED.sub(lambda match: match[1] + measured_line(result) + match[2], cell.source)
            return notebook
    raise ValueError("no cell holds <!-- measured:begin --><!-- measured:end --> for the measured minutes")


def set_networks(notebook, table):
    """Put `table` into the stored output of the lesson's `run.networks()`, which later recordings may outdate."""
    for cell in code_cells(notebook):
        if cell.source.strip() == "run.networks()":
            for output in cell.outputs:
                if "text/markdown" in output.get("data", {}):
                    output.data["text/markdown"] = table
    return notebook


def set_alternative_texts(notebook):
    """Carry each cell's `alt=` over to its stored picture, so that a better text needs no new reference run."""
    for cell in code_cells(notebook):
        pictures = [output for output in cell.outputs if "image/png" in output.get("data", {})]
        texts = [value for value in _alternative_texts(cell.source) if isinstance(value, ast.Constant)]
        if len(pictures) == len(texts) == 1:
            text = pictures[0].metadata["image/png"]["alt"] = pictures[0].data["text/plain"] = texts[0].value
            cell.metadata["mystnb"] = {"image": {"alt": text}}
    return notebook
