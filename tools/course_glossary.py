"""Sphinx extension of the published site: the first time that a page uses a term of the glossary, it is a link.

Only running text is touched: no headings, code, formulas, tables, captions or links. The terms of a chapter are
linked in that chapter and in later ones, because a word like "style" is a term only where it has been introduced.
Nothing in the sources changes, and a term that is new in the glossary is linked at the next build.
"""
import re

from docutils import nodes
from sphinx import addnodes

PAGE = "guide/glossary"
# Words of the course that are used on every page, and that the landing page explains.
PLAIN = {"chapter", "lesson", "lab", "dataset", "result", "published", "ours"}
LEFT_ALONE = (nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw,
              nodes.table, nodes.caption, nodes.image, nodes.citation, nodes.term, nodes.footnote, nodes.rubric,
              addnodes.pending_xref, addnodes.highlightlang)
CHAPTER = re.compile(r"chapters/(\d+)_")


def terms_of(env):
    """{term in lower case: (the chapter that introduces it, its anchor, what it says)}; chapter 0 is the course."""
    if not hasattr(env, "course_terms"):
        env.course_terms, doctree = {}, env.get_doctree(PAGE)
        for section in doctree.findall(nodes.section):
            number = re.search(r"chapter (\d+)", section.next_node(nodes.title).astext())
            for item in (each for each in section.findall(nodes.definition_list_item)):
                meaning = plain(item.next_node(nodes.definition))
                for term in item.findall(nodes.term):
                    name = term.astext().lower()
                    if term["ids"] and name not in PLAIN:
                        env.course_terms.setdefault(name, (int(number[1]) if number else 0, term["ids"][0], meaning))
    return env.course_terms


def plain(definition):
    """What a definition says, as text for a tooltip: without its citations."""
    definition = definition.deepcopy()
    for citation in list(definition.findall(addnodes.pending_xref)):
        if citation.get("refdomain") == "cite":
            citation.parent.remove(citation)
    return " ".join(definition.astext().split()).replace(" .", ".")


def link_terms(app, doctree, docname):
    if docname == PAGE or PAGE not in app.env.found_docs or app.builder.format != "html":
        return
    here = CHAPTER.match(docname)
    known = {name: found for name, found in terms_of(app.env).items()
             if found[0] <= (int(here[1]) if here else 0)}
    if not known:
        return
    # The longest first, so that "batch normalisation" is not read as "batch".
    names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w-])({names})(s?)(?![\w-])", re.IGNORECASE)
    page = app.builder.get_relative_uri(docname, PAGE)
    for text in list(doctree.findall(nodes.Text)):
        if any(isinstance(parent, LEFT_ALONE) for parent in ancestors(text)) or not known:
            continue
        parts, end = [], 0
        for found in pattern.finditer(text):
            if entry := known.pop(found[1].lower(), None):
                parts += [nodes.Text(text[end:found.start()]), nodes.reference(
                    "", found[0], internal=True, refuri=f"{page}#{entry[1]}", reftitle=entry[2], classes=["glossary"])]
                end = found.end()
        if parts:
            text.parent.replace(text, [part for part in [*parts, nodes.Text(text[end:])] if part.astext()])


def ancestors(node):
    while node.parent is not None:
        node = node.parent
        yield node


def forget(app, env, docnames):
    """Read the glossary anew in every build."""
    if hasattr(env, "course_terms"):
        del env.course_terms


def setup(app):
    app.connect("env-before-read-docs", forget)
    app.connect("doctree-resolved", link_terms)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
