"""JavaScript modules, joined into the one module that a live component is mounted from.

Streamlit mounts a component from an address at which a relative import cannot resolve. So the modules that its entry
imports are put before it, each in a function of its own, where its names cannot collide with those of another. A file
of words is put there as an object, in the language of the server.
"""

import json
import re
from pathlib import Path

from srviz.ui.kit.words import Words

IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]*)";$', re.MULTILINE)
WORDS = re.compile(r'^import (\w+) from "(\.[^"]*/words\.json)" with \{ type: "json" \};$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let) (\w+))", re.MULTILINE)
LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
DEFAULT = "export default "


def modules(entry: Path) -> list[Path]:
    """The entry and all that it imports, directly or not: each after what it imports itself.

    Raises FileNotFoundError where a module is missing, and ValueError where modules import each other in a circle.
    """
    found: list[Path] = []

    def visit(module: Path, importers: tuple[Path, ...]) -> None:
        if module in importers:
            circle = " → ".join(path.name for path in (*importers[importers.index(module) :], module))
            raise ValueError(f"{module.name}: expected imports without a circle, got {circle}")
        if module in found:
            return
        if not module.is_file():
            by = f", imported by {importers[-1].name}" if importers else ""
            raise FileNotFoundError(f"{module.name}: expected a module{by}, got no such file in {module.parent}")
        text = module.read_text("utf-8") if module.suffix == ".js" else ""
        for _, address in IMPORT.findall(text) + WORDS.findall(text):
            visit((module.parent / address).resolve(), (*importers, module))
        found.append(module)

    visit(entry.resolve(), ())
    return found


def script(entry: Path) -> str:
    """The entry with all its modules, as one module whose default export is the entry's.

    A statement exports one name. Raises ValueError where a module imports what is not exported, or imports or exports
    in a way that is not known here; besides as `modules`.
    """
    names: dict[Path, set[str]] = {}
    parts = []
    for number, module in enumerate(ordered := modules(entry)):
        if module.suffix == ".json":
            parts.append(f"const $module{number} = {json.dumps(Words(module.parent).tree, ensure_ascii=False)};\n")
            continue
        text, last = module.read_text("utf-8"), number == len(ordered) - 1
        names[module] = set(EXPORT.findall(text))

        def imported(match: re.Match[str], module: Path = module) -> str:
            source = (module.parent / match[2]).resolve()
            wanted = [name.strip() for name in match[1].split(",") if name.strip()]
            for name in wanted:
                if name.split(" as ")[0] not in names[source]:
                    raise ValueError(f"{module.name}: expected what {source.name} exports, got {name}")
            return f"const {{ {', '.join(wanted).replace(' as ', ': ')} }} = $module{ordered.index(source)};"

        def words(match: re.Match[str], module: Path = module) -> str:
            return f"const {match[1]} = $module{ordered.index((module.parent / match[2]).resolve())};"

        text = EXPORT.sub("", WORDS.sub(words, IMPORT.sub(imported, text)))
        kept = text.replace(f"\n{DEFAULT}", "\n", 1) if last else text
        if wrong := LEFT_OVER.search(kept):
            raise ValueError(f"{module.name}: expected a plain import or export of names, got {wrong[0]}")
        exports = ", ".join(sorted(names[module]))
        parts.append(text if last else f"const $module{number} = (() => {{\n{text}\nreturn {{ {exports} }};\n}})();\n")
    if f"\n{DEFAULT}" not in parts[-1]:
        raise ValueError(f"{entry.name}: expected a default export, which mounts the component, got none")
    return "\n".join(f"// {module.name}\n{part}" for module, part in zip(ordered, parts, strict=True))


def styles(entry: Path) -> str:
    """The style sheets that stand beside the modules, in the order of the modules."""
    sheets = [module.with_suffix(".css") for module in modules(entry)]
    return "\n".join(sheet.read_text("utf-8") for sheet in sheets if sheet.is_file())
