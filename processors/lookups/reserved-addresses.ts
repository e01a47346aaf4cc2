import { BlockList } from "node:net";

/**
 * Address ranges that belong to no country: private, local, documentation, benchmarks, multicast, future use.
 * Without ::ffff:0:0/96, which a BlockList takes for all of IPv4; the database knows no country there either.
 * Source: IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates).
 */
const RANGES: readonly (readonly [network: string, prefixBits: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001:2::", 48],
  ["2001:10::", 28],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
];

const reserved = new BlockList();
for (const [network, prefixBits] of RANGES) {
  reserved.addSubnet(network, prefixBits, network.includes(":") ? "ipv6" : "ipv4");
}

/** Is this valid address (family 4 or 6) in a range that belongs to no country? */
export function isReserved(address: string, family: number): boolean {
  return reserved.check(address, family === 6 ? "ipv6" : "ipv4");
}
