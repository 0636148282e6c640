"""Sphinx extension of the published site: what makes a page easy to find, to share, and quick to read.

Every page gets a description and tags for social networks with a picture of its own; the site gets a map for
search engines, a page for addresses that do not exist, and the landing page at its bare address. Pictures get
their width and height, so that nothing moves while they load. The landing page and the gallery show real results.
"""
import functools
import html
import re
import shutil
import textwrap
import urllib.parse
from pathlib import Path

import cards
from docutils import nodes
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

CARD = re.compile(r"_static/cards/(\w+)\.svg$")
SHOWS = "shows-"  # a card of this class, `shows-NAME`, gets the result of that name as its picture
CHAPTER = re.compile(r"chapters/(\d+_\w+)/")
LOST = """<section><h1>There is no page at this address</h1>
<p>It may have moved, or the link that you followed may have a slip. Where to go on:</p>
<ul><li><a href="intro.html">the first page</a>, with the seven tasks</li>{chapters}</ul>
<p>Or search the course for what you were looking for:</p>
<form action="search.html" method="get" role="search"><input class="form-control" type="search" name="q"
aria-label="Search the course" placeholder="Search the course"></form></section>"""
# The theme loads the index of the search on every page, though it is used on the search page alone.
SEARCH = re.compile(r'\s*<script src="[^"]*(?:_static/searchtools|_static/language_data|searchindex)\.js[^"]*"></script>')

# The arrow that unfolds a chapter in the sidebar has no name for a screen reader; it gets that of its chapter.
UNFOLDS = re.compile(r'(<a class="(?:current )?reference internal" href="[^"]*">)([^<]*)(</a><details[^>]*><summary)>')


def promise(doctree):
    """The first paragraph of a page as plain text of at most 200 characters: what the page promises."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else []:
        text = " ".join(paragraph.astext().split())
        if len(text) > 40:
            return textwrap.shorten(text, 200, placeholder=" …")
    return None


def describe(app, pagename, templatename, context, doctree):
    """Add the description and the tags of Open Graph, which social networks read."""
    site = app.config.html_title
    title = " ".join(re.sub("<[^>]+>", "", html.unescape(context.get("title", ""))).split())
    text = promise(doctree) or f"{title}: {site}."
    if pagename == app.config.root_doc:
        context["pageurl"] = app.config.html_baseurl
        title = site
    if not doctree:  # search, index, 404: no page that anyone should be sent to
        context["pageurl"] = None
    picture = f"{app.config.html_baseurl}_static/social/{social_name(pagename if doctree else app.config.root_doc)}"
    tags = {"og:type": "article" if doctree else "website", "og:site_name": site, "og:title": title,
            "og:description": text, "og:url": context.get("pageurl"), "og:image": picture,
            "og:image:width": "1200", "og:image:height": "630", "og:image:alt": f"{title}, {site}"}
    lines = [f'<meta property="{name}" content="{html.escape(value)}" />' for name, value in tags.items() if value]
    lines += [f'<meta name="description" content="{html.escape(text)}" />',
              '<meta name="twitter:card" content="summary_large_image" />']
    context["metatags"] = context.get("metatags", "") + "\n    ".join(["", *lines])


def social_name(pagename):
    return pagename.replace("/", "-") + ".jpg"


@functools.cache
def font(size, weight="normal"):
    found = font_manager.findfont(font_manager.FontProperties(family="DejaVu Sans", weight=weight))
    return ImageFont.truetype(found, size)


def social_card(title, site, pictures):
    """The picture that a link to a page shows: title and course above, one large or several small results below."""
    card = Image.new("RGB", (1200, 630), cards.PAPER)
    draw = ImageDraw.Draw(card)
    draw.rectangle((0, 0, 1200, 18), fill=cards.ACCENT)
    wide = 26 if len(pictures) == 1 else 34
    lines = textwrap.wrap(title, 17 if len(pictures) == 1 else wide)[:5]
    draw.text((60, 70), site, font=font(30), fill=cards.ACCENT)
    draw.multiline_text((60, 130), "\n".join(lines), font=font(52, "bold"), fill=cards.INK, spacing=14)
    if len(pictures) == 1:
        shown = fitted(pictures[0], 540, 420)
        card.paste(shown, (1160 - shown.width, 560 - shown.height))
    for place, picture in enumerate(pictures if len(pictures) > 1 else []):
        shown = fitted(picture, 1080 // len(pictures) - 12, 200)
        card.paste(shown, (60 + place * 1080 // len(pictures), 570 - shown.height))
    return card


def fitted(picture, width, height, at_most=3):
    """The picture at the size that fits, enlarged by `at_most`."""
    scale = min(width / picture.width, height / picture.height, at_most)
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)


def show_results(app, doctree, docname):
    """Put real results of lessons on cards: on the landing page in the place of a drawn picture, else above the text."""
    def show(name, image):
        image["uri"] = "../" * docname.count("/") + f"_static/results/{name}.webp"
        image["candidates"] = {"*": image["uri"]}
        image["alt"] = cards.result(name).alt
        return image

    for image in doctree.findall(nodes.image):
        if (card := CARD.search(image["uri"])) and cards.result(card[1]):
            show(card[1], image)
    for card in list(doctree.findall(nodes.container)):
        for name in (each.removeprefix(SHOWS) for each in card["classes"] if each.startswith(SHOWS)):
            if cards.result(name):
                card.insert(0, show(name, nodes.image(classes=["sd-card-img-top"])))


def lost_page(app):
    """The page that a static host shows for an address that does not exist."""
    titles = [(name, title.astext()) for name, title in app.env.titles.items() if re.search(r"chapters/.*/index$", name)]
    chapters = "".join(f'<li><a href="{name}.html">chapter {int(CHAPTER.match(name)[1][:2])}: {html.escape(title)}</a></li>'
                       for name, title in sorted(titles))
    yield "404", {"title": "There is no page at this address", "body": LOST.format(chapters=chapters)}, "page.html"


@functools.cache
def size_of(path):
    """Width and height of a picture in pixels, or None."""
    if not path.is_file():
        return None
    if path.suffix == ".svg":
        box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', path.read_text(encoding="utf-8"))
        return box and (round(float(box[1])), round(float(box[2])))
    with Image.open(path) as picture:
        return picture.size


def settle_pictures(text, folder):
    """Give every picture of a page its width and height; those after the first are loaded when they come near."""
    seen = 0

    def settle(match):
        nonlocal seen
        tag, source = match[0], re.search(r'\ssrc="([^"?#]+)', match[0])
        if not source or re.search(r"\swidth=", tag) or source[1].startswith("data:"):
            return tag
        size = size_of((folder / urllib.parse.unquote(source[1])).resolve())
        if size is None:
            return tag
        lazy = ' loading="lazy"' if "_images/" in source[1] and seen else ""
        seen += "_images/" in source[1]
        return f'<img width="{size[0]}" height="{size[1]}"{lazy}{tag[4:]}'

    return re.sub(r"<img\b[^>]*>", settle, text)


def finish(app, exception):
    """What needs all pages: pictures and their sizes, the site map, the page for lost readers, the bare address."""
    if exception or app.builder.format != "html":
        return
    out, base, site = Path(app.outdir), app.config.html_baseurl, app.config.html_title
    results = {name: cards.result(name) for name in cards.RESULTS}
    for folder in ("results", "social"):
        (out / "_static" / folder).mkdir(exist_ok=True)
    for name, result in results.items():
        if result:
            fitted(result.picture, 560, 350, at_most=1).save(out / f"_static/results/{name}.webp", quality=85)
    for name, title in app.env.titles.items():
        number = ".".join(map(str, title.get("secnumber", ())))
        chapter = CHAPTER.match(name)
        own = results.get(chapter[1].split("_", 1)[1]) if chapter else None
        pictures = [own] if own else [results[task.__name__] for task in cards.TASKS if results[task.__name__]]
        social_card(f"{number} {title.astext()}".strip(), site, [each.picture for each in pictures]).save(
            out / "_static/social" / social_name(name), quality=80)
    for page in out.rglob("*.html"):
        if "_static" not in page.parts:
            text = before = page.read_text(encoding="utf-8")
            text = settle_pictures(text, page.parent)
            if page.name != "search.html":
                text = SEARCH.sub("", text)
            text = text.replace('role="doc-biblioentry"', 'role="listitem"')  # docutils puts them into a list
            text = UNFOLDS.sub(r'\1\2\3 aria-label="Pages of \2">', text)
            if page.name == "404.html":  # it is shown at any depth, so its addresses start at the site's own
                path = urllib.parse.urlsplit(base).path
                text = re.sub(r'((?:href|src|action|data-content_root)=")(?![a-z]+:|[/#"])(?:\./)?', rf"\g<1>{path}", text)
                text = text.replace('data-content_root=""', f'data-content_root="{path}"')
            if text != before:
                page.write_text(text, encoding="utf-8")
    shutil.copyfile(out / f"{app.config.root_doc}.html", out / "index.html")
    addresses = [base if name == app.config.root_doc else f"{base}{name}.html" for name in sorted(app.env.titles)]
    (out / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "".join(f"<url><loc>{html.escape(address)}</loc></url>\n" for address in addresses) + "</urlset>\n",
        encoding="utf-8")


def setup(app):
    app.connect("doctree-resolved", show_results)
    app.connect("html-page-context", describe)
    app.connect("html-collect-pages", lost_page)
    app.connect("build-finished", finish, priority=600)  # after the icons
    return {"parallel_read_safe": True, "parallel_write_safe": True}
