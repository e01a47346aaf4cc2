import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { accountOf, inMemory, makeFolder, start, until, wholeAccount } from "../integration/workbench.ts";
import { type BrokerOptions, type KafkaBroker, startKafkaBroker } from "../support/kafka-broker.ts";
import { openTopics } from "../support/kafka-topics.ts";
import { processing, writeYaml, yamlOf } from "./processing.ts";

const run = promisify(execFile);
const jars = inject("kafkaJars");

/** Tests that do to a broker what the others must not feel. */
describe.runIf(jars !== "")("a broker of one's own", () => {
  async function broker(options: Partial<BrokerOptions> = {}): Promise<KafkaBroker> {
    const started = await startKafkaBroker(jars, { dir: join(makeFolder(), "kafka"), ...options });
    onTestFinished(() => started.stop({ force: true }));
    return started;
  }

  const lines = (count: number) => Array.from({ length: count }, (_, i) => JSON.stringify({ message: `order ${i}` }));

  it("is killed and comes back: each record is stored once", async () => {
    const own = await broker();
    const topics = await openTopics(own.address);
    const topic = await topics.make(2);
    await topics.send(topic, lines(100), { partition: 1 });
    const data = join(makeFolder(), "data");
    const running = processing(data, yamlOf(randomUUID(), { [topic]: "json" }, { at: own.address }));
    await until("the first are stored", async () => running.events === 100);
    await own.stop({ force: true });
    await own.start();
    await topics.send(topic, lines(100), { partition: 0 });
    await topics.send(topic, lines(100), { partition: 1 });
    await until("the others are stored", async () => running.events === 300);
    expect((await running.stop()).stopped).toEqual([]);
    expect(await accountOf(data)).toEqual(wholeAccount(300));
    await topics.close();
  });

  it("is killed while a file is collected, and comes back: each line is sent once", async () => {
    const own = await broker();
    const topics = await openTopics(own.address);
    const topic = await topics.make();
    const folder = makeFolder();
    const file = join(folder, "app.log");
    writeFileSync(file, lines(20_000).join("\n").concat("\n"));
    const data = join(folder, "data");
    const config = writeYaml(
      data,
      `kafka: {brokers: "${own.address}"}\nsources: [{name: ${topic}, files: ["${file}"], format: json}]`,
    );
    const collecting = start(["collect", "--data", data, "--config", config]);
    await until("some is there", async () => {
      const [{ high }] = await topics.admin.fetchTopicOffsets(topic);
      return Number(high) > 0;
    });
    await own.stop({ force: true });
    appendFileSync(file, lines(100).join("\n").concat("\n"));
    await own.start();
    const store = join(folder, "store");
    const running = processing(store, yamlOf(randomUUID(), { [topic]: "json" }, { at: own.address }));
    await until("all are stored", async () => running.events >= 20_100);
    collecting.kill("SIGTERM");
    expect((await collecting.ended).code).toBe(0);
    await running.stop();
    expect(await accountOf(store)).toEqual(wholeAccount(20_100));
    await topics.close();
  });

  it("wants TLS and SCRAM: the right password is let in, a wrong one is refused with a sentence", async () => {
    // The broker reads its properties as Latin-1, so no ü in a path.
    const folder = mkdtempSync(join(inMemory(), "weir-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [store, ca] = [join(folder, "broker.p12"), join(folder, "ca.pem")];
    const name = ["-alias", "broker", "-keystore", store, "-storetype", "PKCS12", "-storepass", "changeit"];
    const made = [
      "-dname",
      "CN=localhost",
      "-ext",
      "SAN=IP:127.0.0.1,DNS:localhost",
      "-keyalg",
      "EC",
      "-validity",
      "30",
    ];
    await run("keytool", ["-genkeypair", ...name, ...made]);
    await run("keytool", ["-exportcert", "-rfc", ...name, "-file", ca]);
    const own = await broker({
      scram: ["SCRAM-SHA-512=[name=weir,password=right]"],
      security: ({
        client,
        controller,
      }) => `listeners=SASL_SSL://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=SASL_SSL://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}
inter.broker.listener.name=SASL_SSL
listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="weir" password="right";
ssl.keystore.type=PKCS12
ssl.keystore.location=${store}
ssl.keystore.password=changeit
ssl.truststore.type=PKCS12
ssl.truststore.location=${store}
ssl.truststore.password=changeit`,
    });
    const sasl = { mechanism: "scram-sha-512", username: "weir", password: "right" };
    const topics = await openTopics(own.address, { ssl: { ca: [readFileSync(ca, "utf8")] }, sasl });
    const topic = await topics.make(1);
    await topics.send(topic, lines(10));
    const more = (file: string) => {
      const account = `sasl: {mechanism: scram-sha-512, username: weir, password_file: "${file}"}`;
      return `  tls: {enabled: true, ca_file: "${ca}"}\n  ${account}`;
    };
    const [right, wrong] = [join(folder, "right"), join(folder, "wrong")];
    writeFileSync(right, "right\n");
    writeFileSync(wrong, "wrong\n");
    const data = join(makeFolder(), "data");
    const yaml = (file: string) => yamlOf(randomUUID(), { [topic]: "json" }, { at: own.address, more: more(file) });
    const running = processing(data, yaml(right));
    await until("all are stored", async () => running.events === 10);
    await running.stop();
    await expect(processing(data, yaml(wrong)).ended).rejects.toMatchObject({ code: "KAFKA_REFUSED" });
    await topics.close();
  });
});
