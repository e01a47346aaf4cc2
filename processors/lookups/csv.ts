const COMMA = ",";

/**
 * The rows of a CSV text (RFC 4180: quotes around values, `""` for a quote in them, line feeds with or without carriage
 * return). What separates values is the first of tab, semicolon and comma that stands in the first line. null: a quote
 * is not closed.
 */
export function parseCsv(text: string, rowsMax: number): string[][] | null {
  const content = text.startsWith("\ufeff") ? text.slice(1) : text;
  const firstLine = /^[^\r\n]*/.exec(content)![0];
  const separator = ["\t", ";"].find((candidate) => firstLine.includes(candidate)) ?? COMMA;
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < content.length && rows.length <= rowsMax) {
    let value = "";
    if (content[at] === '"') {
      for (;;) {
        const close = content.indexOf('"', at + 1);
        if (close < 0) return null;
        value += content.slice(at + 1, close);
        at = close + 1;
        if (content[at] !== '"') break;
        value += '"';
      }
    }
    const from = at;
    while (at < content.length && content[at] !== separator && content[at] !== "\n" && content[at] !== "\r") at++;
    row.push(value + content.slice(from, at));
    if (content[at] === separator) {
      at++;
      if (at < content.length) continue;
      row.push("");
    }
    if (content[at] === "\r") at++;
    if (content[at] === "\n") at++;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}
