import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { read } from "./house.ts";

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[]; readonly retries: number };
}

const compose = parse(read("docker-compose.yml")) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
};

describe("docker-compose.yml", () => {
  it("starts Kafka and ClickHouse", () => {
    expect(Object.keys(compose.services).sort()).toEqual(["clickhouse", "kafka"]);
  });

  it.each(Object.entries(compose.services))("pins the image of %s to a full version", (_, { image }) => {
    expect(image).toMatch(/^[a-z]+\/[a-z-]+:\d+\.\d+\.\d+(?:\.\d+)?$/);
  });

  it.each(Object.entries(compose.services))(
    "can tell when %s is ready, so that --wait means something",
    (_, service) => {
      expect(service.healthcheck?.test[0]).toMatch(/^CMD/);
      expect(service.healthcheck?.retries).toBeGreaterThan(0);
    },
  );

  it.each(Object.entries(compose.services))("opens the ports of %s to this machine only", (_, { ports }) => {
    expect(ports?.length).toBeGreaterThan(0);
    for (const port of ports!) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it("keeps data in named volumes, each declared and used", () => {
    const used = Object.values(compose.services).flatMap(({ volumes }) =>
      volumes!.map((volume) => volume.split(":")[0]),
    );
    expect(used.sort()).toEqual(Object.keys(compose.volumes).sort());
  });
});
