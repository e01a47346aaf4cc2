/** A text as a string literal of ClickHouse SQL. */
export function quoteString(text: string): string {
  return `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;
}

/** A name as an identifier of ClickHouse SQL, so that words such as `index` and `format` are names too. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replace(/[\\`]/g, (character) => `\\${character}`)}\``;
}
