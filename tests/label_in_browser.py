"""What an annotator does in a browser; run by `test_label_studio.py` with the Python of `.venv-label-studio`.

Reads a job (JSON) from standard input and prints what the page shows.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from playwright.sync_api import Page, sync_playwright

TIMEOUT = 90_000
PLACE = """([start, end]) => {
  const walker = document.createTreeWalker(document.querySelector('.lsf-richtext__container'), NodeFilter.SHOW_ALL);
  const range = document.createRange();
  for (let at = 0, node; (node = walker.nextNode());) {
    if (node.nodeName === 'BR') at += 1;
    if (node.nodeType !== Node.TEXT_NODE) continue;
    if (at <= start && start < at + node.length) range.setStart(node, start - at);
    if (at < end && end <= at + node.length) range.setEnd(node, end - at);
    at += node.length;
  }
  let pane = document.querySelector('.lsf-richtext__container');
  while (pane && !/auto|scroll/.test(getComputedStyle(pane).overflowY)) pane = pane.parentElement;
  if (pane) pane.scrollTop += range.getBoundingClientRect().top - innerHeight / 2;
  const box = range.getBoundingClientRect();
  return [box.left, box.right, (box.top + box.bottom) / 2];
}"""
"""Where characters of the text stand on the screen, brought into sight."""


def main() -> None:
    """Log in, open the task, label or judge it, submit."""
    job = json.load(sys.stdin)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=job["browser"], args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(TIMEOUT)
        strangers: list[str] = []
        page.on("request", lambda request: strangers.append(request.url))
        log_in(page, job)
        page.goto(f"{job['address']}/projects/{job['project']}/data?task={job['task']}", wait_until="domcontentloaded")
        seen = review(page, job) if "answer" in job else label(page, job)
        page.screenshot(path=f"{job['shots']}/done.png")
        with page.expect_response(lambda answer: answer.request.method == "POST" and "/annotations" in answer.url):
            page.get_by_role("button", name="Submit").first.click()
        browser.close()
    print(json.dumps({**seen, "strangers": [u for u in strangers if "://127.0.0.1:" not in u]}))  # noqa: T201


def label(page: Page, job: dict[str, Any]) -> dict[str, Any]:
    """Add a region by hotkey and mouse; gives the words that the page shows for suggestions."""
    page.locator(".htx-highlight").first.wait_for()
    labels = page.locator(".htx-highlight").evaluate_all("all => all.map(one => one.dataset.label)")
    page.screenshot(path=f"{job['shots']}/suggestions.png")
    page.keyboard.press(job["hotkey"])
    left, right, middle = page.evaluate(PLACE, job["place"])
    page.mouse.move(left + 1, middle)
    page.mouse.down()
    page.mouse.move(right, middle, steps=5)
    page.mouse.up()
    page.locator(f".htx-highlight >> nth={len(labels)}").wait_for()
    return {"labels": labels}


def review(page: Page, job: dict[str, Any]) -> dict[str, Any]:
    """Choose an answer and write a note; gives the text of the page and how many pictures it took from the task."""
    page.get_by_text(job["answer"]).first.wait_for()
    page.screenshot(path=f"{job['shots']}/review.png")
    shown = page.locator("body").inner_text()
    page.get_by_text(job["answer"]).first.click()
    page.get_by_placeholder("备注").fill(job["note"])
    return {"shown": shown, "pictures": page.locator("img[src='x:']").count()}


def log_in(page: Page, job: dict[str, str]) -> None:
    """Through the form, as people do."""
    page.goto(f"{job['address']}/user/login/", wait_until="domcontentloaded")
    page.fill("input[name=email]", job["email"])
    page.fill("input[name=password]", job["password"])
    page.click("button[type=submit]", no_wait_after=True)
    page.wait_for_url(lambda url: "/user/login" not in url, wait_until="commit")


if __name__ == "__main__":
    main()
