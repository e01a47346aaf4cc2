import { createRequire } from "node:module";
import { isIP } from "node:net";
import { open, type Reader } from "maxmind";
import { WeirError } from "../model/errors.ts";
import { isReserved } from "./reserved-addresses.ts";

/** Countries of addresses. */
export interface Geoip {
  /**
   * ISO 3166-1 alpha-2 code of the country that an IPv4 or IPv6 address is registered in. "" where the database knows
   * none (private and reserved ranges), and for all that is not a plain address: host names, "-", addresses with a
   * port, a zone or brackets, IPv4 written as IPv6. Never throws.
   */
  countryOf(address: string): string;
  /** Names the database and its build: the same text for the same content. */
  readonly version: string;
}

interface CountryRecord {
  readonly country_code?: string;
  readonly country?: { readonly iso_code?: string };
}

const DATABASE = "@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";
const ADDRESS_CHARS_MAX = 39;
const COUNTRY = /^[A-Z]{2}$/;

/**
 * Opens a database in MaxMind's format, by default the one that comes with the program (CC0, IPv4 and IPv6). The whole
 * of it is held in memory; the file is not watched, because rows must not depend on when it changed.
 * Throws WeirError CONFIG_UNREADABLE if the file can't be read, CONFIG_INVALID if it holds something else.
 */
export async function openGeoip(path = createRequire(import.meta.url).resolve(DATABASE)): Promise<Geoip> {
  const reader = await openReader(path);
  const { databaseType, buildEpoch } = reader.metadata;
  return {
    version: `${databaseType} ${buildEpoch.toISOString()}`,
    countryOf(address) {
      if (address.length > ADDRESS_CHARS_MAX) return "";
      const family = isIP(address);
      if (family === 0 || (family === 6 && /[%.]/.test(address)) || isReserved(address, family)) return "";
      const record = reader.get(address) as CountryRecord | null;
      const country = record?.country_code ?? record?.country?.iso_code ?? "";
      return COUNTRY.test(country) ? country : "";
    },
  };
}

async function openReader(path: string): Promise<Reader<never>> {
  try {
    return await open<never>(path);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) {
      const message = `The GeoIP database ${path} can't be read; check the path and its rights.`;
      throw new WeirError("CONFIG_UNREADABLE", message, { cause });
    }
    const message = `The GeoIP database ${path} is not in MaxMind's format; fetch it anew.`;
    throw new WeirError("CONFIG_INVALID", message, { cause });
  }
}
