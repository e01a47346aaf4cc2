const LITERAL_LENGTH_MIN = 2;
const META = new Set("\\^$.|?*+()[]{}");

/**
 * A text that every match of a pattern holds, the longest that is seen easily; null if none is. A text without it need
 * not be searched.
 */
export function requiredLiteral(pattern: string): string | null {
  // Flags change what characters mean.
  if (/\(\?[a-zA-Z]*[ixs]/.test(pattern) || pattern.includes("\\Q")) return null;
  const { best } = sequence(pattern, 0);
  return best.length >= LITERAL_LENGTH_MIN ? best : null;
}

/** The best literal of a sequence up to its closing bracket or the end. */
function sequence(pattern: string, from: number): { best: string; end: number } {
  let best = "";
  let run = "";
  let hasChoice = false;
  const close = () => {
    if (run.length > best.length) best = run;
    run = "";
  };
  let i = from;
  while (i < pattern.length && pattern[i] !== ")") {
    const c = pattern[i];
    if (c === "|") {
      hasChoice = true;
      i++;
      continue;
    }
    let atom = "";
    let inner = "";
    if (c === "(") {
      const begin = /^\((?:\?(?:P?<[^>]*>|:))?/.exec(pattern.slice(i))![0].length;
      const group = sequence(pattern, i + begin);
      inner = group.best;
      i = group.end + 1;
    } else if (c === "[") i = classEnd(pattern, i);
    else if (c === "\\") {
      const next = pattern[i + 1] ?? "";
      if (!/[A-Za-z0-9]/.test(next)) atom = next;
      i += 2;
      if (/[pPx]/.test(next)) i = /^(?:\{[^}]*\}|..?)?/.exec(pattern.slice(i))![0].length + i;
    } else {
      const char = String.fromCodePoint(pattern.codePointAt(i)!);
      if (!META.has(char)) atom = char;
      i += char.length;
    }
    const quantifier = /^(?:[?*+]|\{\d+(?:,\d*)?\})\??/.exec(pattern.slice(i))?.[0] ?? "";
    i += quantifier.length;
    const isOptional = /^(?:[?*]|\{0)/.test(quantifier);
    if (quantifier === "" && atom !== "") run += atom;
    else {
      // One of what is repeated is there at least once, but what follows need not touch it.
      if (!isOptional && atom !== "") run += atom;
      close();
      if (!isOptional && inner.length > best.length) best = inner;
    }
  }
  close();
  return { best: hasChoice ? "" : best, end: i };
}

function classEnd(pattern: string, begin: number): number {
  let i = begin + 1;
  if (pattern[i] === "^") i++;
  if (pattern[i] === "]") i++;
  while (i < pattern.length && pattern[i] !== "]") {
    if (pattern[i] === "\\") i++;
    else if (pattern.startsWith("[:", i)) i = Math.max(i, pattern.indexOf(":]", i) + 1);
    i++;
  }
  return i + 1;
}
