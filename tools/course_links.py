"""Sphinx extension of the published site: links that the text does not have to spell out.

- "lesson 2.1", "lessons 1.1 and 1.4", "Lab 5", and the bold "2.1 Title" of a chapter's overview lead to that page.
- The first time that a page uses a term of the glossary, it is a link, unless it stands there in bold. The terms of a chapter are linked in that
  chapter and in later ones, because a word like "style" is a term only where it has been introduced.

Only running text is touched: no headings, code, formulas, tables, captions or links. The sources stay as they are,
and what is new in the table of contents or in the glossary is linked at the next build.
"""
import re

from docutils import nodes
from sphinx import addnodes

GLOSSARY = "guide/glossary"
# Words of the course that are used on every page, and that the landing page explains.
PLAIN = {"chapter", "lesson", "lab", "dataset", "result", "published", "ours"}
LEFT_ALONE = (nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw,
              nodes.caption, nodes.citation, nodes.term, nodes.footnote, nodes.rubric, addnodes.pending_xref)
CHAPTER = re.compile(r"chapters/0*(\d+)_[^/]+/")
LESSONS = re.compile(r"[Ll]essons?\s+\d+\.\d+(?:(?:,\s+and\s+|,\s+|\s+and\s+|\s+or\s+|\s+to\s+)\d+\.\d+)*")
LAB = re.compile(r"\b[Ll]ab\s+(\d+)\b")
OVERVIEW = re.compile(r"^\d+\.\d+(?=\s)")


def ancestors(node):
    while node.parent is not None:
        node = node.parent
        yield node


def texts(doctree, left_alone=()):
    """The pieces of running text. The landing page's cards are links as they are."""
    for text in list(doctree.findall(nodes.Text)):
        if not any(isinstance(parent, (*LEFT_ALONE, *left_alone)) or "sd-card" in parent.get("classes", [])
                   for parent in ancestors(text)):
            yield text


def put_links(text, found):
    """Replace parts of a text by links; `found` is a list of (start, end, address, further attributes)."""
    parts, end = [], 0
    for start, stop, address, attributes in found:
        parts += [text[end:start], nodes.reference("", text[start:stop], internal=True, refuri=address, **attributes)]
        end = stop
    parts = [nodes.Text(part) if isinstance(part, str) else part for part in [*parts, text[end:]] if part != ""]
    if found:
        text.parent.replace(text, parts)


# Pages by their number

def link_pages(app, doctree, docname):
    if app.builder.format != "html":
        return
    pages = {".".join(map(str, title["secnumber"])): name for name, title in app.env.titles.items() if "secnumber" in title}
    labs = {CHAPTER.match(name)[1]: name for name in app.env.titles if re.search(r"/lab_student$", name)}

    def address(name):
        return app.builder.get_relative_uri(docname, name)

    for text in texts(doctree, [nodes.table]):
        found = []
        for lessons in LESSONS.finditer(text):
            found += [(lessons.start() + number.start(), lessons.start() + number.end(), pages.get(number[0]))
                      for number in re.finditer(r"\d+\.\d+", lessons[0])]
        found += [(lab.start(), lab.end(), labs.get(lab[1])) for lab in LAB.finditer(text)]
        if docname.endswith("/index") and isinstance(text.parent, nodes.strong):
            found += [(0, len(text), pages.get(number[0])) for number in OVERVIEW.finditer(text)]
        put_links(text, [(start, stop, address(name), {}) for start, stop, name in sorted(found, key=lambda each: each[:2])
                         if name and name != docname])
    # A page that its overview does not mention would be out of reach on a phone, where the sidebar is folded away.
    linked = {link.get("refuri") for link in doctree.findall(nodes.reference)}
    missing = [name for name in app.env.toctree_includes.get(docname, [])
               if CHAPTER.match(docname) and address(name) not in linked]
    if missing:
        paragraph = nodes.paragraph("", "Also in this chapter: ")
        for place, name in enumerate(missing):
            paragraph += [nodes.Text(", " if place else ""), nodes.reference(
                "", app.env.titles[name].astext(), internal=True, refuri=address(name))]
        paragraph += nodes.Text(".")
        doctree.next_node(nodes.section).append(paragraph)


# Terms of the glossary

def terms_of(env):
    """{term: (the chapter that introduces it, its anchor, what it says)}; chapter 0 is the course."""
    if not hasattr(env, "course_terms"):
        env.course_terms = {}
        for item in env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
            section = next(each for each in ancestors(item) if isinstance(each, nodes.section))
            number = re.search(r"chapter (\d+)", section.next_node(nodes.title).astext())
            for term in item.findall(nodes.term):
                if term["ids"] and term.astext() not in PLAIN:
                    env.course_terms[term.astext()] = (
                        int(number[1]) if number else 0, term["ids"][0], plain(item.next_node(nodes.definition)))
    return env.course_terms


def plain(definition):
    """What a definition says, as text for a tooltip: without its citations."""
    definition = definition.deepcopy()
    for citation in list(definition.findall(addnodes.pending_xref)):
        if citation.get("refdomain") == "cite":
            citation.parent.remove(citation)
    text = " ".join(definition.astext().split()).replace(" .", ".")
    return "" if "\\" in text else text  # formulas do not read well in a tooltip


def spelling(name):
    """A pattern for a term: a name such as mAP as it is, any other term also at the start of a sentence."""
    plain_word = name == name.lower()
    return f"[{name[0]}{name[0].upper()}]{re.escape(name[1:])}" if plain_word else re.escape(name)


def link_terms(app, doctree, docname):
    if docname == GLOSSARY or GLOSSARY not in app.env.found_docs or app.builder.format != "html":
        return
    here = CHAPTER.match(docname)
    known = {name: found for name, found in terms_of(app.env).items() if found[0] <= (int(here[1]) if here else 0)}
    # The longest first, so that "batch normalisation" is not read as "batch".
    names = "|".join(spelling(name) for name in sorted(known, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w-])({names})s?(?![\w-])")
    page = app.builder.get_relative_uri(docname, GLOSSARY)
    for text in texts(doctree, [nodes.table]) if known else []:
        found = []
        for match in pattern.finditer(text):
            entry = known.pop(match[1], None) or known.pop(match[1][0].lower() + match[1][1:], None)
            # In bold a page introduces a word itself, perhaps in a sense of its own.
            if entry and not isinstance(text.parent, nodes.strong):
                found.append((match.start(), match.end(), f"{page}#{entry[1]}",
                              {"classes": ["glossary"], **({"reftitle": entry[2]} if entry[2] else {})}))
        put_links(text, found)


def forget(app, env, docnames):
    """Read the glossary anew in every build."""
    if hasattr(env, "course_terms"):
        del env.course_terms


def setup(app):
    app.connect("env-before-read-docs", forget)
    app.connect("doctree-resolved", link_pages)
    app.connect("doctree-resolved", link_terms, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
