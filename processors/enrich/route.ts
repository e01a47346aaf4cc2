import { endOfId, isIdSegment } from "./route-ids.ts";

const ID = "{id}";
const REST = "{rest}";
const SEGMENTS_MAX = 16;
const ROUTE_BYTES_MAX = 200;

/**
 * Route template of a URL path (byte text, no query): `/items/123/edit` gives `/items/{id}/edit`.
 *
 * - Numbers, UUIDs, hex ids, dates, addresses, random tokens and pseudonyms are `{id}`, also as a part of a name:
 *   `/app.3f9a8b7c.js` gives `/app.{id}.js`. Dates have no name of their own: a route says where, not what.
 * - Words with digits stay (`/v2`, `/s3`, `/logo-2x.png`, `/1.2`), and so does percent-encoding. Path parameters
 *   (`;jsessionid=...`) are left out.
 * - At most 16 segments and 200 bytes; the rest is `/{rest}`. What is no path at all is `{rest}`, but for `*`. So a
 *   scanner can't make routes without end by depth. No path, no route.
 */
export function routeOf(path: string): string {
  if (path === "" || path === "*") return path;
  if (path[0] !== "/") return REST;
  let route = "";
  let begin = 1;
  for (let segments = 0; begin <= path.length; segments++) {
    const slash = path.indexOf("/", begin);
    const end = slash < 0 ? path.length : slash;
    const segment = segments === SEGMENTS_MAX ? null : segmentRoute(path, begin, end);
    if (segment === null || route.length + segment.length + REST.length + 2 > ROUTE_BYTES_MAX)
      return `${route}/${REST}`;
    route += `/${segment}`;
    begin = end + 1;
  }
  return route;
}

/** One segment: names as they are, ids as `{id}`. null: too long to be in a route. */
function segmentRoute(path: string, begin: number, end: number): string | null {
  const parameters = path.indexOf(";", begin);
  const stop = parameters >= 0 && parameters < end ? parameters : end;
  if (isIdSegment(path, begin, stop)) return ID;
  if (stop - begin > ROUTE_BYTES_MAX) return null;
  let out = "";
  let kept = begin;
  let i = begin;
  while (i < stop) {
    const idEnd = endOfId(path, i, stop, begin);
    if (idEnd < 0) {
      i++;
      continue;
    }
    const isNext = out.endsWith(ID) && i - kept <= 1;
    if (!isNext) out += path.slice(kept, i) + ID;
    kept = idEnd;
    i = idEnd;
  }
  return out + path.slice(kept, stop);
}
