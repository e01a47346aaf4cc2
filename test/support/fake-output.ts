import type { Output } from "../../processors/runtime/terminal.ts";

/** An output stream that keeps what is written. */
export interface FakeOutput extends Output {
  readonly written: string[];
}

export function createFakeOutput(terminal: { readonly columns?: number } | null = null): FakeOutput {
  const written: string[] = [];
  return { isTTY: terminal !== null, ...terminal, written, write: (text) => written.push(text) };
}
