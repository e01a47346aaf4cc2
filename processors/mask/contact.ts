/**
 * Names of mailboxes that belong to a role and not to a person: those of RFC 2142 and the usual ones of crawlers. An
 * address of such a name in a user agent is the crawler's published contact; it says who sent the request.
 */
const ROLES = new Set(
  "abuse admin administrator bot contact crawler feedback help hostmaster info noc postmaster robot robots security spider support test webmaster".split(
    " ",
  ),
);

/** Whether an address, normalised, is a role's: its local part is a role's name, or begins with one. */
export function isRoleAddress(address: string): boolean {
  const local = address.slice(0, address.indexOf("@"));
  return ROLES.has(/[a-z]+/.exec(local)?.[0] ?? "");
}
