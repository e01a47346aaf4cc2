import { z } from "zod";
import { text } from "./config-values.ts";

const USERS_MAX = 1000;

/** An account of `weir serve`. */
const user = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_.@-]{0,199}$/, {
        error: 'is no name of a user; use letters, digits, "_", ".", "@" and "-", beginning with a letter or "_"',
      })
      .describe("Name of the user."),
    password_file: text(4096).optional().describe("File whose first line is the password."),
    password_sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, { error: "is no SHA-256; write its 64 hexadecimal digits" })
      .optional()
      .describe("SHA-256 of the password, in hexadecimal; instead of password_file."),
    role: z
      .enum(["reader", "writer", "admin"])
      .default("reader")
      .describe(
        "reader: queries of the data; writer: also writes, within the data; admin: also reaches files and networks.",
      ),
  })
  .refine((value) => (value.password_file === undefined) !== (value.password_sha256 === undefined), {
    error: "needs either password_file or password_sha256",
  })
  .describe("An account of weir serve.");

/** The section `serve`. */
export const serve = z
  .strictObject({
    listen: text(300)
      .regex(/^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\]):[0-9]{1,5}$/, {
        error: "is no address to listen at; write host:port, as in 127.0.0.1:8123",
      })
      .default("127.0.0.1:8123")
      .describe("Where weir serve listens, as host:port. Other hosts than loopback need users."),
    users: z
      .array(user)
      .max(USERS_MAX)
      .refine((users) => new Set(users.map(({ name }) => name)).size === users.length, {
        error: "has a name twice; name every user once",
      })
      .default([])
      .describe("Who may ask; without any, the two users of endpoint.json in the data directory."),
  })
  .prefault({})
  .describe("ClickHouse's HTTP protocol over the embedded engine, for development.");
