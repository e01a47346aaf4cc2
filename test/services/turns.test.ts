import { describe, expect, it } from "vitest";
import { type TakesTurns, Turns } from "../../processors/services/turns.ts";

/** Lets everything happen that does not wait for a turn. */
async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function begun(names: string[], name: string, one: TakesTurns): void {
  void one.begin().then(() => names.push(name));
}

describe("turns", () => {
  it("lets so many at it as there are, and the others in the order in which they came", async () => {
    const turns = new Turns(2);
    const [a, b, c, d] = Array.from({ length: 4 }, () => turns.open());
    const names: string[] = [];
    begun(names, "a", a);
    begun(names, "b", b);
    begun(names, "c", c);
    begun(names, "d", d);
    await settled();
    expect(names).toEqual(["a", "b"]);
    b.end();
    await settled();
    expect(names).toEqual(["a", "b", "c"]);
    begun(names, "a again", a);
    await settled();
    expect(names).toEqual(["a", "b", "c", "d"]);
    d.end();
    await settled();
    expect(names).toEqual(["a", "b", "c", "d", "a again"]);
  });

  it("gives no turn away twice, and loses none", async () => {
    const turns = new Turns(1);
    const [a, b, c] = Array.from({ length: 3 }, () => turns.open());
    const names: string[] = [];
    await a.begin();
    begun(names, "b", b);
    begun(names, "c", c);
    // It does not want it any more: whoever comes next has it.
    b.close();
    a.end();
    a.end();
    a.close();
    await settled();
    expect(names).toEqual(["b", "c"]);
    begun(names, "d", turns.open());
    await settled();
    expect(names).toEqual(["b", "c"]);
    c.close();
    await settled();
    expect(names).toEqual(["b", "c", "d"]);
  });
});
