"""The published site: built once with warnings as errors, then read page by page as a browser would."""
import gzip
import json
import pathlib
import re
import urllib.parse

import pytest
import yaml

import cards
import repository

bs4 = pytest.importorskip("bs4")
pytest.importorskip("jupyter_book")

ROOT = pathlib.Path(__file__).parents[1]
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src",
         "embed": "src", "object": "data"}
LOADING_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "shortcut icon", "apple-touch-icon"}
CITED = re.compile(r"\{cite(?::[a-z]+)?\}`([^`]+)`")


@pytest.fixture(scope="module")
def pages(site):
    """{path below the site: parsed page}."""
    files = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    return {path.relative_to(site).as_posix(): bs4.BeautifulSoup(path.read_bytes(), "html.parser")
            for path in files}


def contents():
    """The pages that the table of contents names, without endings."""
    def files(node):
        if isinstance(node, dict):
            yield from [node[key] for key in ("root", "file") if key in node]
            for child in node.values():
                yield from files(child)
        elif isinstance(node, list):
            for child in node:
                yield from files(child)

    return [name.removesuffix(".md").removesuffix(".ipynb")
            for name in files(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))]


def loads(page):
    """The addresses that a browser fetches for the page by itself."""
    for tag, attribute in LOADS.items():
        yield from (each[attribute] for each in page.find_all(tag) if each.get(attribute))
    for link in page.find_all("link"):
        if " ".join(link.get("rel", [])).lower() in LOADING_LINKS:
            yield link["href"]


def is_elsewhere(address):
    return address.startswith(("http:", "https:", "//"))


def local_file(site, name, address):
    """The file that an address on a page means, and the anchor in it. An address from the root begins with the site's."""
    address, _, anchor = address.partition("#")
    path = urllib.parse.unquote(address.partition("?")[0])
    if path.startswith("/"):
        return (site / path.removeprefix(urllib.parse.urlsplit(site_address()).path)).resolve(), anchor
    return ((site / name).parent / path).resolve() if path else (site / name).resolve(), anchor


def test_nothing_is_loaded_from_another_host(site, pages):
    found = [f"{name}: {address}" for name, page in pages.items() for address in loads(page)
             if is_elsewhere(address)]
    linked = {local_file(site, name, address)[0] for name, page in pages.items() for address in loads(page)}
    for sheet in (path for path in linked if path.suffix == ".css"):
        text = sheet.read_text(encoding="utf-8")
        found += [f"{sheet.name}: {address}" for address in
                  re.findall(r"""(?:url\(|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", text)]
    assert not found, "\n".join(found)


def test_no_scripts_that_are_not_used(site, pages):
    for name, page in pages.items():
        scripts = " ".join(str(script) for script in page.find_all("script")).lower()
        for unwanted in ("thebe", "require.js", "require.min.js", "plotly", "unpkg.com", "googleapis"):
            assert unwanted not in scripts, f"{name} has a script with {unwanted}"


def test_what_a_page_loads_exists(site, pages):
    missing = [f"{name}: {address}" for name, page in pages.items() for address in loads(page)
               if not address.startswith("data:") and not local_file(site, name, address)[0].is_file()]
    assert not missing, "\n".join(missing)


def test_every_picture_has_alternative_text(pages):
    bare = [f"{name}: {picture.get('src', '')[:80]}" for name, page in pages.items()
            for picture in page.find_all("img") if not picture.get("alt", "").strip()
            or re.fullmatch(r".*[/\\].*\.(png|svg|jpe?g)", picture["alt"])]  # Sphinx fills in the file's name
    assert not bare, "\n".join(bare)


def test_internal_links_and_anchors_exist(site, pages):
    anchors = {(site / name).resolve(): {each.get("id") for each in page.find_all(id=True)}
               | {each.get("name") for each in page.find_all("a", attrs={"name": True})}
               for name, page in pages.items()}
    dead = []
    for name, page in pages.items():
        for link in page.find_all("a", href=True):
            address = link["href"]
            if is_elsewhere(address) or address == "#" or re.match("mailto:|javascript:|data:", address):
                continue
            path, anchor = local_file(site, name, address)
            anchor = urllib.parse.unquote(anchor)
            if not path.exists() or (anchor and path in anchors and anchor not in anchors[path]):
                dead.append(f"{name}: {address}")
    assert not dead, "\n".join(dead)


def test_formulas_come_from_the_site_itself(site, pages):
    with_formulas = {name for name, page in pages.items() if page.find(class_="math")}
    with_script = {name for name, page in pages.items()
                   if any("mathjax" in script.get("src", "") for script in page.find_all("script"))}
    assert with_formulas, "no page has a formula"
    assert with_formulas == with_script
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"]
    folder = (site / "_static" / config["mathjax_path"]).parent
    for part in ["core", *config["mathjax3_config"]["loader"]["load"], "output/chtml/fonts/tex"]:
        assert (folder / f"{part}.js").is_file(), part
    assert (folder / "output/chtml/fonts/woff-v2/MathJax_Main-Regular.woff").is_file()
    assert (folder / "LICENSE").is_file()


def test_the_frame_of_a_page_is_light(site, pages):
    """What all pages share: at most 300 kB compressed, formulas and pictures aside."""
    for name, page in pages.items():
        shared = {local_file(site, name, address)[0] for address in loads(page)}
        frame = [path for path in shared if path.suffix in (".js", ".css") and "mathjax" not in path.parts]
        size = sum(len(gzip.compress(path.read_bytes())) for path in frame if path.name != "searchindex.js")
        assert size < 300_000, f"{name}: {size} bytes of scripts and style sheets"


def test_the_icons_that_pages_use_are_there(site, pages):
    sheet = (site / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    helpers = {"fa-solid", "fa-regular", "fa-brands", "fa-lg", "fa-fw"}  # kinds and sizes, not icons
    used = {name for page in pages.values() for icon in page.find_all(["i", "span"])
            for name in icon.get("class", []) if name.startswith("fa-")} - helpers
    assert used
    assert [name for name in sorted(used) if f".{name}:before" not in sheet] == []


def test_table_of_contents_and_notebooks_agree(site):
    named = contents()
    notebooks = {path.relative_to(ROOT).with_suffix("").as_posix()
                 for path in ROOT.glob("chapters/[0-9]*_*/[0-9]*_*.ipynb")}
    assert len(named) == len(set(named))
    assert notebooks == {name for name in named if re.fullmatch(r"chapters/[^/]+/\d+_.*", name)}
    for name in named:
        assert (site / f"{name}.html").is_file(), name


def test_a_page_has_the_number_of_its_file(pages):
    for name in contents():
        match = re.fullmatch(r"chapters/0*(\d+)_[^/]+/(?:0*(\d+)_.*|index)", name)
        if match:
            number = ".".join(filter(None, match.groups()))
            assert pages[f"{name}.html"].article.h1.get_text().split()[0] == number, name


def test_equations_carry_the_number_of_their_page(pages):
    for name, page in pages.items():
        if lesson := re.match(r"chapters/(\d+)_[^/]*/(\d+)_", name):
            number = f"({int(lesson[1])}.{int(lesson[2])}."
            wrong = [each.get_text() for each in page.select("span.eqno") if not each.get_text().startswith(number)]
            assert not wrong, f"{name}: {wrong}"


def test_only_pages_are_numbered(pages):
    for name, page in pages.items():
        for heading in page.find_all(["h2", "h3", "h4"]):
            assert not heading.find(class_="section-number"), f"{name}: {heading.get_text()}"


def test_cited_keys_are_in_the_bibliography():
    bibliography = (ROOT / "references.bib").read_text(encoding="utf-8")
    known = set(re.findall(r"^@\w+\{([^,\s]+),", bibliography, re.MULTILINE))
    assert known and all(key == key.lower() for key in known)
    cited = {}
    for path in [ROOT / "intro.md", *ROOT.glob("guide/*.md"), *ROOT.glob("chapters/**/*.md")]:
        cited[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    for path in ROOT.glob("chapters/*/*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        cited[path.relative_to(ROOT).as_posix()] = "\n".join(
            "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    unknown = [f"{name}: {key.strip()}" for name, text in cited.items()
               for keys in CITED.findall(text) for key in keys.split(",") if key.strip() not in known]
    for path in ROOT.glob("data/results/*/*.json"):
        for figure in json.loads(path.read_text(encoding="utf-8"))["figures"]:
            if figure.get("source") and figure["source"] not in known:
                unknown.append(f"{path.name}: {figure['source']}")
    assert not unknown, "\n".join(unknown)
    used = {key.strip() for text in cited.values() for keys in CITED.findall(text) for key in keys.split(",")}
    assert known - used == set(), "in the bibliography, and cited on no page"


def test_every_result_is_found_as_soon_as_its_lesson_has_pictures():
    """The words by which a picture is found stand in tools/cards.py."""
    for wanted, (lesson, *_) in cards.RESULTS.items():
        path = ROOT / "chapters" / f"{lesson}.ipynb"
        stored = path.is_file() and any("image/png" in output.get("data", {}) for cell in
                                        json.loads(path.read_text(encoding="utf-8"))["cells"]
                                        for output in cell.get("outputs", []))
        assert bool(cards.result(wanted)) == stored, f"{wanted}: no picture of {lesson} has the words of tools/cards.py"


def test_cards_show_real_results(site, pages):
    """On the landing page one for each task, elsewhere on each card of class `shows-NAME`; none is left over."""
    shown = [("intro.html", pages["intro.html"], task.__name__) for task in cards.TASKS]
    for name, page in pages.items():
        shown += [(name, card, each.removeprefix("shows-")) for card in page.find_all("div", class_="sd-card")
                  for each in card["class"] if each.startswith("shows-")]
    assert sorted(wanted for _, _, wanted in shown) == sorted(cards.RESULTS)
    for name, place, wanted in shown:
        if result := cards.result(wanted):
            address = "../" * name.count("/") + f"_static/results/{wanted}.webp"
            picture, = place.find_all("img", src=address)
            assert picture["alt"] == result.alt and (site / name).parent.joinpath(address).is_file()


def test_every_page_has_a_title_a_description_and_a_card_of_its_own(site, pages):
    seen = {}
    base = site_address()
    for name in contents():
        page = pages[f"{name}.html"]
        tags = {tag.get("name") or tag.get("property"): tag["content"] for tag in page.find_all("meta", content=True)}
        for kind, text in [("title", page.title.get_text()), ("description", tags["description"]),
                           ("title", tags["og:title"]), ("address", tags["og:url"]), ("card", tags["og:image"])]:
            assert seen.setdefault((kind, text), name) == name, f"{name} and {seen[kind, text]}: {kind}: {text}"
        assert 40 <= len(tags["description"]) <= 200, f"{name}: {tags['description']}"
        assert page.find("link", rel="canonical")["href"] == tags["og:url"]
        assert (site / tags["og:image"].removeprefix(base)).is_file(), tags["og:image"]


def site_address():
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]["baseurl"]


def test_the_site_map_names_every_page_and_only_those(site, pages):
    base = site_address()
    owner, name = repository.present().split("/")
    assert base == f"https://{owner.lower()}.github.io/{name}/"
    named = re.findall(r"<loc>([^<]+)</loc>", (site / "sitemap.xml").read_text(encoding="utf-8"))
    wanted = {base if page == "intro" else f"{base}{page}.html" for page in contents()}
    assert set(named) == wanted and len(named) == len(wanted)
    assert (site / "index.html").read_bytes() == (site / "intro.html").read_bytes()


def test_next_and_previous_go_through_the_whole_course(site, pages):
    def neighbour(name, relation):
        link = pages[name].find("link", rel=relation)
        return link and local_file(site, name, link["href"])[0].relative_to(site).as_posix()

    way = ["intro.html"]
    while (following := neighbour(way[-1], "next")) and len(way) <= len(pages):
        assert neighbour(following, "prev") == way[-1], following
        way.append(following)
    assert way == [f"{name}.html" for name in contents()]


def test_every_notebook_can_be_launched(site, pages):
    """On every lesson and lab: Colab, Binder and the notebook itself; what each address names is in the repository."""
    here = repository.present()
    branch = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["branch"]
    launched = [name for name in contents() if (ROOT / f"{name}.ipynb").is_file()]
    assert launched
    for name in launched:
        header = pages[f"{name}.html"].find(class_="article-header-buttons")
        links = [link["href"] for link in header.find_all("a", href=True)]
        colab, = (link for link in links if "colab.research.google.com" in link)
        binder, = (link for link in links if "mybinder.org" in link)
        download, = (link for link in links if link.endswith(".ipynb") and not is_elsewhere(link))
        assert colab == f"https://colab.research.google.com/github/{here}/blob/{branch}/{name}.ipynb"
        assert binder == f"https://mybinder.org/v2/gh/{here}/{branch}?urlpath=lab/tree/{name}.ipynb"
        assert (ROOT / ".binder" / "requirements.txt").is_file()
        badge = pages[f"{name}.html"].article.find("a", href=re.compile("colab.research.google.com"))
        assert badge["href"] == colab, "the badge beneath the title"
        given = json.loads(local_file(site, f"{name}.html", download)[0].read_text(encoding="utf-8"))
        own = json.loads((ROOT / f"{name}.ipynb").read_text(encoding="utf-8"))
        assert [cell["source"] for cell in given["cells"]] == [cell["source"] for cell in own["cells"]]


def test_lessons_are_linked_by_their_number(pages):
    """Wherever running text says "lesson 2.1", and in the overview of each chapter; to the page with that number."""
    numbers = {pages[f"{name}.html"].article.h1.get_text().split()[0]: name for name in contents()}
    links = 0
    for name in contents():
        for link in pages[f"{name}.html"].article.select("p a.reference.internal, li a.reference.internal"):
            number = re.match(r"\d+\.\d+(?= |$)", link.get_text())
            if number and number[0] in numbers:
                target = numbers[number[0]].rpartition("/")[2]
                assert link["href"].endswith(f"{target}.html"), f"{name}: {link}"
                links += 1
    assert links >= 100
    for name in contents():
        if name.endswith("/index"):
            below = {other.rpartition("/")[2] + ".html" for other in contents()
                     if other.startswith(name.removesuffix("index")) and other != name}
            linked = {link["href"] for link in pages[f"{name}.html"].article.find_all("a", href=True)}
            assert below <= linked, f"{name} does not lead to {below - linked}"


def test_terms_of_the_glossary_are_linked(pages):
    """The first time that a page uses one, and nowhere else; not in headings, code or links."""
    terms = {term["id"] for term in pages["guide/glossary.html"].find_all("dt", id=True)}
    linked = set()
    for name in contents():
        links = pages[f"{name}.html"].select("a.glossary")
        targets = [link["href"].partition("#")[2] for link in links]
        assert len(targets) == len(set(targets)) and set(targets) <= terms, name
        assert not any(link.find_parent(["h1", "h2", "h3", "pre", "code", "table"]) for link in links), name
        linked |= set(targets)
        if (ROOT / f"{name}.ipynb").is_file() and not name.endswith("lab_student"):
            assert targets, f"{name} uses no term of the glossary"
    assert len(linked) >= len(terms) / 2, sorted(terms - linked)


def test_pictures_of_the_landing_page_are_what_the_code_draws():
    assert (ROOT / "_static/logo.svg").read_text(encoding="utf-8") == cards.logo()
    assert (ROOT / "_static/colab_badge.svg").read_text(encoding="utf-8") == cards.badge()
    for task in cards.TASKS:
        stored = (ROOT / "_static/cards" / f"{task.__name__}.svg").read_text(encoding="utf-8")
        assert stored == cards.picture(task()), f"run `python tools/cards.py`: {task.__name__}"
