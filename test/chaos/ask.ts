/** Plain SQL; large numbers come as text or not, as the server likes. */
export type Ask = <Row>(sql: string, msMax?: number) => Promise<Row[]>;

export interface Account {
  readonly user: string;
  readonly password: string;
}

const MS_MAX = 300_000;

/** Asks a ClickHouse by nothing but its HTTP protocol. */
export function askAt(url: string, { user, password }: Account): Ask {
  return async (sql, msMax = MS_MAX) => {
    const response = await fetch(`${url}/?database=weir&default_format=JSONEachRow`, {
      method: "POST",
      body: sql,
      headers: { "X-ClickHouse-User": user, "X-ClickHouse-Key": password },
      signal: AbortSignal.timeout(msMax),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The store refused a query: ${text.slice(0, 500)}`);
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  };
}
