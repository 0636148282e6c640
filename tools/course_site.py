"""Sphinx extension of the published site: numbers pages, and keeps every page light and self-contained."""
import re
from pathlib import Path

import pydata_sphinx_theme
from docutils import nodes
from fontTools import subset, ttLib
from sphinx.domains.math import MathDomain

MARK = "# NBVAL_CHECK_OUTPUT\n"
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
SHEET, SCRIPT = "styles/pydata-sphinx-theme.css", "scripts/fontawesome.js"
FONTS = "vendor/fontawesome/webfonts"
CHAPTER = re.compile(r"chapters/(\d+)_")
# .fa-rocket:before,.fa-another-name:before{content:"\f135"} in the theme's style sheet.
ICON = re.compile(r'(?:\.fa-[a-z0-9-]+:before,?)+\{content:"\\[0-9a-f]+"\}')


def leave_vendored_scripts_to_their_pages(app, config):
    """Jupyter Book loads every script under _static on every page; a vendored library loads its own parts."""
    config.html_js_files = [name for name in config.html_js_files if not str(name).startswith("vendor/")]


def hide_headings(app, env):
    """Take the headings away while Sphinx gives the numbers: 1.2 is a page, not a heading of the overview."""
    env.whole_tocs = env.tocs
    env.tocs = {docname: contents.deepcopy() for docname, contents in env.tocs.items()}
    for contents in env.tocs.values():
        for entry in list(contents.findall(nodes.reference)):
            if entry["anchorname"]:
                entry.parent.parent.clear()
    return []


def show_headings(app, env):
    """Put the headings back, each marked as having no number, and give every page its own.

    A chapter's number is that of its folder, which Sphinx cannot know: chapters that do not exist yet are
    not in the table of contents.
    """
    numbered, env.tocs = env.tocs, env.whole_tocs
    del env.whole_tocs
    for docname, numbers in env.toc_secnumbers.items():
        if (folder := CHAPTER.match(docname)) and numbers.get(""):
            number = int(folder[1]), *numbers[""][1:]
            numbers[""] = env.titles[docname]["secnumber"] = number
            for kind in env.toc_fignumbers.get(docname, {}).values():  # equations: (7.3.1) on page 7.3
                kind.update({name: (number[0], *old[1:]) for name, old in kind.items()})
            for contents in numbered.values():
                for entry in contents.findall(nodes.reference):
                    if entry.get("refuri") == docname and not entry["anchorname"]:
                        entry["secnumber"] = number
    for docname, contents in env.tocs.items():
        for entry in contents.findall(nodes.reference):
            if not entry["anchorname"]:
                entry["secnumber"] = numbered[docname].next_node(nodes.reference).get("secnumber")
            elif docname in env.toc_secnumbers:
                env.toc_secnumbers[docname][entry["anchorname"]] = ()
    return []


def use_own_badge(app, doctree, docname):
    """GitHub and Colab need the badge's public address; the site shows its own, and asks no other host."""
    for image in doctree.findall(nodes.image):
        if image["uri"] == BADGE:
            image["uri"] = "../" * docname.count("/") + "_static/colab_badge.svg"


def hide_marks(app, doctree):
    """The comment that tells the tests to compare a cell's output says nothing to a reader."""
    for block in doctree.findall(nodes.literal_block):
        if block.astext().startswith(MARK):
            code = block.astext().removeprefix(MARK)
            block.rawsource, block[:] = code, [nodes.Text(code)]


class Formulas(MathDomain):
    """A page loads the formula script when it has formulas itself, not when the pages below it have."""

    def has_equations(self, docname=None):
        return self.data["has_equations"].get(docname, False) if docname else super().has_equations()


def trim_icons(app, exception):
    """Send each reader the thirty icons that the site shows instead of the theme's two thousand.

    The theme ships every icon twice, in a script of half a megabyte and in fonts. Here the script is emptied,
    the style sheet keeps the icons that some page or script names, and the fonts keep the glyphs that the
    style sheet then asks for.
    """
    if exception or app.builder.format != "html" or not (THEME / FONTS).is_dir():
        return  # a theme that keeps its icons elsewhere is served as it is: heavier, and whole
    static = Path(app.outdir) / "_static"
    used = set()
    for path in [*Path(app.outdir).rglob("*.html"), *static.glob("*.js"), *static.glob("scripts/[!f]*.js")]:
        used.update(re.findall(r"\bfa-[a-z0-9-]+", path.read_text(encoding="utf-8")))

    def keep_if_used(rule):
        return rule[0] if used.intersection(re.findall(r"fa-[a-z0-9-]+", rule[0])) else ""

    sheet = ICON.sub(keep_if_used, (THEME / SHEET).read_text(encoding="utf-8"))
    glyphs = {int(code, 16) for code in re.findall(r'"\\([ef][0-9a-f]{3})"', sheet)}
    sheet = re.sub(r'url\([^)]*\.woff2\) format\("woff2"\),', "", sheet)
    (static / SHEET).write_text(sheet, encoding="utf-8")
    (static / SCRIPT).write_text("/* The icons come from the fonts. */\n", encoding="utf-8")
    for path in (static / FONTS).glob("*.ttf"):
        font = ttLib.TTFont(THEME / FONTS / path.name)
        trimmed = subset.Subsetter()
        trimmed.populate(unicodes=glyphs)
        trimmed.subset(font)
        font.save(path)


def join_style_sheets(app, exception):
    """The theme's first style sheet does nothing but import a second one. Browsers ask for that twice, once at a
    wrong address, so its rules take the place of the import."""
    sheet = Path(app.outdir) / "_static/styles/theme.css"
    if not exception and sheet.is_file() and '@import "../basic.css";' in (text := sheet.read_text(encoding="utf-8")):
        basic = (sheet.parent.parent / "basic.css").read_text(encoding="utf-8")
        sheet.write_text(text.replace('@import "../basic.css";', re.sub(r"url\((?![\"'/]|\w+:)", "url(../", basic)), encoding="utf-8")


def setup(app):
    app.connect("config-inited", leave_vendored_scripts_to_their_pages)
    app.add_domain(Formulas, override=True)
    app.connect("env-get-updated", hide_headings, priority=400)       # Sphinx gives the numbers at 500
    app.connect("env-get-updated", show_headings, priority=900)
    app.connect("doctree-read", hide_marks)
    app.connect("doctree-resolved", use_own_badge)
    app.connect("build-finished", trim_icons)
    app.connect("build-finished", join_style_sheets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
