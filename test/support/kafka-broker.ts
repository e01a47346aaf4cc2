import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const POM = join(ROOT, "test/kafka/pom.xml");

/** A real Kafka broker in a folder of its own. It can be stopped and started again, with its data. */
export interface KafkaBroker {
  readonly address: string;
  /** `force`: as by kill -9. */
  stop(options?: { force?: boolean }): Promise<void>;
  start(): Promise<void>;
  /** Stopped as a process may be that is still there (SIGSTOP), and going on (SIGCONT). */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
}

export interface BrokerOptions {
  readonly dir: string;
  /** Lines for server.properties, instead of the plain listener. */
  readonly security?: (ports: { readonly client: number; readonly controller: number }) => string;
  /** Users that are made with the storage, as `SCRAM-SHA-512=[name=…,password=…]`. */
  readonly scram?: readonly string[];
  readonly jvm?: readonly string[];
}

/** The broker's jars, fetched once by Maven into node_modules/.cache; null when Java or Maven are not there. */
export async function kafkaJars(): Promise<string | null> {
  const version = /<kafka\.version>([^<]+)/.exec(await readFile(POM, "utf8"))![1];
  const jars = join(ROOT, "node_modules/.cache", `kafka-${version}`);
  try {
    await run("java", ["-version"]);
    if (existsSync(jars)) return jars;
    const partial = `${jars}.${process.pid}`;
    await mkdir(partial, { recursive: true });
    await run("mvn", ["-q", "-B", "-f", POM, "dependency:copy-dependencies", `-DoutputDirectory=${partial}`]);
    // Whoever comes second keeps what the first one made.
    await rename(partial, jars).catch(() => rm(partial, { recursive: true }));
    return jars;
  } catch {
    return null;
  }
}

export async function startKafkaBroker(jars: string, options: BrokerOptions): Promise<KafkaBroker> {
  const { dir } = options;
  const [client, controller] = [await freePort(), await freePort()];
  await mkdir(dir, { recursive: true });
  const properties = join(dir, "server.properties");
  await writeFile(properties, serverProperties(dir, { client, controller }, options.security));
  const java = ["-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", `${jars}/*`];
  const format = [
    "kafka.tools.StorageTool",
    "format",
    "--standalone",
    "-c",
    properties,
    "-t",
    "d2VpciB0ZXN0IGJyb2tlcg",
  ];
  // Java reads file names by the locale, and without one knows none but ASCII.
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  await run("java", [...java, ...format, ...(options.scram ?? []).flatMap((user) => ["--add-scram", user])], { env });

  let child: ChildProcess | null = null;
  const start = async () => {
    const started = spawn("java", [...java, ...(options.jvm ?? []), "kafka.Kafka", properties], {
      stdio: "ignore",
      env,
    });
    child = started;
    // A test run that is killed takes its broker along.
    const kill = () => started.kill("SIGKILL");
    process.once("exit", kill);
    started.once("exit", () => process.off("exit", kill));
    while (!(await answers(client))) {
      if (started.exitCode !== null) throw new Error(`The Kafka broker in ${dir} ended with ${started.exitCode}.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await start();
  return {
    address: `127.0.0.1:${client}`,
    start,
    async stop({ force = false } = {}) {
      const running = child;
      child = null;
      if (running === null || running.exitCode !== null) return;
      const ended = new Promise((resolve) => running.once("exit", resolve));
      running.kill(force ? "SIGKILL" : "SIGTERM");
      await ended;
    },
    signal(name) {
      child?.kill(name);
    },
  };
}

function serverProperties(
  dir: string,
  ports: { readonly client: number; readonly controller: number },
  security: BrokerOptions["security"],
): string {
  const { client, controller } = ports;
  const listener =
    security?.(ports) ??
    `listeners=PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT`;
  return `process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:${controller}
controller.listener.names=CONTROLLER
${listener}
log.dirs=${join(dir, "data")}
log.retention.ms=-1
auto.create.topics.enable=false
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.enable=false
`;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
