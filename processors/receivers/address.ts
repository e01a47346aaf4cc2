import { lookup } from "node:dns/promises";
import { BlockList, isIP, isIPv4 } from "node:net";

/** Networks that no message goes to unless the configuration allows it: own machines, neighbours, metadata of clouds. */
const RESERVED: readonly string[] = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/96",
  "::1/128",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
];

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Whether messages may go to an address. */
export type AddressPolicy = (address: string) => boolean;

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address, bits] = network.split("/");
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    list.addSubnet(address, Number(bits ?? (family === "ipv4" ? 32 : 128)), family);
  }
  return list;
}

const MAPPED = /^::ffff:(?:([0-9.]+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i;

/** The IPv4 address that an IPv6 address stands for, or the address itself. */
function unmapped(address: string): string {
  const match = MAPPED.exec(address);
  if (match === null) return address;
  if (match[1] !== undefined) return match[1];
  const [high, low] = [Number.parseInt(match[2], 16), Number.parseInt(match[3], 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** @param allowed Networks (address/bits) that are allowed though reserved. */
export function createAddressPolicy(allowed: readonly string[]): AddressPolicy {
  const [no, yes] = [listOf(RESERVED), listOf(allowed)];
  return (text) => {
    const address = unmapped(text.split("%")[0]);
    if (isIP(address) === 0) return false;
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    return yes.check(address, family) || !no.check(address, family);
  };
}

/** Addresses of a host, all of them allowed; null where one is not. Who connects must use one of these and not ask again. */
export async function resolveAllowed(host: string, isAllowed: AddressPolicy): Promise<Address[] | null> {
  const name = host.replace(/^\[|\]$/g, "");
  const found = await lookup(name, { all: true, verbatim: true });
  const addresses = found.map(({ address, family }): Address => ({ address, family: family === 6 ? 6 : 4 }));
  return addresses.length > 0 && addresses.every(({ address }) => isAllowed(address)) ? addresses : null;
}
