"""What the demo's teams release. Pure data."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Story:
    """One service and the change its team is busy with."""

    slug: str
    team: str
    owner: str
    route: str
    p95_ms: float
    db_calls: int
    hit_share: float
    title: str
    change: str
    expected: str
    slow_part: str
    users_notice: str
    files: tuple[str, ...]
    small_changes: tuple[str, ...] = field(default=())


TEAMS = {"payments": "Payments", "search": "Search", "accounts": "Accounts"}

STORIES = (
    Story(
        "checkout-api", "payments", "ines", "GET /basket/{id}", 190, 31, 0.0,
        "cache the basket total per session",
        "cache the basket total for 60 s per session",
        "DB calls on GET /basket/{id} fall from 31 to below 12, p95 stays at or under 190 ms.",
        "select price from price where sku = %s   -- once a line",
        "the total on the basket page shows after the rest of it",
        ("basket/views.py", "basket/totals.py", "tests/test_totals.py"),
        ("log the payment provider's request id", "refuse an empty basket with a sentence",
         "raise the provider timeout to 4 s", "round the shipping fee once, at the end"),
    ),
    Story(
        "ledger", "payments", "tom", "GET /accounts/{id}/balance", 140, 42, 0.1,
        "read the balance in one query",
        "replace the loop over bookings by one sum in the database",
        "DB calls fall from 42 to 16, p95 falls below 120 ms.",
        "select amount from booking where account = %s and day = %s   -- once a day",
        "the statement page needs two seconds at the end of the month",
        ("ledger/balance.py", "ledger/models.py"),
        ("index bookings by day", "show the closing date in the account's zone",
         "drop the unused currency column"),
    ),
    Story(
        "invoices", "payments", "ines", "POST /invoices", 95, 8, 0.0,
        "validate the VAT number before the invoice is numbered",
        "move the VAT check before the number is drawn",
        "No change in the four numbers; no more gaps in the numbering.",
        "none: the failing command was `invoices renumber`",
        "accounting finds gaps in the invoice numbers",
        ("invoices/numbering.py",),
        ("name the customer's field in the error", "send the PDF from the queue", "use the new letterhead"),
    ),
    Story(
        "query-router", "search", "yuki", "GET /search", 62, 2, 0.55,
        "route short queries to the small index",
        "queries of up to three letters go to the prefix index",
        "p95 of GET /search falls from 62 to below 50 ms.",
        "select id from document where title like %s   -- the whole table for one letter",
        "suggestions lag behind typing",
        ("router/choose.py", "router/settings.py"),
        ("count empty answers", "retry a lost shard once", "drop the second log line"),
    ),
    Story(
        "indexer", "search", "leo", "POST /documents", 240, 14, 0.2,
        "write the documents in batches of 50",
        "one bulk insert instead of 50 single ones",
        "DB calls fall from 14 to 3.",
        "insert into posting (term, document) values (%s, %s)   -- once a term",
        "new documents are found only after minutes",
        ("indexer/write.py",),
        ("skip unchanged documents", "name the index by its day"),
    ),
    Story(
        "suggest", "search", "yuki", "GET /suggest", 18, 1, 0.8,
        "first version: suggestions from the last day's queries",
        "a new service",
        "p95 below 20 ms from the first day.",
        "nothing yet",
        "there are no suggestions",
        ("suggest/app.py", "suggest/read.py"),
    ),
    Story(
        "login", "accounts", "nora", "POST /sessions", 310, 6, 0.3,
        "warm the session cache when the process starts",
        "load the last hour's sessions into the cache at start",
        "p95 of POST /sessions falls below 200 ms.",
        "select * from session where token = %s",
        "the first login after a deployment is slow",
        ("login/apps.py", "login/cache.py"),
        ("log failed logins by address", "ask again when the second factor was mistyped",
         "tidy up old sessions by night"),
    ),
    Story(
        "profiles", "accounts", "sam", "PUT /profiles/{id}", 120, 9, 0.0,
        "split the name into given and family name",
        "migrate the column, then write both parts",
        "No change in the four numbers; exports carry both names.",
        "update profile set name = %s where id = %s",
        "letters begin with 'Dear Anna Maria Lopez Garcia'",
        ("profiles/models.py", "profiles/migrations/0042_split_name.py"),
        ("trim white space around names", "limit pictures to 2 MB"),
    ),
)  # fmt: skip

PEOPLE = {
    # username: (full name, {team: role})
    "mara": ("Mara Stein", {"payments": "lead", "search": "lead", "accounts": "lead"}),
    "ines": ("Ines Duarte", {"payments": "engineer"}),
    "tom": ("Tom Becker", {"payments": "engineer"}),
    "yuki": ("Yuki Sato", {"search": "engineer"}),
    "leo": ("Leo Martin", {"search": "engineer"}),
    "nora": ("Nora Lind", {"accounts": "engineer"}),
    "sam": ("Sam Okafor", {"accounts": "engineer"}),
    "vito": ("Vito Rossi", {"payments": "viewer", "search": "viewer", "accounts": "viewer"}),
}
LOGINS = {"mara": "lead", "ines": "engineer", "vito": "viewer"}
