"""Which secrets are known by their look, and which by the name in front of them. Pure.

Nearly no text holds one, and every message is asked. So each kind has telltales: one of them stands, in lower
case, in every secret of that kind. All of them are looked for at once (`may_hold_a_secret`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable

from releasedesk.problems.text import names_a_secret

MASK = "•••"

_QUOTE = r"""\\{0,7}["']"""  # JSON within JSON puts backslashes before it: 1, then 3, then 7
_OPEN = r"""["'\\]{0,8}"""
_ENDED = r"""(?=[,;&|)}\]'"\\]|\.?(?:\s|$))"""
_HERE = rf"(?!`|\$(?:\{{\{{|\(|\{{?[A-Z_][A-Z0-9_]*+\}}?{_ENDED}))"  # not in $TOKEN, ${{ … }}, $(…)
_IS = rf"(?:{_QUOTE})?[ \t]*[:=][ \t]*{_OPEN}"  # between the name of a header and its value
_SCHEME = r"""(?:(?:basic|bearer|token|digest|negotiate|api-?key)[ \t]+|[\w-]+[ \t]+(?=[^\s'"\\;|&\d]*+\d))"""
# Of a command: what stands before the option that matters, and its value behind its quote, if it has one.
_OPTIONS = r"[ \t](?:[^\n;|&]{0,200}?[ \t])?"
_ARGUMENT = rf"""{_HERE}(?:(?<=')[^'\n]++|(?<=")[^"\\\n]++|[^\s'"\\;|&]++)"""
_USER_PASSWORD = rf"""(?:(?<=['"])[^'":\n]*+:[^'"\\\n]++|[^\s:'"\\/]*+:{_ARGUMENT})"""

# Telltales, and what is masked; a group is what stays in front of it. Every pattern begins where nothing of
# its own kind stands before it, and takes all it can (`++`) or has a bound: near misses cost one pass.
_KINDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("-----",), r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]|-(?!----))*+"),
    (("age-secret-key-",), r"AGE-SECRET-KEY-1[0-9A-Z]{20,}+"),
    (("eyj",), r"(?<![\w-])eyJ[\w-]{10,}+\.[\w-]{10,}+\.[\w-]+"),  # JSON web tokens
    (("rdk_",), r"rdk_[0-9a-zA-Z]++_[\w-]+"),  # our own
    (("whsec_",), r"whsec_[A-Za-z0-9+/]{16,}+=*+"),  # of Standard Webhooks, and of our own sources
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{20,}+"),
    (("pat_",), r"github_pat_\w{20,}+|(?<![\w-])dckr_pat_[\w-]{16,}+"),
    (("gl",), r"gl(?:pat|dt|rtr?|cbt|ptt|ft|imt|agent|wt|soat|ffct|oas)-[\w-]{20,}+"),  # GitLab
    (("xox", "xapp-"), r"(?:xox[abeprs]|xapp)-[\w-]{10,}+"),  # Slack
    (("akia", "asia"), r"(?<![A-Za-z0-9])A(?:KI|SI)A[0-9A-Z]{16}"),  # Amazon
    (("aiza", "ya29."), r"(?<![\w-])(?:AIza|ya29\.)[\w.-]{16,}+"),  # Google
    # npm, Stripe, DigitalOcean, Hugging Face; Vault, PyPI, Atlassian
    (("npm_", "k_live_", "_v1_", "hf_"), r"(?<![\w-])(?:npm_|[rs]k_live_|do[opr]_v1_|hf_)\w{16,}+"),
    (("hvs.", "pypi-", "atatt"), r"(?<![\w-])(?:hvs\.|pypi-|ATATT)[\w-]{16,}+=*+"),
    # Anthropic, OpenAI; SonarQube, Databricks, Doppler, SendGrid
    (("sk-",), r"(?<![\w-])sk-(?:(?:ant|proj|svcacct|or)-[\w-]{16,}+|[A-Za-z0-9]{32,}+)"),
    (("sqp_", "sqa_", "squ_"), r"(?<![\w-])sq[apu]_[0-9a-f]{40}"),
    (("dapi",), r"(?<![\w-])dapi[0-9a-f]{32}(?:-\d)?"),
    (("dp.",), r"(?<![\w-])dp\.(?:st|pt|ct|sa|scim|audit)\.[\w.-]{16,}+"),
    (("sg.",), r"(?<![\w-])SG\.[\w-]{16,}+\.[\w-]{16,}+"),
    # where whoever has the address may write or read: Slack, Discord, Teams; storage at Azure, Amazon, Google
    (("hooks.slack", "webhook"), r"((?:hooks\.slack\.com|/api/webhooks|/webhookb2)/)[\w@/.-]++"),
    (("sig=", "signature="), r"(?i)([?&;](?:sig|signature|x-(?:amz|goog)-signature)=)[^\s&'\"\\]++"),
    # in an address: user:password, or a user that is a token
    (("@",), r"(?<=://)(?:[^/\s:@'\"\\]*+:[^/\s@\"\\]++|(?=[A-Za-z_.~-]*\d)[\w.~-]{16,}+)(?=@)"),
    (("authorization",), rf"(?i)((?<!\w)authorization{_IS}){_SCHEME}{_ARGUMENT}"),
    (("bearer",), r"(?i)((?<!\w)bearer\s++)(?-i:(?![a-z]+(?:-[a-z]+)*+[.,;:)]?(?:\s|$)))[\w.~+/=•-]{8,}+"),
    (("cookie",), rf"(?i)((?<!\w)cookie{_IS})(?=[\w.-]+=)[^\r\n'\"\\]++"),
    # curl -u user:password, but not docker's -u 1000:1000; mysql -ppassword; kubectl's --from-literal=name=…
    (("-u ", "-user"), rf"((?<![\w-])-(?:u|-(?:proxy-)?user)[ =]+{_OPEN})(?!\d+:\d+\b){_USER_PASSWORD}"),
    (("mysql", "mariadb"), rf"((?<![\w-])(?:mysql|mariadb)[\w-]*+{_OPTIONS}-p{_OPEN}){_ARGUMENT}"),
    (("sshpass", "docker login"), rf"((?:sshpass|docker login){_OPTIONS}-p[ \t]*{_OPEN}){_ARGUMENT}"),
    (("redis-cli",), rf"(redis-cli{_OPTIONS}-a[ \t]*{_OPEN}){_ARGUMENT}"),
    (("from-literal",), rf"(--from-literal[ =]{_OPEN}[\w.-]++=){_ARGUMENT}"),
)
KINDS = tuple((telltales, re.compile(pattern, re.ASCII)) for telltales, pattern in _KINDS)

# Of what `names_a_secret` knows.
NAME_TELLTALES = ("pass", "pw", "secret", "token", "credential", "cookie", "auth", "key", "sessi")

# A name, and what parts it from its value: password=x, "password": "x", password%3Dx, --password x.
_NAMED = re.compile(
    r"(?<![\w-])(?P<name>(?P<option>--)?[\w-]{1,80}+)"
    rf"(?:(?:{_QUOTE})?[ \t]{{0,4}}(?::(?!:)=?|=(?![=~])>?)[ \t]{{0,4}}"
    r"|(?P<coded>(?:%2[27])?(?:\+|%20)?%3[ADad](?:\+|%20)?(?:%2[27])?)"
    r"|(?(option)[ \t]+(?!-)|(?!)))",
    re.ASCII,
)
# What stands behind a name, or behind an option that is written about ("the --password option"); no secret.
_NO_VALUES = """true false null none yes no read write inherit required string
to and or but when if is are was be for with option options bearer basic token digest"""
# In quotes, or a word.
_VALUE = re.compile(
    rf"(?P<quote>{_QUOTE})(?!,?\s)(?:(?!(?<!\\)(?P=quote))[\s\S])++(?P<closed>(?P=quote))?"
    rf"|(?!(?i:{'|'.join(_NO_VALUES.split())}){_ENDED})"
    rf"{_HERE}"
    r"(?![\[{](?:[\"'\\\[{\s]|$))"  # nor an object or a list: their members have names
    r"(?:[^\s&'\",;\\]|\\(?!\\{0,7}[\"']))++",
)
_CODED_VALUE = re.compile(r"(?:(?!%2[267c])[^\s&'\",;])++", re.IGNORECASE)
# "--- PASS: TestBasket" is the outcome of a test, and "Token: rotate it" a sentence.
_PROSE = re.compile(r"PASS:[ \t]|[A-Z]?[a-z\d_-]++:[ \t]+[A-Za-z']++[ \t]+[A-Za-z(][\w']*+(?![:=])", re.ASCII)

# The letters and signs of what arrives all day long, the commonest first.
_COMMONEST_FIRST = "etosrica:/d upn0hmbl21.-79fgy_6vk3w584zqjx=@"
# Those that would stand in many a text by chance: "author", "desk-api", "single".
_PARTICULAR = {
    "auth": r"u(?<=au)th(?!or(?!iz))",
    "sk-": r"k(?<=sk)-[\w-]{16}",
    "gl": r"g(?=l[a-z]{2,8}-)",
}


def _finder(telltales: Iterable[str]) -> re.Pattern[str]:
    """A regex that goes from one rare letter to the next, and sees there whether a telltale is around it."""
    around = defaultdict(list)
    for telltale in telltales:
        at = max(range(len(telltale)), key=lambda place: _COMMONEST_FIRST.index(telltale[place]))
        before, after = re.escape(telltale[: at + 1]), re.escape(telltale[at + 1 :])
        around[telltale[at]].append(f"(?<={before}){after}" if at else after)
    led = [f"{re.escape(letter)}(?:{'|'.join(rest)})" for letter, rest in around.items()]
    return re.compile("|".join([*led, *_PARTICULAR.values()]), re.ASCII)


TELLTALES = {*NAME_TELLTALES, *(telltale for telltales, _ in KINDS for telltale in telltales)}
_FINDER = _finder(sorted(TELLTALES - _PARTICULAR.keys()))


def may_hold_a_secret(text: str) -> bool:
    """Whether any telltale stands in it. What has none is stored as it is."""
    return _FINDER.search(text.lower()) is not None


def without_secrets(text: str) -> str:
    """The text with its secrets masked, what names them left in front.

    >>> without_secrets("curl -u ci:hunter2 https://x/?page=1&token=abc")
    'curl -u ••• https://x/?page=1&token=•••'
    """
    lower = text.lower()
    for telltales, pattern in KINDS:
        if any(map(lower.__contains__, telltales)):
            text = pattern.sub(_masked, text)
    return _without_named(text) if any(map(lower.__contains__, NAME_TELLTALES)) else text


def _masked(match: re.Match[str]) -> str:
    return f"{match[1]}{MASK}" if match.lastindex else MASK


def _without_named(text: str) -> str:
    kept, end = [], 0
    for found in _NAMED.finditer(text):
        if found.start() < end or not names_a_secret(found["name"]) or _PROSE.match(text, found.start()):
            continue
        value = (_CODED_VALUE if found["coded"] else _VALUE).match(text, found.end())
        if value:
            quotes = value.groupdict(default="")
            kept += [text[end : value.start()], quotes.get("quote", ""), MASK, quotes.get("closed", "")]
            end = value.end()
    return "".join([*kept, text[end:]])
