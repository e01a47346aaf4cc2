import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Content of DIR/endpoint.json: how other processes reach a store that is in use. Readable by its owner only. */
export interface EndpointFile {
  readonly url: string;
  readonly pid: number;
  /** Passwords of the two users. */
  readonly users: { readonly reader: string; readonly writer: string };
}

export async function writeEndpointFile(dir: string, content: EndpointFile): Promise<void> {
  const draft = join(dir, `endpoint.json.${content.pid}`);
  await rm(draft, { force: true });
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  await rename(draft, pathOf(dir));
}

/** null: there is none, or it isn't one of ours. */
export async function readEndpointFile(dir: string): Promise<EndpointFile | null> {
  const text = await readFile(pathOf(dir), "utf8").catch(() => "");
  try {
    const { url, pid, users } = JSON.parse(text) as EndpointFile;
    const isComplete = [url, users.reader, users.writer].every((field) => typeof field === "string");
    return isComplete && Number.isInteger(pid) ? { url, pid, users } : null;
  } catch {
    return null;
  }
}

/** Removes the file if it is still the one that names `url`. */
export async function removeEndpointFile(dir: string, url: string): Promise<void> {
  const present = await readEndpointFile(dir);
  if (present === null || present.url === url) await rm(pathOf(dir), { force: true });
}

function pathOf(dir: string): string {
  return join(dir, "endpoint.json");
}
