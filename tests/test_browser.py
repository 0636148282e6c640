"""The published site in a real browser: every page, in three dresses. A target of its own: make test-site.

The site is served on this machine as a static host serves it: text compressed, below the path of its address,
with 404.html for what is not there. Whatever would leave the machine is refused and counts as a fault.
"""
import concurrent.futures
import contextlib
import gzip
import http.server
import os
import pathlib
import re
import shutil
import statistics
import sys
import threading
import urllib.parse

import pytest
import yaml

bs4 = pytest.importorskip("bs4")
pytestmark = pytest.mark.browser

ROOT = pathlib.Path(__file__).parents[1]
BASE = urllib.parse.urlsplit(
    yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["html"]["baseurl"]).path
MB = 1_000_000
DRESSES = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 360, "height": 780}, "is_mobile": True, "has_touch": True},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"]
# What is asked of an open page: all pictures loaded, formulas drawn, then what there is to see.
SETTLE = """async () => {
    for (const picture of document.images) picture.loading = "eager";
    if (window.MathJax && MathJax.startup) await MathJax.startup.promise;
    await Promise.all([...document.images].map(picture => picture.decode().catch(() => null)));
    await document.fonts.ready;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
LOOK = r"""() => ({
    width: document.documentElement.scrollWidth,
    formulas: document.querySelectorAll(".math").length,
    drawn: document.querySelectorAll(".math mjx-container").length,
    mistakes: document.querySelectorAll("mjx-merror, [data-mjx-error]").length,
    raw: ((document.querySelector("article") || document.body).innerText.match(/\\\(|\\\[|\$\$/g) || []).length,
    loaded: [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .map(entry => [entry.name, entry.encodedBodySize]),
    pictures: [...document.images].map(picture => ({
        source: picture.getAttribute("src").slice(0, 120), shown: picture.getBoundingClientRect().width,
        natural: [picture.naturalWidth, picture.naturalHeight],
        given: [picture.getAttribute("width"), picture.getAttribute("height")].map(Number)})),
})"""
# All rules on the desktop; on the phone and in the dark those on which the dress has an influence.
# What is drawn inside a formula is hidden from screen readers and has the text's colour, so it is left out.
RULES = {"desktop": None, "dark": ["color-contrast", "link-in-text-block"],
         "phone": ["scrollable-region-focusable", "aria-hidden-focus", "target-size", "meta-viewport"]}
AXE = """async rules => (await axe.run({exclude: [["mjx-math"]]}, {
    resultTypes: ["violations"], ...(rules && {runOnly: {type: "rule", values: rules}})})).violations.map(
        found => [found.impact, found.id, found.nodes.map(node => node.target.join(" "))])"""


class Host(http.server.BaseHTTPRequestHandler):
    """Serves a folder below BASE, text compressed, and 404.html where there is nothing."""

    folder = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        file = self.folder / path.removeprefix(BASE) if path.startswith(BASE) else None
        if file and file.is_dir():
            file = file / "index.html"
        found = file is not None and file.is_file()
        file = file if found else self.folder / "404.html"
        body = file.read_bytes()
        kind = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml",
                ".json": "application/json", ".ipynb": "application/json", ".png": "image/png", ".gif": "image/gif",
                ".jpg": "image/jpeg", ".webp": "image/webp", ".woff": "font/woff", ".woff2": "font/woff2",
                ".ttf": "font/ttf", ".xml": "text/xml"}.get(file.suffix, "application/octet-stream")
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", kind)
        if kind.startswith("text/") or kind in ("application/json", "image/svg+xml", "font/ttf"):
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body)


@pytest.fixture(scope="module")
def address(site):
    """The address at which the site is served."""
    handler = type("SiteHost", (Host,), {"folder": site})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}{BASE}"
    server.shutdown()


@contextlib.contextmanager
def started_browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="NO BROWSER TESTS: pip install -r "
                                   "tools/browser_requirements.txt, or make test-site")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("NO BROWSER TESTS: there is no Chromium on this machine. On Debian: apt-get install chromium. "
                    "Elsewhere name one: CHROMIUM=/path/to/chrome make test-site")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[
            "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            # A container's root has no sandbox, and little shared memory. Nothing but our own pages is opened.
            *(["--no-sandbox", "--disable-dev-shm-usage"] if sys.platform == "linux" else [])])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def browser():
    with started_browser() as browser:
        yield browser


@contextlib.contextmanager
def opened(browser, address, dress="desktop"):
    """A page in a dress, and the list of what goes wrong on it: (page, faults)."""
    context = browser.new_context(**DRESSES[dress])
    context.set_default_timeout(60_000)
    page, faults = context.new_page(), []

    def gate(route):
        url = route.request.url
        if url.startswith((address, "data:", "blob:", "file:")):
            return route.continue_()
        faults.append(f"leaves the site: {url}")
        return route.abort()

    page.route("**/*", gate)
    page.on("console", lambda message: message.type == "error" and faults.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("requestfailed", lambda request: "ERR_ABORTED" not in (request.failure or "") and faults.append(
        f"failed: {request.url}"))  # aborted: the browser went on to the next page
    page.on("response", lambda answer: answer.status >= 400 and faults.append(f"{answer.status}: {answer.url}"))
    yield page, faults
    context.close()


def names(site):
    return [path.relative_to(site).as_posix() for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]


def axe_script():
    import axe_playwright_python
    return (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def visits(site, address, browser, measured):
    """{(page, dress): what the browser saw}. Two browsers share the work; `browser` skips where there is none."""
    script = axe_script()

    def visit(browser, name, dress):
        with opened(browser, address, dress) as (page, faults):
            page.goto(address + name, wait_until="load")
            page.evaluate(SETTLE)
            seen = page.evaluate(LOOK)
            page.evaluate(script)
            return seen | {"faults": faults, "axe": page.evaluate(AXE, RULES[dress])}

    jobs = [(name, dress) for name in names(site) for dress in DRESSES]

    def work(share):
        with started_browser() as own:
            return {job: visit(own, *job) for job in share}

    found, workers = {}, min(2, os.cpu_count() or 1)
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        for part in pool.map(work, [jobs[start::workers] for start in range(workers)]):
            found |= part
    measured.append(f"{len(names(site))} pages opened in {len(DRESSES)} dresses: {', '.join(DRESSES)}")
    return found


def told(visits, faults_of):
    return [f"{name} ({dress}): {fault}" for (name, dress), seen in visits.items() for fault in faults_of(seen)]


def test_the_book_is_built_in_time(book, measured):
    _, clock, processor = book
    measured.append(f"make book: {processor:.0f} s of one processor, {clock:.0f} s by the clock (at most 90)")
    # A busy machine's clock says little. The build is one process, so alone it takes its processor's seconds.
    assert processor <= 90


def test_nothing_fails_and_nothing_leaves_the_site(visits):
    wrong = told(visits, lambda seen: seen["faults"])
    assert not wrong, "\n".join(wrong)


def test_no_page_scrolls_sideways(visits):
    wrong = [f"{name} ({dress}): {seen['width']} px" for (name, dress), seen in visits.items()
             if seen["width"] > DRESSES[dress]["viewport"]["width"]]
    assert not wrong, "\n".join(wrong)


def test_every_formula_is_drawn(visits, measured):
    wrong = told(visits, lambda seen: [
        text for text, bad in [(f"{seen['drawn']} of {seen['formulas']} formulas drawn", seen["drawn"] < seen["formulas"]),
                               (f"{seen['mistakes']} formulas with mistakes", seen["mistakes"]),
                               (f"{seen['raw']} formulas shown raw", seen["raw"])] if bad])
    drawn = sum(seen["drawn"] for (_, dress), seen in visits.items() if dress == "desktop")
    measured.append(f"{drawn} formulas drawn")
    assert drawn and not wrong, "\n".join(wrong)


def test_accessibility(visits, measured):
    kinds = ["critical", "serious", "moderate", "minor"]
    count = {kind: sum(found[0] == kind for seen in visits.values() for found in seen["axe"]) for kind in kinds}
    measured.append("faults that axe finds: " + ", ".join(f"{count[kind]} {kind}" for kind in kinds))
    wrong = told(visits, lambda seen: [f"{kind}: {rule}: {'; '.join(nodes[:3])}" for kind, rule, nodes in seen["axe"]
                                       if kind in ("critical", "serious")])
    assert not wrong, "\n".join(wrong)


def test_weights(visits, address, measured):
    """Compressed as a static host sends it, with all pictures, those far down the page too."""
    whole, frames = {}, {}
    for (name, dress), seen in visits.items():
        if dress == "desktop":
            whole[name] = sum(size for _, size in seen["loaded"])
            # The frame is what pages share: all but the page itself and its own pictures.
            frames[name] = {url.removeprefix(address).partition("?")[0]: size for url, size in seen["loaded"][1:]
                            if "/_images/" not in url and "/_static/results/" not in url}
    frame = max((sum(each.values()), name) for name, each in frames.items())
    middle, most = statistics.median(whole.values()), max((size, name) for name, size in whole.items())
    measured += [f"the frame: {frame[0] / MB:.2f} MB at most (limit 0.8), on {frame[1]}; largest parts: "
                 + ", ".join(f"{pathlib.PurePosixPath(part).name} {size / 1000:.0f} kB" for part, size in sorted(
                     frames[frame[1]].items(), key=lambda each: -each[1])[:6]),
                 f"the median page: {middle / MB:.2f} MB (limit 1.5)",
                 f"the heaviest page: {most[0] / MB:.2f} MB (limit 3), {most[1]}"]
    assert frame[0] <= 0.8 * MB and middle <= 1.5 * MB and most[0] <= 3 * MB


def test_pictures_keep_their_place_and_are_no_larger_than_needed(visits, measured):
    def faults(seen):
        for picture in seen["pictures"]:
            (width, height), (natural_width, natural_height) = picture["given"], picture["natural"]
            if not (width and height):
                yield f"no width and height: {picture['source']}"
            elif natural_width and abs(width * natural_height / (height * natural_width) - 1) > 0.02:
                yield f"another shape than {width} x {height}: {picture['source']}"

    wrong = told(visits, faults)
    shown = [(picture["natural"][0] / picture["shown"], name, picture["source"]) for (name, dress), seen in visits.items()
             if dress == "desktop" for picture in seen["pictures"]
             if picture["shown"] > 64 and not picture["source"].partition("?")[0].endswith(".svg")]
    measured.append(f"{len(shown)} pictures; at most {max(shown)[0]:.1f} pixels of the file for one of the page")
    assert not wrong, "\n".join(wrong)
    assert max(shown)[0] <= 2.6, max(shown)  # screens of twice the density are common, of more are phones


# A reader's ways

def article(site, name):
    return bs4.BeautifulSoup((site / name).read_bytes(), "html.parser").find("article")


def notebook_pages(site):
    return [name for name in names(site) if (site / "_sources" / name).with_suffix(".ipynb").is_file()]


def way_to(site, target):
    """The shortest way from the landing page to a page by links in the text: the names of the pages."""
    ways, queue = {"index.html": []}, ["index.html"]
    while queue:
        name = queue.pop(0)
        for link in article(site, name).find_all("a", href=True) if (site / name).is_file() else []:
            parts = urllib.parse.urlsplit(link["href"])
            if not parts.scheme and parts.path.endswith(".html"):
                there = os.path.relpath((site / name).parent / parts.path, site).replace(os.sep, "/")
                if there not in ways:
                    ways[there] = [*ways[name], (link["href"], there)]
                    queue.append(there)
        if target in ways:
            break
    return ways.get(target)


def test_three_clicks_from_the_landing_page_to_a_running_notebook(site, browser, address, measured):
    ways = {name: way_to(site, name) for name in notebook_pages(site)}
    assert ways and all(ways.values()), [name for name, way in ways.items() if not way]
    clicks = {name: len(way) + 1 for name, way in ways.items()}
    measured.append(f"clicks from the landing page to a running notebook: at most {max(clicks.values())} (limit 3), "
                    f"for {len(clicks)} notebooks")
    assert max(clicks.values()) <= 3, clicks
    for dress, name in [("desktop", next(iter(ways))), ("phone", list(ways)[-1])]:
        with opened(browser, address, dress) as (page, faults):
            page.goto(address)
            for href, there in ways[name]:
                link = f'a[href="{href}"]'
                card = page.locator("article .sd-card").filter(has=page.locator(link))  # its link covers it, without text
                (card if card.count() else page.locator(f"article {link}:visible")).first.click()
                page.wait_for_url(f"**/{there}*")
            page.locator('article a[href*="colab.research.google.com/github/"]:visible').first.click(no_wait_after=True)
            page.wait_for_timeout(500)
            assert any(fault.startswith("leaves the site: https://colab.research.google.com/github/")
                       and fault.endswith(name.replace(".html", ".ipynb")) for fault in faults), faults


def rare_words(site):
    """{notebook page: a word that stands on it alone}."""
    pages = {name: article(site, name) for name in names(site)}
    words = {name: set(re.findall(r"(?<![\w-])[a-z]{8,}(?![\w-])", text.get_text(" ")))
             for name, text in pages.items() if text}
    found = {}
    for name in notebook_pages(site):
        prose = " ".join(each.get_text(" ") for each in pages[name].find_all("p"))
        others = set().union(*(words[other] for other in words if other != name))
        alone = sorted(set(re.findall(r"(?<![\w-])[a-z]{8,}(?![\w-])", prose)) - others, key=lambda word: (-len(word), word))
        if alone:
            found[name] = alone[0]
    return found


def test_search_finds_what_stands_in_one_notebook_alone(site, browser, address, measured):
    found = rare_words(site)
    assert len(found) >= len(notebook_pages(site)) / 2
    with opened(browser, address) as (page, faults):
        for number, (name, word) in enumerate(found.items()):
            if number == 0:  # as a reader does it
                page.goto(address)
                page.locator(".search-button-field:visible, .search-button:visible").first.click()
                page.locator('#pst-search-dialog input[name="q"]').fill(word)
                page.keyboard.press("Enter")
            else:
                page.goto(f"{address}search.html?q={word}")
            link = page.locator(f'#search-results a[href^="{name}"]').first
            link.wait_for()
            if number == 0:
                link.click()
                page.wait_for_url(f"**/{name}*")
        assert not faults, faults
    measured.append(f"search finds a word of {len(found)} notebooks: {', '.join(list(found.values())[:3])}, ...")


def test_what_is_not_there_leads_back(browser, address):
    with opened(browser, address) as (page, faults):
        answer = page.goto(address + "no/such/page.html")
        assert answer.status == 404 and len(faults) == 2, faults  # the answer, and the browser's line about it
        assert page.locator("article h1").is_visible()
        page.locator('article a[href*="chapters/"]').first.click()
        page.wait_for_url(f"{address}chapters/**")
        assert len(faults) == 2, faults


def test_keyboard(browser, address):
    with opened(browser, address) as (page, faults):
        page.goto(address)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
        page.keyboard.press("Control+k")
        assert page.locator("#pst-search-dialog input").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("#pst-search-dialog input").is_visible() and not faults


def test_print(site, browser, address):
    """On paper: the text alone, no wider than the sheet, and nothing folded away."""
    with opened(browser, address) as (page, faults):
        page.set_viewport_size({"width": 794, "height": 1123})
        page.goto(address + notebook_pages(site)[0])
        page.evaluate(SETTLE)
        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        for part in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article", ".prev-next-area"):
            assert not page.locator(part).first.is_visible(), part
        assert page.locator("h1:visible").count() == 1
        assert page.evaluate("document.querySelectorAll('article details:not([open])').length") == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= 794 and not faults


def test_the_bundle_opens_from_the_disk(site, browser, measured, tmp_path):
    """One zip: the site as it is, opened as files, and the notebooks, without the solutions of the labs."""
    import bundle

    zipped = bundle.pack(site, tmp_path / "bundle.zip")
    shutil.unpack_archive(zipped, tmp_path)
    top, = (path for path in tmp_path.iterdir() if path.is_dir())
    notebooks = {path.name for path in top.glob("course/chapters/*/*.ipynb")}
    assert notebooks and "lab.ipynb" not in notebooks and (top / "course/data/datasets.toml").is_file()
    with opened(browser, (top / "site").as_uri()) as (page, faults):
        page.goto((top / "site/index.html").as_uri())
        page.evaluate(SETTLE)
        page.locator('article a[href$="/index.html"]:visible').first.click()
        page.wait_for_url("**/chapters/**/index.html")
        page.evaluate(SETTLE)
        page.goto((top / "site" / notebook_pages(site)[0]).as_uri())
        page.evaluate(SETTLE)
        seen = page.evaluate(LOOK)
        assert seen["drawn"] == seen["formulas"] and all(all(each["natural"]) for each in seen["pictures"])
        assert not faults, faults
        # The search finds pages; the excerpts below each would have to be read from the disk, which browsers refuse.
        name, word = next(iter(rare_words(site).items()))
        page.goto((top / "site/search.html").as_uri() + f"?q={word}")
        page.locator(f'#search-results a[href^="{name}"]').first.wait_for()
    measured.append(f"make bundle: {zipped.stat().st_size / MB:.0f} MB, {len(notebooks)} notebooks")
