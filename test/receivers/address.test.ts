import { describe, expect, it } from "vitest";
import { createAddressPolicy, resolveAllowed } from "../../processors/receivers/address.ts";
import { createReceiver } from "../../processors/receivers/receiver.ts";
import { openAlertServer } from "../support/alert-server.ts";
import { makeMessage } from "./make-message.ts";

describe("an address", () => {
  const isAllowed = createAddressPolicy([]);

  it.each([
    ["127.0.0.1", "this machine"],
    ["0.0.0.0", "this machine"],
    ["10.1.2.3", "private"],
    ["172.31.0.1", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "shared by a carrier"],
    ["169.254.169.254", "metadata of a cloud"],
    ["224.0.0.1", "many"],
    ["255.255.255.255", "all"],
    ["::1", "this machine"],
    ["::", "this machine"],
    ["fe80::1%eth0", "a neighbour"],
    ["fd00:ec2::254", "metadata of a cloud"],
    ["::ffff:169.254.169.254", "IPv4 in IPv6"],
    ["::ffff:7f00:1", "IPv4 in IPv6, in hexadecimal"],
    ["::127.0.0.1", "IPv4 in IPv6, the old way"],
    ["64:ff9b::a9fe:a9fe", "IPv4 behind NAT64"],
    ["2002:7f00:1::", "IPv4 in 6to4"],
    ["not an address", "nothing"],
  ])("%s is refused: %s", (address) => {
    expect(isAllowed(address)).toBe(false);
  });

  it.each(["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])("%s is allowed", (address) => {
    expect(isAllowed(address)).toBe(true);
  });

  it("is allowed where the configuration says so, and its neighbours are not", () => {
    const own = createAddressPolicy(["10.0.0.7/32", "fd00::/16"]);
    expect(["10.0.0.7", "::ffff:10.0.0.7", "fd00::9", "10.0.0.8", "169.254.169.254"].map(own)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("a host", () => {
  it.each(["localhost", "127.0.0.1", "[::1]"])("%s is looked at by what it resolves to", async (host) => {
    expect(await resolveAllowed(host, createAddressPolicy([]))).toBeNull();
  });

  it.each(["127.0.0.1", "2130706433", "0x7f.1", "localhost"])("%s is not connected to", async (host) => {
    const server = await openAlertServer(() => ({ status: 200 }));
    const url = server.url.replace("127.0.0.1", host);
    const receiver = createReceiver("webhook", { name: "r", url, secret: "", nowMs: () => 0 }, []);
    expect(await receiver.send(makeMessage())).toMatchObject({ kind: "refused" });
    expect(server.requests).toEqual([]);
    await server.close();
  });
});
