import { fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type KafkaBroker, kafkaJars, startKafkaBroker } from "../support/kafka-broker.ts";
import { openTopics } from "../support/kafka-topics.ts";
import { type Account, type Ask, askAt } from "./ask.ts";
import { type Member, startMember } from "./fleet.ts";
import type { GeneratorOptions } from "./generator.ts";
import { type StoreProxy, startProxy } from "./proxy.ts";

const PROCESSORS = 3;
const CLOSERS = 2;
const GENERATOR = fileURLToPath(new URL("./generator.ts", import.meta.url));

export interface SceneOptions {
  /** Folder for everything. */
  readonly dir: string;
  readonly partitions: number;
}

/** Everything that a run consists of, started. */
export interface Scene {
  readonly topic: string;
  readonly broker: KafkaBroker;
  readonly proxy: StoreProxy;
  readonly store: Member;
  readonly processors: readonly Member[];
  readonly closers: readonly Member[];
  readonly ask: Ask;
  /** Arguments and environment by which any command reaches the store without the proxy. */
  readonly direct: { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> };
  /** Resolves when the store answers. */
  untilAnswering(msMax: number): Promise<void>;
  startGenerator(options: Omit<GeneratorOptions, "brokers" | "topic" | "partitions">): Generator;
  /** Ends all, at once. */
  close(): Promise<void>;
}

export interface Generator {
  readonly acknowledged: readonly number[];
  /** Writes the end of the truth. Throws when the generator failed. */
  finish(): Promise<void>;
  kill(): void;
}

export async function openScene({ dir, partitions }: SceneOptions): Promise<Scene> {
  const jars = await kafkaJars();
  if (jars === null) throw new Error("There is no Kafka: install Java 17 and Maven.");
  const broker = await startKafkaBroker(jars, { dir: join(dir, "broker") });
  const topics = await openTopics(broker.address);
  const topic = await topics.make(partitions);
  await topics.close();

  const account: Account = { user: "writer", password: randomBytes(16).toString("hex") };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = join(dir, "weir.yaml");
  writeFileSync(config, yamlOf(broker.address, topic, account));
  const shared = { WEIR_MASK_KEY: randomBytes(32).toString("hex"), WEIR_LOG_LEVEL: "info" };
  const reaching = (at: string) => ({
    ...shared,
    WEIR_CLICKHOUSE_URL: at,
    WEIR_CLICKHOUSE_USER: account.user,
    WEIR_CLICKHOUSE_PASSWORD: account.password,
  });
  const member = (
    name: string,
    command: string,
    data: string,
    more: readonly string[],
    env: Record<string, string>,
    againMs = 1000,
  ) => {
    mkdirSync(join(dir, data), { recursive: true });
    const args = [command, "--config", config, "--data", join(dir, data), "--json", ...more];
    return startMember({ name, args, env, log: join(dir, `${name}.log`), againMs });
  };

  const ask = askAt(url, account);
  const untilAnswering = async (msMax: number) => {
    const untilMs = performance.now() + msMax;
    while (
      !(await ask("SELECT 1 FROM ledger LIMIT 1", 3000).then(
        () => true,
        () => false,
      ))
    ) {
      if (performance.now() > untilMs) throw new Error(`The store did not answer for ${msMax / 1000} s.`);
      await sleep(100);
    }
  };
  const store = member("store", "serve", "store", ["--listen", `127.0.0.1:${port}`], shared);
  const proxy = await startProxy(port);
  await untilAnswering(60_000);
  const env = reaching(proxy.url);
  const processors = Array.from({ length: PROCESSORS }, (_, i) =>
    member(`processor-${i}`, "process", `processor-${i}`, [], env),
  );
  // One closes and the other waits for its end: they share the data directory, whose journal says which.
  const closers = Array.from({ length: CLOSERS }, (_, i) => member(`closer-${i}`, "close", "closer", [], env, 3000));

  return {
    topic,
    broker,
    proxy,
    store,
    processors,
    closers,
    ask,
    direct: { args: ["--config", config, "--data", join(dir, "closer")], env: reaching(url) },
    untilAnswering,
    startGenerator: (options) => startGenerator({ ...options, brokers: broker.address, topic, partitions }),
    async close() {
      await Promise.all([...processors, ...closers, store].map((one) => one.kill()));
      await proxy.close();
      await broker.stop({ force: true });
    },
  };
}

function startGenerator(options: GeneratorOptions): Generator {
  const child = fork(GENERATOR, [JSON.stringify(options)], {
    execArgv: ["--disable-warning=TimeoutNegativeWarning"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  let acknowledged: readonly number[] = new Array<number>(options.partitions).fill(0);
  child.on("message", (next) => {
    acknowledged = next as readonly number[];
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return {
    get acknowledged() {
      return acknowledged;
    },
    async finish() {
      if (child.connected) child.send("end");
      const code = await ended;
      process.off("exit", kill);
      if (code !== 0) throw new Error(`The generator failed with ${code}; there is no truth to compare with.`);
    },
    kill,
  };
}

/** Lateness is a year: what comes late for its window, because a partition's owner was dead, revises it. */
function yamlOf(brokers: string, topic: string, { user, password }: Account): string {
  const sha256 = createHash("sha256").update(password).digest("hex");
  return `kafka: {brokers: "${brokers}", group: chaos}
sources:
  - {name: chaos, topic: ${topic}, format: json, disorder: 10s, lateness: 360d}
rules:
  - {name: route_10s, window: 10s, group_by: [tenant, service_name, http_route, status_class]}
  - {name: paths_1m, window: 1m, group_by: [service_name], distinct: url_path}
  - {name: service_1m, window: 1m, group_by: [tenant, service_name], from: route_10s}
serve:
  users:
    - {name: ${user}, role: writer, password_sha256: ${sha256}}
`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
