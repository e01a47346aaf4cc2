import { WeirError } from "../model/errors.ts";
import type { ClickHouse } from "../model/ports.ts";

/**
 * Makes sure that a topic is the one whose records are stored: offsets of another of the same name mean other records, and
 * where it has as many, nothing else tells the two apart, for Kafka forgets commits with their topic. Throws SOURCE_REPLACED.
 *
 * @param id The topic's id now; null: the broker knows of none, and nothing is said.
 */
export async function assertSameTopic(store: ClickHouse, topic: string, id: string | null): Promise<void> {
  if (id === null) return;
  const [{ known, batches }] = await store.query<{ known: string; batches: string }>(
    "SELECT (SELECT argMax(topic_id, stored_at) FROM topic_ids WHERE topic = {topic:String}) AS known, (SELECT count() FROM ledger WHERE topic = {topic:String}) AS batches",
    { topic },
  );
  if (known === id) return;
  if (known !== "" && known !== null && Number(batches) > 0) throw replaced(topic, known, id);
  await store.command("INSERT INTO topic_ids (topic, topic_id) SELECT {topic:String}, {id:String}", { topic, id });
}

function replaced(topic: string, known: string, id: string): WeirError {
  return new WeirError(
    "SOURCE_REPLACED",
    `The topic ${topic} (id ${id}) is not the one whose records are stored (id ${known}): it was deleted and made anew; give the new one another name.`,
  );
}
