import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { read } from "./house.ts";

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[]; readonly retries: number };
}

const compose = parse(read("docker-compose.yml")) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
};

describe("docker-compose.yml", () => {
  it("starts Kafka and ClickHouse and, if it is told to, Weir", () => {
    expect(Object.keys(compose.services).sort()).toEqual(["clickhouse", "close", "kafka", "notify", "process"]);
  });

  it("gives Weir only commands that there are, all with one configuration and one journal", () => {
    const commands = read("processors/main.ts");
    for (const { image, command = [], volumes } of Object.values(compose.services)) {
      if (!image.startsWith("weir:")) continue;
      expect(commands).toContain(`./commands/${command[0]}.ts`);
      expect(command.slice(1)).toEqual(["--config", "/etc/weir/weir.yaml", "--url", "http://clickhouse:8123"]);
      expect(volumes).toEqual(["weir:/var/lib/weir", "./weir.yaml:/etc/weir/weir.yaml:ro"]);
    }
  });

  it.each(Object.entries(compose.services))("pins the image of %s to a full version", (_, { image }) => {
    expect(image).toMatch(/^(?:[a-z]+\/[a-z-]+|weir):\d+\.\d+\.\d+(?:\.\d+)?$/);
  });

  it.each(Object.entries(compose.services))(
    "can tell when %s is ready, so that --wait means something",
    (_, service) => {
      expect(service.healthcheck?.test[0]).toMatch(/^CMD/);
      expect(service.healthcheck?.retries).toBeGreaterThan(0);
    },
  );

  it.each(Object.entries(compose.services))("opens the ports of %s to this machine only", (_, { ports }) => {
    for (const port of ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it("keeps data in named volumes, each declared and used", () => {
    const used = Object.values(compose.services).flatMap(({ volumes }) =>
      volumes!.map((volume) => volume.split(":")[0]).filter((name) => !name.startsWith(".")),
    );
    expect([...new Set(used)].sort()).toEqual(Object.keys(compose.volumes).sort());
  });
});

describe("Dockerfile", () => {
  const lines = read("Dockerfile").split("\n");
  const last = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));

  it("is built from full versions", () => {
    const images = lines.filter((line) => line.startsWith("FROM ")).map((line) => line.split(" ")[1]);
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toMatch(/^node:\d+\.\d+\.\d+-[a-z-]+$/);
  });

  it("runs as a user that isn't root, and can tell how it is", () => {
    const users = last.filter((line) => line.startsWith("USER "));
    expect(users).toEqual(["USER node"]);
    expect(last.some((line) => line.startsWith("HEALTHCHECK "))).toBe(true);
  });

  it("holds no secret, and takes only what it names", () => {
    expect(lines.filter((line) => /^(?:ARG|ENV)\b.*(?:PASSWORD|KEY|TOKEN|SECRET)/i.test(line))).toEqual([]);
    expect(lines.filter((line) => /^(?:ADD |COPY \.)/.test(line))).toEqual([]);
    const ignored = read(".dockerignore")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const copied = lines.filter((line) => /^COPY [^-]/.test(line)).flatMap((line) => line.split(" ").slice(1, -1));
    expect(ignored).toEqual(["*", ...copied.map((name) => `!${name}`)]);
  });
});
