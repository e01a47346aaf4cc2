import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type StoreProxy, startProxy } from "./proxy.ts";

let heard: string[] = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (bytes) => {
    body += bytes;
  });
  request.on("end", () => {
    heard.push(body);
    response.end(`done ${body.length}`);
  });
});
let proxy: StoreProxy;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  proxy = await startProxy((server.address() as AddressInfo).port);
});
afterAll(async () => {
  await proxy.close();
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  heard = [];
  proxy.weather = { kind: "fine" };
});

const send = async (body: string) => (await fetch(proxy.url, { method: "POST", body })).text();

it("passes everything on in fine weather, also after others", async () => {
  proxy.weather = { kind: "refuse" };
  await expect(send("a")).rejects.toThrow();
  proxy.weather = { kind: "fine" };
  expect(await send("b".repeat(1_000_000))).toBe("done 1000000");
});

it("lets requests be done whose replies it drops", async () => {
  proxy.weather = { kind: "drop-replies" };
  await expect(send("insert")).rejects.toThrow();
  expect(heard).toEqual(["insert"]);
});

it("ends connections within requests, which are then not done", async () => {
  proxy.weather = { kind: "cut-requests", bytes: 1000 };
  await expect(send("c".repeat(100_000))).rejects.toThrow();
  expect(heard).toEqual([]);
});

it("holds replies up, and gives them whole", async () => {
  proxy.weather = { kind: "delay-replies", ms: 50 };
  const before = proxy.touched;
  expect(await send("late")).toBe("done 4");
  expect(proxy.touched).toBeGreaterThan(before);
});
