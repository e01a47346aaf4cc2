import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";

/** What becomes of connections to the store. */
export type Weather =
  | { readonly kind: "fine" }
  /** Nobody is let in, and who was in is thrown out. */
  | { readonly kind: "refuse" }
  /** The store gets requests and answers them; the first byte of an answer ends the connection. */
  | { readonly kind: "drop-replies" }
  /** Answers come so much later. */
  | { readonly kind: "delay-replies"; readonly ms: number }
  /** Connections end within requests: after so many bytes of them. */
  | { readonly kind: "cut-requests"; readonly bytes: number };

/** A TCP proxy before the store: it knows bytes and connections, and nothing of what they say. */
export interface StoreProxy {
  readonly url: string;
  weather: Weather;
  /** Connections that a fault ended, or whose answers it held up. */
  readonly touched: number;
  close(): Promise<void>;
}

export async function startProxy(port: number): Promise<StoreProxy> {
  const sockets = new Set<Socket>();
  let weather: Weather = { kind: "fine" };
  let touched = 0;

  function end(...pair: Socket[]): void {
    touched++;
    for (const socket of pair) socket.resetAndDestroy();
  }

  const server = createServer({ noDelay: true }, (client) => {
    if (weather.kind === "refuse") return end(client);
    const store = connect(port, "127.0.0.1");
    for (const socket of [client, store]) {
      sockets.add(socket);
      socket.once("close", () => {
        sockets.delete(socket);
        client.destroy();
        store.destroy();
      });
      socket.on("error", () => {});
    }
    let sent = 0;
    client.on("data", (bytes: Buffer) => {
      if (weather.kind === "cut-requests") {
        sent += bytes.length;
        if (sent > weather.bytes) {
          store.write(bytes.subarray(0, bytes.length >> 1), () => end(client, store));
          return;
        }
      }
      store.write(bytes);
    });
    // Answers keep their order, however long each is held up.
    let before = Promise.resolve();
    store.on("data", (bytes: Buffer) => {
      if (weather.kind === "drop-replies") return end(client, store);
      const held = weather.kind === "delay-replies" ? weather.ms : 0;
      if (held > 0) touched++;
      const waited = held > 0 ? new Promise((resolve) => setTimeout(resolve, held)) : Promise.resolve();
      before = before.then(() => waited).then(() => void client.write(bytes));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get weather() {
      return weather;
    },
    set weather(next) {
      weather = next;
      if (next.kind === "refuse") end(...sockets);
    },
    get touched() {
      return touched;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
