import { connect, createServer, type Socket } from "node:net";

/** What becomes of a request, or of its answer: it is lost with the connection. */
export type Fate = "passes" | "request is lost" | "answer is lost";

/** Stands between clients and a broker, and knows what they ask. */
export interface KafkaProxy {
  readonly port: number;
  /** Port of the broker's listener for it, which must be told before anybody connects. */
  target: number;
  /** Decides of each request: its API key (0 is Produce, 26 EndTxn), and whose it is. What a connection says waits for it. */
  fateOf: (apiKey: number, clientId: string) => Fate | Promise<Fate>;
  close(): void;
}

export async function startKafkaProxy(): Promise<KafkaProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const broker = connect(proxy.target, "127.0.0.1");
    const lost = new Set<number>();
    const end = () => {
      client.destroy();
      broker.destroy();
    };
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
    const ask = async (frame: Buffer) => {
      const clientIdLength = Math.max(0, frame.readInt16BE(12));
      const fate = await proxy.fateOf(frame.readInt16BE(4), frame.toString("utf8", 14, 14 + clientIdLength));
      if (fate === "request is lost") return end();
      if (fate === "answer is lost") lost.add(frame.readInt32BE(8));
      broker.write(frame);
    };
    let asked = Promise.resolve();
    eachFrame(client, (frame) => {
      asked = asked.then(() => ask(frame));
    });
    eachFrame(broker, (frame) => {
      if (lost.has(frame.readInt32BE(4))) end();
      else client.write(frame);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const proxy: KafkaProxy = {
    port,
    target: 0,
    fateOf: () => "passes",
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return proxy;
}

/** Requests and answers alike begin with their length. */
function eachFrame(socket: Socket, onFrame: (frame: Buffer) => void): void {
  let held = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
      const end = 4 + held.readInt32BE(0);
      onFrame(held.subarray(0, end));
      held = held.subarray(end);
    }
  });
}
