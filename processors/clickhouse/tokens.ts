/*
 * ClickHouse's lexical rules (Lexer.cpp of ClickHouse 26.7), as far as finding words outside of strings and comments
 * needs them. Works on text and on byte text.
 */

/**
 * - word: a bare word or number; `text` as written
 * - name: a quoted identifier; `text` without quotes and escapes
 * - string: a string literal or heredoc; `text` is ""
 * - symbol: any other single character
 * - unclosed: a string, identifier or comment that never ends; always the last token
 */
export interface Token {
  readonly kind: "word" | "name" | "string" | "symbol" | "unclosed";
  readonly text: string;
  /** The token is sql[begin, end). */
  readonly begin: number;
  readonly end: number;
}

const SPACE = /[ \t\n\r\f\v]/;
const WORD = /[A-Za-z0-9_$]+/y;
const HEREDOC = /\$[A-Za-z0-9_]*\$/y;

/** The tokens of a statement, lazily: whoever finds the data of an insert stops there. Comments and space are left out. */
export function* tokens(sql: string): Generator<Token, void, void> {
  let at = 0;
  while (at < sql.length) {
    const begin = at;
    const character = sql[at];
    if (SPACE.test(character)) {
      at++;
      continue;
    }
    if (startsLineComment(sql, at)) {
      const newline = sql.indexOf("\n", at);
      if (newline < 0) return;
      at = newline + 1;
      continue;
    }
    if (character === "/" && sql[at + 1] === "*") {
      at = blockCommentEnd(sql, at);
      if (at < 0) return yield { kind: "unclosed", text: "/*", begin, end: sql.length };
      continue;
    }
    if (character === "'" || character === '"' || character === "`") {
      at = quotedEnd(sql, at);
      if (at < 0) return yield { kind: "unclosed", text: character, begin, end: sql.length };
      const isString = character === "'";
      yield { kind: isString ? "string" : "name", text: isString ? "" : unquoted(sql, begin, at), begin, end: at };
      continue;
    }
    const heredoc = match(HEREDOC, sql, at);
    if (heredoc !== "") {
      const close = sql.indexOf(heredoc, at + heredoc.length);
      if (close >= 0) {
        at = close + heredoc.length;
        yield { kind: "string", text: "", begin, end: at };
        continue;
      }
    }
    const word = match(WORD, sql, at);
    at += word.length || 1;
    yield { kind: word === "" ? "symbol" : "word", text: sql.slice(begin, at), begin, end: at };
  }
}

/** True for one of these bare words, in any case. Quoted names are never keywords. */
export function isKeyword(token: Token | undefined, ...keywords: readonly string[]): boolean {
  return token !== undefined && token.kind === "word" && keywords.includes(token.text.toUpperCase());
}

export function isSymbol(token: Token | undefined, text: string): boolean {
  return token !== undefined && token.kind === "symbol" && token.text === text;
}

function startsLineComment(sql: string, at: number): boolean {
  const next = sql[at + 1];
  switch (sql[at]) {
    case "-":
      return next === "-";
    case "/":
      return next === "/";
    case "#":
      return next === " " || next === "!";
    default:
      return false;
  }
}

/** Comments nest. -1: never closed. */
function blockCommentEnd(sql: string, begin: number): number {
  let depth = 0;
  for (let at = begin; at < sql.length - 1; at++) {
    const pair = sql.slice(at, at + 2);
    if (pair === "/*") depth++;
    else if (pair === "*/") depth--;
    else continue;
    at++;
    if (depth === 0) return at + 1;
  }
  return -1;
}

/** A quote is escaped by a backslash or by doubling it. -1: never closed. */
function quotedEnd(sql: string, begin: number): number {
  const quote = sql[begin];
  for (let at = begin + 1; at < sql.length; at++) {
    if (sql[at] === "\\") at++;
    else if (sql[at] === quote && sql[at + 1] === quote) at++;
    else if (sql[at] === quote) return at + 1;
  }
  return -1;
}

function unquoted(sql: string, begin: number, end: number): string {
  const quote = sql[begin];
  return sql
    .slice(begin + 1, end - 1)
    .replaceAll(quote + quote, quote)
    .replace(/\\(.)/gs, "$1");
}

function match(pattern: RegExp, sql: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0] ?? "";
}
