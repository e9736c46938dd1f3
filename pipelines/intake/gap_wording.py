"""What a month still lacks, in Chinese."""


def county_names(state: dict) -> dict[str, str]:
    return {county["code"]: county["name"] for county in state["counties"]}


def refusal(one: dict, names: dict[str, str]) -> str:
    """`襄都区“x.xlsx”(第 9 号收件):…`: a file that could not be used, and the first reason."""
    whose = names.get(one["county"], one["county"]) if one["county"] else "不知是哪个县（市、区）的"
    return f"{whose}“{one['file']}”（第 {one['seq']} 号收件）：{one['why'] or '见回执'}"


def lacking(found: dict[str, list], state: dict) -> list[str]:
    """What a month lacks that is to be approved, in words; nothing when nothing does."""
    names, told = county_names(state), []
    if "missing" in found:
        told.append(
            f"{len(found['missing'])} 个县（市、区）未报：{'、'.join(names[code] for code in found['missing'])}"
        )
    if "refused" in found:
        told.append(f"{len(found['refused'])} 份报表未被采用，尚未改正重报")
    if "unread" in found:
        told.append(f"{len(found['unread'])} 份报表已存档、尚未读取")
    if "inbox" in found:
        told.append(f"收件箱中有 {len(found['inbox'])} 个文件尚未接收：{'、'.join(found['inbox'][:10])}")
    return told
