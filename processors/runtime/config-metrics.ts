import { z } from "zod";
import { shown } from "./config-values.ts";

/** An address to listen on. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export function writeAddress({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

const PORT_MAX = 65_535;

const address = z.string().transform((value, context): ListenAddress => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(value);
  const port = Number(match?.[3]);
  if (match !== null && port <= PORT_MAX) return { host: match[1] ?? match[2], port };
  const message = `${shown(value)} is no address; write host:port, as in 127.0.0.1:9464`;
  context.issues.push({ code: "custom", input: value, message });
  return z.NEVER;
});

/** The section `metrics`. */
export const metrics = z
  .strictObject({
    listen: address
      .optional()
      .describe(
        "Where run and process answer /metrics, /livez and /readyz, as host:port, such as 127.0.0.1:9464; absent: nowhere.",
      ),
  })
  .prefault({})
  .describe("What Weir tells of itself, for Prometheus and for whoever restarts it.");
