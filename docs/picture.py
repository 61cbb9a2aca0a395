"""The moving picture of the README, made from the running app: `python docs/picture.py`.

It needs what the tests of the browser need (requirements-dev.txt and a Chromium on the PATH, or the one that CHROMIUM
names). A query is dragged along the line, to the left of every key and back; each frame is what the page shows then.
"""

import io
import math
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "assets" / "line.webp"
MOST_BYTES = 700_000
WIDE, FRAMES, FRAME_MILLISECONDS = 1180, 72, 90
FLAGS = ["--no-sandbox", "--disable-gpu"]


def frames(address: str) -> list[Image.Image]:
    """The line while its query is dragged there and back."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page(viewport={"width": WIDE, "height": 1200}, color_scheme="light")
        page.goto(address)
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        page.wait_for_selector(".badge:not(.waiting)")
        card, query = page.locator(".card").first, page.get_by_role("slider", name="held")
        found = [_shot(page, card)] * 4
        found += _dragged(page, card, query)
        browser.close()
    return found


def _dragged(page: Page, card: Locator, query: Locator) -> list[Image.Image]:
    box = query.bounding_box()
    line = page.locator(".card svg").first.bounding_box()
    assert box
    assert line
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    low, high = line["x"] + 0.06 * line["width"], line["x"] + 0.94 * line["width"]
    page.mouse.move(x, y)
    page.mouse.down()
    found = []
    for frame in range(FRAMES):
        turn = 2 * math.pi * frame / FRAMES
        reach = (high - x) if math.sin(turn) > 0 else (x - low)  # first to the right, then to the left of every key
        page.mouse.move(x + reach * math.sin(turn), y)
        page.wait_for_timeout(40)
        found.append(_shot(page, card))
    page.mouse.up()
    return found


def _shot(page: Page, card: Locator) -> Image.Image:
    return Image.open(io.BytesIO(card.screenshot())).convert("RGB")


def save(found: list[Image.Image]) -> int:
    """Write the frames, as well as their size allows; the bytes that they take."""
    wide, tall = (min(sizes) for sizes in zip(*(frame.size for frame in found), strict=True))
    found = [frame.crop((0, 0, wide, tall)) for frame in found]
    for quality in (80, 65, 50, 35, 20):
        found[0].save(
            PICTURE,
            save_all=True,
            append_images=found[1:],
            duration=FRAME_MILLISECONDS,
            loop=0,
            quality=quality,
            method=4,
        )
        size = PICTURE.stat().st_size
        if size <= MOST_BYTES:
            return size
    raise ValueError(f"{PICTURE.name}: expected at most {MOST_BYTES:,} bytes, got {size:,}")


def main() -> None:
    """Start the app, draw, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        print(f"{PICTURE.name}: {save(frames(address)):,} bytes")
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
