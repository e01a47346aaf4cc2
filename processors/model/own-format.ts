/** What a value of a format of the user's own may be: what is read into which kind of column, and what a value must be. */
export const VALUE_TYPES = [
  "text",
  "word",
  "int",
  "float",
  "time",
  "severity",
  "duration",
  "s",
  "ms",
  "us",
  "ns",
] as const;

export type ValueType = (typeof VALUE_TYPES)[number];

/** A format that the user describes (`formats` in weir.yaml): patterns of keys and the text between them. */
export interface OwnFormat {
  readonly name: string;
  /** Tried in this order. */
  readonly patterns: readonly string[];
  /** How the values of times are written, tried in this order; none: times are found as in free text. */
  readonly timeFormats: readonly string[];
  readonly types: Readonly<Record<string, ValueType>>;
  /** Key -> name of a field, as OpenTelemetry names it, or `attributes.NAME`. */
  readonly columns: Readonly<Record<string, string>>;
  /** Word of the format -> word that is known. */
  readonly severities: Readonly<Record<string, string>>;
  /** Stands between the parts of a value that is put together. */
  readonly appendSeparator: string;
  /** Lines of a stack trace belong to the entry before. */
  readonly joins: boolean;
  /** `auto` tries it too. */
  readonly isDetected: boolean;
}
