"""clickhouse-connect against weir serve, by hand: skipped tests would count as failures where Python has no such package.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install clickhouse-connect==1.12.0
    npx weir serve --data /tmp/served &
    /tmp/venv/bin/python test/serve/clickhouse_connect_check.py /tmp/served/endpoint.json [URL]

Without a URL the one in endpoint.json is asked. Prints "ok", or the first difference.
"""

import datetime
import json
import sys
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

endpoint = json.load(open(sys.argv[1], encoding="utf-8"))
url = urlsplit(sys.argv[2] if len(sys.argv) > 2 else endpoint["url"])


def connect(user, **more):
    account = {"username": user, "password": endpoint["users"][user]}
    return clickhouse_connect.get_client(host=url.hostname, port=url.port, database="weir", **account, **more)


def refused(code, use):
    try:
        use()
    except DatabaseError as error:
        assert f"code: {code}" in str(error), error
    else:
        raise AssertionError(f"code {code} was expected")


writer = connect("writer")
assert writer.ping()
writer.command("CREATE OR REPLACE TABLE cc (a UInt64, s String, t DateTime64(3), l LowCardinality(String), n Array(UInt8)) ENGINE = MergeTree ORDER BY a")
nasty = "x\n\nDROP TABLE cc\n\n"
at = datetime.datetime(2026, 1, 1, 12)
writer.insert("cc", [[i, nasty, at, "l", [1, 2]] for i in range(20_000)], column_names=["a", "s", "t", "l", "n"])
assert writer.query("SELECT count(), any(s) FROM cc WHERE a < {n:UInt64}", parameters={"n": 100}).result_rows == [(100, nasty)]
with writer.query_rows_stream("SELECT number, toString(number) FROM numbers(1000000)") as rows:
    assert sum(1 for _ in rows) == 1_000_000
writer.raw_insert("cc", column_names=["a", "s"], insert_block=b"777777\tq\n", fmt="TSV")
assert writer.command("SELECT s FROM cc WHERE a = 777777") == "q"
writer.command("SET max_threads = 3")
assert writer.command("SELECT getSetting('max_threads')") == 3
for method in ["gzip", "lz4", "zstd", False]:
    client = connect("writer", compress=method)
    client.command("TRUNCATE TABLE cc")
    client.insert("cc", [[1, "z" * 100_000]] * 50, column_names=["a", "s"])
    assert client.query("SELECT count(), sum(length(s)) FROM cc").result_rows == [(50, 5_000_000)]
reader = connect("reader")
refused(60, lambda: reader.query("SELECT * FROM missing"))
refused(62, lambda: reader.query("SELECT ("))
refused(164, lambda: reader.command("DROP TABLE cc"))
refused(164, lambda: reader.query("SELECT * FROM file('/etc/hostname')"))
writer.command("DROP TABLE cc")
print("ok")
