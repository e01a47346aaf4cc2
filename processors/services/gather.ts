/** How long things gather after the last one that came, and at most. */
const GATHER_MS = 10;
const GATHER_MS_MAX = 300;

/** Hands on what is added within a moment, together. */
export function createGather<Item>(handOn: (items: readonly Item[]) => void): (item: Item) => void {
  let items: Item[] = [];
  let timer: NodeJS.Timeout | undefined;
  let latest: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    clearTimeout(latest);
    latest = undefined;
    const gathered = items;
    items = [];
    handOn(gathered);
  }

  return (item) => {
    items.push(item);
    clearTimeout(timer);
    timer = setTimeout(flush, GATHER_MS);
    latest ??= setTimeout(flush, GATHER_MS_MAX);
  };
}
