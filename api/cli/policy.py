"""`huiyin policy`: which packs there are, what their clauses say and where from, and whether one is sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from api.cli.command import Argument, Command, Given, argument
from api.cli.edge import DONE, NO, Edge, failure
from api.i18n import Language, Text

if TYPE_CHECKING:
    from domain.pack import Clause, Kpi, Pack, Term


def directories(given: Given, edge: Edge) -> list[Path]:
    """An organisation's own packs; the shipped ones are always looked through after them."""
    own = Path(given.policy_dir) if given.policy_dir else edge.settings.policy_dir
    if own is not None and not own.is_dir():
        raise failure("{own} is not a directory of packs.", "{own} 不是规则包目录。", own=own)
    return [own] if own else []


def list_packs(given: Given, edge: Edge) -> int:
    """One line a pack; one of the organisation's own hides the shipped one of its name."""
    from rich import box
    from rich.table import Table

    from domain.pack import read_pack
    from domain.policy import SHIPPED

    files = {
        file.stem: file for place in (SHIPPED, *directories(given, edge)) for file in place.glob("*.toml")
    }
    packs = [read_pack(files[name]) for name in sorted(files)]
    if given.json:
        for pack in packs:
            edge.json(_described(pack))
        return DONE
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in (
        ("pack", "规则包"),
        ("version", "版本"),
        ("clauses", "条款"),
        ("KPIs", "指标"),
        ("title", "名称"),
    ):
        table.add_column(edge.text(*heading))
    for pack in packs:
        title = getattr(pack.title, edge.language)
        table.add_row(pack.id, pack.version, str(len(pack.clause)), str(len(pack.kpi)), title)
    edge.console().print(table)
    return DONE


def _described(pack: Pack) -> dict[str, Any]:
    return {
        "pack": pack.id,
        "version": pack.version,
        "name": pack.name,
        "title": pack.title.model_dump(),
        "clauses": [row.id for row in pack.clause],
        "kpis": [row.id for row in pack.kpi],
    }


def show(given: Given, edge: Edge) -> int:
    """A pack as a person reads it."""
    from domain.pack import read_pack
    from domain.policy import SHIPPED, find_pack

    pack = read_pack(find_pack(given.PACK, [*directories(given, edge), SHIPPED]))
    if given.json:
        edge.json(pack.model_dump(mode="json", exclude={"text"}, exclude_defaults=True))
        return DONE
    chosen: Language = given.lang or edge.language
    for line in _shown(pack, chosen):
        edge.line(line)
    return DONE


def _shown(pack: Pack, chosen: Language) -> list[str]:
    words = WORDS[chosen]
    ladder = " → ".join(_roles(step, chosen) for step in pack.ladder)
    head = [f"{getattr(pack.title, chosen)}  ({pack.name})", f"{words['ladder']}: {ladder}"]
    included = [name for name in pack.includes if name != pack.id]
    if included:
        head.append(f"{words['includes']}: {', '.join(included)}")
    rows: list[Clause | Kpi] = [*pack.clause, *pack.kpi]
    shown = [line for row in rows for line in ("", *_row(row, pack, chosen))]
    return [*head, *shown]


def _row(row: Clause | Kpi, pack: Pack, chosen: Language) -> list[str]:
    """Title, text, period, source and worked example; a figure that the standard leaves open is marked."""
    words = WORDS[chosen]
    mark = f"  [{words['assumed']}]" if row.assumed else ""
    lines = [f"{row.id}  {getattr(row.title, chosen)}{mark}", f"  {getattr(row.text, chosen)}"]
    said = (
        ("period", _period(row, chosen)),
        ("source", pack.cites(row.source, chosen)),
        ("example", _example(row, chosen)),
    )
    return lines + [f"  {words[name]}: {value}" for name, value in said if value]


def _roles(step: tuple[str, ...], chosen: Language) -> str:
    """Roles as a pack writes them, or what they are called in Chinese."""
    from domain.glossary import called

    return ", ".join(step) if chosen == "en" else "、".join(called(role)[1] for role in step)


def _period(row: Clause | Kpi, chosen: Language) -> str:
    from domain.pack import Kpi

    if isinstance(row, Kpi):
        limit = f"≥ {row.at_least:g}" if row.at_least is not None else f"≤ {row.at_most:g}"
        names = SPANS[chosen]
        return f"{names[row.window]}, {names[row.per]}: {limit}"
    terms = [_term(term, chosen) for term in row.within]
    return "; ".join([*terms, *([_due(row, chosen)] if row.due else [])])


def _term(term: Term, chosen: Language) -> str:
    from domain.working_time.periods import parse_period

    said = term.within if chosen == "en" else parse_period(term.within).zh
    return f"{said} ({_conditions(term.when)})" if term.when else said


def _due(row: Clause, chosen: Language) -> str:
    """The field that says when it is due."""
    from domain.glossary import label

    return str(row.due) if chosen == "en" else f"{label(row.opens[0].on, str(row.due))} {row.due}"


def _conditions(when: dict[str, Any]) -> str:
    return ", ".join(f"{name} = {str(value).lower()}" for name, value in when.items())


def _example(row: Clause | Kpi, chosen: Language) -> str:
    from domain.pack import Words

    example = getattr(row, "example", None)
    if isinstance(example, Words):
        return str(getattr(example, chosen))
    if example is None or isinstance(example, str):
        return example or ""
    return f"{example.opened} → {example.due}"


def check(given: Given, edge: Edge) -> int:
    """Every pack by itself: its rows, its conditions and rules, and its examples computed anew."""
    from api.mistakes import in_chinese

    complaints = [complaint for file in given.FILE for complaint in _checked(file, given, edge)]
    for complaint in complaints:
        edge.note(Text(complaint, in_chinese(complaint) or complaint).within(edge.language))
    return NO if complaints else DONE


def _checked(file: str, given: Given, edge: Edge) -> list[str]:
    from domain.pack import PackError
    from domain.policy import check_examples, load_policy

    path = Path(file)
    if path.is_dir():
        raise failure(
            "{file} is a directory; name the packs in it: {file}/*.toml.",
            "{file} 是目录；请写明其中的规则包：{file}/*.toml。",
            file=file.rstrip("/"),
        )
    if not path.is_file():
        raise failure("{file}: there is no such file.", "{file}：文件不存在。", file=file)
    if path.suffix != ".toml":
        raise failure("{file}: a pack is a .toml file.", "{file}：规则包应为 .toml 文件。", file=file)
    try:
        policy = load_policy([path.stem], [path.parent, *directories(given, edge)])
        wrong = check_examples(policy)
    except PackError as problem:
        wrong = [str(problem)]
    if not wrong:
        rows = len(policy.packs[-1].clause) + len(policy.packs[-1].kpi)
        edge.line(edge.text("{file}: sound, {n} rows", "{file}：有效，共 {n} 行", file=file, n=rows))
    return wrong


WORDS = {
    "en": {
        "ladder": "ladder",
        "includes": "includes",
        "assumed": "assumed",
        "period": "period",
        "source": "source",
        "example": "example",
    },
    "zh": {
        "ladder": "升级层级",
        "includes": "包含",
        "assumed": "默认值，原规范未明确",
        "period": "期限",
        "source": "出处",
        "example": "示例",
    },
}

SPANS: dict[Language, dict[str, str]] = {
    "en": {name: name for name in ("day", "week", "month", "quarter", "staff", "branch")},
    "zh": {"day": "日", "week": "周", "month": "月", "quarter": "季", "staff": "员工", "branch": "分支"},
}
"""What a figure is measured over, and of whom."""

OWN: Argument = argument(
    "--policy-dir",
    metavar="DIR",
    en="your own packs (default: HUIYIN_POLICY_DIR)",
    zh="自有规则包目录（默认 HUIYIN_POLICY_DIR）",
)
JSON: Argument = argument("--json", action="store_true", en="answer as JSON", zh="以 JSON 输出")
LIST = Command(list_packs, (OWN, JSON))
SHOW = Command(
    show,
    (
        argument("PACK", en="the pack's id, as policy list gives it", zh="规则包编号，见 policy list"),
        argument("--lang", choices=("en", "zh"), en="in this language", zh="所用语言"),
        OWN,
        JSON,
    ),
)
CHECK = Command(check, (argument("FILE", nargs="+", en="packs to validate", zh="待校验的规则包文件"), OWN))
