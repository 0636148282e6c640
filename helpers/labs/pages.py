"""The feedback pages: one HTML file a student, complete in itself. Says what was wrong, never with which inputs."""
import hashlib
import html
import re

from helpers import labs

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem;
       color-scheme: light dark; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .4rem .6rem;
       border-bottom: 1px solid #8888; vertical-align: top; }
td:last-child, th:last-child { text-align: right; white-space: nowrap; } code { overflow-wrap: anywhere; }
@media (max-width: 34rem) { thead { display: none; } tr { display: block; padding: .6rem 0; border-bottom: 1px solid #8888; }
       td, td:last-child { display: block; padding: .1rem 0; border: 0; text-align: left; } }
"""


def file_name(student):
    """A file name for a student's path that is safe on every system and different for different students."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", student).strip("._") or "submission"
    return f"{plain[:80]}-{hashlib.sha256(student.encode()).hexdigest()[:8]}"


def write(folder, done):
    """Write the pages of all results {student: result} into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for student, result in done.items():
        (folder / f"{file_name(student)}.html").write_text(page(student, result), encoding="utf-8")


def page(student, result):
    """One student's page as HTML."""
    show = html.escape
    rows = []
    for task in result["tasks"]:
        told = f"<strong>{show(task['status'])}</strong>"
        if task["reason"] and task["status"] != "not judged":
            told += f"<br>{show(labs._sentence(task['reason']))}"
        if task["missed"]:
            told += f"<br><small>Not yet: {show('; '.join(task['missed']))}. Taught in {show(task['page'])}.</small>"
        points = f"– of {task['of']}, by hand" if task["by_hand"] else f"{task['points']:g} of {task['of']}"
        rows.append(f"<tr><td><code>{show(task['name'])}</code><br>{show(task['title'])}</td><td>{told}</td>"
                    f"<td>{points}</td></tr>")
    failed = "".join(f"<li>Code cell {number}: {show(what)}</li>" for number, what in result["failed_cells"][:20])
    if failed:
        failed = ("<h2>Cells that failed</h2><p>In the grader the cells run once, from the top, in an empty folder and "
                  f"without the network.</p><ul>{failed}</ul>")
    note = f"<p><strong>{show(result['note'])}</strong></p>" if result["note"] else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Lab {show(result['lab'].lstrip('0'))}: {show(student)}</title><style>{_STYLE}</style></head><body>
<h1>Lab {show(result['lab'].lstrip('0'))}</h1>
<p>{show(student)}: <strong>{result['points']:g} of {result['of']} points</strong> of the tasks that a program checks.</p>
{note}
<table><thead><tr><th scope="col">task</th><th scope="col">how it stands</th><th scope="col">points</th></tr></thead>
<tbody>{"".join(rows)}</tbody></table>
{failed}
</body></html>
"""

