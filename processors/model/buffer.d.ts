// Node's byte-level text access, which @types/node leaves out. `toString("latin1")` and `write(…, "latin1")` do the same
// through a name look-up that costs as much as the copy of a short text; these run once per distinct value.
interface Buffer {
  latin1Slice(start?: number, end?: number): string;
  latin1Write(text: string, offset: number, length?: number): number;
  utf8Slice(start?: number, end?: number): string;
}
