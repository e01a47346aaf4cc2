import { describe, expect, it } from "vitest";
import {
  ACTS,
  FOLDERS,
  filesBelow,
  JOINTS,
  PROGRAM,
  packageOf,
  placeOf,
  read,
  type SourceFile,
  sourceFile,
  THINGS,
} from "./house.ts";

/**
 * The rules of the house (processors/README.md). Each rule gives the places that break it, so that an empty list is a pass,
 * and says why it is there.
 */
function expectNone(broken: readonly string[], why: string): void {
  expect(broken, `${why}\n${broken.join("\n")}\n`).toEqual([]);
}

const inActs = PROGRAM.filter(({ place }) => ACTS.includes(place));
/** What must not touch the world: the acts, the words they share, and what composes them. */
const pure = PROGRAM.filter(({ place }) => [...ACTS, "model", "pipeline.ts"].includes(place));
const ownTests = filesBelow("test", ".ts").map(sourceFile);

function findIn(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, code }) => {
    const match = pattern.exec(code);
    return match === null ? [] : [`${path}: ${match[0].trim()}`];
  });
}

describe("the folders of processors/", () => {
  it("are acts, things, joints and the words they share, and nothing else", () => {
    const known = [...ACTS, ...THINGS, ...JOINTS, "model"].filter((place) => !place.endsWith(".ts"));
    expect([...FOLDERS].sort()).toEqual(known.sort());
  });

  it("hold no file without a folder but main.ts and pipeline.ts", () => {
    const loose = PROGRAM.filter(({ path }) => path.split("/").length === 2).map(({ place }) => place);
    expect(loose).toEqual(["main.ts", "pipeline.ts"]);
  });
});

describe("imports", () => {
  function foreign(places: readonly string[], alsoAllowed: readonly string[]): string[] {
    return PROGRAM.filter(({ place }) => places.includes(place)).flatMap((file) =>
      file.imports
        .filter((imported) => {
          const place = placeOf(file, imported);
          return place !== null && place !== file.place && !alsoAllowed.includes(place);
        })
        .map((imported) => `${file.path} imports ${imported}`),
    );
  }

  it("of an act lead to model/ and the act itself", () => {
    expectNone(foreign(ACTS, ["model"]), "Acts do not know each other: pipeline.ts alone knows their order.");
  });

  it("of a thing lead to model/, runtime/ and the thing itself", () => {
    expectNone(
      foreign(THINGS, ["model", "runtime"]),
      "Things do not know each other: services/ hands one to the other.",
    );
  });

  it("of model/ lead to model/", () => {
    expectNone(foreign(["model"], []), "model/ is the leaf: all may import it because it imports nobody.");
  });

  it("of the program never lead to its tests or out of processors/", () => {
    expectNone(foreign(JOINTS, [...FOLDERS, ...JOINTS]), "What is shipped must not need what is not.");
  });

  it("of each library stand in one folder, which hides it from all others", () => {
    const homes: Readonly<Record<string, (path: string) => boolean>> = {
      "@clickhouse/client": below("clickhouse"),
      chdb: below("clickhouse"),
      fastify: (path) => /^processors\/clickhouse\/endpoint[a-z-]*\.ts$/.test(path) || below("http")(path),
      "prom-client": (path) => path === "processors/runtime/metrics.ts",
      lmdb: below("journal"),
      kafkajs: below("kafka"),
      snappy: below("kafka"),
      "lz4-napi": below("kafka"),
      maxmind: below("lookups"),
      avsc: below("encode"),
      bowser: below("enrich"),
      isbot: below("enrich"),
      re2js: below("mask"),
      zod: below("runtime"),
      yaml: below("runtime"),
      pino: below("runtime"),
      commander: (path) => path === "processors/main.ts" || below("commands")(path),
    };
    const strays = PROGRAM.flatMap(({ path, imports }) =>
      imports.flatMap((imported) => {
        const name = packageOf(imported);
        if (name === null || name.startsWith("node:")) return [];
        return homes[name]?.(path) ? [] : [`${path} imports ${name}`];
      }),
    );
    expectNone(strays, "A library that is imported in one folder can be replaced in one folder.");
  });

  it("use every library that is installed", () => {
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    const unused = Object.keys(dependencies).filter(
      (name) => !PROGRAM.some(({ code }) => new RegExp(`["']${name}[/"']`).test(code)),
    );
    expectNone(unused, "What nobody imports need not be downloaded.");
  });
});

function below(folder: string): (path: string) => boolean {
  return (path) => path.startsWith(`processors/${folder}/`);
}

describe("acts, model/ and pipeline.ts", () => {
  const why = "The same bytes must give the same rows in every process and at every time, or a replay is not a replay.";

  it.each([
    ["the clock", /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.now\b|\bhrtime\b/],
    ["randomness", /\bMath\.random\b|\brandom(?:Bytes|UUID|Int|FillSync)\b|\bgetRandomValues\b/],
    // `"process.pid"` is the name of an attribute.
    ["the process or its environment", /(?<!")\bprocess\.[a-zA-Z]/],
    ["the console", /\bconsole\.[a-z]/],
    ["the network", /\bfetch\(|\bnew WebSocket\b/],
    ["timers", /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/],
  ])("never touch %s", (_, pattern) => {
    expectNone(findIn(pure, pattern), why);
  });

  it("import nothing of Node.js that does I/O", () => {
    const strays = pure.flatMap(({ path, imports }) =>
      imports
        .filter((name) => name.startsWith("node:") && name !== "node:crypto")
        .map((name) => `${path} imports ${name}`),
    );
    expectNone(strays, `${why} Only hashing (node:crypto) is a function of its arguments.`);
  });

  it("keep no state of their own: what is remembered lives in what a create… function returns", () => {
    const pattern =
      /^(?:export )?(?:let|var) .*$|^(?:export )?const \w+[^=\n]* = (?:new (?:Map|Set|WeakMap)(?:<[^()\n]*>)?\(\)|\[\]|\{\});$/m;
    expectNone(findIn(inActs, pattern), "State of a module is shared by all that import it, and outlives every batch.");
  });

  it("are synchronous: who waits does so in services/", () => {
    expectNone(
      findIn(inActs, /\basync function\b|\bawait\b|\bnew Promise\b/),
      "A function of its arguments has nothing to wait for.",
    );
  });
});

describe("the process", () => {
  it("is left by main.ts alone", () => {
    const leavers = findIn(
      PROGRAM.filter(({ place }) => place !== "main.ts"),
      /\bprocess\.(?:exit|abort|kill\([^,)]*\))/,
    );
    expectNone(leavers, "Whoever exits takes away everybody else's chance to finish.");
  });

  it("lends its environment to runtime/config.ts alone", () => {
    const readers = findIn(
      PROGRAM.filter(({ path }) => path !== "processors/runtime/config.ts"),
      /\bprocess\.env\b/,
    );
    expectNone(readers, "A setting that is read elsewhere is in no schema and in nobody's report.");
  });
});

describe("files", () => {
  const all = [...PROGRAM, ...ownTests];

  it("are named in kebab-case, for what they hold", () => {
    const nameless = all
      .map(({ path }) => path)
      .filter(
        (path) =>
          !/^[a-z0-9-]+(?:\.d|\.test|\.example)?\.ts$/.test(path.split("/").at(-1)!) ||
          /(?:^|[/-])(?:utils?|helpers?|types|index|manager|misc|common)\.ts$/.test(path),
      );
    expectNone(nameless, "A file named for no thing takes in everything.");
  });

  it("have at most 400 lines", () => {
    const long = all
      .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
      .filter(({ lines }) => lines > 400);
    expectNone(
      long.map(({ path, lines }) => `${path}: ${lines}`),
      "What is longer holds two things.",
    );
  });

  it("hold no notes to self and no switched-off checks", () => {
    const pattern =
      /\bTO[D]O\b|\bFIX[M]E\b|\bXX[X]\b|\bbiome-[i]gnore\b|@ts-(?:[i]gnore|[e]xpect-error|[n]ocheck)|\b(?:it|test|describe)\.(?:[s]kip|[o]nly|[t]odo)\b/;
    const found = all.flatMap(({ path, text }) => (pattern.test(text) ? [`${path}: ${pattern.exec(text)![0]}`] : []));
    expectNone(found, "What is not done is an issue; what is wrong is a failing test.");
  });

  it("are erasable TypeScript: no enum, namespace or parameter property", () => {
    const pattern =
      /^\s*(?:export )?(?:const )?enum \w|^\s*(?:export )?namespace \w|constructor\([^)]*\b(?:private|public|readonly) /m;
    expectNone(findIn(all, pattern), "Node.js runs the files as they are and only strips types.");
  });
});

describe("package.json", () => {
  it("names exact versions", () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read("package.json"));
    const versions = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
    const loose = versions
      .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))
      .map(([name, version]) => `${name} ${version}`);
    expectNone(loose, "Two installations of one commit must run the same code.");
  });
});
